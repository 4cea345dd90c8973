"""What is said in the dialogs over a run: what typing a step's words lets happen, and what an abort does."""

from collections.abc import Sequence

from console.runbooks.run import State
from console.runbooks.seen import Seen
from console.runbooks.unread import not_undone
from console.tui.screens.recovery.keys import in_others_hands, to_undo
from console.tui.screens.recovery.words import who
from console.tui.text import Line, Span, clip, wrap
from console.tui.theme import Tone
from console.tui.view import View

_DIALOG = 68
"""Cells of a line in a dialog."""
_LABEL = 10
"""Cells of what stands at the left of a part."""
_MOST = 4
"""Lines of each part, at most."""


def confirmed_lines(seen: Seen, at: str, view: View) -> Sequence[Line]:
    """What the step does, and what it waits for."""
    step = seen.run.step(at)
    waits = step.words if step.state is State.WAITING else ""
    return [
        *_part("DOES", seen.does.get(at, ""), Tone.STRONG, view),
        *(_part("WAITS", waits, Tone.PLAIN, view) if waits else ()),
    ]


def abort_lines(seen: Seen, why: str, view: View) -> Sequence[Line]:
    """What is ended, what is undone, the last first, and why."""
    running = [step.name for step in seen.run.steps if step.state is State.RUNNING]
    undone = ", then ".join(step.name for step in to_undo(seen)) or "nothing"
    if seen.unread:
        undone = f"nothing: {not_undone(seen.run)}"
    driver = f"{who(seen.run.driver, seen.hands)}: it is ended in their place"
    return [
        *_part("BECAUSE", why, Tone.STRONG, view),
        *_part("ENDS", ", ".join(running) or "no step is being done", Tone.PLAIN, view),
        *_part("UNDOES", undone, Tone.PLAIN, view),
        *(_part("DRIVER", driver, Tone.WARNING, view) if in_others_hands(seen) else ()),
    ]


def _part(label: str, words: str, tone: Tone, view: View) -> list[Line]:
    lines = wrap(words, _DIALOG - _LABEL)
    if len(lines) > _MOST:
        lines[_MOST - 1 :] = [clip(" ".join(lines[_MOST - 1 :]), _DIALOG - _LABEL, view.glyphs.ellipsis)]
    return [
        (Span(f"{'' if number else label:<{_LABEL}}", Tone.DIM), Span(line, tone))
        for number, line in enumerate(lines)
    ]
