"""Asks one source again and again, and keeps the state of what it said.

One poll is in flight. One that outlives its time-out is reported, cancelled and waited for before the next
begins; failures back off with jitter; nothing that a source does ends the polling.
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
from typing import Generic, TypeVar

from console import threads
from console.domain.clock import Clock
from console.domain.reading import Dated, Reading, SourceState
from console.sources.errors import NothingThereError, SourceError
from console.sources.source import Cancellable, Source

log = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LONGEST_BACKOFF = 4.0
"""Seconds by which a source that keeps failing is asked later than its interval, at most."""
_MOST_DOUBLINGS = 10
_EARLY = 0.2
"""The share of an interval by which a poll may come early: after one that began late."""
_REST_PER_EFFORT = 250.0
"""Seconds between polls for each second of CPU time that one takes: a source's share is 0.4 percent."""


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


class Poller(Generic[T]):
    """The polls of one source, and what they came to."""

    def __init__(self, name: str, watch: Watch[T], clock: Clock, chance: random.Random) -> None:
        self._watch = watch
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._effort = 0.0
        self.asking = False
        self._hurried = asyncio.Event()
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
            await self._rest_for(max(due - self._clock.now(), 0.05))

    def hurry(self) -> None:
        """Poll at once, without the rest of the interval; on the event loop that polls."""
        self._hurried.set()

    async def _rest_for(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurried.wait()
        self._hurried.clear()

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

        After a dear poll as many as it takes to keep to its share, but no more than fit into two thirds of
        the value's limit.
        """
        polling = self._watch.polling
        interval = polling.interval
        if self._failures == 0:
            earned = math.ceil(_REST_PER_EFFORT * self._effort / interval)
            return interval * max(1, min(earned, polling.stale_after * 2 / 3 // interval))
        if self._failures < 2:
            return interval
        doublings = min(self._failures - 1, _MOST_DOUBLINGS)
        backoff = min(interval * (2.0**doublings - 1), LONGEST_BACKOFF)
        return interval + backoff * self._chance.uniform(0.8, 1.0)
