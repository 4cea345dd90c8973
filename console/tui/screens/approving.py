"""Agreeing to what somebody else wants to do: who waits, exactly what for, and the phrase that it takes."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from console.tui.friction import Phrase
from console.tui.screens.confirm import Danger
from console.tui.text import Line, Span, spread
from console.tui.theme import Tone
from console.tui.view import View

if TYPE_CHECKING:
    from console.tui.access import Waiting

_GONE = "it was used, has expired or was approved by now"


def approval_of(waiting: "Waiting", environment: str) -> Danger:
    """The question whether what somebody waits for may be done."""
    asked, deed = waiting.request, waiting.request.deed
    until = Span(f", until {_clock(asked.expires)}")
    words: Sequence[Line] = (
        (Span("asked by  ", Tone.DIM), Span(waiting.who, Tone.STRONG), until),
        (Span("because   ", Tone.DIM), Span(asked.reason, Tone.STRONG)),
        *(
            (Span(f"{'would' if number == 0 else '':<10}", Tone.DIM), Span(line))
            for number, line in enumerate(deed.what)
        ),
    )

    def objection(view: View) -> str:
        return "" if waiting in view.requests else _GONE

    title = f"Approve {asked.id}: {deed.action} of {deed.target}"
    return Danger(title, lambda view: words, Phrase(f"{environment} {deed.target}"), objection)


def waiting_lines(view: View, cells: int) -> Iterator[Line]:
    """Who waits for this person's approval, and the key that leads to it."""
    for waiting in view.requests[:1]:
        asked, more = waiting.request, len(view.requests) - 1
        said = f" {waiting.who} waits: {asked.deed.action} of {asked.deed.target}, {asked.reason}"
        key = next(action.shown for action in view.actions if action.id == "approve")
        others = f", +{more} more" if more else ""
        left = (Span(" APPROVE? ", Tone.ALARM), Span(said, Tone.STRONG))
        right = (Span(f" {key} ", Tone.KEY), Span(f" looks at it{others} ", Tone.DIM))
        yield spread(left, right, cells, view.glyphs.ellipsis)


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
