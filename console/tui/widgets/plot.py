"""A figure over time against its thresholds, drawn by plotext and coloured by our own tones.

plotext takes a tenth of a second to import: `load` does that, off the event loop, before the first `plot`.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.geometry import Size

from console.domain.figures import figure_of
from console.domain.severity import Severity
from console.domain.thresholds import Ladder, Panel
from console.tui.text import Line, Span, fit_line, spread
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.words import COLOURS

Points = Sequence[tuple[float, float]]
"""Instants in seconds with the figure's value at each, the oldest first."""

LONGEST_GAP = 150.0
"""Seconds between two points over which no line is drawn: nothing was seen meanwhile."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold: past `value` the figure is of `severity`, which the guide calls by a colour's name."""

    value: float
    severity: Severity

    @property
    def name(self) -> str:
        return COLOURS[self.severity]


def limits_of(panel: Panel) -> tuple[Limit, ...]:
    """A panel's thresholds, on both sides of zero where the distance from it counts."""
    if not isinstance(panel.rule, Ladder):
        return ()
    worse = [severity for _, severity in panel.rule.steps[1:]] + [Severity.CRITICAL]
    bounds = [bound for bound, _ in panel.rule.steps]
    limits = [Limit(bound, severity) for bound, severity in zip(bounds, worse, strict=True)]
    mirrored = [] if panel.rule.lower_is_worse else [Limit(-limit.value, limit.severity) for limit in limits]
    return (*limits, *mirrored)


def load() -> None:
    """Import what draws."""
    import textual_plotext.plot  # noqa: F401, PLC0415 (heavy, and only wanted for a plot)


def plot_lines(panel: Panel, points: Points, size: Size, glyphs: Glyphs) -> tuple[Line, ...]:
    """The panel's figure over time, in as many lines as `size` has, under its name and newest value."""
    title = _title(panel, points, size.width, glyphs)
    if len(points) < 2 or size.height < 5 or size.width < 30:
        reason = "nothing to draw yet" if len(points) < 2 else "no room to draw"
        return (title, fit_line((Span(reason, Tone.DIM),), size.width, glyphs.ellipsis))[: size.height]
    return (title, *_drawn(panel, points, Size(size.width, size.height - 1), glyphs))


def _title(panel: Panel, points: Points, cells: int, glyphs: Glyphs) -> Line:
    name: Line = (Span(panel.name, Tone.STRONG),)
    if not points:
        return fit_line(name, cells, glyphs.ellipsis)
    value = points[-1][1]
    newest = (Span(figure_of(panel).say(value), tone_of(panel.judge(value))),)
    return spread((*name, Span("  last "), *newest), (), cells, glyphs.ellipsis)


def _drawn(panel: Panel, points: Points, size: Size, glyphs: Glyphs) -> Iterator[Line]:
    from textual_plotext.plot import Plot  # noqa: PLC0415 (as above)

    scale, end = figure_of(panel).scale, points[-1][0]
    shown, low, high = _range(panel, points)
    beyond = high + (high - low)  # plotext draws all of a line, also what lies outside: let it be short
    canvas = Plot()
    canvas.plotsize(size.width, size.height)
    for limit in shown:
        canvas.hline(limit.value * scale, _CODES[limit.severity])
    for run in _runs(points):
        times, values = [at - end for at, _ in run], [min(value, beyond) * scale for _, value in run]
        canvas.plot(times, values, marker="*" if glyphs.ascii_only else "braille", color=_CURVE)
    canvas.ylim(low * scale, high * scale)
    canvas.yticks(*_value_ticks(panel, shown, low, high, size.height))
    begin = points[0][0] - end
    canvas.xlim(begin, 0)
    canvas.xticks(*_time_ticks(begin, size.width))
    for line in canvas.build().rstrip("\n").split("\n")[: size.height]:
        yield fit_line(tuple(_in_tones(line, glyphs)), size.width, glyphs.ellipsis)


def _range(panel: Panel, points: Points) -> tuple[tuple[Limit, ...], float, float]:
    """The thresholds to show, and the least and greatest value of the axis.

    Shown are those between the figure's extremes, and the nearest on either side. Once it has passed one,
    what was far better before is left out, so that the thresholds stay apart.
    """
    values = [value for _, value in points]
    low, high = min(values), max(values)
    if isinstance(panel.rule, Ladder) and panel.rule.lower_is_worse:
        first, last = panel.rule.steps[0][0], panel.rule.steps[-1][0]
        high = min(high, first + (first - last)) if low < first else high
    limits = sorted(limits_of(panel), key=lambda limit: limit.value)
    below = [limit for limit in limits if limit.value < low][-1:]
    above = [limit for limit in limits if limit.value > high][:1]
    shown = (*below, *(limit for limit in limits if low <= limit.value <= high), *above)
    ends = [low, high, *(limit.value for limit in shown)]
    low, high = min(ends), max(ends)
    margin = (high - low) * 0.05 or abs(high) * 0.01 or 1e-9
    return shown, low - margin, high + margin


def _runs(points: Points) -> Iterator[Points]:
    """The points between one gap and the next."""
    begin = 0
    for number in range(1, len(points) + 1):
        if number == len(points) or points[number][0] - points[number - 1][0] > LONGEST_GAP:
            yield points[begin:number]
            begin = number


def _value_ticks(
    panel: Panel, shown: Sequence[Limit], low: float, high: float, rows: int
) -> tuple[list[float], list[str]]:
    """The thresholds by name, and the axis' ends where these leave them a line of their own.

    Of two thresholds on the same line the worse one has it, as it comes later.
    """
    figure = figure_of(panel)
    by_severity = sorted(shown, key=lambda limit: limit.severity)
    labels = {limit.value: f"{figure.bound(limit.value)} {limit.name}" for limit in by_severity}
    apart = (high - low) / max(1, rows - 4)
    for end in (low, high):
        if all(abs(end - value) > apart for value in labels):
            labels[end] = figure.write(end)
    return [value * figure.scale for value in labels], [label + " " for label in labels.values()]


_STEPS = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)


def _time_ticks(begin: float, cells: int) -> tuple[list[float], list[str]]:
    """Round times before the newest point, as many as have room."""
    most = max(1, cells // 18)
    step = next((step for step in _STEPS if -begin / step <= most), _STEPS[-1])
    times = [-step * number for number in range(math.floor(-begin / step), 0, -1)]
    return [*times, 0.0], [*(f"-{_in_units(-time)}" for time in times), "newest"]


def _in_units(seconds: float) -> str:
    """A whole number of the greatest unit that allows one."""
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


_CURVE = 7
_CODES = {Severity.WARNING: 3, Severity.HIGH: 1, Severity.CRITICAL: 5}
"""Colour numbers that plotext is told, only to be recognised again in what it draws."""
_TONES = {_CURVE: Tone.STRONG, **{code: tone_of(severity) for severity, code in _CODES.items()}}

_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_BOXES = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")


def _in_tones(line: str, glyphs: Glyphs) -> Iterator[Span]:
    """plotext's text with our tones in place of its colours; what has none is axis or label."""
    tone = Tone.DIM
    for number, piece in enumerate(_ESCAPE.split(line)):
        if number % 2 == 0:
            if piece:
                yield Span(piece.translate(_BOXES) if glyphs.ascii_only else piece, tone)
        elif piece == "0":
            tone = Tone.DIM
        elif piece.startswith("38;5;"):
            tone = _TONES.get(int(piece[5:]), Tone.DIM)
