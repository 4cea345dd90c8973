"""Asks every source again and again, and keeps one frozen Snapshot of what they said.

One poll is in flight per source. A poll that outlives its time-out is reported, cancelled and waited for
before the next begins; failures back off with jitter; nothing that a source does ends the monitor.
"""

import asyncio
import functools
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from console import threads
from console.domain.assessment import Judgement, Rules, aged, assess, is_older_view
from console.domain.clock import Clock
from console.domain.metrics import Metrics
from console.domain.reading import Dated, Reading, SourceState
from console.domain.snapshot import Snapshot
from console.domain.status import Assessment
from console.domain.surfaces import Books, EngineState, Exchange, Flags, LogTail
from console.sources.errors import NothingThereError, SourceError
from console.sources.source import Cancellable, Source

log = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LONGEST_BACKOFF = 4.0
"""Seconds by which a source that keeps failing is asked later than its interval, at most."""
_MOST_DOUBLINGS = 10


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
        self._judged: Judgement | None = None
        self._news: asyncio.Event | None = None

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
        """What the sources' answers mean `ahead` seconds from now.

        A screen looks ahead by what drawing takes, so that what it shows is true for as long as it stands.
        While the monitor runs, answers are judged as they come, off the event loop; here only ages go on,
        until a value passes its limit.
        """
        snapshot, judged = self.snapshot(ahead), self._judged
        if judged is not None and self._news is not None:
            snapshot = replace(judged[0], at=snapshot.at)
        if judged is not None and is_older_view(*judged, snapshot):
            return aged(judged[1], snapshot)
        self._judged = snapshot, assess(snapshot, self._rules, judged)
        return self._judged[1]

    async def look_once(self) -> None:
        """Poll until every source has answered, or its time-out has passed.

        The quick ones are asked again meanwhile: what they said is not to grow old beside a slow one.
        """
        pollers = self._pollers()
        answered = asyncio.Event()

        def changed() -> None:
            if all(poller.state.last is not None for poller in pollers):
                answered.set()

        polling = asyncio.create_task(self.run(changed))
        waiting = asyncio.create_task(answered.wait())
        await asyncio.wait({polling, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        polling.cancel()
        await asyncio.wait({polling})

    async def run(self, changed: Callable[[], None]) -> None:
        """Poll until cancelled; `changed` is called on the event loop when an answer has been judged."""
        news = self._news = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                for poller in self._pollers():
                    group.create_task(poller.run(news.set), name=f"poll {poller.state.name}")
                group.create_task(self._judge(news, changed), name="judge")
        finally:
            self._news = None

    async def _judge(self, news: asyncio.Event, changed: Callable[[], None]) -> None:
        """Judge in a thread whenever there is something new: with thousands of symbols it takes a while."""
        while True:
            await news.wait()
            news.clear()
            snapshot, before = self.snapshot(), self._judged
            judge = functools.partial(assess, snapshot, self._rules, before)
            self._judged = snapshot, await threads.start(judge, name="judge")
            changed()

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
        while True:
            began = self._clock.now()
            await self.poll()
            changed()
            if self._late is not None:
                await self._outcome_of(self._late, began)
                self._late = None
                changed()
            await asyncio.sleep(max(began + self._rest() - self._clock.now(), 0.05))

    async def poll(self) -> None:
        """One poll, given up for lost at its time-out: the thread may then still be on its way."""
        source, timeout = self._watch.source, self._watch.polling.timeout
        if source is None:
            return
        began = self._clock.now()
        try:
            call = threads.start(source.read, name=f"read {self.state.name}")
        except RuntimeError as error:  # the machine has no thread left
            self._failed(began, str(error))
            return
        done, _ = await asyncio.wait({call}, timeout=timeout)
        if done:
            await self._outcome_of(call, began)
            return
        self._failed(began, f"no answer within {timeout:g} s")
        self._late = call
        if isinstance(source, Cancellable):
            threads.start(source.cancel, name=f"cancel {self.state.name}")

    async def _outcome_of(self, call: "asyncio.Future[Dated[T]]", began: float) -> None:
        try:
            answer = await call
        except SourceError as error:
            self._failed(began, str(error))
            if isinstance(error, NothingThereError):
                self._failures = 0
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
        took = now - began if answer.took is None else answer.took
        reading = Reading(
            self.state.name, now, took, value=answer.value, data_at=answer.data_at, asked_at=began
        )
        self.state = replace(self.state, last=reading, good=reading)

    def _failed(self, began: float, error: str) -> None:
        now = self._clock.now()
        self._failures += 1
        reading: Reading[T] = Reading(self.state.name, now, now - began, error=error)
        self.state = replace(self.state, last=reading)

    def _rest(self) -> float:
        """Seconds from the beginning of a poll to the next: after failures 1, 2, 4 intervals, with jitter."""
        interval = self._watch.polling.interval
        if self._failures < 2:
            return interval
        doublings = min(self._failures - 1, _MOST_DOUBLINGS)
        longer = min(interval * (2.0**doublings - 1), LONGEST_BACKOFF)
        return interval + longer * self._chance.uniform(0.8, 1.0)
