"""Asks every source again and again, and keeps one frozen Snapshot of what they said.

One poll is in flight per source. A poll that outlives its time-out is reported, cancelled and waited for
before the next begins; failures back off with jitter; nothing that a source does ends the monitor.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from console import threads
from console.domain.assessment import aged, assess, is_older_view
from console.domain.clock import Clock
from console.domain.metrics import Metrics
from console.domain.reading import Dated, Reading, SourceState
from console.domain.snapshot import Snapshot
from console.domain.status import Assessment
from console.domain.surfaces import Books, EngineState, Exchange, Flags, LogTail
from console.domain.thresholds import KeyMetric, Panel
from console.sources.errors import SourceError
from console.sources.source import Cancellable, Source

log = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LONGEST_BACKOFF = 4
"""A source that keeps failing is asked this many times less often, at most."""


@dataclass(frozen=True, slots=True)
class Polling:
    """Seconds between polls, for one answer, and from which age a value is STALE."""

    interval: float
    timeout: float
    stale_after: float


@dataclass(frozen=True, slots=True)
class Watch(Generic[T_co]):
    """A source and how to poll it; `source` is None where the context doesn't name one."""

    source: Source[T_co] | None
    polling: Polling


@dataclass(frozen=True, slots=True)
class Watches:
    metrics: Watch[Metrics]
    database: Watch[Books]
    exchange: Watch[Exchange]
    flags: Watch[Flags]
    engine: Watch[EngineState]
    log: Watch[LogTail]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the snapshot is judged by."""

    panels: tuple[Panel, ...]
    key_metrics: tuple[KeyMetric, ...]
    not_exported: Set[str] = frozenset()


class Monitor:
    """Polls the sources of one context and judges what they say."""

    def __init__(self, watches: Watches, rules: Rules, clock: Clock, chance: random.Random) -> None:
        self.clock = clock
        self._rules = rules
        self._metrics = _Poller("metrics", watches.metrics, clock, chance)
        self._database = _Poller("database", watches.database, clock, chance)
        self._exchange = _Poller("exchange", watches.exchange, clock, chance)
        self._flags = _Poller("flags", watches.flags, clock, chance)
        self._engine = _Poller("engine", watches.engine, clock, chance)
        self._log = _Poller("log", watches.log, clock, chance)
        self._judged: tuple[Snapshot, Assessment] | None = None

    def snapshot(self, ahead: float = 0.0) -> Snapshot:
        """All sources as they stand `ahead` seconds from now."""
        return Snapshot(
            at=self.clock.now() + ahead,
            metrics=self._metrics.state,
            database=self._database.state,
            exchange=self._exchange.state,
            flags=self._flags.state,
            engine=self._engine.state,
            log=self._log.state,
        )

    def assessment(self, ahead: float = 0.0) -> Assessment:
        """What the sources' newest answers mean `ahead` seconds from now.

        A screen looks ahead by what drawing takes, so that what it shows is true for as long as it stands.
        Between two answers, and until the next value passes its limit, only the ages are judged anew.
        """
        snapshot, rules = self.snapshot(ahead), self._rules
        if self._judged is not None and is_older_view(*self._judged, snapshot):
            assessment = aged(self._judged[1], snapshot)
        else:
            assessment = assess(
                snapshot, rules.panels, rules.key_metrics, rules.not_exported, before=self._judged
            )
            self._judged = snapshot, assessment
        return assessment

    async def poll_once(self) -> None:
        """Ask every source once, side by side, each within its time-out."""
        await asyncio.gather(*(poller.poll() for poller in self._pollers()))

    async def run(self, changed: Callable[[], None]) -> None:
        """Poll until cancelled; `changed` is called on the event loop after each answer."""
        async with asyncio.TaskGroup() as group:
            for poller in self._pollers():
                group.create_task(poller.run(changed), name=f"poll {poller.state.name}")

    def _pollers(self) -> "list[_Poller[Any]]":
        every: list[_Poller[Any]] = [
            self._metrics,
            self._database,
            self._exchange,
            self._flags,
            self._engine,
            self._log,
        ]
        return [poller for poller in every if poller.state.configured]


class _Poller(Generic[T]):
    """The polls of one source, and what they came to."""

    def __init__(self, name: str, watch: Watch[T], clock: Clock, chance: random.Random) -> None:
        self._watch = watch
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._late: asyncio.Future[Dated[T]] | None = None
        self.state: SourceState[T] = SourceState(
            name, watch.polling.stale_after, configured=watch.source is not None
        )

    async def run(self, changed: Callable[[], None]) -> None:
        polling = self._watch.polling
        while True:
            began = self._clock.now()
            await self.poll()
            changed()
            if self._late is not None:
                await self._outcome_of(self._late, began)
                self._late = None
                changed()
            rest = began + polling.interval * self._backoff() - self._clock.now()
            await asyncio.sleep(max(rest, 0.05))

    async def poll(self) -> None:
        """One poll, given up for lost at its time-out: the thread may then still be on its way."""
        source, timeout = self._watch.source, self._watch.polling.timeout
        if source is None:
            return
        began = self._clock.now()
        call = threads.start(source.read, name=f"read {self.state.name}")
        done, _ = await asyncio.wait({call}, timeout=timeout)
        if done:
            await self._outcome_of(call, began)
            return
        self._failed(began, f"no answer within {timeout:g} s")
        self._late = call
        if isinstance(source, Cancellable):
            threads.start(source.cancel, name=f"cancel {self.state.name}").add_done_callback(_heard)

    async def _outcome_of(self, call: "asyncio.Future[Dated[T]]", began: float) -> None:
        try:
            answer = await call
        except SourceError as error:
            self._failed(began, str(error))
        except (
            Exception
        ) as error:  # a defect in a source must not end the monitor: shown, logged, tried again
            log.exception("reading %s failed", self.state.name)
            self._failed(began, f"internal error: {type(error).__name__}: {error}")
        else:
            self._answered(began, answer)

    def _answered(self, began: float, answer: Dated[T]) -> None:
        now = self._clock.now()
        self._failures = 0
        reading = Reading(self.state.name, now, now - began, value=answer.value, data_at=answer.data_at)
        self.state = replace(self.state, last=reading, good=reading)

    def _failed(self, began: float, error: str) -> None:
        now = self._clock.now()
        self._failures += 1
        reading: Reading[T] = Reading(self.state.name, now, now - began, error=error)
        self.state = replace(self.state, last=reading)

    def _backoff(self) -> float:
        """How many intervals to rest: 1 after an answer; after failures 1, 2, 4, give or take a fifth."""
        if self._failures == 0:
            return 1.0
        return min(2.0 ** (self._failures - 1), LONGEST_BACKOFF) * self._chance.uniform(0.8, 1.2)


def _heard(future: "asyncio.Future[None]") -> None:
    """Take note of a cancellation's own failure, so that asyncio doesn't complain of it at exit."""
    if not future.cancelled() and future.exception() is not None:
        log.warning("cancelling a poll failed: %s", future.exception())
