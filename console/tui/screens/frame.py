"""What every screen has: the status line above, the key hints below, the environment's colour around."""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from textual.app import ComposeResult
from textual.events import DescendantBlur, DescendantFocus, Resize, ScreenResume
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.timer import Timer
from textual.widget import Widget

from console.domain.access import Arming
from console.tui.actions import Action, Place
from console.tui.key_names import character_of, key_sign
from console.tui.places import offers
from console.tui.screens.sent_soon import SentSoon
from console.tui.text import Line, Span, fit_line
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.widgets.banner import Banner
from console.tui.widgets.hints import hint_line
from console.tui.widgets.kept_lines import KeptLines
from console.tui.widgets.lines import Lines
from console.tui.widgets.prompt import Prompt, Question
from console.tui.widgets.status_line import StatusLine

_WIDE = 100
"""Cells from which the path begins with the context, which the status line names too."""
_SAID_FOR = 6.0
"""Seconds that a notice takes the key hints' place, if no key is pressed."""
_READ_IN = 1.5
"""Seconds that what can't be done stays there all the same: keys that came with that one don't hide why."""


@runtime_checkable
class Shows(Protocol):
    """What a screen needs of the app: the newest view, the path to the screen, and its key hints."""

    @property
    def view(self) -> View: ...

    def crumbs(self) -> tuple[str, ...]: ...

    def show_hints(self) -> None: ...


class Frame(SentSoon[None], inherit_bindings=False):
    """A full screen. Subclasses yield their body, and show a view in `paint`, calling this class's.

    A view can come before the screen is mounted: widgets are made at once, and painted at any time. While
    another screen covers it, none comes.
    """

    PLACE: ClassVar[Place] = "app"
    ABOUT: ClassVar[str] = ""
    """What the screen shows, in a sentence or two: the beginning of its help."""

    LIVELY: ClassVar[bool] = False
    """Whether it shows what may come at any moment, not only with a source's answers."""

    laid_out = False
    """Whether it has been painted at its size: nothing of it is sent to the terminal before."""
    laid_out_for: Size | None = None

    symbol: str | None = None
    """The symbol that the screen is about, for which more is read while it is open."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self._styles_cache = KeptLines()
        self._status_line = StatusLine(view)
        self._banner = Banner(view)
        self._footer = Lines(self._key_hints, view.glyphs, classes="footer")
        self._prompt = Prompt(view.glyphs, view.actions)
        self._notice: Timer | None = None
        self._read_by = -math.inf

    @property
    def crumb(self) -> str:
        """What the path at the bottom calls this screen."""
        return self.symbol or type(self).__name__.lower()

    def compose(self) -> ComposeResult:
        yield self._status_line
        yield self._banner
        yield from self.body()
        yield self._footer
        yield self._prompt

    def body(self) -> Iterable[Widget]:
        return ()

    def paint(self, view: View) -> None:
        before = self._told_by_hints
        self.view = view
        self._status_line.paint(view)
        self._banner.paint(view)
        if self._told_by_hints != before:
            self.show_hints()

    def is_on(self, action: str) -> bool:
        """Whether what `action` turns on is on: its key takes that back then."""
        if action == "arm":
            return isinstance(self.view.mode, Arming)
        replay = self.view.replay
        return self.view.paused_for is not None or (replay is not None and replay.paused)

    def ask(self, question: Question) -> None:
        """Have a line typed where the key hints are; whatever has the focus gets it back."""
        self._prompt.end(None)
        focused = self.focused

        def answered(text: str | None) -> None:
            self._footer.display = True
            self.set_focus(focused)
            question.answered(text)

        self._footer.display = False
        self._prompt.ask(replace(question, answered=answered))
        self.set_focus(self._prompt)  # at once: what is typed next may already be waiting

    def remark(self, words: str) -> None:
        """Say this beside what is being typed."""
        self._prompt.remark(words)

    def say(self, words: str) -> None:
        """Show `words` where the key hints are, for some seconds or until the next key."""
        self._show_notice(words, Tone.KEY)

    def refuse(self, words: str) -> None:
        """Show in the same place what can't be done, or went wrong."""
        self._show_notice(words, Tone.ALARM)
        self._read_by = time.monotonic() + _READ_IN

    @property
    def notices(self) -> bool:
        """Whether something is said there."""
        return self._notice is not None

    def end_notice(self, at: float = math.inf) -> None:
        """Give the key hints their place back, if something was said there that was to be read by `at`."""
        if self._notice is not None and at >= self._read_by:
            self._notice.stop()
            self._notice = None
            self.show_hints()

    def _show_notice(self, words: str, tone: Tone) -> None:
        if self._notice is not None:
            self._notice.stop()
        self._read_by = -math.inf
        notice: Line = (Span(f" {words} ", tone),)
        self._footer.show(lambda size: (fit_line(notice, size.width, self.view.glyphs.ellipsis),))
        self._notice = self.set_timer(_SAID_FOR, self.end_notice)

    def show_hints(self) -> None:
        """Show what the keys do now, unless a notice stands there."""
        if self._notice is None and self.is_attached:
            self._footer.show(self._key_hints)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.show_hints()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        self.show_hints()

    def on_resize(self, event: Resize) -> None:
        _paint_once_laid_out(self, event.size)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Show the present at once: nothing was painted while something else covered this."""
        if isinstance(self.app, Shows):
            self.paint(self.app.view)
            self.show_hints()

    @property
    def _told_by_hints(self) -> tuple[object, ...]:
        """What the key hints tell of the view."""
        return self.view.paused_for, self.view.replay is None, self.is_on("arm"), self.is_on("pause")

    def _key_hints(self, size: Size) -> tuple[Line, ...]:
        if not self.is_attached or not isinstance(self.app, Shows):
            return ()
        top = self.app.screen if isinstance(self.app.screen, Box) else self
        offered = list(_hints_of(top, self.view))
        crumbs = self.app.crumbs()
        if crumbs and size.width >= _WIDE:
            crumbs = (self.view.context.name, *crumbs)
        return (hint_line(crumbs, offered, self.view.paused_for, size.width, self.view.glyphs),)


def _hints_of(screen: Screen[Any], view: View) -> Iterator[Action]:
    """What can be done on `screen`, each action with the first of its keys that isn't text there."""
    focused = screen.focused
    for offer in offers(screen, view.actions):
        action = offer.action
        if action.undo and isinstance(screen, Frame) and screen.is_on(action.id):
            action = replace(action, label=action.undo)
        for key in action.keys:
            if focused is None or not focused.check_consume_key(key, character_of(key)):
                yield replace(action, shown=key_sign(key))
                break


Answer = TypeVar("Answer")


class Box(SentSoon[Answer], ModalScreen[Answer], inherit_bindings=False):
    """A box over the screen before it, which lives on. The status line is here too: nothing covers that."""

    PLACE: ClassVar[Place]
    laid_out = False
    """As a frame's."""
    laid_out_for: Size | None = None

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self._status_line = StatusLine(view)
        self._banner = Banner(view)

    def compose(self) -> ComposeResult:
        yield self._status_line
        yield self._banner
        yield from self.body()

    def body(self) -> Iterable[Widget]:
        return ()

    def paint(self, view: View) -> None:
        self.view = view
        self._status_line.paint(view)
        self._banner.paint(view)

    def on_resize(self, event: Resize) -> None:
        _paint_once_laid_out(self, event.size)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self._show_hints()

    def on_screen_resume(self, event: ScreenResume) -> None:
        self._show_hints()

    def _show_hints(self) -> None:
        """Show this box's keys, in the place for them of the screen below."""
        if isinstance(self.app, Shows):
            self.app.show_hints()

    async def action_palette(self) -> None:
        await self.app.run_action("palette")


class Dialog(Box[None]):
    """A box that is left without an answer."""


def _paint_once_laid_out(screen: Frame | Box[Answer], size: Size) -> None:
    """Show at once what the new arrangement has and the old one left out.

    On TERM=dumb textual tells of a line more after every layout, and then of the true size again.
    """
    if size == screen.laid_out_for or size != screen.app.size:
        return
    screen.laid_out_for = size

    def paint() -> None:
        screen.paint(screen.view)
        screen.laid_out = True
        screen.refresh()

    screen.call_after_refresh(paint)
