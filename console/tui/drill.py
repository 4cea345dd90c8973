"""That a drill is under way, for the screens that show what it brings about: none is to be taken for real."""

from collections.abc import Iterator

from console.tui.headline import in_a_drill
from console.tui.text import Line, Span, fit_line
from console.tui.theme import Tone
from console.tui.view import View


def drill_lines(view: View, cells: int) -> Iterator[Line]:
    """A line that names the drill; none without one."""
    said = _said(view)
    if said:
        yield fit_line(
            (Span(" DRILL ", Tone.KEY), Span(f" {said}", Tone.STRONG)), cells, view.glyphs.ellipsis
        )


def _said(view: View) -> str:
    """Something else may have gone wrong meanwhile, so nothing is called harmless."""
    if view.drill:
        return f"{view.drill}: what fires may be part of it"
    last = None if view.live is None else view.live.last_trip
    if last is None or not in_a_drill(view.live):
        return ""
    return f"the kill switch was tripped to practise it, by {last.by}"
