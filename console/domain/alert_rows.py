"""What the alert rules say at one instant, as rows for a face: the worst first, the muted ones among them."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import IntEnum

from console.domain.alert_book import (
    PAGE,
    AlertBook,
    AlertingRule,
    Raised,
    RuleStanding,
    severity_of,
    text_of,
)
from console.domain.alert_state import Phase
from console.domain.figures import seconds
from console.domain.metrics import Labels
from console.domain.severity import Severity
from console.domain.silences import Acknowledgement, Silence
from console.domain.status import Alert


class AlertState(IntEnum):
    """How an alert stands, the most urgent last."""

    RESOLVED = 0
    WARMING = 1
    PENDING = 2
    NO_DATA = 3
    FAILING = 4
    LOST = 5
    FIRING = 6

    @property
    def word(self) -> str:
        return _WORDS[self]


_WORDS = {
    AlertState.RESOLVED: "resolved",
    AlertState.WARMING: "not yet",
    AlertState.PENDING: "pending",
    AlertState.NO_DATA: "no data",
    AlertState.FAILING: "fails",
    AlertState.LOST: "lost",
    AlertState.FIRING: "firing",
}


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert, or one rule that can't tell of any.

    `key` stays the same for as long as it is the same alert. `severity` is how bad it is now: OK once it is
    resolved, pending, or still warming up. `since` is when it came into its state, on the console's clock;
    `worst` is the value furthest beyond the threshold. `acknowledged` and `silenced` are what mutes it.
    """

    key: str
    state: AlertState
    severity: Severity
    rule: AlertingRule
    labels: Labels = ()
    summary: str = ""
    since: float | None = None
    raised: Raised | None = None
    worst: float | None = None
    acknowledged: Acknowledgement | None = None
    silenced: Silence | None = None

    @property
    def symbol(self) -> str | None:
        return text_of(self.labels, "symbol") or None

    @property
    def muted(self) -> bool:
        """Whether nobody is to be woken for it: somebody has taken it on, or has silenced it."""
        return self.acknowledged is not None or self.silenced is not None

    @property
    def pages(self) -> bool:
        """Whether somebody is to be woken for it now."""
        firing = self.state in (AlertState.FIRING, AlertState.LOST)
        return firing and self.rule.severity.lower() == PAGE and not self.muted

    @property
    def matters(self) -> bool:
        """Whether it is wrong now; a watchdog, which always fires, isn't."""
        return self.severity is not Severity.OK


def alert_rows(book: AlertBook, at: float, not_exported: Set[str] = frozenset()) -> tuple[AlertRow, ...]:
    """Every row at `at`, the worst first: by severity, by state, by how long it has lasted.

    That metrics are missing which are known not to be exported is nothing wrong.
    """
    rows = [*_of_alerts(book, at), *_of_rules(book, not_exported)]
    rows.sort(key=lambda row: (-row.severity, -row.state, row.since or at, row.key))
    return tuple(rows)


def rule_alerts(rows: Sequence[AlertRow]) -> Iterator[Alert]:
    """What is wrong of them, in words."""
    for row in rows:
        if row.matters:
            taken_on = row.acknowledged is not None
            yield Alert(row.rule.name, row.severity, _in_words(row), row.symbol, row.muted, taken_on)


def by_symbol(rows: Sequence[AlertRow]) -> Mapping[str, tuple[AlertRow, ...]]:
    """The rows of each symbol that are pending or wrong, the worst first."""
    found: dict[str, list[AlertRow]] = {}
    for row in rows:
        if row.symbol is not None and (row.matters or row.state is AlertState.PENDING):
            found.setdefault(row.symbol, []).append(row)
    return {symbol: tuple(its) for symbol, its in found.items()}


def _of_alerts(book: AlertBook, at: float) -> Iterator[AlertRow]:
    wall = at + book.wall_ahead
    marks = book.marks.at(wall)
    taken_on = {one.labels for one in marks.acknowledgements}
    for raised in book.raised:
        standing = book.rules[raised.rule]
        state = _state(raised)
        active, began = state in (AlertState.FIRING, AlertState.LOST), raised.active_at + book.wall_ahead
        known = marks.acknowledged_by(raised.labels, began, wall) if raised.labels in taken_on else None
        yield AlertRow(
            key=f"{standing.rule.group} {standing.rule.name} {_written(raised.labels)}",
            state=state,
            severity=severity_of(standing.rule.severity) if active else Severity.OK,
            rule=standing.rule,
            labels=raised.labels,
            summary=text_of(raised.annotations, "summary") or text_of(raised.annotations, "description"),
            since=_since(raised, state),
            raised=raised,
            worst=_worst(standing.rule, raised),
            acknowledged=known,
            silenced=marks.silenced_by(raised.labels, wall),
        )


def _of_rules(book: AlertBook, not_exported: Set[str]) -> Iterator[AlertRow]:
    for standing in book.rules:
        rule, key = standing.rule, f"{standing.rule.group} {standing.rule.name}"
        if standing.error is not None:
            words = f"its query fails: {standing.error}"
            yield AlertRow(
                key, AlertState.FAILING, Severity.UNKNOWN, rule, summary=words, since=standing.failing_since
            )
        elif standing.warming:
            yield AlertRow(key, AlertState.WARMING, Severity.OK, rule, summary=_watched(standing))
        elif standing.no_data_since is not None:
            words = f"nothing to compare: {', '.join(rule.metrics) or 'no series'} not exported"
            known = bool(rule.metrics) and not_exported >= set(rule.metrics)
            severity = Severity.OK if known else Severity.UNKNOWN
            yield AlertRow(
                key, AlertState.NO_DATA, severity, rule, summary=words, since=standing.no_data_since
            )


def _watched(standing: RuleStanding) -> str:
    return f"{seconds(standing.watched)} of {seconds(standing.needed)} are watched"


def _state(raised: Raised) -> AlertState:
    if raised.lost_since is not None:
        return AlertState.LOST
    return {
        Phase.PENDING: AlertState.PENDING,
        Phase.FIRING: AlertState.FIRING,
        Phase.RESOLVED: AlertState.RESOLVED,
    }[raised.phase]


def _since(raised: Raised, state: AlertState) -> float | None:
    return {
        AlertState.LOST: raised.lost_since,
        AlertState.PENDING: raised.active_at,
        AlertState.FIRING: raised.fired_at,
        AlertState.RESOLVED: raised.resolved_at,
    }[state]


def _worst(rule: AlertingRule, raised: Raised) -> float:
    return raised.lowest if rule.sign in ("<", "<=") else raised.highest


def _in_words(row: AlertRow) -> str:
    words = row.summary or row.rule.expression
    if row.state is AlertState.LOST:
        return f"LOST WHILE FIRING, its series is gone: {words}"
    return f"no data: {words}" if row.state is AlertState.NO_DATA else words


def _written(labels: Labels) -> str:
    return ",".join(f"{name}={value}" for name, value in labels if name != "alertname")
