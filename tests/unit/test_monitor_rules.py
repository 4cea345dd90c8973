"""When the monitor asks the alert rules: once the other sources have answered, unless one never does."""

import random
import threading
import time
from collections.abc import Callable

import pytest

import console.monitor
from console.domain.alert_book import AlertBook
from console.domain.assessment import Rules
from console.domain.clock import SystemClock
from console.domain.reading import Dated, Health
from console.domain.surfaces import Flags
from console.monitor import Monitor, Watches
from console.polling import Polling, Watch
from tests.unit.test_monitor import FLAGS, QUICK, Scripted
from tests.waiting import DEADLINE, until
from tests.watching import watching


class Ruled:
    """Alert rules that note how the flags stood when they were asked first."""

    def __init__(self) -> None:
        self.monitor: Monitor | None = None
        self.seen: Health | None = None

    def read(self) -> Dated[AlertBook]:
        if self.seen is None and self.monitor is not None:
            self.seen = self.monitor.snapshot().flags.health(SystemClock().now())
        return Dated(AlertBook((), ()))


def monitor_with(rules: Ruled, flags: Callable[[], Flags], timeout: float = DEADLINE) -> Monitor:
    off: Watch[object] = Watch(None, QUICK)
    source = Watch(Scripted(flags), Polling(interval=0.02, timeout=timeout, stale_after=60))
    watches = Watches(off, off, off, source, off, off, alerts=Watch(rules, QUICK))  # type: ignore[arg-type]
    rules.monitor = Monitor(watches, Rules((), ()), SystemClock(), random.Random(1))
    return rules.monitor


async def test_the_alert_rules_are_asked_when_the_others_have_answered() -> None:
    def slow() -> Flags:
        time.sleep(0.05)
        return FLAGS

    rules = Ruled()
    await monitor_with(rules, slow).look_once()
    assert rules.seen is Health.FRESH


async def test_a_source_that_never_answers_does_not_keep_the_alert_rules_from_being_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console.monitor, "_OTHERS", 0.05)
    rules, released = Ruled(), threading.Event()

    def stuck() -> Flags:
        released.wait(DEADLINE)
        return FLAGS

    async with watching(monitor_with(rules, stuck)):
        await until(lambda: rules.seen is not None)
        released.set()
    assert rules.seen is Health.WAITING
