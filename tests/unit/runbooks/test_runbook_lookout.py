"""Looking at a context anew: what counts is what was asked for after the question."""

import random
import threading
from collections.abc import Callable, Iterator

import pytest

from console.domain.assessment import Rules
from console.domain.clock import SystemClock
from console.domain.reading import Dated, Health
from console.domain.surfaces import EngineState, Flags
from console.monitor import Monitor, Watches
from console.polling import Polling, Watch
from console.runbooks.lookout import Lookout
from console.sources.errors import SourceError
from tests.waiting import eventually

QUICK = Polling(interval=0.02, timeout=5, stale_after=600)
SLOW = Polling(interval=600, timeout=5, stale_after=6000)


class Counted:
    """A source whose every answer says how many there were; `broken` says why there is none."""

    def __init__(self) -> None:
        self.reads = 0
        self.broken = ""
        self.held = threading.Event()
        self.held.set()
        self._others = {*threading.enumerate()}

    def is_left(self) -> bool:
        """Whether no lookout that began after this source was made watches any more."""
        return not any(one.name == "lookout" for one in {*threading.enumerate()} - self._others)

    def read(self) -> Dated[Flags]:
        self.held.wait()
        self.reads += 1
        if self.broken:
            raise SourceError(self.broken)
        return Dated(Flags("flags.yaml", str(self.reads), False, None, ()))


class Files:
    def read(self) -> Dated[EngineState]:
        return Dated(EngineState(pid=7, alive=True))


@pytest.fixture
def source() -> Iterator[Counted]:
    counted = Counted()
    yield counted
    counted.held.set()
    eventually(counted.is_left)


def opening(source: Counted, polling: Polling = QUICK) -> Callable[[], Monitor]:
    """What opens monitors of the engine's files and of `source`, as flags."""
    off: Watch[object] = Watch(None, QUICK)

    def open_() -> Monitor:
        watches = Watches(off, off, off, Watch(source, polling), Watch(Files(), QUICK), off)  # type: ignore[arg-type]
        return Monitor(watches, Rules((), ()), SystemClock(), random.Random(1))

    return open_


def test_every_answer_was_asked_for_after_the_question(source: Counted) -> None:
    lookout = Lookout(opening(source), SystemClock(), idle=0.1)
    for _ in range(3):
        before = source.reads
        flags = lookout.anew("flags").snapshot.flags.value
        assert flags is not None
        assert int(flags.digest) > before


def test_a_source_that_is_asked_seldom_is_asked_at_once(source: Counted) -> None:
    lookout = Lookout(opening(source, SLOW), SystemClock(), idle=0.1)
    told = [lookout.anew("flags").snapshot.flags.value for _ in range(3)]
    reads = [int(flags.digest) for flags in told if flags is not None]
    assert len(reads) == 3
    assert reads[0] < reads[1] < reads[2]  # it may be asked by itself, too, as it begins


def test_what_has_answered_before_and_fails_now_is_down(source: Counted) -> None:
    lookout = Lookout(opening(source), SystemClock(), idle=0.1)
    assert lookout.anew("flags").source("flags").health is Health.FRESH
    source.broken = "the disk is gone"
    assert lookout.anew("flags").source("flags").health is Health.DOWN


def test_what_stays_silent_is_down_and_holds_up_nobody_who_does_not_ask_for_it(
    source: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookout = Lookout(opening(source), SystemClock(), idle=0.1)
    lookout.anew("flags")
    source.held.clear()
    assert lookout.anew("engine").engine.alive
    monkeypatch.setattr("console.runbooks.lookout.PATIENCE", 0.1)
    assert lookout.anew("flags").source("flags").health is Health.DOWN


def test_the_context_is_watched_until_nobody_has_asked_for_a_while(source: Counted) -> None:
    lookout = Lookout(opening(source), SystemClock(), idle=0.05)
    lookout.anew()
    eventually(source.is_left)
    reads = source.reads
    assert lookout.anew("flags").source("flags").health is Health.FRESH
    assert source.reads > reads


def test_what_is_let_go_is_watched_no_more_and_anew_when_somebody_asks(source: Counted) -> None:
    lookout = Lookout(opening(source), SystemClock(), idle=600)
    lookout.anew("flags")
    lookout.let_go()
    eventually(source.is_left)
    lookout.anew("flags")
    assert not source.is_left()
    lookout.let_go()


def test_what_somebody_waits_for_is_not_let_go(source: Counted) -> None:
    lookout = Lookout(opening(source), SystemClock(), idle=600)
    source.held.clear()
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.append(lookout.anew("flags").snapshot.flags.value))
    asking.start()
    eventually(lambda: not source.is_left())
    lookout.let_go()
    source.held.set()
    asking.join(10)
    assert len(answers) == 1
    assert answers[0] is not None
    lookout.let_go()


def test_nothing_is_let_go_where_nothing_was_asked(source: Counted) -> None:
    Lookout(opening(source), SystemClock()).let_go()
    assert source.reads == 0


def test_where_it_cannot_be_watched_the_next_one_who_asks_is_not_kept_from_it(source: Counted) -> None:
    opened, failing = opening(source), [SourceError("no such file")]

    def open_() -> Monitor:
        if failing:
            raise failing.pop()
        return opened()

    lookout = Lookout(open_, SystemClock(), idle=600)
    with pytest.raises(SourceError):
        lookout.anew("flags")
    assert lookout.anew("flags").source("flags").health is Health.FRESH
    lookout.let_go()
    eventually(source.is_left)


def test_what_is_let_go_before_it_has_begun_or_many_times_at_once_leaves_nothing_behind(
    source: Counted,
) -> None:
    lookout = Lookout(opening(source), SystemClock(), idle=600)

    def ask() -> None:
        for _ in range(5):
            assert lookout.anew("flags").source("flags").health is Health.FRESH
            lookout.let_go()

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for one in asking:
        one.start()
    for one in asking:
        one.join(10)
    assert not any(one.is_alive() for one in asking)
    lookout.let_go()
    eventually(source.is_left)
