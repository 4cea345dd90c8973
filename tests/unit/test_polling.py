"""When a source is asked again, and that the metrics come first when a screen opens."""

import asyncio
import random
import threading
import time
from collections.abc import Callable

import pytest

from console.domain.assessment import Rules
from console.domain.clock import SystemClock
from console.domain.metrics import Metrics
from console.domain.reading import Dated
from console.domain.surfaces import Flags
from console.monitor import Monitor, Watches
from console.polling import Poller, Polling, Watch
from tests.waiting import DEADLINE, until
from tests.watching import watching

EVERY_SECOND = Polling(interval=1.0, timeout=1.0, stale_after=1.8)
EVERY_FIVE = Polling(interval=5.0, timeout=8.0, stale_after=15.0)
QUICK = Polling(interval=0.05, timeout=90.0, stale_after=99.0)
FLAGS = Flags("flags.yaml", "0" * 64, False, None, ())


class FlagsSource:
    """Says the same each time, after what it is told to do, and counts how often."""

    def __init__(self, act: Callable[[], object] = lambda: None) -> None:
        self.reads = 0
        self._act = act

    def read(self) -> Dated[Flags]:
        self._act()
        self.reads += 1
        return Dated(FLAGS)


class MetricsSource:
    """Says nothing until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def read(self) -> Dated[Metrics]:
        self.let_go.wait(2 * DEADLINE)
        return Dated(Metrics({}))


def poller_of(polling: Polling, act: Callable[[], object] = lambda: None) -> Poller[Flags]:
    return Poller("flags", Watch(FlagsSource(act), polling), SystemClock(), random.Random(1))


def busy(seconds: float) -> None:
    """Take so much time of the processor."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def test_a_source_that_costs_little_is_asked_at_every_interval() -> None:
    poller = poller_of(EVERY_FIVE)
    await poller.poll()
    assert poller._rest() == 5.0


async def test_a_dear_source_is_asked_less_often_but_in_whole_intervals_and_before_it_gets_old() -> None:
    poller = poller_of(EVERY_FIVE, lambda: busy(0.2))
    await poller.poll()
    assert poller._rest() == 10.0


async def test_a_source_that_costs_a_little_more_than_its_share_waits_for_another_interval() -> None:
    poller = poller_of(EVERY_FIVE, lambda: busy(0.03))
    await poller.poll()
    assert poller._rest() == 10.0


async def test_what_is_fresh_for_less_than_two_intervals_is_asked_at_each_however_dear() -> None:
    poller = poller_of(EVERY_SECOND, lambda: busy(0.1))
    await poller.poll()
    assert poller._rest() == 1.0


@pytest.mark.parametrize(
    ("earliest", "due"), [(101.0, 101.0), (101.15, 101.0), (101.3, 102.0), (102.0, 102.0), (104.9, 105.0)]
)
def test_polls_are_due_in_whole_intervals_from_the_start_that_all_have_in_common(
    earliest: float, due: float
) -> None:
    assert poller_of(EVERY_SECOND)._due(100.0, earliest) == pytest.approx(due)


def monitor_of(metrics: MetricsSource, flags: FlagsSource, head_start: float) -> Monitor:
    off: Watch[object] = Watch(None, QUICK)
    watches = Watches(Watch(metrics, QUICK), off, off, Watch(flags, QUICK), off, off)  # type: ignore[arg-type]
    return Monitor(watches, Rules((), ()), SystemClock(), random.Random(1), head_start=head_start)


async def test_the_others_are_read_once_the_metrics_have_been_judged() -> None:
    metrics, flags = MetricsSource(), FlagsSource()
    monitor = monitor_of(metrics, flags, head_start=60.0)
    async with watching(monitor):
        await asyncio.sleep(0.15)
        assert flags.reads == 0
        metrics.let_go.set()
        await until(lambda: flags.reads)
        assert monitor.snapshot().metrics.good is not None


async def test_metrics_that_do_not_answer_keep_the_others_for_the_head_start_only() -> None:
    metrics, flags = MetricsSource(), FlagsSource()
    async with watching(monitor_of(metrics, flags, head_start=0.05)):
        await until(lambda: flags.reads)
        assert not metrics.let_go.is_set()
        metrics.let_go.set()
