"""A context that is watched while somebody asks of it: what answers a check was asked for after it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol, TypeVar

from console.domain.assessment import Assessment, Judgement, assess
from console.domain.clock import Clock
from console.domain.reading import Reading, SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Exchange
from console.monitor import Monitor

T = TypeVar("T")

IDLE = 60.0
"""Seconds after the last question for which the context is still watched."""
PATIENCE = 30.0
"""Seconds that sources have to answer in: longer than their time-outs after the longest back-off."""
EXCHANGE_EVERY = 2.0
"""Seconds between two polls of the exchange, at least, however often is asked."""
EVERYTHING = ("metrics", "database", "exchange", "flags", "engine", "log", "last_trip", "alerts")
"""The sources of a snapshot, by their names."""
ORDERS = "orders"
_TICK = 0.02


class Look(Protocol):
    """Looks at a context anew: `Lookout.anew`."""

    def __call__(self, *sources: str) -> Assessment: ...


class Lookout:
    """One monitor in a daemon thread, from a first question on until nobody asks any more.

    Its sources stay as they are between two questions, so that the exchange's pauses are kept and its request
    weight is spared, however often is asked. From any thread.
    """

    def __init__(
        self,
        open_: Callable[[], Monitor],
        clock: Clock,
        wait: Callable[[float], None] = time.sleep,
        *,
        idle: float = IDLE,
    ) -> None:
        """`open_` makes the monitor anew whenever the context is to be watched again.

        `idle` is for how many seconds it is watched after the last question.
        """
        self._idle = idle
        self._open = open_
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._monitor: Monitor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._left = asyncio.Event()
        self._waiting = 0
        self._asked = 0.0
        self._judged: Judgement | None = None

    def anew(self, *sources: str) -> Assessment:
        """What is known once the `sources`, or all of them, have answered to a question asked from now on.

        ORDERS is the exchange with a new count of the resting orders, which is made less often by itself.
        What a source said before that counts for nothing: one that fails or stays silent is DOWN.
        """
        wanted, began = sources or EVERYTHING, self._clock.now()
        with self._watched() as monitor:
            monitor.count_orders(ORDERS in wanted)
            late = {"exchange" if name == ORDERS else name for name in wanted}
            until = began + PATIENCE
            while not _answered(monitor.snapshot(), wanted, began) and self._clock.now() < until:
                late -= self._hurried(monitor, late)
                self._wait(_TICK)
            strict = _strictly(monitor.snapshot(), wanted, began)
        with self._lock:
            self._judged = strict, assess(strict, monitor.rules, self._judged)
            return self._judged[1]

    def let_go(self) -> None:
        """Watch no more, unless somebody waits for an answer; whoever asks after this has it watched anew."""
        with self._lock:
            if self._waiting:
                return
            loop, self._monitor, self._loop = self._loop, None, None
            if loop is not None:
                loop.call_soon_threadsafe(self._left.set)

    @contextmanager
    def _watched(self) -> Iterator[Monitor]:
        """The monitor, which isn't let go of while somebody waits for its answers."""
        with self._lock:
            monitor = self._monitor
            if monitor is None:
                monitor = self._open()
                threading.Thread(target=self._watch, args=(monitor,), name="lookout", daemon=True).start()
                self._monitor = monitor
            self._waiting += 1  # last: where it can't be opened, nobody waits
        try:
            yield monitor
        finally:
            with self._lock:
                self._waiting -= 1
                self._asked = self._clock.now()

    def _hurried(self, monitor: Monitor, late: Set[str]) -> Set[str]:
        """Those of the sources that are asked at once: the exchange, whose weight counts, not too often."""
        asked, exchange = set(late), monitor.snapshot().exchange.last
        if self._clock.now() - _asked_at(exchange) < EXCHANGE_EVERY:
            asked.discard("exchange")
        with self._lock:
            if self._loop is None:
                return set()
            self._loop.call_soon_threadsafe(monitor.hurry, asked)
        return asked

    def _watch(self, monitor: Monitor) -> None:
        asyncio.run(self._watch_while_asked(monitor))

    async def _watch_while_asked(self, monitor: Monitor) -> None:
        left = asyncio.Event()
        with self._lock:
            if self._monitor is monitor:
                self._loop, self._left = asyncio.get_running_loop(), left
        both = {asyncio.create_task(monitor.run(_nobody)), asyncio.create_task(left.wait())}
        while not any(task.done() for task in both) and not self._is_idle(monitor):
            timeout = min(1.0, self._idle + _TICK)
            await asyncio.wait(both, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        self._forget(monitor)
        for task in both:
            task.cancel()
        await asyncio.wait(both)

    def _is_idle(self, monitor: Monitor) -> bool:
        """Whether nobody has asked for long, or for another already; the next one who asks gets another."""
        with self._lock:
            if self._monitor is not monitor:
                return True
            idle = not self._waiting and self._clock.now() - self._asked > self._idle
            if idle:
                self._monitor = self._loop = None
            return idle

    def _forget(self, monitor: Monitor) -> None:
        with self._lock:
            if self._monitor is monitor:
                self._monitor = self._loop = None


def _nobody() -> None:
    """Nobody is told that something was judged: who asks judges."""


def _answered(snapshot: Snapshot, wanted: tuple[str, ...], since: float) -> bool:
    states: list[SourceState[object]] = [
        snapshot.exchange if name == ORDERS else getattr(snapshot, name) for name in wanted
    ]
    answered = all(not state.configured or _asked_at(state.last) >= since for state in states)
    return answered and (ORDERS not in wanted or _has_counted(snapshot.exchange, since))


def _has_counted(exchange: SourceState[Exchange], since: float) -> bool:
    """Whether every market has counted its resting orders, or can't."""
    last = exchange.last
    venues = () if last is None or last.value is None else last.value.venues
    return all(venue.orders_at is None or venue.orders_at >= since for venue in venues)


def _strictly(snapshot: Snapshot, wanted: tuple[str, ...], since: float) -> Snapshot:
    """The snapshot as if the sources that are `wanted` had never answered before."""

    def strict(state: SourceState[T]) -> SourceState[T]:
        return _since(state, since) if state.name in wanted else state

    exchange = strict(snapshot.exchange)
    if ORDERS in wanted:
        counted = _has_counted(snapshot.exchange, since)
        exchange = _since(snapshot.exchange, since) if counted else _silent(snapshot.exchange, since)

    return replace(
        snapshot,
        metrics=strict(snapshot.metrics),
        database=strict(snapshot.database),
        exchange=exchange,
        flags=strict(snapshot.flags),
        engine=strict(snapshot.engine),
        log=strict(snapshot.log),
        last_trip=strict(snapshot.last_trip),
        alerts=strict(snapshot.alerts),
    )


def _since(state: SourceState[T], since: float) -> SourceState[T]:
    if not state.configured:
        return state
    if _asked_at(state.last) < since:
        return _silent(state, since)
    failed = state.last is not None and state.last.error is not None
    return replace(state, good=None) if failed else state


def _silent(state: SourceState[T], since: float) -> SourceState[T]:
    nothing: Reading[T] = Reading(state.name, since, 0.0, error=f"no answer within {PATIENCE:g} s")
    return replace(state, last=nothing, good=None)


def _asked_at(reading: Reading[object] | None) -> float:
    """When the question was asked that was answered last, by a value or an error."""
    if reading is None:
        return float("-inf")
    return reading.fetched_at - reading.latency if reading.asked_at is None else reading.asked_at
