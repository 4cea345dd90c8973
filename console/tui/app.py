"""The console's screen: it paints what the monitor assessed, and decides nothing.

The frame is painted first; the monitor, with its heavy imports, is made behind it in a daemon thread. From
then on every paint takes the assessment of the present moment, at most `fps` times a second when something
has changed, and in time before any value passes its limit.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segments
from rich.text import Text
from textual.events import Event, Key, Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from console import threads
from console.actions.kill.trip import TRIP_WAIT
from console.tui import garbage
from console.tui.actions import IN_A_REPLAY, actions, bindings, keys_of
from console.tui.app_actions import AppActions
from console.tui.appearance import Appearance
from console.tui.friction import Pace
from console.tui.key_names import key_sign
from console.tui.keymap import rebound, textual_keymap
from console.tui.navigation import Navigation, load_kill_switch
from console.tui.open_runs import standing_runs
from console.tui.opened import Opened
from console.tui.pages import Pages
from console.tui.painting import Painting
from console.tui.preferences import Preferences
from console.tui.readying import readying
from console.tui.reminding import Reminding
from console.tui.safety import Face, Safety
from console.tui.screens.frame import Frame
from console.tui.screens.overview.screen import Overview
from console.tui.screens.parted import Parted
from console.tui.screens.sent_soon import SentSoon
from console.tui.screens.too_small import SMALLEST, TooSmall
from console.tui.terminal import signals
from console.tui.terminal.line_watch import QUESTION, LineWatch
from console.tui.text import visible
from console.tui.theme import glyphs_for, theme_variables
from console.tui.tools import NO_TOOLS, Tools
from console.tui.unbound import nothing_done
from console.tui.view import ContextView, View
from console.tui.watched import Watched
from console.tui.widgets.prompt import Prompt
from console.tui.wishes import NO_WISHES, Wishes

if TYPE_CHECKING:
    from console.tui.access import Access

__all__ = ["ContextView", "OpsConsole", "Watched"]

_ANYWHERE = {action.id for action in actions(owns_engine=False) if "anywhere" in action.places}
_REPLAY = {action.id for action in actions(owns_engine=False) if "replay" in action.places}
_DEEDS = ("arm", "record_look")
"""What the past doesn't take."""
_PARTS = ("next_pane", "previous_pane")
_STYLES = Path(__file__).parent / "styles"
_AFTER_THE_START = 3.0
"""Seconds after which what is read or computed no longer keeps the first picture waiting."""
_TIDIES_EVERY = 15.0
"""Seconds between two times that memory which is free goes back to the system."""


class OpsConsole(AppActions, inherit_bindings=False):
    """The application. Its result is the exit code: 0, or 128 and the signal's number."""

    CSS_PATH: ClassVar = sorted(_STYLES.glob("*.tcss"))
    BINDINGS: ClassVar = bindings("anywhere", "app", "replay")
    ENABLE_COMMAND_PALETTE = False
    _is_getting_access = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide"), (170, "-vast")]  # noqa: RUF012  # as textual's
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012

    def __init__(
        self,
        context: ContextView,
        watch: Callable[[], Watched],
        *,
        wishes: Wishes = NO_WISHES,
        tools: Tools = NO_TOOLS,
        fps: float = 4,
        on_key: Callable[[str], None] | None = None,
        unrecorded: Callable[[], str] = lambda: "",
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Show `context` through what `watch` makes; `watch` is called off the event loop.

        `on_key` is told the name of every key pressed, except where a line is typed; `unrecorded` says why
        nothing is being recorded that should be. Raises KeymapError for keys that can't be the operator's,
        and textual.color.ColorParseError when the context's colour is neither a name nor `#rrggbb`.
        """
        self._environment_colour = theme_variables(context.colour)
        super().__init__()
        view = _first_view(context, wishes, tools, environ)
        self.set_keymap(textual_keymap(view.actions, wishes.keys))
        self._painting = Painting(self, view, fps, unrecorded)
        face = Face(self.say, self.refuse, self.ask)
        self._safety = Safety(self._painting, face)
        self._reminding = Reminding(self._painting, face, tools.calendar)
        self._readying = readying(self._painting, tools.guide)
        self._open_runs = standing_runs(self._painting, tools.open_runs)
        self._access = tools.access
        self._navigation = Navigation(self, lambda: self.view)
        self._appearance = Appearance(self, environ, view.preferences, wishes.theme)
        self.take_theme()
        self._wishes = wishes
        self._line = LineWatch()
        self._pages = Pages()
        self._watch = watch
        self._key_pressed = on_key
        self.pace = Pace()
        self._opened = Opened(self)
        self.title = f"opsconsole {context.name}"

    def get_css_variables(self) -> dict[str, str]:
        return {**super().get_css_variables(), **self._environment_colour}

    def get_default_screen(self) -> Screen[None]:
        return self.fitted(Overview(self.view))

    def on_mount(self) -> None:
        threads.make_way()
        self.set_class(self.view.glyphs.ascii_only, "-ascii")
        self.set_class(self.view.context.environment == "production", "-production")
        self._draw_plainly(self._wishes.low_bandwidth is True)
        self._give_signals_back = signals.obey(self.exit, self._see_trip_through, self.give_terminal_back)
        self._line.asked(time.monotonic())  # by textual itself
        self.set_interval(1, self._look_around)
        self.set_interval(_TIDIES_EVERY, garbage.Tidying().tidy)
        self.set_timer(_AFTER_THE_START, self.get_access)
        self.call_after_refresh(self._start_watching)

    def get_access(self) -> None:
        """Have what isn't needed for the first picture read: what lowers risk, and what arming takes."""
        self._reminding.begin()
        self._readying.begin()
        self._open_runs.begin()
        threads.start(load_kill_switch, name="load the kill switch")
        self.make_access()

    def make_access(self) -> None:
        """Have what arming takes made, where it hasn't been, and isn't being made."""
        if self._access is not None and self.view.access is None and not self._is_getting_access:
            self._is_getting_access = True
            threads.start(self._access, name="make the access").add_done_callback(self._take_access)

    def action_arm(self) -> None:
        self.make_access()
        self._safety.toggle()

    async def action_quit(self) -> None:
        """Leave, unless the key came among other text, as in a paste: then it is to be pressed again."""
        if self.pace.among_others(keys_of(self.view.actions, "quit")):
            sign = key_sign(self.pace.key)
            self.refuse(f"{sign} came among other keys, as in a paste: press it again to quit")
        else:
            self.exit(0)

    def _take_access(self, made: "asyncio.Future[Access]") -> None:
        self._is_getting_access = False
        if isinstance(error := made.exception(), OSError):
            self.refuse(f"this console can't be armed: {error}")
        else:
            self._painting.take_access(made.result())

    def _look_around(self) -> None:
        """Say what is wrong with the kept choices, and what has ended an arming; see who waits.

        Now and then, ask how long the terminal's answers take.
        """
        self._safety.look()
        self._reminding.look()
        self._readying.look()
        self._open_runs.look()
        self._ring()
        complaint = self.view.preferences.complaint()
        if complaint:
            self.refuse(complaint)
        if self._driver is not None and self._line.wants_to_ask(time.monotonic()):
            self._line.asked(time.monotonic())
            self._driver.write(QUESTION)
            self._driver.flush()

    def _ring(self) -> None:
        """Ring the bell where another alert pages; the past wakes nobody."""
        view = self.view
        if view.replay is None and view.live is not None and self._pages.new(view.live.alert_rows):
            self.bell()

    def on_terminal_supports_synchronized_output(self) -> None:
        """The terminal's answer."""
        self._line.answered(time.monotonic())
        self.tell_of_line(self._line.slow)

    def _see_trip_through(self) -> None:
        """Stay until a trip under way is over, whatever has become of the line."""
        if self.view.kill is not None:
            self.view.kill.close(TRIP_WAIT)

    def on_unmount(self) -> None:
        garbage.resume()
        self._painting.end()
        self._give_signals_back()

    def _start_watching(self) -> None:
        self.run_worker(self._live(), name="monitor", exit_on_error=False)

    async def _live(self) -> None:
        watched = await threads.start(self._watch, name="make the monitor")
        self._painting.begin(watched)
        await watched.run(self._painting.soon)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """End with a clear line when the monitor fails: a frozen screen would be worse than none."""
        if event.state is WorkerState.ERROR:
            failure = event.worker.error
            while isinstance(failure, BaseExceptionGroup):
                failure = failure.exceptions[0]
            words = f"opsconsole: the monitor failed: {type(failure).__name__}: {failure}"
            self.exit(70, message=Text(visible(words)))

    def paint(self) -> None:
        """Show the world as it is now."""
        self._painting.now()

    def on_resize(self, event: Resize) -> None:
        fits = _fits(event.size)
        if not fits and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall(self.view))
        elif fits and isinstance(small := self.screen, TooSmall):
            self.pop_screen()
            if small.has_tripped:
                self._navigation.to_kill_switch()  # where there is room for what came of it

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if isinstance(self.screen, TooSmall):
            return action in ("quit", "kill_switch")
        if isinstance(self.focused, Prompt):
            return action in _ANYWHERE
        if action in _REPLAY:
            return self.view.replay is not None
        if action in _DEEDS and self.view.replay is not None:
            return False
        if action in _PARTS:
            return isinstance(self.screen, Parted)
        return action != "back" or self._navigation.can_go_back

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            if not _leads_to_a_trip(self.screen, self.view, event.key):
                await self._opened.there()
            self._tell(event)
            self._safety.touch()
            self.pace = self.pace.then(event.key, event.time)
            self.end_notice(event.time)
            self._opened.by(event.key, self.focused)
            if await self._do_at_once(event):
                self._send_at_once()
                return
            self._say_that_nothing_was_done(event)
        await super().on_event(event)

    def on_key(self, event: Key) -> None:
        """Let go of a key that nothing took: textual would look for its meaning again, on a later screen."""
        event.prevent_default()

    async def _do_at_once(self, event: Key) -> bool:
        """Have the key typed, or do what it is bound to; False when it means nothing here.

        Textual hands a key to the focused widget, and it comes back through the queue of each above it. Of
        keys that come together, as they do on a bad line, those after `/` would so be lost, or do harm.
        """
        focused = self.focused
        if focused is not None and focused.check_consume_key(event.key, event.character):
            event._set_forwarded()
            await focused.on_event(event)
            return True
        return await self._check_bindings(event.key, priority=True) or await self._check_bindings(event.key)

    def _send_at_once(self) -> None:
        """Have what the key has changed sent, unless more keys wait: they are shown together."""
        screen, more = self.screen, self._pending_message is not None or not self._message_queue.empty()
        if isinstance(screen, SentSoon) and not more:
            screen.send_now()

    def _say_that_nothing_was_done(self, event: Key) -> None:
        """A key that means nothing here is told from one that was lost on the line."""
        screen = self.screen
        if isinstance(screen, TooSmall) or (isinstance(screen, Frame) and screen.notices):
            return  # what was refused is still to be read
        words = nothing_done(screen, self.view, event.key, is_printable=event.is_printable)
        if words == IN_A_REPLAY:
            self.refuse(words)
        elif words:
            self.say(words)

    def _tell(self, event: Key) -> None:
        """Say which key was pressed, unless it is part of a text."""
        focused = self.focused
        typed = focused is not None and focused.check_consume_key(event.key, event.character)
        if self._key_pressed is not None and not (typed and event.is_printable):
            self._key_pressed(event.key)

    def _fatal_error(self) -> None:
        """After a crash, show where it was, but no local variables: a database URL may be among them."""
        from rich.traceback import Traceback  # noqa: PLC0415 (20 ms of imports that hopefully nobody needs)

        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()


def _leads_to_a_trip(screen: Screen[object], view: View, key: str) -> bool:
    """Whether the key may be one of those for a trip, which waits for nothing."""
    return getattr(screen, "PLACE", "") == "kill" or key in keys_of(view.actions, "kill_switch")


def _fits(size: Size) -> bool:
    return size.width >= SMALLEST.width and size.height >= SMALLEST.height


def _first_view(context: ContextView, wishes: Wishes, tools: Tools, environ: Mapping[str, str]) -> View:
    """What is shown before anything is known. Raises KeymapError for keys that can't be the operator's."""
    preferences = Preferences(wishes.state / "screen.json" if wishes.state else None)
    table = rebound(actions(context.owns_engine), wishes.keys)
    return View(
        context,
        glyphs_for(environ),
        actions=table,
        preferences=preferences,
        kill=tools.kill,
        journal=tools.journal,
        rollout=tools.rollout,
        marking=tools.marking,
        runs=tools.runs,
        guide=tools.guide,
    )
