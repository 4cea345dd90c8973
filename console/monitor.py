"""Asks every source again and again, and keeps one frozen Snapshot of what they said.

One poll is in flight per source. A poll that outlives its time-out is reported, cancelled and waited for
before the next begins; failures back off with jitter; nothing that a source does ends the monitor.
"""

import asyncio
import contextlib
import functools
import logging
import math
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
_EARLY = 0.2
"""The share of an interval by which a poll may come early: after one that began late."""
TOGETHER = 0.15
"""Seconds that an answer waits at most for others that are under way, to be judged with them."""
_FIRST_LOOK = 0.03
"""Seconds that a face has to itself to show the first judgement."""
_REST_PER_EFFORT = 200.0
"""Seconds between polls for each second of CPU time that one takes: a source's share is half a percent."""


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

        Until the metrics have been judged, or for `head_start` seconds, only they are read: they are what one
        waits for, and the others would take time from them.
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
        self._begun = asyncio.Event()

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
                start = self.clock.now()
                for poller in self._pollers():
                    group.create_task(self._poll(poller, start, news), name=f"poll {poller.state.name}")
                group.create_task(self._judge(news, changed), name="judge")
        finally:
            self._news = None

    async def _poll(self, poller: "_Poller[Any]", start: float, news: asyncio.Event) -> None:
        """Poll one source; any but the metrics from when these have been judged for the first time."""
        if poller is not self._metrics and self._metrics.state.configured:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._begun.wait(), self._head_start)
        await poller.run(news.set, start)

    async def _judge(self, news: asyncio.Event, changed: Callable[[], None]) -> None:
        """Judge in a thread whenever there is something new: with thousands of symbols it takes a while."""
        while True:
            await news.wait()
            if self._judged is not None and _complete(self._judged[0]):
                await self._together(news)
            news.clear()
            judge = functools.partial(self._judgement, self.snapshot(), self._judged)
            self._judged = await threads.start(judge, name="judge")
            changed()
            if not self._begun.is_set():
                await asyncio.sleep(_FIRST_LOOK)
                self._begun.set()

    async def _together(self, news: asyncio.Event) -> None:
        """Wait for the answers that are under way, which mostly were asked for at the same time."""
        until = self.clock.now() + TOGETHER
        with contextlib.suppress(TimeoutError):
            while any(poller.asking for poller in self._pollers()):
                news.clear()
                await asyncio.wait_for(news.wait(), until - self.clock.now())

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
        self.asking = False
        self._late: asyncio.Future[Dated[T]] | None = None
        self.state: SourceState[T] = SourceState(
            name, watch.polling.stale_after, configured=watch.source is not None
        )

    async def run(self, changed: Callable[[], None], start: float) -> None:
        """Poll until cancelled, in step with all that do so from `start` on."""
        while True:
            began = self._clock.now()
            await self.poll()
            changed()
            if self._late is not None:
                await self._outcome_of(self._late, began)
                self._late = None
                changed()
            due = self._due(start, max(began + self._rest(), self._clock.now()))
            await asyncio.sleep(max(due - self._clock.now(), 0.05))

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
        self.asking = True
        done, _ = await asyncio.wait({call}, timeout=timeout)
        self.asking = False
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

    def _due(self, start: float, earliest: float) -> float:
        """When to poll again: while all is well in whole intervals from `start`, which all have in common.

        So the sources' answers come together, and are judged and painted together.
        """
        if self._failures > 1:
            return earliest
        interval = self._watch.polling.interval
        return start + math.ceil((earliest - start) / interval - _EARLY) * interval

    def _rest(self) -> float:
        """Seconds from the beginning of a poll to the next: after failures 1, 2, 4 intervals, with jitter.

        After a dear poll some intervals too, but no more than fit into two thirds of the value's limit.
        """
        polling = self._watch.polling
        interval = polling.interval
        if self._failures == 0:
            longest = min(_REST_PER_EFFORT * self._effort, polling.stale_after * 2 / 3)
            return interval * max(1, longest // interval)
        if self._failures < 2:
            return interval
        doublings = min(self._failures - 1, _MOST_DOUBLINGS)
        backoff = min(interval * (2.0**doublings - 1), LONGEST_BACKOFF)
        return interval + backoff * self._chance.uniform(0.8, 1.0)
