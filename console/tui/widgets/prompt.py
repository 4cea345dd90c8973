"""A question that is answered by typing one line: a filter, a search, a time, a command.

Whoever asks does so through its screen (`Asks`), which shows the prompt where its key hints are and gives
the focus back after it. The screen behind goes on being painted.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, runtime_checkable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.events import Key, Paste
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from console.tui.actions import Action, Place, bindings
from console.tui.friction import pace_of
from console.tui.key_names import character_of, key_sign
from console.tui.text import Line, Span, clip, line_width, plain_ascii, visible
from console.tui.theme import TONES, Glyphs, Tone

PASTED = "as if pasted: ctrl+u, then type it"
"""Said of text that came together with the key that has the prompt ask."""
AGAIN = "too fast: press enter once more"
LONGEST = 500
"""Characters of an answer at most."""
_LEAST_ENTRY = 14
"""Cells that what is typed keeps beside a complaint, as far as it fills them."""
_GAP = 2
"""Cells before a complaint and after it."""


def _nothing_to_complete(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Question:
    """`label` says what is asked, `initial` is there to begin with.

    `typed` is called with the text at every change, and returns a complaint or "". `answered` gets the text
    on enter, as long as there is no complaint, and None on esc. `complete` is what tab makes of the text.
    `by_hand`: the answer raises risk or stands for a person's word, so what was pasted before this asked,
    and an enter that came with the text, are not taken.
    """

    label: str
    initial: str
    typed: Callable[[str], str]
    answered: Callable[[str | None], None]
    complete: Callable[[str], str] = _nothing_to_complete
    by_hand: bool = False


@runtime_checkable
class Asks(Protocol):
    """Every screen of ours: `self.screen.ask(question)` in a widget puts the question there."""

    def ask(self, question: Question) -> None: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """What has been typed so far; `at` is the character that the cursor is on."""

    text: str = ""
    at: int = 0

    def typed(self, more: str) -> "Entry":
        text = (self.text[: self.at] + more + self.text[self.at :])[:LONGEST]
        return Entry(text, min(self.at + len(more), len(text)))

    def moved(self, to: int) -> "Entry":
        return replace(self, at=max(0, min(to, len(self.text))))

    def without(self, begin: int, end: int) -> "Entry":
        """With the characters from `begin` up to `end` taken away."""
        begin, end = max(0, begin), min(end, len(self.text))
        return Entry(self.text[:begin] + self.text[end:], begin)

    @property
    def word_begins(self) -> int:
        """Where the word before the cursor begins."""
        return self.text.rstrip(" ").rfind(" ", 0, len(self.text[: self.at].rstrip(" "))) + 1


class Prompt(Widget, can_focus=True, inherit_bindings=False):
    """One line: the label, the text with its cursor, and what is wrong with it. Not shown until it asks.

    At its right end stands the key of the kill switch that isn't text here.
    """

    PLACE: ClassVar[Place] = "prompt"
    COMPONENT_CLASSES: ClassVar[set[str]] = TONES
    BINDINGS: ClassVar = bindings("prompt")
    ALLOW_SELECT = False

    def __init__(self, glyphs: Glyphs, actions: Sequence[Action]) -> None:
        """`actions` is the registry, with the keys as the operator has them."""
        super().__init__()
        self.display = self.can_focus = False
        self._glyphs = glyphs
        self._kill = kill_hint(actions)
        self._question: Question | None = None
        self._entry = Entry()
        self._complaint = self._remark = ""
        self._refused = self._pasted = False
        self._asked_at = -math.inf

    @property
    def asking(self) -> bool:
        return self._question is not None

    def ask(self, question: Question) -> None:
        """Ask this instead of whatever was being asked, which counts as not answered."""
        self.end(None)
        self._question, self._asked_at = question, pace_of(self.app).at
        self.display = self.can_focus = True
        self._become(Entry(question.initial, len(question.initial)))

    def remark(self, words: str) -> None:
        """Say this beside what is typed, quietly, until that changes; it may be answered all the same."""
        self._remark = words
        self.refresh()

    def end(self, answer: str | None) -> None:
        """Stop asking, with this answer."""
        question, self._question = self._question, None
        if question is not None:
            self.display = self.can_focus = False
            question.answered(answer)

    def _become(self, entry: Entry) -> None:
        changed = entry.text != self._entry.text or not self._complaint
        self._entry, self._refused = entry, False
        self._pasted = self._pasted and entry.text != ""
        if changed and self._question is not None:
            self._remark = ""
            self._complaint = self._question.typed(entry.text) or (PASTED if self._pasted else "")
        self.refresh()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whatever can be typed is text here, though a binding of the console's may have that key."""
        return character is not None and character.isprintable()

    def on_key(self, event: Key) -> None:
        if event.character is not None and event.is_printable:
            event.stop()
            event.prevent_default()
            by_hand = self._question is not None and self._question.by_hand
            # Text that comes together with the key that has this ask was meant for something else.
            self._pasted = self._pasted or (by_hand and pace_of(self.app).since <= self._asked_at)
            self._become(self._entry.typed(event.character))

    def on_paste(self, event: Paste) -> None:
        """Take what was pasted, unless there is more in it than one line of text."""
        event.stop()
        text = event.text.strip("\r\n")
        if text.isprintable():
            self._become(self._entry.typed(text))
        else:
            self._complaint = "not pasted: it has control characters or several lines"
            self.refresh()

    def action_answer(self) -> None:
        if self._complaint:
            self._refused = True
            self.refresh()
        elif self._question is not None and self._question.by_hand and pace_of(self.app).too_fast:
            self._refused, self._remark = True, AGAIN
            self.refresh()
        else:
            self.end(self._entry.text)

    def action_give_up(self) -> None:
        self.end(None)

    def action_complete(self) -> None:
        if self._question is not None:
            text = self._question.complete(self._entry.text)
            self._become(Entry(text, len(text)))

    def action_erase(self) -> None:
        self._become(self._entry.without(self._entry.at - 1, self._entry.at))

    def action_erase_next(self) -> None:
        self._become(self._entry.without(self._entry.at, self._entry.at + 1))

    def action_erase_word(self) -> None:
        self._become(self._entry.without(self._entry.word_begins, self._entry.at))

    def action_erase_all(self) -> None:
        self._become(Entry())

    def action_letter_left(self) -> None:
        self._become(self._entry.moved(self._entry.at - 1))

    def action_letter_right(self) -> None:
        self._become(self._entry.moved(self._entry.at + 1))

    def action_line_begin(self) -> None:
        self._become(self._entry.moved(0))

    def action_line_end(self) -> None:
        self._become(self._entry.moved(len(self._entry.text)))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1

    def render_line(self, y: int) -> Strip:
        if self._question is None or y > 0:
            return Strip.blank(self.size.width, self.rich_style)
        label: Line = (Span(f" {self._question.label} ", Tone.KEY), Span(" "))
        taken = sum(cell_len(visible(span.text)) for span in label)
        entry = min(_LEAST_ENTRY, cell_len(visible(self._entry.text)) + 1)
        right = self._right_end(self.size.width - taken - entry - 2 * _GAP)
        cells = self.size.width - line_width(right)
        # Beside what is typed, where the eye is; what is wrong is worth more room than what is known.
        beside = self._complaint or self._remark
        complaint = clip(beside, cells - taken - entry - 2 * _GAP, self._glyphs.ellipsis)
        room = cells - taken - (cell_len(complaint) + 2 * _GAP if complaint else 0)
        before, under, after = in_view(self._entry, max(1, room), self._glyphs.ellipsis)
        segments = [self._segment(span.text, span.tone) for span in label]
        segments += [self._segment(before), self._segment(under, reverse=True), self._segment(after)]
        if complaint:
            tone = Tone.ALARM if self._refused else Tone.HIGH if self._complaint else Tone.DIM
            segments += [self._segment(" " * (_GAP - 1)), self._segment(f" {complaint} ", tone)]
        line = Strip(segments).adjust_cell_length(cells, self.rich_style)
        return Strip([*line, *(self._segment(span.text, span.tone) for span in right)])

    def _right_end(self, room: int) -> Line:
        """The kill switch's key, where that costs no end of a complaint that is whole in `room` cells."""
        least, complaint = room - line_width(self._kill), cell_len(self._complaint)
        return () if least < 0 or least < complaint <= room else self._kill

    def _segment(self, text: str, tone: Tone = Tone.PLAIN, *, reverse: bool = False) -> Segment:
        shown = plain_ascii(visible(text)) if self._glyphs.ascii_only else visible(text)
        style = self.get_component_rich_style(tone.value)
        return Segment(shown, style + Style(reverse=True) if reverse else style)


def kill_hint(actions: Sequence[Action]) -> Line:
    """The key that leads to the kill switch where letters are text; nothing where the operator has none."""
    kill = next(action for action in actions if action.id == "kill_switch")
    key = next((key for key in kill.keys if character_of(key) is None), None)
    return () if key is None else (Span(f" {key_sign(key)} ", Tone.KEY), Span(f" {kill.label} ", Tone.DIM))


def in_view(entry: Entry, cells: int, ellipsis: str) -> tuple[str, str, str]:
    """The text before, under and after the cursor, all made visible, as much as `cells` have room for.

    Where the text is too long, what is around the cursor is kept.
    """
    under = visible(entry.text[entry.at : entry.at + 1]) or " "
    before, after = visible(entry.text[: entry.at]), visible(entry.text[entry.at + 1 :])
    room = max(0, cells - cell_len(under))
    if cell_len(before) > room:
        kept = before
        while kept and cell_len(ellipsis + kept) > room:
            kept = kept[1:]
        before = (ellipsis + kept)[-room:] if room else ""
    return before, under, clip(after, room - cell_len(before), ellipsis)
