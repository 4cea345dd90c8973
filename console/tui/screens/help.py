"""The keys, in a box: made from the registry."""

from collections.abc import Iterable
from typing import ClassVar

from textual.geometry import Size
from textual.widget import Widget

from console.tui.actions import actions, bindings
from console.tui.screens.frame import Dialog
from console.tui.text import Line, Span, fit, fit_line
from console.tui.theme import Glyphs, Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines

_KEY_WIDTH = 6


class Help(Dialog):
    BINDINGS: ClassVar = bindings("help")

    def body(self) -> Iterable[Widget]:
        view = self.view
        box = Lines(lambda size: help_lines(view, size), view.glyphs, classes="box")
        box.border_title = "Keys"
        yield box

    def action_close(self) -> None:
        self.dismiss()


def help_lines(view: View, size: Size) -> tuple[Line, ...]:
    """One line for each action, then what the signs mean."""
    lines: list[Line] = [
        (Span(fit(action.shown, _KEY_WIDTH, "left", ""), Tone.STRONG), Span(action.help))
        for action in actions(view.context.owns_engine)
    ]
    lines += [(), _legend(view.glyphs)]
    return tuple(fit_line(line, size.width, view.glyphs.ellipsis) for line in lines)


def _legend(glyphs: Glyphs) -> Line:
    return (
        Span(f"{glyphs.ok} ok  ", Tone.OK),
        Span(f"{glyphs.warning} warning  ", Tone.WARNING),
        Span(f"{glyphs.high} high  ", Tone.HIGH),
        Span(f"{glyphs.critical} critical  ", Tone.CRITICAL),
        Span(f"{glyphs.unknown} stale or unknown", Tone.UNKNOWN),
    )
