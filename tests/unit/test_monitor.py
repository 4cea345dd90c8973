"""The polls themselves, with sources that misbehave on purpose in real threads."""

import asyncio
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

import console.monitor
from console.domain.assessment import Assessment, Judgement, Rules, assess
from console.domain.clock import Clock, SystemClock
from console.domain.kill_state import KillState, Written
from console.domain.last_trip import LastTrip
from console.domain.reading import Dated, Health
from console.domain.snapshot import Snapshot
from console.domain.surfaces import EngineState, Flags, KeptTrip
from console.monitor import Monitor, Watches
from console.polling import Polling, Watch
from console.sources.errors import SourceError
from console.sources.focus import Focus
from tests.waiting import DEADLINE, until
from tests.watching import watching

FLAGS = Flags("flags.yaml", "0" * 64, False, None, ())
QUICK = Polling(interval=0.02, timeout=0.1, stale_after=60)


@dataclass(slots=True)
class Scripted:
    """A source that does what the test says, and counts how many of its reads run at once."""

    act: Callable[[], Flags]
    running: int = 0
    most: int = 0
    reads: int = 0
    cancelled: threading.Event = field(default_factory=threading.Event)

    def read(self) -> Dated[Flags]:
        self.running += 1
        self.reads += 1
        self.most = max(self.most, self.running)
        try:
            return Dated(self.act())
        finally:
            self.running -= 1

    def cancel(self) -> None:
        self.cancelled.set()


class PutOn(SystemClock):
    """The machine's clock, put on by `ahead` seconds: what is fresh is old at once."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


def monitor_of(source: Scripted, polling: Polling = QUICK, clock: Clock | None = None) -> Monitor:
    off: Watch[object] = Watch(None, QUICK)
    watches = Watches(off, off, off, Watch(source, polling), off, off)  # type: ignore[arg-type]
    return Monitor(watches, Rules((), ()), clock or SystemClock(), random.Random(1))


def health(monitor: Monitor) -> Health:
    return monitor.assessment().source("flags").health


async def test_an_answer_becomes_a_fresh_reading() -> None:
    monitor = monitor_of(Scripted(lambda: FLAGS))
    await monitor.look_once()
    assert (monitor.snapshot().flags.value, health(monitor)) == (FLAGS, Health.FRESH)


async def test_what_a_thread_asks_never_comes_in_place_of_what_is_judged_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = PutOn()
    seldom = Polling(interval=600, timeout=60, stale_after=60)
    monitor = monitor_of(Scripted(lambda: FLAGS), seldom, clock)
    judging, go = threading.Event(), threading.Event()
    told: list[Assessment] = []

    def slow(snapshot: Snapshot, rules: Rules, before: Judgement | None = None) -> Assessment:
        judging.set()
        assert go.wait(DEADLINE)
        return assess(snapshot, rules, before)

    async with watching(monitor):
        await until(lambda: health(monitor) is Health.FRESH)
        clock.ahead = 61.0  # old by now, so that it has to be judged again
        monkeypatch.setattr(console.monitor, "assess", slow)
        asking = threading.Thread(target=lambda: told.append(monitor.newest()))
        asking.start()
        await until(judging.is_set)
        monkeypatch.setattr(console.monitor, "assess", assess)
        monitor.hurry({"flags"})
        await until(lambda: health(monitor) is Health.FRESH)
        go.set()
        await until(lambda: bool(told))
        assert told[0].source("flags").health is Health.STALE
        assert health(monitor) is Health.FRESH


async def test_each_judgement_is_told() -> None:
    monitor, told = monitor_of(Scripted(lambda: FLAGS)), list[Assessment]()
    monitor.on_assessed = told.append
    async with watching(monitor):
        await until(lambda: len(told) > 1)
    assert {assessment.kill.state for assessment in told} == {KillState.UNKNOWN}


async def test_what_this_process_trips_is_judged_without_waiting_for_any_source() -> None:
    slow = Polling(interval=600, timeout=60, stale_after=1200)
    off: Watch[object] = Watch(None, slow)
    source = Watch(Scripted(lambda: FLAGS), slow)
    watches = Watches(off, off, off, source, off, off)  # type: ignore[arg-type]
    monitor = Monitor(watches, Rules((), ()), SystemClock(), random.Random(1))
    async with watching(monitor):
        await until(lambda: health(monitor) is Health.FRESH)
        own = LastTrip(SystemClock().wall(), "dana", "test", "all", written=(Written("flag file", None),))
        monitor.own_trip = lambda: own
        await until(lambda: monitor.assessment().kill.state is KillState.TRIPPING)


async def test_the_file_of_the_last_trip_is_read_like_a_source() -> None:
    class Kept:
        def read(self) -> Dated[KeptTrip]:
            return Dated(KeptTrip("paper.json", LastTrip(1.0, "dana", "test", "all")))

    off: Watch[object] = Watch(None, QUICK)
    watches = Watches(off, off, off, off, off, off, Watch(Kept(), QUICK))  # type: ignore[arg-type]
    monitor = Monitor(watches, Rules((), ()), SystemClock(), random.Random(1))
    await monitor.look_once()
    last = monitor.assessment().last_trip
    assert last is not None and last.by == "dana"


@pytest.mark.parametrize("ticks", range(5))
async def test_a_cancellation_in_the_tick_of_an_answer_is_not_lost(ticks: int) -> None:
    monitor, news = monitor_of(Scripted(lambda: FLAGS)), asyncio.Event()
    monitor._flags.asking = True  # an answer that is under way for as long as the test wants
    waiting = asyncio.create_task(monitor._together(news))
    await asyncio.sleep(0)
    news.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()


async def test_sources_that_are_not_configured_are_not_asked() -> None:
    monitor = monitor_of(Scripted(lambda: FLAGS))
    await monitor.look_once()
    assert monitor.assessment().source("metrics").health is Health.OFF


async def test_a_source_that_hangs_is_reported_cancelled_and_never_asked_twice_at_once() -> None:
    release = threading.Event()

    def hang() -> Flags:
        release.wait()
        return FLAGS

    source = Scripted(hang)
    monitor = monitor_of(source)
    async with watching(monitor):
        await until(lambda: health(monitor) is Health.DOWN)
        await until(source.cancelled.is_set)
        await asyncio.sleep(0.3)
        assert (source.reads, source.most) == (1, 1)
        assert monitor.assessment().source("flags").cause == "no answer within 0.1 s"
        release.set()
        await until(lambda: health(monitor) is Health.FRESH)
        await until(lambda: source.reads > 2)
        assert source.most == 1


async def test_a_source_that_fails_keeps_its_value_until_it_is_stale_and_comes_back_by_itself() -> None:
    working = threading.Event()
    working.set()

    def flicker() -> Flags:
        if working.is_set():
            return FLAGS
        raise SourceError("connection refused")

    clock = PutOn()
    monitor = monitor_of(Scripted(flicker), clock=clock)
    async with watching(monitor):
        await until(lambda: health(monitor) is Health.FRESH)
        working.clear()
        await until(lambda: health(monitor) is Health.FAILING)
        assert monitor.snapshot().flags.value == FLAGS
        clock.ahead += QUICK.stale_after
        await until(lambda: health(monitor) is Health.STALE)
        working.set()
        await until(lambda: health(monitor) is Health.FRESH)


async def test_failures_are_asked_less_and_less_often() -> None:
    def fail() -> Flags:
        raise SourceError("connection refused")

    source = Scripted(fail)
    async with watching(monitor_of(source)):
        await until(lambda: source.reads >= 4)
        before, began = source.reads, time.monotonic()
        await asyncio.sleep(0.5)
        seconds = time.monotonic() - began
    assert source.reads - before <= 12 * seconds  # without back-off it would be four times as many


async def test_an_outage_of_any_length_does_not_end_the_monitor() -> None:
    def fail() -> Flags:
        raise SourceError("connection refused")

    source = Scripted(fail)
    monitor = monitor_of(source)
    [poller] = monitor._pollers()
    poller._failures = 5000
    async with watching(monitor):
        await until(lambda: source.reads >= 1)
        await until(lambda: health(monitor) is Health.DOWN)
    assert poller._rest() < QUICK.interval + 4.1


async def test_an_answer_puts_an_end_to_the_backing_off() -> None:
    working = threading.Event()

    def flicker() -> Flags:
        if working.is_set():
            return FLAGS
        raise SourceError("connection refused")

    monitor = monitor_of(Scripted(flicker))
    [poller] = monitor._pollers()
    async with watching(monitor):
        await until(lambda: poller._rest() > 2 * QUICK.interval)
        working.set()
        await until(lambda: health(monitor) is Health.FRESH)
        await until(lambda: poller._rest() == QUICK.interval)


async def test_a_value_is_as_old_as_the_question_not_as_the_answer() -> None:
    monitor = monitor_of(Scripted(lambda: time.sleep(0.05) or FLAGS))  # type: ignore[func-returns-value]
    await monitor.look_once()
    age = monitor.assessment().source("flags").age
    assert age is not None and age >= 0.05


async def test_what_answered_early_is_still_fresh_when_the_last_one_gives_up() -> None:
    quick, slow = Scripted(lambda: FLAGS), Scripted(lambda: threading.Event().wait() or FLAGS)  # type: ignore[arg-type,return-value]
    lively = Polling(interval=0.02, timeout=5, stale_after=0.8)
    patience = Polling(interval=0.02, timeout=1.0, stale_after=0.8)
    off: Watch[object] = Watch(None, QUICK)
    watches = Watches(off, off, off, Watch(quick, lively), Watch(slow, patience), off)  # type: ignore[arg-type]
    monitor = Monitor(watches, Rules((), ()), SystemClock(), random.Random(1))
    await monitor.look_once()
    assert health(monitor) is Health.FRESH
    assert monitor.assessment().source("engine").health is Health.DOWN


async def test_a_defect_in_a_source_is_shown_and_does_not_end_the_monitor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def defect() -> Flags:
        raise ZeroDivisionError("oops")

    monitor = monitor_of(Scripted(defect))
    async with watching(monitor):
        await until(lambda: health(monitor) is Health.DOWN)
        assert monitor.assessment().source("flags").cause == "internal error: ZeroDivisionError: oops"
    assert "reading flags failed" in caplog.text


async def test_quitting_does_not_wait_for_a_source_that_hangs() -> None:
    monitor = monitor_of(Scripted(lambda: threading.Event().wait() or FLAGS))  # type: ignore[arg-type, return-value]
    began = asyncio.get_running_loop().time()
    async with watching(monitor):
        await asyncio.sleep(0.05)
    assert asyncio.get_running_loop().time() - began < DEADLINE


async def test_a_value_grows_old_between_two_assessments() -> None:
    monitor = monitor_of(Scripted(lambda: FLAGS))
    await monitor.look_once()
    assert monitor.assessment().source("flags").health is Health.FRESH
    assert monitor.assessment(ahead=QUICK.stale_after).source("flags").health is Health.STALE


async def test_every_judgement_is_told_in_the_judging_thread() -> None:
    monitor = monitor_of(Scripted(lambda: FLAGS))
    told: list[tuple[Snapshot, str]] = []
    monitor.on_judged = lambda snapshot: told.append((snapshot, threading.current_thread().name))
    async with watching(monitor):
        await until(lambda: len(told) > 2)
    assert {thread for _, thread in told} == {"judge"}
    assert all(snapshot.flags.good is not None for snapshot, _ in told)


async def test_answers_that_come_together_are_judged_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.monitor, "TOGETHER", DEADLINE)
    paced = Polling(interval=0.2, timeout=60, stale_after=90)
    late = Scripted(lambda: time.sleep(0.1) or EngineState())  # type: ignore[arg-type,func-returns-value,return-value]
    sources = [Scripted(lambda: FLAGS), late]
    off: Watch[object] = Watch(None, QUICK)
    flags, engine = (Watch(source, paced) for source in sources)
    watches = Watches(off, off, off, flags, engine, off)  # type: ignore[arg-type]
    monitor = Monitor(watches, Rules((), ()), SystemClock(), random.Random(1))
    judged: list[Snapshot] = []
    monitor.on_judged = judged.append
    async with watching(monitor):
        await until(lambda: all(source.reads > 3 for source in sources))
    complete = [snapshot for snapshot in judged if None not in (snapshot.flags.last, snapshot.engine.last)]
    assert len(complete) - 1 <= max(source.reads for source in sources)


async def test_the_first_answers_are_judged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.monitor, "TOGETHER", 2 * DEADLINE)
    monitor = monitor_of(Scripted(lambda: FLAGS))
    async with watching(monitor):
        await until(lambda: monitor._judged is not None)


async def test_the_focus_is_what_the_sources_look_at() -> None:
    off: Watch[object] = Watch(None, QUICK)
    focus = Focus()
    monitor = Monitor(
        Watches(off, off, off, off, off, off),  # type: ignore[arg-type]
        Rules((), ()),
        SystemClock(),
        random.Random(1),
        focus=focus,
    )
    monitor.focus("BTC/USD")
    assert focus.symbol == "BTC/USD"
    monitor.focus(None)
    assert focus.symbol is None


@pytest.mark.parametrize("tripped", [True, False])
async def test_the_sources_know_of_a_trip(tripped: bool) -> None:
    off: Watch[object] = Watch(None, QUICK)
    source, focus = Watch(Scripted(lambda: FLAGS), QUICK), Focus()
    watches = Watches(off, off, off, source, off, off)  # type: ignore[arg-type]
    monitor = Monitor(watches, Rules((), ()), SystemClock(), random.Random(1), focus=focus)
    trip = LastTrip(1.0, "dana", "test", "all", written=(Written("flag file", None),)) if tripped else None
    monitor.own_trip = lambda: trip
    await monitor.look_once()
    assert focus.tripped is tripped


async def test_a_dear_source_is_asked_less_often_but_before_its_limit() -> None:
    def toil() -> Flags:
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        return FLAGS

    source = Scripted(toil)
    async with watching(monitor_of(source, Polling(interval=0.02, timeout=5, stale_after=0.3))):
        await until(lambda: source.reads > 1)
        before, began = source.reads, time.monotonic()
        await asyncio.sleep(0.6)
        seconds = time.monotonic() - began
    assert source.reads - before <= 8 * seconds  # at every interval it would be twenty a second
