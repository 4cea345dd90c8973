"""Dashboard panels and what their thresholds make of a value.

A panel has either a ladder of thresholds or an alert condition. Each step of a ladder is the last value
that still has the step's colour; past the last step is critical. The steps' order says which way is worse:

- descending (margin ratio: 1.5 green, 1.2 yellow, 1.05 red): lower is worse, and a value has the first
  colour whose bound it reaches (`value >= bound`);
- ascending (funding rate: 0.0001 green, 0.0003 yellow, 0.0005 red): further from zero is worse, and a
  value has the first colour whose bound its magnitude doesn't pass (`|value| <= bound`).

Judging is total: every float has a severity, and NaN or no value at all is UNKNOWN.
"""

import itertools
import math
import operator
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from console.domain.severity import Severity

COLOURS = {"green": Severity.OK, "yellow": Severity.WARNING, "red": Severity.HIGH}


@dataclass(frozen=True, slots=True)
class Ladder:
    """Bounds with the severity of the values up to each, from harmless to bad."""

    steps: tuple[tuple[float, Severity], ...]

    def __post_init__(self) -> None:
        bounds = [bound for bound, _ in self.steps]
        if len(bounds) < 2:
            raise ValueError("needs at least two thresholds, so that their order says which way is worse")
        if not all(math.isfinite(bound) for bound in bounds):
            raise ValueError("thresholds are finite numbers")
        pairs = list(itertools.pairwise(bounds))
        if not (all(a > b for a, b in pairs) or all(a < b for a, b in pairs)):
            raise ValueError("thresholds run strictly down or strictly up, from green to red")
        severities = [severity for _, severity in self.steps]
        if severities != sorted(severities):
            raise ValueError("colours run from green over yellow to red")

    @property
    def lower_is_worse(self) -> bool:
        return self.steps[0][0] > self.steps[1][0]

    def judge(self, value: float | None) -> Severity:
        if value is None or math.isnan(value):
            return Severity.UNKNOWN
        for bound, severity in self.steps:
            if value >= bound if self.lower_is_worse else abs(value) <= bound:
                return severity
        return Severity.CRITICAL

    def judge_all(self, values: Sequence[float]) -> bytes:
        """What `judge` says of each of `values`, none of which is NaN."""
        if not values:
            return b""
        mildest = self.steps[0][1]
        worst = min(values) if self.lower_is_worse else max(map(abs, values))
        if self.judge(worst) is mildest:
            return bytes((mildest,)) * len(values)
        bounds = [bound for bound, _ in self.steps]
        colours = [severity for _, severity in self.steps] + [Severity.CRITICAL]
        if self.lower_is_worse:
            places = bytes(map(partial(bisect_right, bounds[::-1]), values))
            return places.translate(_table(colours[::-1]))
        return bytes(map(partial(bisect_left, bounds), map(abs, values))).translate(_table(colours))


def _table(severities: Sequence[Severity]) -> bytes:
    """Turns the places of `severities` into them."""
    return bytes(severities).ljust(256, b"\0")


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a constant, such as `> 0`."""

    sign: str
    bound: float

    def holds(self, value: float) -> bool:
        return _COMPARISONS[self.sign](value, self.bound)

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def parse_condition(text: str) -> Condition:
    """Read `> 0`, `<= 1.5` and the like; ValueError says what is allowed."""
    match = re.fullmatch(r"\s*(>=|<=|==|!=|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*", text)
    if match is None:
        raise ValueError(
            f"{text!r} is not a condition: write one of > >= < <= == != and a number, such as '> 0'"
        )
    return Condition(match[1], float(match[2]))


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of the dashboard file: a query, and the rule that judges each of its series.

    `window` is how many seconds the query looks back on, 300 for `[5m]`, 0 for a query of the present; `key`
    is the name as an identifier: `Margin Ratio` is `margin_ratio`.
    """

    name: str
    query: str
    rule: Ladder | Condition
    window: float = 0.0
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", re.sub(r"\W+", "_", self.name.strip().lower()).strip("_"))

    def judge(self, value: float | None) -> Severity:
        """The severity of `value`; a condition that holds is HIGH, as the alert threshold is passed."""
        if isinstance(self.rule, Ladder):
            return self.rule.judge(value)
        if value is None or math.isnan(value):
            return Severity.UNKNOWN
        return Severity.HIGH if self.rule.holds(value) else Severity.OK

    def judge_all(self, values: Sequence[float]) -> bytes:
        """What `judge` says of each of `values`, as the severities' numbers: for thousands at once."""
        if math.isnan(sum(values)):  # there is a NaN, or infinities of both signs
            return bytes(map(self.judge, values))
        if isinstance(self.rule, Ladder):
            return self.rule.judge_all(values)
        return bytes(map(self.rule.holds, values)).translate(_table((Severity.OK, Severity.HIGH)))


@dataclass(frozen=True, slots=True)
class KeyMetric:
    """A figure of the deployment guide's key-metrics table, with its target and alert threshold.

    `scale` turns the query's unit into the displayed `unit` (seconds into µs: 1e6). Meeting the target
    is OK, passing the alert threshold HIGH, anything between WARNING. `lifetime` is asked instead where the
    query's window holds no observation: the same figure since the engine's start.
    """

    name: str
    query: str
    unit: str
    scale: float
    target: Condition
    alert: Condition
    lifetime: str | None = None

    def judge(self, value: float | None) -> Severity:
        if value is None or math.isnan(value):
            return Severity.UNKNOWN
        if self.alert.holds(value):
            return Severity.HIGH
        return Severity.OK if self.target.holds(value) else Severity.WARNING


def _latency(level: str, target: float, alert: float) -> KeyMetric:
    """The 95th percentile of the order latency at one book level; bounds in seconds."""
    buckets = f'futures_order_latency_seconds_bucket{{level="{level}"}}'
    return KeyMetric(
        name=f"Latency {level} p95",
        query=f"histogram_quantile(0.95, sum by (le) (rate({buckets}[5m])))",
        unit="µs",
        scale=1e6,
        target=Condition("<", target),
        alert=Condition(">", alert),
        lifetime=f"histogram_quantile(0.95, sum by (le) ({buckets}))",
    )


KEY_METRICS = (
    KeyMetric("Fill rate", "futures_fill_ratio", "%", 100, Condition(">", 0.95), Condition("<", 0.90)),
    KeyMetric("Slippage", "max(futures_slippage_bps)", "bps", 1, Condition("<", 5), Condition(">", 10)),
    KeyMetric("Margin ratio", "min(futures_margin_ratio)", "", 1, Condition(">", 1.5), Condition("<", 1.2)),
    KeyMetric(
        "Funding accuracy",
        "futures_funding_accuracy_ratio",
        "%",
        100,
        Condition(">", 0.99),
        Condition("<", 0.95),
    ),
    _latency("L2", 100e-6, 500e-6),
    _latency("L3", 500e-6, 2e-3),
)
