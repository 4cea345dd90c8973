"""How numbers are written, on the screen and in words: in their unit, with fixed decimals, never clipped."""

import math
from dataclasses import dataclass
from decimal import Decimal

from console.domain.severity import Severity
from console.domain.thresholds import Condition, KeyMetric, Ladder, Panel


@dataclass(frozen=True, slots=True)
class Figure:
    """A panel's numbers: its title over a column, and what `scale` turns its values into, in `unit`.

    `per` is what a title may say in place of every number, and a sentence has to: `/min`.
    """

    title: str
    width: int
    decimals: int
    scale: float = 1.0
    unit: str = ""
    per: str = ""

    def write(self, value: float) -> str:
        """The number as it stands in a column; of a count that is more than nothing never a plain 0."""
        if self.decimals == 0 and 0 < value * self.scale < 0.5:
            return f"<1{self.unit}"
        return number(value * self.scale, self.decimals, self.width - len(self.unit)) + self.unit

    def say(self, value: float) -> str:
        """The number as it stands in a sentence."""
        return self.write(value) + self.per

    def bound(self, value: float) -> str:
        """A threshold, without decimals that say nothing."""
        return f"{value * self.scale:g}{self.unit}{self.per if value else ''}"


_FIGURES = {
    "margin_ratio": Figure("margin", 8, 3),
    "funding_rate": Figure("fund 8h", 9, 4, 100, "%"),
    "position_sync_errors": Figure("sync/min", 8, 2, 60, per="/min"),
    "liquidation_count": Figure("liq 1h", 6, 0),
}
"""The document's panels, whose names say what they count and over which time; what is counted is whole."""


def figure_of(panel: Panel) -> Figure:
    return _FIGURES.get(panel.key) or Figure(panel.name, max(12, min(20, len(panel.name))), 4)


def number(value: float, decimals: int, width: int) -> str:
    """`value` with fixed decimals; in scientific form where that takes more than `width` cells."""
    if math.isnan(value):
        return "NaN"
    fixed = f"{value:z.{decimals}f}"
    return fixed if len(fixed) <= width else f"{value:.3g}"


def money(value: Decimal | None, missing: str, *, signed: bool = False) -> str:
    """An amount in the account's currency, to two places, with its thousands apart."""
    if value is None:
        return missing
    return f"{value:{'+' if signed else ''}z,.2f}"


_PLACES = {"%": 1, "bps": 1, "µs": 0, "ms": 1}
"""Decimals of the key metrics by their unit; 3 where they have none."""


def key_metric_value(metric: KeyMetric, value: float | None, missing: str) -> str:
    """The number in the metric's own unit, `missing` where there is none; long times in ms, not µs."""
    if value is None:
        return missing
    shown, unit = _readable(value * metric.scale, metric.unit)
    return _with_unit(number(shown, _PLACES.get(unit, 3), 9), unit)


def condition(limit: Condition, scale: float, unit: str) -> str:
    """A target or threshold as it is displayed: `> 95%`."""
    bound, unit = _readable(limit.bound * scale, unit)
    return f"{limit.sign} {_with_unit(f'{bound:g}', unit)}"


def _readable(value: float, unit: str) -> tuple[float, str]:
    """Times from a thousand µs on are written in ms."""
    return (value / 1000, "ms") if unit == "µs" and value >= 1000 else (value, unit)


def _with_unit(written: str, unit: str) -> str:
    return written + unit if unit == "%" else f"{written} {unit}".rstrip()


def breach(panel: Panel, value: float) -> str:
    """Which limit `value` has passed, in words: `below 1.2`; empty when it passed none."""
    severity = panel.judge(value)
    return "" if severity in (Severity.OK, Severity.UNKNOWN) else passed_bound(panel, severity)


def passed_bound(panel: Panel, severity: Severity) -> str:
    """Which bound a value of this severity has passed, in the figure's unit: `below 1.2`."""
    figure = figure_of(panel)
    if isinstance(panel.rule, Condition):
        return f"{panel.rule.sign} {figure.bound(panel.rule.bound)}"
    passed = [bound for bound, reached in panel.rule.steps if reached < severity]
    side = "below" if panel.rule.lower_is_worse else "beyond"
    return f"{side} {figure.bound(passed[-1])}" if passed else ""


def badness(panel: Panel, value: float | None) -> float | None:
    """A number that is the smaller the worse `value` is, to sort by; None where there is no value."""
    if value is None or math.isnan(value):
        return None
    if isinstance(panel.rule, Ladder):
        return value if panel.rule.lower_is_worse else -abs(value)
    return value if panel.rule.sign.startswith("<") else -value


def seconds(age: float) -> str:
    """An age in at most five cells: `0.8 s`, `12 s`, `9 m`, `7 h`, `40 d`; whole units are rounded down."""
    if age < 9.95:
        return f"{age:.1f} s"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if age >= size and age >= 100:
            return f"{min(99, int(age // size))} {unit}"
    return f"{int(age)} s"
