"""When the screen is painted, and what with.

Every paint takes the assessment of the present moment: at most `fps` times a second when something has
changed, some times a second when nothing has, so that ages are seen to go on, and in time before any value
passes its limit. While the picture is held, its values go on growing old.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.screen import Screen

from console.domain.access import Arming, Disarmed
from console.domain.assessment import Assessment
from console.domain.reading import Health
from console.domain.severity import Severity
from console.tui.held import Held
from console.tui.screens.frame import Box, Frame
from console.tui.view import Reminder, ReplayView, View
from console.tui.watched import HasLogs, Holds, Replayed, Watched

if TYPE_CHECKING:
    from console.tui.access import Access, Waiting
    from console.tui.open_runs import UnderWay

TICK = 0.5
"""Seconds between two paints when nothing arrives."""
CALM_TICK = 1.25
"""The same while every source is fresh: each second brings answers then, and nobody counts ages."""
FIRST_ANSWERS = 0.04
"""Seconds between two paints while sources answer for the first time."""
LEAD = 0.1
"""Seconds that a frame looks ahead, more than drawing takes: what it shows as good is so when it is read."""


class Painting:
    """Paints the visible screens of `app`, from `begin` until `end`."""

    def __init__(
        self, app: App[int], view: View, fps: float, unrecorded: Callable[[], str] = lambda: ""
    ) -> None:
        """`unrecorded` says why nothing is being recorded that should be; nothing where all is well."""
        self.view = view
        self.unrecorded = unrecorded
        self._app = app
        self._watched: Watched | None = None
        self._player: Replayed | None = None
        self._fps = fps
        self._held: Held | None = None
        self._focus: str | None = None
        self._painted_at = 0.0
        self._due = 0.0
        self._next: asyncio.TimerHandle | None = None

    @property
    def fps(self) -> float:
        """Paints a second at most: one, on a slow line."""
        return min(1.0, self._fps) if self.view.slow else self._fps

    def begin(self, watched: Watched) -> None:
        self._watched = watched
        self._player = watched if isinstance(watched, Replayed) else None
        self.view = replace(self.view, logs=watched if isinstance(watched, HasLogs) else None)
        now = _loop_time()
        self._painted_at = now - FIRST_ANSWERS  # the first answer is painted at once, and nothing before it
        self._paint_by(now + TICK)

    def end(self) -> None:
        self._watched = None
        self._forget_next()

    def set_fps(self, fps: float) -> None:
        self._fps = fps
        self.now()

    def set_slow(self, slow: bool) -> None:
        self.view = replace(self.view, slow=slow)
        self.now()

    def tell_of_line(self, slow: bool) -> None:
        """Whether the terminal takes what it is sent too slowly, for the status line to say."""
        self.view = replace(self.view, line_is_slow=slow)
        self.now()

    def take_access(self, access: "Access") -> None:
        """What raising risk takes is there: from now on each judgement is told to the safety catch."""
        self.view = replace(self.view, access=access)
        self.now()

    def tell_of_requests(self, requests: "tuple[Waiting, ...]") -> None:
        """What waits for a second person, for the operator to see."""
        if requests != self.view.requests:
            self.view = replace(self.view, requests=requests)
            self.now()

    def remind(self, reminder: Reminder | None) -> None:
        """What is due after a deployment, for the operator to see."""
        if reminder != self.view.reminder:
            self.view = replace(self.view, reminder=reminder)
            self.now()

    def tell_of_readiness(self, readiness: Reminder | None) -> None:
        """How ready the context is to go back, for the operator to see."""
        if readiness != self.view.readiness:
            self.view = replace(self.view, readiness=readiness)
            self.now()

    def tell_of_runs(self, told: "UnderWay") -> None:
        """What is to be said of runs that wait for a person, and of a drill."""
        if (told.standing, told.drill) != (self.view.standing_run, self.view.drill):
            self.view = replace(self.view, standing_run=told.standing, drill=told.drill)
            self.now()

    def pause(self) -> None:
        """Hold the picture, or let it go on; of a replay, the record itself."""
        if self._player is not None:
            self._player.paused = not self._player.paused
        elif self._held is not None:
            self._held = None
        elif isinstance(self._watched, Holds) and self.view.live is not None:
            self._held = Held(self.view.live)
        self.now()

    def seek_by(self, seconds: float) -> None:
        """Go on, or back, by so many seconds of a record."""
        if self._player is not None:
            self.seek_to(self._player.at + seconds)

    def seek_to(self, at: float) -> None:
        """Show the world as it was at the instant `at` of a record."""
        if self._player is not None:
            self._player.seek(at)
            self.now()

    def speed_up(self, factor: float) -> None:
        """Have a record run so many times as fast."""
        if self._player is not None:
            self._player.set_speed(self._player.speed * factor)
            self.now()

    def soon(self) -> None:
        """Paint as soon as the frame rate allows; the sources' first answers aren't kept waiting."""
        wait = 1 / self.fps if self.view.slow or self._all_have_answered else FIRST_ANSWERS
        self._paint_by(self._painted_at + wait)

    def now(self) -> None:
        """Show the world as it is, and be back before any of it gets too old to be shown."""
        self._forget_next()
        self._painted_at = now = _loop_time()
        if self._watched is None or not self._app.is_running:
            return
        live = self._watched.assessment(ahead=LEAD)
        shown = self._shown(live)
        held_for = None if self._held is None else float(int(live.at - self._held.since))
        view = replace(
            self.view,
            paused_for=held_for,
            replay=_replay(self._player),
            unrecorded=self.unrecorded(),
            mode=self._mode(live),
        )
        self.view = view.next(shown, live)
        self.show()
        changes = [at - live.at for at in (live.next_change, shown.next_change) if at is not None]
        self._paint_by(now + min([max(self._tick(live), 1 / self.fps), *changes]))

    def show(self) -> None:
        """Hand the view to the screens that can be seen."""
        with self._app.batch_update():
            for screen in _visible(self._app.screen_stack):
                if isinstance(screen, Frame | Box):
                    screen.paint(self.view)
        self._read_for_the_symbol()

    def _mode(self, live: Assessment) -> Arming | Disarmed:
        """Armed or read-only, now that the sources are so."""
        access = self.view.access
        if access is None or self._player is not None:
            return Disarmed()
        return access.catch.observe(live.sources, live.wrong_server)

    def _tick(self, live: Assessment) -> float:
        """Seconds to the next paint if nothing arrives until then."""
        moves = self._player is not None or self._held is not None or isinstance(self.view.mode, Arming)
        doubtful = any(source.severity is not Severity.OK for source in live.sources)
        lively = any(
            isinstance(screen, Frame) and screen.LIVELY for screen in _visible(self._app.screen_stack)
        )
        return TICK if moves or doubtful or lively else CALM_TICK

    @property
    def _all_have_answered(self) -> bool:
        live = self.view.live
        return live is not None and all(source.health is not Health.WAITING for source in live.sources)

    def _shown(self, live: Assessment) -> Assessment:
        if self._held is None or not isinstance(self._watched, Holds):
            return live
        return self._held.at_its_age(self._watched, live, LEAD)

    def _read_for_the_symbol(self) -> None:
        """Have more read about the symbol that the topmost screen is about."""
        frames = (screen for screen in reversed(self._app.screen_stack) if isinstance(screen, Frame))
        symbol = next((frame.symbol for frame in frames), None)
        if symbol != self._focus and self._watched is not None:
            self._focus = symbol
            self._watched.focus(symbol)

    def _paint_by(self, at: float) -> None:
        """Have the next paint at `at` of the loop's time, unless one comes before."""
        if self._next is not None and self._due <= at:
            return
        self._forget_next()
        self._due = at
        wait = max(0.001, at - _loop_time())
        self._next = asyncio.get_running_loop().call_later(wait, self._app.call_next, self.now)

    def _forget_next(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None


def _visible(stack: list[Screen[Any]]) -> Iterator[Screen[Any]]:
    """The screens from the top down to the first that covers everything: a box doesn't."""
    for screen in reversed(stack):
        yield screen
        if not isinstance(screen, Box):
            return


def _replay(player: Replayed | None) -> ReplayView | None:
    if player is None:
        return None
    at = player.at
    return ReplayView(
        wall=player.clock.wall(),
        at=at,
        begin=player.begin,
        end=player.end,
        speed=player.speed,
        paused=player.paused,
        keys=player.keys_near(at),
    )


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
