"""A figure over time against its thresholds, drawn by plotext in our own tones.

plotext takes a tenth of a second to import: `load` does that, off the event loop, before the first `plot`.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.geometry import Size

from console.domain.figures import figure_of
from console.domain.severity import Severity
from console.domain.thresholds import Condition, Ladder, Panel
from console.tui.text import Line, Span, fit_line
from console.tui.theme import Glyphs, Tone, tone_of

Points = Sequence[tuple[float, float]]
"""Instants in seconds with the figure's value at each, the oldest first."""

LONGEST_GAP = 150.0
"""Seconds between two points over which no line is drawn: nothing was seen meanwhile."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold: past `value` the figure is of `severity`."""

    value: float
    severity: Severity

    @property
    def name(self) -> str:
        return self.severity.word


def limits_of(panel: Panel) -> tuple[Limit, ...]:
    """A panel's thresholds, on both sides of zero where the distance from it counts."""
    if not isinstance(panel.rule, Ladder):
        return ()
    worse = [severity for _, severity in panel.rule.steps[1:]] + [Severity.CRITICAL]
    bounds = [bound for bound, _ in panel.rule.steps]
    limits = [Limit(bound, severity) for bound, severity in zip(bounds, worse, strict=True)]
    mirrored = [] if panel.rule.lower_is_worse else [Limit(-limit.value, limit.severity) for limit in limits]
    return (*limits, *mirrored)


@dataclass(frozen=True, slots=True)
class Seen:
    """A figure's past: its points, when the time axis ends, and whether even the newest is `old`."""

    points: Points
    now: float
    old: bool = False


def load() -> None:
    """Import what draws."""
    import textual_plotext.plot  # noqa: F401, PLC0415 (heavy, and only wanted for a plot)


def title_line(panel: Panel, value: float | None, age: str, cells: int, glyphs: Glyphs) -> Line:
    """The figure's name and newest value; `age` says how old that is, if it isn't the present any more."""
    name = Span(panel.name.capitalize(), Tone.STRONG)
    if value is None:
        return fit_line((name,), cells, glyphs.ellipsis)
    severity = Severity.UNKNOWN if age else panel.judge(value)
    mark = "" if severity is Severity.OK else f"{glyphs.of(severity)} "
    newest = Span(f"{mark}{figure_of(panel).say(value)}", tone_of(severity) if severity else Tone.PLAIN)
    ago = (Span(f", {age} ago", Tone.UNKNOWN),) if age else ()
    return fit_line((name, Span("  last "), newest, *ago), cells, glyphs.ellipsis)


def plot_lines(
    panel: Panel, seen: Seen, size: Size, glyphs: Glyphs, limits: Sequence[Limit] | None = None
) -> tuple[Line, ...]:
    """The panel's figure over time, in as many lines as `size` has; grey where it is old.

    With `limits` these are drawn in place of the panel's own.
    """
    if len(seen.points) < 2 or size.height < 4 or size.width < 30:
        reason = "nothing to draw yet" if len(seen.points) < 2 else "no room to draw"
        return (fit_line((Span(reason, Tone.DIM),), size.width, glyphs.ellipsis),)[: size.height]
    against = limits_of(panel) if limits is None else limits
    return tuple(_drawn(panel, seen, against, size, glyphs))


def _drawn(panel: Panel, seen: Seen, limits: Sequence[Limit], size: Size, glyphs: Glyphs) -> Iterator[Line]:
    from textual_plotext.plot import Plot  # noqa: PLC0415 (as above)

    points, end = seen.points, seen.now
    scale = figure_of(panel).scale
    shown, low, high = _range(panel, points, limits)
    beyond = high + (high - low)  # plotext draws all of a line, also what lies outside: let it be short
    canvas = Plot()
    canvas.plotsize(size.width, size.height)
    for limit in shown:
        canvas.hline(limit.value * scale, _CODES[limit.severity])
    for run in _runs(points):
        times, values = [at - end for at, _ in run], [min(value, beyond) * scale for _, value in run]
        canvas.plot(times, values, marker="*" if glyphs.ascii_only else "braille", color=_CURVE)
    canvas.ylim(low * scale, high * scale)
    ticks = _value_ticks(panel, shown, low, high, size.height)
    greatest = max(value for _, value in points)
    if greatest > high:
        ticks[high] = f"{glyphs.up} {figure_of(panel).write(greatest)}"  # the line goes on above
    canvas.yticks([value * scale for value in ticks], [f"{label:>{_LABEL}} " for label in ticks.values()])
    begin, curve = points[0][0] - end, Tone.UNKNOWN if seen.old else Tone.STRONG
    canvas.xlim(begin, 0)
    canvas.xticks(*_time_ticks(begin, size.width))
    for line in canvas.build().rstrip("\n").split("\n")[: size.height]:
        yield fit_line(tuple(_in_tones(line, glyphs, curve)), size.width, glyphs.ellipsis)


def _range(panel: Panel, points: Points, limits: Sequence[Limit]) -> tuple[tuple[Limit, ...], float, float]:
    """The thresholds to show, and the least and greatest value of the axis.

    Shown are those between the figure's extremes, and the nearest on either side. Once it has passed one,
    what was far better before is left out, so that the thresholds stay apart.
    """
    values = [value for _, value in points]
    low, high = min(values), max(values)
    if isinstance(panel.rule, Ladder) and panel.rule.lower_is_worse:
        first, last = panel.rule.steps[0][0], panel.rule.steps[-1][0]
        high = min(high, first + (first - last)) if low < first else high
    if isinstance(panel.rule, Condition) and panel.rule.sign.startswith("<") and low < panel.rule.bound:
        bound = panel.rule.bound
        high = min(high, bound + max(4 * (bound - low), abs(bound) / 10))
    ascending = sorted(limits, key=lambda limit: limit.value)
    below = [limit for limit in ascending if limit.value < low][-1:]
    above = [limit for limit in ascending if limit.value > high][:1]
    shown = (*below, *(limit for limit in ascending if low <= limit.value <= high), *above)
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
) -> dict[float, str]:
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
    return labels


_LABEL = 15
"""Cells of the values' labels, so that the frames of plots above each other are in line."""
_STEPS = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)


def _time_ticks(begin: float, cells: int) -> tuple[list[float], list[str]]:
    """Round times before now, as many as have room."""
    most = max(1, cells // 18)
    step = next((step for step in _STEPS if -begin / step <= most), _STEPS[-1])
    times = [-step * number for number in range(math.floor(-begin / step), 0, -1)]
    return [*times, 0.0], [*(f"-{_in_units(-time)}" for time in times), "now"]


def _in_units(seconds: float) -> str:
    """A whole number of the greatest unit that allows one."""
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


_CURVE = 7
_CODES = {Severity.WARNING: 3, Severity.HIGH: 1, Severity.CRITICAL: 5}
"""Colour numbers that plotext is told, only to be recognised again in what it draws."""
_TONES = {code: tone_of(severity) for severity, code in _CODES.items()}

_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_BOXES = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")


def _in_tones(line: str, glyphs: Glyphs, curve: Tone) -> Iterator[Span]:
    """plotext's text with our tones in place of its colours; what has none is axis or label."""
    tones, tone = _TONES | {_CURVE: curve}, Tone.DIM
    for number, piece in enumerate(_ESCAPE.split(line)):
        if number % 2 == 0:
            if piece:
                yield Span(piece.translate(_BOXES) if glyphs.ascii_only else piece, tone)
        elif piece == "0":
            tone = Tone.DIM
        elif piece.startswith("38;5;"):
            tone = tones.get(int(piece[5:]), Tone.DIM)
