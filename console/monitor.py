"""Has every source asked again and again, and judges one frozen Snapshot of what they said."""

import asyncio
import contextlib
import functools
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from console import threads
from console.domain.alert_book import AlertBook
from console.domain.assessment import Assessment, Judgement, Rules, aged, assess, is_older_view
from console.domain.clock import Clock
from console.domain.kill_state import KillState
from console.domain.last_trip import LastTrip
from console.domain.metrics import Metrics
from console.domain.snapshot import Snapshot, with_own_trip
from console.domain.surfaces import Books, EngineState, Exchange, Flags, KeptTrip, LogTail
from console.polling import Poller, Polling, Watch
from console.sources.focus import Focus
from console.sources.logs.file import LogFile

TOGETHER = 0.4
"""Seconds that an answer waits at most for others that are under way, to be judged with them."""
_FIRST_LOOK = 0.03
"""Seconds that a face has to itself to show the first judgement."""
_OTHERS = 3.0
"""Seconds that the alert rules wait at most for the first answers of all sources."""


_NO_FILE: Watch[KeptTrip] = Watch(None, Polling(1.0, 2.0, 4.0))
_NO_RULES: Watch[AlertBook] = Watch(None, Polling(1.0, 4.0, 10.0))


@dataclass(frozen=True, slots=True)
class Watches:
    metrics: Watch[Metrics]
    database: Watch[Books]
    exchange: Watch[Exchange]
    flags: Watch[Flags]
    engine: Watch[EngineState]
    log: Watch[LogTail]
    last_trip: Watch[KeptTrip] = _NO_FILE
    alerts: Watch[AlertBook] = _NO_RULES


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
        self.on_assessed: Callable[[Assessment], None] | None = None  # called there too, after each
        self.own_trip: Callable[[], LastTrip | None] = lambda: (
            None
        )  # what this process knows of its last trip
        self.logs = logs
        self._focus = Focus() if focus is None else focus
        self._rules = rules
        self._metrics = Poller("metrics", watches.metrics, clock, chance)
        self._database = Poller("database", watches.database, clock, chance)
        self._exchange = Poller("exchange", watches.exchange, clock, chance)
        self._flags = Poller("flags", watches.flags, clock, chance)
        self._engine = Poller("engine", watches.engine, clock, chance)
        self._log = Poller("log", watches.log, clock, chance)
        self._last_trip = Poller("last_trip", watches.last_trip, clock, chance)
        self._alerts = Poller("alerts", watches.alerts, clock, chance)
        self._judged: Judgement | None = None
        self._news: asyncio.Event | None = None
        self._begun = asyncio.Event()
        self._all_answered = asyncio.Event()

    @property
    def rules(self) -> Rules:
        """What it judges by."""
        return self._rules

    def focus(self, symbol: str | None) -> None:
        """Have the sources read, from their next poll on, what is only wanted of this one symbol."""
        self._focus.symbol = symbol

    def hurry(self, sources: Collection[str]) -> None:
        """Ask these sources at once, by their names; on the event loop that it runs on."""
        for poller in self._pollers():
            if poller.state.name in sources:
                poller.hurry()

    def count_orders(self, wanted: bool) -> None:
        """Have the exchange's resting orders counted at each poll, which is dear, while that is `wanted`."""
        self._focus.orders = wanted

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
            last_trip=with_own_trip(self._last_trip.state, self.own_trip(), self.clock.now()),
            alerts=self._alerts.state,
        )

    def assessment(self, ahead: float = 0.0) -> Assessment:
        """What the sources' answers mean `ahead` seconds from now.

        A screen looks ahead by what drawing takes, so that what it shows is true for as long as it stands.
        While the monitor runs, answers are judged as they come, off the event loop; here only ages go on,
        until a value passes its limit.
        """
        snapshot, judged = self.snapshot(ahead), self._judged
        if judged is not None and self._news is not None:
            if snapshot.trip != judged[0].trip:
                self._news.set()  # what this console does itself is judged at once
            snapshot = replace(judged[0], at=snapshot.at)
        if judged is not None and is_older_view(*judged, snapshot):
            return aged(judged[1], snapshot)
        self._judged = snapshot, assess(snapshot, self._rules, judged)
        return self._judged[1]

    def newest(self) -> Assessment:
        """What was judged last, as old as it is now: for threads beside the event loop that this runs on.

        It changes nothing here: what a thread has judged meanwhile mustn't come in place of something newer.
        """
        judged = self._judged
        return self.assessment() if judged is None else self.held(judged[1])

    def held(self, judged: Assessment, ahead: float = 0.0) -> Assessment:
        """What `judged` comes to `ahead` seconds from now if nothing has been read since: it only ages.

        The same alerts, as an object, stand in what is returned until something has passed its limit.
        """
        snapshot = replace(judged.snapshot, at=self.clock.now() + ahead)
        if is_older_view(judged.snapshot, judged, snapshot):
            return aged(judged, snapshot)
        return assess(snapshot, self._rules, (judged.snapshot, judged))

    async def look_once(self, lasting: float = 0.0) -> None:
        """Poll until every source has answered, or its time-out has passed, and for `lasting` seconds more.

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
        await asyncio.wait({polling}, timeout=lasting)
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

    async def _poll(self, poller: "Poller[Any]", start: float, news: asyncio.Event) -> None:
        """Poll one source; any but the metrics from when these have been judged for the first time.

        The alert rules ask what the others have measured: they come last.
        """
        if poller is not self._metrics and self._metrics.state.configured:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._head_start):
                    await self._begun.wait()
        if poller is self._alerts:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_OTHERS):
                    await self._all_answered.wait()
        await poller.run(functools.partial(self._answered, news), start)

    def _answered(self, news: asyncio.Event) -> None:
        news.set()
        if all(poller.state.last is not None for poller in self._pollers() if poller is not self._alerts):
            self._all_answered.set()

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
                async with asyncio.timeout(until - self.clock.now()):  # `wait_for` may lose a cancellation
                    await news.wait()

    def _judgement(self, snapshot: Snapshot, before: Judgement | None) -> Judgement:
        judged = snapshot, assess(snapshot, self._rules, before)
        self._focus.tripped = judged[1].kill.state not in (KillState.CLEAR, KillState.UNKNOWN)
        if self.on_judged is not None:
            self.on_judged(snapshot)
        if self.on_assessed is not None:
            self.on_assessed(judged[1])
        return judged

    def _pollers(self) -> "list[Poller[Any]]":
        every: list[Poller[Any]] = [
            self._metrics,
            self._database,
            self._exchange,
            self._flags,
            self._engine,
            self._log,
            self._last_trip,
            self._alerts,
        ]
        return [poller for poller in every if poller.state.configured]


def _complete(snapshot: Snapshot) -> bool:
    """Whether every source had answered by then."""
    return all(state.last is not None for state in snapshot.sources() if state.configured)
