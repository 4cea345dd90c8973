"""The rows of screen 4: the rules' alerts, and what else is wrong now, in one order, the worst first."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from console.domain.alert_rows import AlertRow, AlertState, rule_alerts
from console.domain.assessment import Assessment
from console.domain.severity import Severity
from console.domain.status import Alert

NOW = "now"
"""The state of what no rule tells of: it is so now."""
_QUIET = (
    AlertState.PENDING,
    AlertState.FIRING,
    AlertState.LOST,
    AlertState.FAILING,
    AlertState.NO_DATA,
    AlertState.WARMING,
    AlertState.RESOLVED,
)
"""The order of what is not wrong, and stands below everything that is."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A row at its `place`, the worst one's being 0; `key` stays the same while its words change.

    `rule` is what a rule says; where no rule does, it is None, and only the `alert` is there.
    """

    key: str
    place: int
    alert: Alert
    rule: AlertRow | None = None

    @property
    def severity(self) -> Severity:
        return self.alert.severity

    @property
    def state(self) -> str:
        return NOW if self.rule is None else self.rule.state.word


def listed(assessment: Assessment) -> tuple[Listed, ...]:
    """A row for each alert of a rule, and for each thing that is wrong besides."""
    of_rules = list(_of_rules(assessment.alert_rows))
    told, figures = {alert for _, alert, _ in of_rules}, {key.metric.name for key in assessment.key_metrics}
    others = _present((alert for alert in assessment.alerts if alert not in told), figures)
    return _placed(sorted((*of_rules, *others), key=_rank))


def rule_rows(rows: Sequence[AlertRow]) -> tuple[Listed, ...]:
    """The rows of rules alone, in their order."""
    return _placed(_of_rules(rows))


_Part = tuple[str, Alert, AlertRow | None]
"""A row without its place: there can be thousands."""


def _placed(parts: Iterable[_Part]) -> tuple[Listed, ...]:
    return tuple(Listed(key, place, alert, rule) for place, (key, alert, rule) in enumerate(parts))


def _of_rules(rows: Iterable[AlertRow]) -> Iterator[_Part]:
    for row in rows:
        alert = next(rule_alerts((row,)), None)
        summary = row.summary or row.rule.expression
        quiet = alert or Alert(row.rule.name, row.severity, summary, row.symbol, row.muted)
        yield f"rule {row.key}", quiet, row


def _present(alerts: Iterable[Alert], figures: Set[str]) -> Iterator[_Part]:
    """What is wrong now; several of one name and symbol are told apart by their number.

    A key metric's row is the same whichever symbol it is of at present: `figures` are their names.
    """
    seen: Counter[tuple[str, str | None]] = Counter()
    for alert in alerts:
        meant = alert.name, None if alert.name in figures else alert.symbol
        yield f"{meant[0]} {meant[1] or ''} {seen[meant]}", alert, None
        seen[meant] += 1


def _rank(part: _Part) -> tuple[int, bool, bool, int]:
    """By severity, what nobody has muted first, then what pages, then by state; what is so now is firing."""
    _, alert, rule = part
    state = AlertState.FIRING if rule is None else rule.state
    if alert.severity is Severity.OK:
        return 0, False, False, _QUIET.index(state)
    return -alert.severity, alert.muted, rule is None or not rule.pages, -state
