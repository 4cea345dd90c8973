"""Asks every source again and again, and keeps one frozen Snapshot of what they said.

One poll is in flight per source. A poll that outlives its time-out is reported, cancelled and waited for
before the next begins; failures back off with jitter; nothing that a source does ends the monitor.
"""

import asyncio
import functools
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from console import threads
from console.domain.assessment import Assessment, Judgement, Rules, aged, assess, is_older_view
from console.domain.clock import Clock
from console.domain.metrics import Metrics
from console.domain.reading import Dated, Reading, SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Books, EngineState, Exchange, Flags, LogTail
from console.sources.errors import NothingThereError, SourceError
from console.sources.focus import Focus
from console.sources.logs.file import LogFile
from console.sources.source import Cancellable, Source

log = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LONGEST_BACKOFF = 4.0
"""Seconds by which a source that keeps failing is asked later than its interval, at most."""
_MOST_DOUBLINGS = 10
TOGETHER = 0.05
"""Seconds that an answer waits for others to be judged with it, once all sources' first ones have been."""
_REST_PER_EFFORT = 100.0
"""Seconds between polls for each second of CPU time that one takes, for a source's share of 1 % of a core."""


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

    def __init__(
        self,
        watches: Watches,
        rules: Rules,
        clock: Clock,
        chance: random.Random,
        *,
        focus: Focus | None = None,
        logs: tuple[LogFile, ...] = (),
        head_start: float = 0.0,
    ) -> None:
        """`focus` is what the sources were given too; `logs` are the context's logs, to be followed.

        For `head_start` seconds only the metrics are read: they are what one waits for, and importing the
        drivers of the others takes time from them.
        """
        self._head_start = head_start
        self.clock = clock
        self.on_judged: Callable[[Snapshot], None] | None = None  # called in the judging thread
        self.logs = logs
        self._focus = Focus() if focus is None else focus
        self._rules = rules
        self._metrics = _Poller("metrics", watches.metrics, clock, chance)
        self._database = _Poller("database", watches.database, clock, chance)
        self._exchange = _Poller("exchange", watches.exchange, clock, chance)
        self._flags = _Poller("flags", watches.flags, clock, chance)
        self._engine = _Poller("engine", watches.engine, clock, chance)
        self._log = _Poller("log", watches.log, clock, chance)
        self._judged: Judgement | None = None
        self._news: asyncio.Event | None = None

    @property
    def rules(self) -> Rules:
        """What it judges by."""
        return self._rules

    def focus(self, symbol: str | None) -> None:
        """Have the sources read, from their next poll on, what is only wanted of this one symbol."""
        self._focus.symbol = symbol

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

    def held(self, judged: Assessment, ahead: float = 0.0) -> Assessment:
        """What `judged` comes to `ahead` seconds from now if nothing has been read since: it only ages.

        The same alerts, as an object, stand in what is returned until something has passed its limit.
        """
        snapshot = replace(judged.snapshot, at=self.clock.now() + ahead)
        if is_older_view(judged.snapshot, judged, snapshot):
            return aged(judged, snapshot)
        return assess(snapshot, self._rules, (judged.snapshot, judged))

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
                    wait = 0.0 if poller is self._metrics else self._head_start
                    group.create_task(poller.run(news.set, wait), name=f"poll {poller.state.name}")
                group.create_task(self._judge(news, changed), name="judge")
        finally:
            self._news = None

    async def _judge(self, news: asyncio.Event, changed: Callable[[], None]) -> None:
        """Judge in a thread whenever there is something new: with thousands of symbols it takes a while."""
        while True:
            await news.wait()
            if self._judged is not None and _complete(self._judged[0]):
                await asyncio.sleep(TOGETHER)
            news.clear()
            judge = functools.partial(self._judgement, self.snapshot(), self._judged)
            self._judged = await threads.start(judge, name="judge")
            changed()

    def _judgement(self, snapshot: Snapshot, before: Judgement | None) -> Judgement:
        judged = snapshot, assess(snapshot, self._rules, before)
        if self.on_judged is not None:
            self.on_judged(snapshot)
        return judged

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


def _complete(snapshot: Snapshot) -> bool:
    """Whether every source had answered by then."""
    return all(state.last is not None for state in snapshot.sources() if state.configured)


class _Poller(Generic[T]):
    """The polls of one source, and what they came to."""

    def __init__(self, name: str, watch: Watch[T], clock: Clock, chance: random.Random) -> None:
        self._watch = watch
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._effort = 0.0
        self._late: asyncio.Future[Dated[T]] | None = None
        self.state: SourceState[T] = SourceState(
            name, watch.polling.stale_after, configured=watch.source is not None
        )

    async def run(self, changed: Callable[[], None], wait: float) -> None:
        """Poll until cancelled, from `wait` seconds on; then in step with those that didn't wait."""
        due = self._clock.now()
        await asyncio.sleep(wait)
        while True:
            began = self._clock.now()
            await self.poll()
            changed()
            if self._late is not None:
                await self._outcome_of(self._late, began)
                self._late = None
                changed()
            await asyncio.sleep(max(due + self._rest() - self._clock.now(), 0.05))
            due = self._clock.now()

    async def poll(self) -> None:
        """One poll, given up for lost at its time-out: the thread may then still be on its way."""
        source, timeout = self._watch.source, self._watch.polling.timeout
        if source is None:
            return
        began = self._clock.now()
        try:
            call = threads.start(functools.partial(self._read, source), name=f"read {self.state.name}")
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

    def _read(self, source: Source[T]) -> Dated[T]:
        """Read in the thread that this is called in, and note the CPU time that it takes."""
        began = time.thread_time()
        try:
            return source.read()
        finally:
            self._effort = time.thread_time() - began

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
        """Seconds from the beginning of a poll to the next: after failures 1, 2, 4 intervals, with jitter.

        After a dear poll longer too, but the value is asked for again before half its limit has passed; in
        whole seconds, so that it is judged together with what the others say.
        """
        polling = self._watch.polling
        longer = min(round(_REST_PER_EFFORT * self._effort), polling.stale_after / 2)
        interval = max(polling.interval, longer)
        if self._failures < 2:
            return interval
        doublings = min(self._failures - 1, _MOST_DOUBLINGS)
        backoff = min(interval * (2.0**doublings - 1), LONGEST_BACKOFF)
        return interval + backoff * self._chance.uniform(0.8, 1.0)
