"""Everything by its name: a line to type at the bottom, and above it what that can mean here and now."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.containers import Container
from textual.events import Click
from textual.geometry import Size
from textual.widget import Widget

from console.tui.actions import Place, bindings
from console.tui.commands import MOST, Choice, Deed, Offered, choices, complaint
from console.tui.screens.frame import Dialog
from console.tui.text import Line, Span, fit, fit_line, line_width
from console.tui.theme import Glyphs, Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.prompt import Prompt, Question

_HEIGHTS = {"-some": 6, "-few": 3}
"""Up to how many matches the box is lower: in few steps, as following each letter it would never stand."""


class Palette(Dialog):
    """Asks for a name; what was chosen is handed to `do` once the palette has gone."""

    PLACE: ClassVar[Place] = "palette"
    BINDINGS: ClassVar = bindings("palette")

    def __init__(self, view: View, offered: Offered, do: Callable[[Deed], None]) -> None:
        super().__init__(view)
        self._offered = offered
        self._do = do
        self._text = ""
        self._choices = choices("", offered)
        self._chosen = 0
        self._list = Lines(self._shown, view.glyphs, classes="matches")
        self._prompt = Prompt(view.glyphs, view.actions)
        self._box = Container(self._list, self._prompt, classes="palette")

    def body(self) -> Iterable[Widget]:
        yield self._box

    def on_mount(self) -> None:
        self._ask("")

    def _ask(self, text: str) -> None:
        self._prompt.ask(Question(":", text, self._typed, self._answered, self._completed))
        self.set_focus(self._prompt)  # at once: what is typed next may already be waiting

    def _typed(self, text: str) -> str:
        self._text = text
        self._choices, self._chosen = choices(text, self._offered), 0
        for name, most in _HEIGHTS.items():
            self._box.set_class(len(self._choices) <= most, name)
        self._show_matches()
        return "" if self._choices else complaint(text, self._offered)

    def _completed(self, text: str) -> str:
        return self._choices[self._chosen].words if self._choices else text

    def _answered(self, text: str | None) -> None:
        if text is None:
            self.dismiss()
        elif self._choices:
            self._take(self._choices[self._chosen])

    def _take(self, choice: Choice) -> None:
        """Do it; where a name is still missing, go on asking for that."""
        if choice.does is None:
            self._ask(choice.words)
        else:
            self.dismiss()
            self._do(choice.does)

    def action_match_up(self) -> None:
        self._choose(self._chosen - 1)

    def action_match_down(self) -> None:
        self._choose(self._chosen + 1)

    def _choose(self, number: int) -> None:
        self._chosen = max(0, min(number, len(self._choices) - 1))
        self._show_matches()

    def _show_matches(self) -> None:
        found = len(self._choices)
        of = f"{found} or more" if found == MOST else f"{found}"
        self._box.border_title = f"{self._chosen + 1} of {of}" if found else ""
        self._list.show(self._shown)

    def on_click(self, event: Click) -> None:
        """Take the match that was clicked."""
        if event.widget is self._list:
            number = self._first(self._list.size.height) + event.y
            if number < len(self._choices):
                self._choose(number)
                self._prompt.action_answer()

    def _first(self, lines: int) -> int:
        """The first match that is shown, so that the chosen one is."""
        return max(0, self._chosen - lines + 1)

    def _shown(self, size: Size) -> tuple[Line, ...]:
        first = self._first(size.height)
        seen = self._choices[first : first + size.height]
        return tuple(
            choice_line(choice, number == self._chosen, size.width, self.view.glyphs)
            for number, choice in enumerate(seen, first)
        )


_NAME = 18
"""Cells of a match's name: always the same, so that nothing moves sideways while one types."""


def choice_line(choice: Choice, chosen: bool, cells: int, glyphs: Glyphs) -> Line:
    """One match: its name, its key, and what it does; the chosen one stands out over the whole width."""
    sign = glyphs.cursor if chosen else " "
    named = choice.words if choice.does else f"{choice.words}{glyphs.ellipsis}"
    words = fit(named, _NAME, "left", glyphs.ellipsis)
    key = fit(choice.key, 9, "left", glyphs.ellipsis)
    tones = (Tone.KEY, Tone.KEY) if chosen else (Tone.STRONG, Tone.DIM)
    line = fit_line(
        (Span(f"{sign} {words}  {key} ", tones[0]), Span(choice.help, tones[1])), cells, glyphs.ellipsis
    )
    return (*line, Span(" " * (cells - line_width(line)), tones[1]))
