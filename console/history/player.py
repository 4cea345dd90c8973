"""Shows a record as a monitor shows the present: the same assessments, at the instant that the replay is at.

Between two steps of an unbroken record the picture stands at the earlier one, so that what was fresh isn't
taken for old; where the console wrote nothing, values grow old as they did then.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from console.domain.assessment import Assessment, Judgement, aged, assess, is_older_view
from console.domain.clock import Clock
from console.domain.trails import COARSE_SPAN, FINE_SPAN
from console.domain.trend import RECENT
from console.history.frames import Kind
from console.history.header import Header
from console.history.instants import instant
from console.history.reel import Reel
from console.history.segment import find_segments

SLOWEST, FASTEST = 0.125, 128.0
"""Seconds of the record in a second."""
KEYS_SHOWN = 10.0
"""Seconds for which a key of the operator's stays to be seen."""
_FINE, _COARSE = 10.0, 600.0
"""Seconds between the instants that the last minutes, and the hours before, are made up from after a jump."""
_A_JUMP = 60.0
"""Seconds on, from which the minutes before are made up instead of played."""
_AHEAD = 0.25
"""Seconds that a picture looks ahead at most."""
_UNBROKEN = 2.5
"""Of the time to the next step that was meant: until then nothing was missed."""
_LONGEST_REST, _SHORTEST_REST = 0.5, 0.05
"""Seconds between two looks at whether there is a step to be shown."""


def open_player(file: Path, at: str | None, speed: float, clock: Clock) -> "Player":
    """Open a segment or a folder of them, to begin at the time `at` says, else at the record's beginning.

    Raises RecordError or InstantError, which say in one line what is wrong and what is allowed.
    """
    reel = Reel(find_segments(file))
    begin = reel.begin if at is None else instant(at, reel.begin, reel.end)
    player = Player(reel, clock, speed=speed)
    player.seek(begin)
    return player


class Player:
    """A record that runs. All instants are seconds since 1970 by the recorded clock.

    `clock` tells the replayed time. `logs` is empty: a record doesn't hold the engine's log files.
    """

    logs = ()

    def __init__(self, reel: Reel, clock: Clock, *, speed: float = 1.0) -> None:
        self.clock: Clock = _ReplayClock(self)
        self._reel = reel
        self._clock = clock
        self._speed = _within(speed)
        self._paused = False
        self._at, self._since = reel.begin, clock.now()
        self._judged: Judgement | None = None
        self._moved = asyncio.Event()

    @property
    def header(self) -> Header:
        """Whose record it is, at the replayed instant."""
        return self._reel.header

    @property
    def begin(self) -> float:
        return self._reel.begin

    @property
    def end(self) -> float:
        return self._reel.end

    @property
    def at(self) -> float:
        """The replayed instant: at the record's end, time stands still."""
        if self._paused:
            return self._at
        return min(self._at + (self._clock.now() - self._since) * self._speed, self.end)

    @property
    def speed(self) -> float:
        """Seconds of the record in a second."""
        return self._speed

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._go_on_from(self.at)
        self._paused = paused

    @property
    def damaged(self) -> int:
        """In how many places the record couldn't be read, as far as it was."""
        return self._reel.damaged

    @property
    def wall_ahead(self) -> float:
        """Seconds by which the time of day was ahead of the recorded clock."""
        return self._reel.wall_ahead

    def seek(self, at: float) -> None:
        """Go to an instant, or to the nearest that the record holds."""
        self._go_on_from(min(max(at, self.begin), self.end))
        self.assessment()

    def set_speed(self, speed: float) -> None:
        """Run at `speed`, or at the nearest that is possible."""
        self._go_on_from(self.at)
        self._speed = _within(speed)

    def focus(self, symbol: str | None) -> None:
        """Nothing more can be read of a symbol than was recorded."""

    def keys_near(self, at: float) -> tuple[str, ...]:
        """The names of the keys that the operator pressed in the seconds before `at`, the newest last."""
        return tuple(name for _, name in self._reel.keys(at - KEYS_SHOWN, at))

    def assessment(self, ahead: float = 0.0) -> Assessment:
        """What was true at the replayed instant; `ahead` is in seconds of the operator's."""
        at = self.at if self._paused else min(self.at + ahead * self._speed, self.end)
        before = self._judged
        if before is not None and 0 < before[0].at - at <= _AHEAD * self._speed:
            at = before[0].at  # that far ahead was looked already
        elif before is None or not before[0].at <= at <= before[0].at + _A_JUMP:
            self._make_up_the_minutes_before(at)
        self._reel.go_to(at)
        return self._judge(at)

    async def run(self, changed: Callable[[], None]) -> None:
        """Call `changed` on the event loop whenever there is something else to be seen, until cancelled."""
        shown = math.nan
        while True:
            self._moved.clear()
            if self._reel.snapshot.at != shown:
                shown = self._reel.snapshot.at
                changed()
            following = self._reel.next_at
            rest = math.inf if following is None or self._paused else (following - self.at) / self._speed
            try:
                async with asyncio.timeout(min(max(rest, _SHORTEST_REST), _LONGEST_REST)):
                    await self._moved.wait()
            except TimeoutError:
                self._reel.go_to(self.at)

    def _go_on_from(self, at: float) -> None:
        self._at, self._since = at, self._clock.now()
        self._moved.set()

    def _judge(self, at: float) -> Assessment:
        """Judge what the reel stands at."""
        reel, before = self._reel, self._judged
        following = reel.next_at
        snapshot = reel.snapshot
        unbroken = following is None or following - snapshot.at <= _UNBROKEN * reel.every
        if not unbroken:
            snapshot = replace(snapshot, at=max(at, snapshot.at))
        if before is not None and is_older_view(*before, snapshot):
            return aged(before[1], snapshot)
        self._judged = snapshot, assess(snapshot, reel.header.rules, before)
        return self._judged[1]

    def _make_up_the_minutes_before(self, at: float) -> None:
        """Judge what came before `at`, the thinner the older, for the trails of the last minutes."""
        self._judged = None
        last = -math.inf
        for since, until, kinds, apart in (
            (COARSE_SPAN, FINE_SPAN, (Kind.WHOLE,), _COARSE),
            (FINE_SPAN, RECENT, (Kind.WHOLE,), _FINE),
            (RECENT, 0.0, (Kind.WHOLE, Kind.CHANGES), _FINE),
        ):
            for moment in self._reel.instants(at - since, at - until, kinds):
                if moment >= last + apart:
                    self._reel.go_to(moment)
                    self._judge(moment)
                    last = moment


class _ReplayClock:
    """The time of the replay, for whoever is shown it."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def now(self) -> float:
        return self._player.at

    def wall(self) -> float:
        return self._player.at + self._player.wall_ahead


def _within(speed: float) -> float:
    return min(max(speed, SLOWEST), FASTEST)
