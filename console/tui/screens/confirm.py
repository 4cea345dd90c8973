"""A dangerous question, over the screen that it is about: the safe answer is what enter and esc give.

What it would do is said from the present view, again at every paint; where its ground has shifted, it takes
no keys any more and says why.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.content import Content
from textual.events import Key, Paste
from textual.geometry import Size
from textual.widget import Widget

from console.tui.actions import Place, bindings
from console.tui.friction import ERASING, Attempt, Friction, Phrase, TwoKeys, pasted, press
from console.tui.screens.frame import Box
from console.tui.text import Line, Span, fit_line, visible
from console.tui.theme import Glyphs, Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines


@dataclass(frozen=True, slots=True)
class Danger:
    """What is asked: `title` names the act and its target, `consequences` says what is true of it now.

    `objection` says why it can't be confirmed at present, empty where it can.
    """

    title: str
    consequences: Callable[[View], Sequence[Line]]
    friction: Friction
    objection: Callable[[View], str] = lambda view: ""


class Confirm(Box[bool]):
    """Dismissed with True only when the operator has done what the friction asks for."""

    PLACE: ClassVar[Place] = "confirm"
    BINDINGS: ClassVar = bindings("confirm")

    def __init__(self, view: View, danger: Danger) -> None:
        super().__init__(view)
        self._danger = danger
        self._gate = _Gate(danger.friction, self._taken, self._shown, view.glyphs)

    def body(self) -> Iterable[Widget]:
        title = fit_line((Span(self._danger.title),), 70, self.view.glyphs.ellipsis)[0].text
        self._gate.border_title = Content(title)  # a plain string would be markup
        yield self._gate

    def on_mount(self) -> None:
        self._gate.focus()

    def paint(self, view: View) -> None:
        super().paint(view)
        if self._danger.objection(view):
            self._gate.begin_again()
        self._gate.show(self._shown)

    def action_leave(self) -> None:
        self.dismiss(False)

    def _taken(self, attempt: Attempt) -> bool:
        """Whether what was pressed counts; confirmed, it ends the dialog."""
        if self._danger.objection(self.view):
            return False
        if attempt.confirmed:
            self.dismiss(True)
        return True

    def _shown(self, size: Size) -> tuple[Line, ...]:
        objection = self._danger.objection(self.view)
        lines = [*self._danger.consequences(self.view), ()]
        if objection:
            lines.append((Span(f"Can't be done now: {objection}", Tone.HIGH),))
        else:
            lines += _asked(self._danger.friction, self._gate.attempt)
        lines += [(), (Span(" esc  No, leave it as it is ", Tone.KEY),)]
        return tuple(fit_line(line, size.width, self.view.glyphs.ellipsis) for line in lines)


class _Gate(Lines, can_focus=True):
    """Takes the keys: while a phrase is typed all that are text, else only the two."""

    def __init__(
        self,
        friction: Friction,
        taken: Callable[[Attempt], bool],
        content: Callable[[Size], Sequence[Line]],
        glyphs: Glyphs,
    ) -> None:
        super().__init__(content, glyphs, classes="box")
        self._friction = friction
        self._taken = taken
        self._text = content
        self.attempt = Attempt()

    def begin_again(self) -> None:
        self.attempt = Attempt()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        if key == "enter":
            return bool(self.attempt.typed)  # else it is the safe answer
        if key in ERASING:
            return isinstance(self._friction, Phrase)
        if character is None or not character.isprintable():
            return False
        friction = self._friction
        return isinstance(friction, Phrase) or character in (friction.first, friction.second)

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        attempt = press(self._friction, self.attempt, event.key, event.character, event.time)
        self._become(attempt)

    def on_paste(self, event: Paste) -> None:
        event.stop()
        self._become(pasted(self.attempt))

    def _become(self, attempt: Attempt) -> None:
        self.attempt = attempt if self._taken(attempt) else Attempt()
        self.show(self._text)


def _asked(friction: Friction, attempt: Attempt) -> list[Line]:
    """What is to be pressed or typed, how far that has come, and why the last key wasn't taken."""
    if isinstance(friction, TwoKeys):
        ask: Line = (
            Span("To do it, press "),
            Span(f" {friction.first} ", Tone.DIM if attempt.typed else Tone.KEY),
            Span(" then "),
            Span(f" {friction.second} ", Tone.KEY),
        )
        return [ask, (Span(attempt.refused, Tone.HIGH),)]
    return [
        (Span("To do it, type "), Span(friction.words, Tone.STRONG), Span(" and press enter")),
        (Span("> ", Tone.DIM), Span(visible(attempt.typed), Tone.STRONG), Span("_", Tone.DIM)),
        (Span(attempt.refused, Tone.HIGH),),
    ]
