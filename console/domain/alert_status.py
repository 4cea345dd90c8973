"""What the alert rules and the rollback triggers mean at the instant of a snapshot."""

import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from console.domain.alert_book import AlertBook
from console.domain.alert_rows import AlertRow, alert_rows, by_symbol, rule_alerts
from console.domain.engine_status import engine_status
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.silences import Marks
from console.domain.snapshot import Snapshot
from console.domain.status import Alert
from console.domain.triggers import Judgement, Life, Missing, judged

NAME = "alerts"
"""The name of the alert that the rules themselves can't be told."""


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """`rows` are the rules' alerts, the worst first, and `by_symbol` those that are pending or wrong.

    `book` is what they were made of; they are as they were until `until`, on the console's clock.
    """

    rows: tuple[AlertRow, ...] = ()
    by_symbol: Mapping[str, tuple[AlertRow, ...]] = field(default_factory=dict)
    triggers: tuple[Judgement, ...] = ()
    book: AlertBook | None = None
    doubt: str = ""
    until: float = math.inf


NO_RULES = AlertStatus()


def alert_status(snapshot: Snapshot, before: AlertStatus) -> AlertStatus:
    """How the rules stand; the same rows as `before` where neither they nor a mark on them have changed."""
    state, now = snapshot.alerts, snapshot.at
    if not state.configured or state.value is None:
        return replace(NO_RULES, doubt=state.cause(now) or "")
    book, doubt = state.value, "" if state.usable(now) else state.doubt(now)
    triggers = judged(replace(book.evidence, life=_life(snapshot)))
    if book is before.book and bool(doubt) == bool(before.doubt) and now < before.until:
        same = triggers == before.triggers and doubt == before.doubt
        return before if same else replace(before, triggers=triggers, doubt=doubt)
    rows = alert_rows(book, now)
    if doubt:
        rows = tuple(replace(row, severity=Severity.UNKNOWN) if row.matters else row for row in rows)
    rows = before.rows if rows == before.rows else rows
    symbols = before.by_symbol if rows is before.rows else by_symbol(rows)
    return AlertStatus(rows, symbols, triggers, book, doubt, _next_end(book.marks, book.wall_ahead, now))


def alerts_of(snapshot: Snapshot, status: AlertStatus, not_exported: Set[str]) -> Iterator[Alert]:
    """What the rules say is wrong, or that they can't be told."""
    state = snapshot.alerts
    if status.doubt and state.health(snapshot.at) is not Health.FAILING:
        yield Alert(NAME, Severity.UNKNOWN, f"the alert rules are not evaluated: {status.doubt}")
    elif status.doubt:
        yield Alert(NAME, Severity.WARNING, status.doubt)
    if status.book is not None:
        yield from (Alert(NAME, Severity.WARNING, note) for note in status.book.notes)
        if status.book.untold:
            yield Alert("notify", Severity.HIGH, f"people aren't told of alerts: {status.book.untold}")
    yield from rule_alerts(status.rows, frozenset(not_exported))


def _life(snapshot: Snapshot) -> Life | Missing:
    """Whether the engine lives, by its own heartbeat, however old the answer is that told of it."""
    age = engine_status(snapshot).heartbeat_age
    return Missing("no heartbeat is known") if age is None else Life(age)


def _next_end(marks: Marks, wall_ahead: float, now: float) -> float:
    """When the next acknowledgement or silence begins or ends."""
    bounds = [bound for silence in marks.silences for bound in (silence.since, silence.until)]
    bounds += [one.until for one in marks.acknowledgements]
    return min((bound - wall_ahead for bound in bounds if bound - wall_ahead > now), default=math.inf)
