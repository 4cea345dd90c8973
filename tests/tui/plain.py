"""The console over one plain screen, for what goes on around the screens."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from textual.screen import Screen
from textual.widget import Widget

from console.domain.snapshot import Snapshot
from console.tui.app import ContextView, OpsConsole
from console.tui.screens.frame import Frame
from console.tui.text import Span
from console.tui.view import View
from console.tui.widgets.reader import Reader
from console.tui.wishes import NO_WISHES, Wishes
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, metrics_of, snapshot, symbol_rows

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


class PlainScreen(Frame):
    """Lines to read, and below them how often it was painted."""

    ABOUT = "Nothing but lines."
    crumb = "overview"

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.reader = Reader(lambda cells: [(Span(f"line {number}"),) for number in range(100)], view.glyphs)
        self.paints: list[View] = []

    def body(self) -> Iterable[Widget]:
        yield self.reader

    def on_mount(self) -> None:
        self.reader.focus()

    def paint(self, view: View) -> None:
        super().paint(view)
        self.paints.append(view)


class PlainConsole(OpsConsole):
    def get_default_screen(self) -> Screen[None]:
        return PlainScreen(self.view)

    @property
    def plain(self) -> PlainScreen:
        screen = self.screen_stack[0]
        assert isinstance(screen, PlainScreen)
        return screen


def calm(count: int = 5, later: float = 0.5) -> FakeWatched:
    return FakeWatched(snapshot(START, metrics_of(symbol_rows(count))), HandClock(START + later))


def plain_console(
    watched: FakeWatched | None = None,
    *,
    context: ContextView = PAPER,
    wishes: Wishes = NO_WISHES,
    on_key: Callable[[str], None] | None = None,
    unrecorded: Callable[[], str] = lambda: "",
    environ: Mapping[str, str] = UTF8,
) -> PlainConsole:
    shown = watched or calm()
    return PlainConsole(
        context, lambda: shown, wishes=wishes, on_key=on_key, unrecorded=unrecorded, environ=environ
    )


def with_margin(taken: Snapshot, margin: float) -> Snapshot:
    """`taken` with every symbol's margin ratio changed, as after another reading."""
    rows = [replace(row, margin=margin) for row in symbol_rows(5)]
    return snapshot(taken.at, metrics_of(rows))
