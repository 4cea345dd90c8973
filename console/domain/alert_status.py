"""What the alert rules and the rollback triggers mean at the instant of a snapshot."""

import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from console.domain.alert_book import AlertBook
from console.domain.alert_rows import AlertRow, alert_rows, by_symbol, rule_alerts
from console.domain.engine_status import engine_status
from console.domain.figures import seconds
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.silences import Marks
from console.domain.snapshot import Snapshot
from console.domain.status import Alert
from console.domain.triggers import CRASH, Judgement, Life, Missing, Standing, judged

NAME = "alerts"
"""The name of the alert that the rules themselves can't be told."""


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """`rows` are the rules' alerts, the worst first, and `by_symbol` those that are pending or wrong.

    `alerts` say in words what is wrong of them. `book` is what they were made of, `not_exported` the metrics
    that are known to be missing. All are as they were until `until`, on the console's clock.
    """

    rows: tuple[AlertRow, ...] = ()
    by_symbol: Mapping[str, tuple[AlertRow, ...]] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    triggers: tuple[Judgement, ...] = ()
    book: AlertBook | None = None
    doubt: str = ""
    until: float = math.inf
    not_exported: Set[str] = frozenset()


NO_RULES = AlertStatus()


def alert_status(snapshot: Snapshot, before: AlertStatus, not_exported: Set[str]) -> AlertStatus:
    """How the rules stand; the same rows as `before` where neither they nor a mark on them have changed."""
    state, now = snapshot.alerts, snapshot.at
    if not state.configured or state.value is None:
        return replace(NO_RULES, doubt=state.cause(now) or "")
    book, doubt = state.value, "" if state.usable(now) else state.doubt(now)
    judgements = judged(replace(book.evidence, life=_life(snapshot), silence=_silence(snapshot)))
    triggers = tuple(_doubted(one, doubt) for one in judgements) if doubt else judgements
    if book is before.book and bool(doubt) == bool(before.doubt) and now < before.until:
        same = triggers == before.triggers and doubt == before.doubt
        return before if same else replace(before, triggers=triggers, doubt=doubt)
    rows = alert_rows(book, now, not_exported)
    if doubt:
        rows = tuple(replace(row, severity=Severity.UNKNOWN) if row.matters else row for row in rows)
    rows = before.rows if rows == before.rows else rows
    symbols, alerts = before.by_symbol, before.alerts
    if rows is not before.rows:
        symbols, alerts = by_symbol(rows), tuple(rule_alerts(rows))
    until = _next_end(book.marks, book.wall_ahead, now)
    return AlertStatus(rows, symbols, alerts, triggers, book, doubt, until, not_exported)


def alerts_of(snapshot: Snapshot, status: AlertStatus) -> Iterator[Alert]:
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
    yield from status.alerts


def _doubted(judgement: Judgement, doubt: str) -> Judgement:
    """A trigger by evidence that isn't the present: what was clear isn't known, what was met stays so."""
    if judgement.standing is not Standing.CLEAR or judgement.trigger is CRASH:  # of that the age tells
        return judgement
    return replace(judgement, standing=Standing.UNKNOWN, words=f"last seen: {judgement.words}; {doubt}")


def _life(snapshot: Snapshot) -> Life | Missing:
    """Whether the engine lives, by its own heartbeat, however old the answer is, and by its process."""
    age, files = engine_status(snapshot).heartbeat_age, snapshot.engine.fresh(snapshot.at)
    gone = files is not None and files.alive is False
    if age is None and not gone:
        return Missing("no heartbeat is known")
    return Life(
        math.nan if age is None else age,
        stopped=files is not None and files.ended,
        fresh=snapshot.metrics.usable(snapshot.at),
        gone=gone,
    )


def _silence(snapshot: Snapshot) -> str:
    """Why the engine exports nothing now, and for how long; empty while what it exports is the present."""
    state, at, files = snapshot.metrics, snapshot.at, snapshot.engine.fresh(snapshot.at)
    if not state.configured or state.usable(at):
        return ""
    age = state.age(at)
    since = "" if age is None else f" for {seconds(age)}"
    gone = "" if files is None or files.alive is not False or files.ended else "its process is gone; "
    return f"no answer from the engine{since}: {gone}{state.cause(at) or 'none yet'}"


def _next_end(marks: Marks, wall_ahead: float, now: float) -> float:
    """When the next acknowledgement or silence begins or ends."""
    bounds = [bound for silence in marks.silences for bound in (silence.since, silence.until)]
    bounds += [one.until for one in marks.acknowledgements]
    return min((bound - wall_ahead for bound in bounds if bound - wall_ahead > now), default=math.inf)
