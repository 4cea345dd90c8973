"""Recording beside a console: at the pace of the settings, or as much slower as its share asks for."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from console.domain.assessment import Rules
from console.domain.clock import Clock, SystemClock
from console.domain.snapshot import Snapshot
from console.history.recorder import SHARE, Recorder
from console.history.recording import record_folder, recording
from console.history.segment import find_segments, read_segment
from console.history.tape import Tape
from console.settings import Context, History, Settings
from tests.unit.domain.worlds import healthy
from tests.unit.history.records import DAY, HEADER, RULES, only_file
from tests.waiting import DEADLINE, eventually


class Present:
    """What a monitor offers to whoever records it."""

    def __init__(self) -> None:
        self.clock: Clock = SystemClock()
        self.rules: Rules = RULES
        self.on_judged: Callable[[Snapshot], None] | None = None

    def snapshot(self) -> Snapshot:
        return replace(healthy(), at=self.clock.now())


def recorder_in(folder: Path, every: float = 0.02, cost: float = 0.0) -> tuple[Recorder, Present]:
    present, spent = Present(), iter(range(10**9))
    tape = Tape(folder, HEADER, DAY, present.clock)
    return Recorder(tape, every, lambda: next(spent) * cost), present


def close(recorder: Recorder) -> None:
    """Close it, and wait longer than it does itself for a slow machine to write the last step."""
    recorder.close()
    recorder._thread.join(DEADLINE)


def settings_at(state: Path, context: str = "paper", **history: object) -> Settings:
    contexts = {context: Context(environment="paper", colour="cyan")}
    return Settings(
        state=state,
        context=context,
        contexts=contexts,
        panels=state / "p",
        rules=[state / "r"],
        history=History.model_validate(history),
    )


def test_the_newest_snapshot_is_written_at_each_pace(tmp_path: Path) -> None:
    recorder, present = recorder_in(tmp_path)
    recorder.start()
    last = present.snapshot()
    for number in range(1, 4):
        last = present.snapshot()
        recorder.take(last)
        eventually(lambda number=number: recorder._tape.steps >= number)  # type: ignore[misc]
    close(recorder)
    segment = read_segment(only_file(tmp_path))
    assert segment.end == last.at


def test_nothing_is_written_as_long_as_nothing_was_judged(tmp_path: Path) -> None:
    recorder, _ = recorder_in(tmp_path)
    recorder.start()
    time.sleep(0.1)
    recorder.close()
    assert (list(tmp_path.iterdir()), recorder.summary) == ([], "nothing was recorded")


def test_the_pace_slows_until_writing_takes_its_share_of_the_machine(tmp_path: Path) -> None:
    recorder, present = recorder_in(tmp_path, every=0.01, cost=0.001)
    recorder.start()

    def slow_enough() -> bool:
        recorder.take(present.snapshot())
        return recorder.every > 0.1

    eventually(slow_enough, every=0.005)
    recorder.close()
    assert 0.1 < recorder.every <= 0.001 / SHARE


def test_a_defect_ends_the_record_and_says_so(tmp_path: Path) -> None:
    recorder, present = recorder_in(tmp_path)
    recorder.take(replace(present.snapshot(), metrics="nonsense"))  # type: ignore[arg-type]
    recorder.start()
    eventually(lambda: recorder.note != "")
    assert recorder.note == "history is not recorded: internal error: AttributeError"
    recorder.close()


def test_closing_does_not_wait_for_a_disk_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(Tape, "step", lambda *_: released.wait(60))
    recorder, present = recorder_in(tmp_path)
    recorder.take(present.snapshot())
    recorder.start()
    began = time.monotonic()
    recorder.close()
    assert time.monotonic() - began < DEADLINE
    released.set()


def test_a_record_tells_how_the_console_judged(tmp_path: Path) -> None:
    present = Present()
    recorder = recording(settings_at(tmp_path, every=0.05), present, "dana")
    assert present.on_judged is not None
    present.on_judged(present.snapshot())
    close(recorder)
    (segment,) = find_segments(tmp_path / "history" / "paper")
    header = segment.header
    assert (header.rules, header.operator, header.environment) == (RULES, "dana", "paper")


@dataclass(frozen=True, slots=True)
class Named:
    context: str
    folder: str


@pytest.mark.parametrize(
    "named",
    [
        Named("futures-prod", "futures-prod"),
        Named("../etc", "..%2Fetc"),
        Named("..", "%2E."),
        Named(".", "%2E"),
        Named("a/b", "a%2Fb"),
    ],
)
def test_a_contexts_name_never_leads_out_of_the_history_folder(tmp_path: Path, named: Named) -> None:
    folder = record_folder(settings_at(tmp_path, named.context))
    assert folder == tmp_path / "history" / named.folder


@pytest.mark.parametrize(
    ("size", "bytes_"),
    [("200MB", 200_000_000), ("1.5 GB", 1_500_000_000), ("9000kB", 9_000_000), (10**7, 10**7)],
)
def test_a_size_is_bytes_with_or_without_a_unit(size: object, bytes_: int) -> None:
    assert History.model_validate({"size": size}).size == bytes_


@pytest.mark.parametrize("field", [{"size": "200 M"}, {"size": "1MB"}, {"keep": "1s"}, {"every": "0"}])
def test_bounds_that_hold_no_record_are_refused(field: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        History.model_validate(field)
