"""The line that says that what is shown is a replay: which instant of the record, and how fast it goes."""

import time
from collections.abc import Iterator

from console.domain.figures import seconds
from console.tui.text import Line, Span, joined, line_width, spread
from console.tui.theme import Glyphs, Tone
from console.tui.view import ReplayView, View
from console.tui.widgets.lines import Lines

_BAR = 24
"""Cells of the bar that shows the place in the record, where there is room."""


_MOST_KEYS = 6
"""Of the operator's last keys."""


class Banner(Lines):
    """Under the status line of every screen and dialog, in a replay only."""

    def __init__(self, view: View) -> None:
        super().__init__(lambda size: _content(view, size.width), view.glyphs)
        self.display = view.replay is not None

    def paint(self, view: View) -> None:
        if view.replay is not None or self.display:
            self.display = view.replay is not None
            self.show(lambda size: _content(view, size.width))


def _content(view: View, cells: int) -> tuple[Line, ...]:
    return () if view.replay is None else (banner_line(view.replay, cells, view.glyphs),)


def banner_line(replay: ReplayView, cells: int, glyphs: Glyphs) -> Line:
    """The banner in `cells`; where it is narrow, the time that is left goes first, then the keys."""
    word = Span(" REPLAY ", Tone.ALARM)
    state = _state(replay)
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(replay.wall)) + " UTC"
    here: Line = (word, Span(f" {clock}", Tone.STRONG), Span(f"  {state}", Tone.STRONG))
    for parts in _forms(replay, glyphs):
        right = joined(parts, "  ")
        if line_width(here) + line_width(right) + 2 <= cells:
            return spread(here, right, cells, glyphs.ellipsis)
    return spread(here, (), cells, glyphs.ellipsis)


def _state(replay: ReplayView) -> str:
    """Time stands still at the record's end, paused or not."""
    if replay.at >= replay.end:
        return "END"
    return "PAUSED" if replay.paused else f"{replay.speed:g}x"


def _left(replay: ReplayView) -> str:
    left = replay.end - replay.at
    return f"{seconds(left)} left" if left > 0 else "the record ends here"


def _forms(replay: ReplayView, glyphs: Glyphs) -> Iterator[list[Line]]:
    keys: Line = (Span("keys " + " ".join(replay.keys[-_MOST_KEYS:]), Tone.STRONG),) if replay.keys else ()
    bar, end = _bar(replay, glyphs), (Span(_left(replay), Tone.DIM),)
    if keys:
        yield [keys, bar, end]
        yield [keys, bar]
    yield [bar, end]
    yield [bar]


def _bar(replay: ReplayView, glyphs: Glyphs) -> Line:
    length = replay.end - replay.begin
    share = min(1.0, max(0.0, (replay.at - replay.begin) / length)) if length > 0 else 1.0
    done = round(share * (_BAR - 1))
    full, empty = ("=", "-") if glyphs.ascii_only else ("━", "─")
    return (
        Span(full * done, Tone.KEY),
        Span("●" if not glyphs.ascii_only else "O", Tone.STRONG),
        Span(empty * (_BAR - 1 - done), Tone.DIM),
    )
