"""Sources that connect late, and follow an engine that moves."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.domain.reading import Dated
from console.sources.discovered import Deferred, Discovered
from console.sources.engine import EngineFile
from console.sources.errors import NothingThereError, SourceError


@dataclass
class Answering:
    """A source that answers `value`, and remembers that it was cancelled."""

    value: str
    took: float | None = None
    cancelled: bool = False

    def read(self) -> Dated[str]:
        return Dated(self.value, took=self.took)

    def cancel(self) -> None:
        self.cancelled = True


class Uncancellable:
    def read(self) -> Dated[str]:
        return Dated("x")


@dataclass
class Connecting:
    """Counts how often a source was made, and for which address."""

    made: list[Answering] = field(default_factory=list)

    def __call__(self, engine: EngineFile | None = None) -> Answering:
        address = engine.text("metrics_url") if engine else None
        self.made.append(Answering(address or "nowhere"))
        return self.made[-1]


@pytest.fixture
def engine_file(tmp_path: Path) -> Path:
    return tmp_path / "engine.json"


def write(file: Path, pid: int, address: str) -> None:
    file.write_text(json.dumps({"pid": pid, "start_time": 1.0, "metrics_url": address}))


def test_a_deferred_source_is_made_at_its_first_reading_and_once() -> None:
    connecting = Connecting()
    source = Deferred(connecting)
    assert connecting.made == []
    assert [source.read().value for _ in range(2)] == ["nowhere", "nowhere"]
    assert len(connecting.made) == 1


def test_a_deferred_source_that_could_not_be_made_is_tried_again() -> None:
    coming: list[Callable[[], Answering]] = [Connecting()]

    def connect() -> Answering:
        if len(coming) == 1:
            coming.append(Connecting())
            raise SourceError("the environment variable X is not set")
        return coming[-1]()

    source = Deferred(connect)
    with pytest.raises(SourceError):
        source.read()
    assert source.read().value == "nowhere"


def test_an_engine_that_does_not_run_is_nothing_to_ask(engine_file: Path) -> None:
    connecting = Connecting()
    with pytest.raises(NothingThereError, match=r"no engine runs: there is no .*engine\.json"):
        Discovered(engine_file, connecting).read()
    assert connecting.made == []


def test_an_engine_that_stays_is_connected_once(engine_file: Path) -> None:
    connecting = Connecting()
    source = Discovered(engine_file, connecting)
    write(engine_file, 1, "a")
    assert [source.read().value for _ in range(2)] == ["a", "a"]
    assert len(connecting.made) == 1


@pytest.mark.parametrize(("pid", "address"), [(1, "b"), (2, "a")])
def test_an_engine_that_starts_again_is_connected_anew(engine_file: Path, pid: int, address: str) -> None:
    connecting = Connecting()
    source = Discovered(engine_file, connecting)
    write(engine_file, 1, "a")
    source.read()
    write(engine_file, pid, address)
    assert source.read().value == address
    assert len(connecting.made) == 2


def test_an_engine_that_is_gone_is_not_asked_any_more(engine_file: Path) -> None:
    source = Discovered(engine_file, Connecting())
    write(engine_file, 1, "a")
    source.read()
    engine_file.unlink()
    with pytest.raises(NothingThereError):
        source.read()


def test_connecting_does_not_count_as_the_time_that_the_answer_took() -> None:
    took = Deferred(Connecting()).read().took
    assert took is not None and 0 <= took < 0.5


def test_a_source_that_knows_how_long_it_took_is_believed() -> None:
    assert Deferred(lambda: Answering("x", took=7.0)).read().took == 7.0


def test_cancelling_reaches_the_source_that_is_read(engine_file: Path) -> None:
    connecting = Connecting()
    write(engine_file, 1, "a")
    for source in (Deferred(connecting), Discovered(engine_file, connecting)):
        source.cancel()  # nothing is connected yet
        source.read()
        source.cancel()
    assert [made.cancelled for made in connecting.made] == [True, True]


def test_cancelling_what_cannot_be_cancelled_does_nothing() -> None:
    source = Deferred(Uncancellable)
    source.read()
    source.cancel()
