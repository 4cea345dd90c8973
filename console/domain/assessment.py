"""What a snapshot means: the one place where values become severities, words and an exit code.

Both faces, the screen and `opsconsole status`, show an Assessment and compute nothing themselves, so they
agree by construction. `assess` is pure and total: any snapshot at any instant has an assessment.
"""

import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace

from console.domain.account_status import account_statuses, books_alerts, equity_trails
from console.domain.aftermath import Aftermath, aftermath
from console.domain.alert_rows import AlertRow
from console.domain.alert_status import NO_RULES, AlertStatus, alert_status, alerts_of
from console.domain.alerts import (
    key_metric_alerts,
    kill_switch_alerts,
    rollout_alerts,
    source_alerts,
    surface_alerts,
)
from console.domain.books_doubt import books_doubt, disowned, quiet_at, wrong_server
from console.domain.engine_status import engine_status
from console.domain.key_metric_status import key_metric_statuses
from console.domain.kill_evidence import OUTCOME_BY, kill_evidence
from console.domain.kill_state import Evidence, Verdict, judge
from console.domain.kill_watch import KillWatch
from console.domain.last_seen import LastSeen, last_seen, unknown_by_now
from console.domain.last_trip import LastTrip
from console.domain.reading import Health
from console.domain.rollout.drift import RolloutStatus, rollout_status
from console.domain.rollout.stages import Dialect
from console.domain.severity import Severity, worst
from console.domain.snapshot import Snapshot
from console.domain.source_status import source_statuses
from console.domain.status import (
    AccountStatus,
    Alert,
    EngineStatus,
    Judged,
    KeyMetricStatus,
    SourceStatus,
)
from console.domain.surfaces import Books, ServerIdentity
from console.domain.symbols import SymbolRows, judge_symbols
from console.domain.thresholds import KeyMetric, Panel
from console.domain.told_by_rules import untold
from console.domain.trails import Trails
from console.domain.triggers import Judgement as RollbackTrigger


@dataclass(frozen=True, slots=True)
class Rules:
    """What a snapshot is judged by.

    `not_exported` names the metrics that this engine is known not to have: they are shown as such and do
    not make the whole unknown. `quiet_after` is how many seconds an engine may write nothing into its
    database before what stands there is no longer taken for the present; `server` is how its server has to
    call itself. `dialect` is how it reads the flags file.
    """

    panels: tuple[Panel, ...]
    key_metrics: tuple[KeyMetric, ...]
    not_exported: Set[str] = frozenset()
    quiet_after: float = math.inf
    server: str | None = None
    dialect: Dialect = field(default_factory=Dialect)

    @property
    def queries(self) -> Mapping[str, str]:
        """What panels and key metrics ask, by their names."""
        panels = {panel.name: panel.query for panel in self.panels}
        return panels | {metric.name: metric.query for metric in self.key_metrics}


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything a face shows.

    `snapshot` is what was judged; `next_change` is when the assessment changes by age alone, if it will.
    `books_doubt` says why nothing that the database says is the present, and is empty while it is;
    `wrong_server` that it is another one than the context pins.
    `kill` rests on `kill_evidence`, and `kill_watch` says since when; `aftermath` is what is left at the
    market while a trip stands, and None while none does.
    `seen` is what metrics that are stale said of the symbols; None while they aren't.
    `margins` and `fundings` are the symbols' last minutes, by symbol; `equities` the accounts', by number.
    """

    at: float
    severity: Severity
    snapshot: Snapshot
    sources: tuple[SourceStatus, ...]
    engine: EngineStatus
    kill: Verdict
    kill_evidence: Evidence
    kill_watch: KillWatch
    aftermath: Aftermath | None
    symbols: SymbolRows
    seen: LastSeen | None
    books_doubt: str
    wrong_server: str
    accounts: tuple[AccountStatus, ...]
    key_metrics: tuple[KeyMetricStatus, ...]
    rollout: RolloutStatus
    alerts: tuple[Alert, ...]
    panels: tuple[Panel, ...]
    next_change: float | None
    ruled: AlertStatus = NO_RULES
    margins: Trails = field(default_factory=Trails)
    fundings: Trails = field(default_factory=Trails)
    equities: Trails = field(default_factory=Trails)

    @property
    def alert_rows(self) -> tuple[AlertRow, ...]:
        """What the alert rules say, the worst first."""
        return self.ruled.rows

    @property
    def by_symbol(self) -> Mapping[str, tuple[AlertRow, ...]]:
        """What they say of each symbol that is pending or wrong, the worst first."""
        return self.ruled.by_symbol

    @property
    def triggers(self) -> tuple[RollbackTrigger, ...]:
        """The guide's rollback triggers, in its order; none where no rules are evaluated."""
        return self.ruled.triggers

    @property
    def totals(self) -> Mapping[str, Judged]:
        """What the panels say that name no symbol, by the panel's key."""
        return self.symbols.totals

    @property
    def books(self) -> Books | None:
        """The newest look at the database, whatever its age."""
        return self.snapshot.database.value

    @property
    def server(self) -> ServerIdentity | None:
        """The database server, as it last named itself."""
        return None if self.books is None else self.books.identity

    @property
    def last_trip(self) -> LastTrip | None:
        """The last trip of ours, whatever has become of it."""
        return self.snapshot.trip

    def source(self, name: str) -> SourceStatus:
        return next(source for source in self.sources if source.name == name)


Judgement = tuple[Snapshot, Assessment]
"""A snapshot with what it was judged to mean."""


def assess(snapshot: Snapshot, rules: Rules, before: Judgement | None = None) -> Assessment:
    """Judge `snapshot` at its own instant.

    `before` is what was judged last by the same rules: what rests on answers that are still the newest, as
    may thousands of symbols, needs no second look, and the last minutes go on from there.
    """
    now, last = snapshot.at, None if before is None else before[1]
    sources, wrong = source_statuses(snapshot), wrong_server(snapshot.database.value, rules.server)
    doubt = books_doubt(snapshot.database, now, rules.quiet_after, rules.server)
    symbols, margins, fundings = _symbols(snapshot, rules, last, doubt)
    keys = key_metric_statuses(rules.key_metrics, snapshot.metrics, now, rules.not_exported, symbols)
    accounts = account_statuses(snapshot.database.value, doubt)
    seen = _seen(snapshot, symbols, keys, rules.not_exported, last)
    kill, evidence, watch, left = _kill(snapshot, doubt, wrong, before)
    rollout, drift = _rollout(snapshot, rules, symbols, last, doubt)
    missing = _needless(snapshot, rules, doubt)
    ruled = alert_status(snapshot, NO_RULES if last is None else last.ruled, missing)
    alerts = [*source_alerts(sources), *kill_switch_alerts(kill, snapshot.trip), *surface_alerts(snapshot)]
    of_figures = (*symbols.alerts, *key_metric_alerts(keys)) if seen is None else seen.alerts
    alerts += untold(of_figures, ruled.rows, rules.queries)
    alerts += (*books_alerts(snapshot, accounts, doubt, wrong), *drift)
    alerts += alerts_of(snapshot, ruled)
    return Assessment(
        at=now,
        severity=_overall(sources, alerts),
        snapshot=snapshot,
        sources=sources,
        engine=engine_status(snapshot),
        kill=kill,
        kill_evidence=evidence,
        kill_watch=watch,
        aftermath=left,
        symbols=symbols,
        seen=seen,
        books_doubt=doubt,
        wrong_server=wrong,
        accounts=accounts,
        key_metrics=keys,
        rollout=rollout,
        alerts=_worst_first(alerts, () if last is None else last.alerts),
        panels=rules.panels,
        next_change=_next_change(snapshot, rules.quiet_after, ruled),
        ruled=ruled,
        margins=margins,
        fundings=fundings,
        equities=equity_trails(Trails() if last is None else last.equities, snapshot.database),
    )


_OF_POSITIONS = frozenset({"futures_margin_ratio"})
"""What an engine only exports of what is open."""


def _needless(snapshot: Snapshot, rules: Rules, doubt: str) -> Set[str]:
    """The metrics that rules of alerts may lack: where nothing is open, those of positions, too."""
    books = snapshot.database.fresh(snapshot.at)
    flat = books is not None and books.positions == () and not doubt
    return rules.not_exported | _OF_POSITIONS if flat else rules.not_exported


def _symbols(
    snapshot: Snapshot, rules: Rules, last: Assessment | None, doubt: str
) -> tuple[SymbolRows, Trails, Trails]:
    """The symbols, and the last minutes of their margins and fundings, going on from what was judged last."""
    known = None if last is None else last.symbols
    past = (Trails(), Trails()) if last is None else (last.margins, last.fundings)
    return judge_symbols(snapshot, rules.panels, rules.not_exported, known, past, books_doubt=doubt)


def _seen(
    snapshot: Snapshot,
    symbols: SymbolRows,
    keys: tuple[KeyMetricStatus, ...],
    missing: Set[str],
    last: Assessment | None,
) -> LastSeen | None:
    if snapshot.metrics.usable(snapshot.at):
        return None
    return last_seen(symbols, keys, snapshot.metrics.value, missing, None if last is None else last.seen)


def _rollout(
    snapshot: Snapshot, rules: Rules, symbols: SymbolRows, last: Assessment | None, doubt: str
) -> tuple[RolloutStatus, Iterable[Alert]]:
    """How far features are rolled out, and what is wrong with that."""
    known, stages = None if last is None else last.rollout, symbols.facts.stages
    rollout = rollout_status(snapshot, symbols.names, stages, rules.dialect, known, books_doubt=doubt)
    alerts = rollout_alerts(rollout)
    return rollout, unknown_by_now(alerts) if rollout.doubt else alerts


def _worst_first(alerts: list[Alert], before: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """The alerts in order; the same tuple as before where nothing else is wrong than was."""
    ordered = tuple(sorted(alerts, key=lambda alert: (-alert.severity, alert.muted)))
    return before if ordered == before else ordered


def _overall(sources: tuple[SourceStatus, ...], alerts: list[Alert]) -> Severity:
    """The worst alert; without any, OK, if there is anything that could have raised one."""
    watched = any(source.health is not Health.OFF for source in sources)
    return worst([Severity.OK if watched else Severity.UNKNOWN, *(alert.severity for alert in alerts)])


DOUBTS_REPEATED = 1.0
"""Seconds after which the words of doubt, which hold ages, are said anew."""


def is_older_view(seen: Snapshot, assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether `snapshot` differs from `seen`, which `assessment` judged, by age alone."""
    pairs = zip(seen.sources(), snapshot.sources(), strict=True)
    if not all(old.last is new.last and old.good is new.good for old, new in pairs):
        return False
    if not seen.tells_the_same_trip(snapshot) or seen.alerts.last is not snapshot.alerts.last:
        return False
    unknown = any(source.severity is Severity.UNKNOWN for source in assessment.sources)
    doubtful = unknown or assessment.books_doubt
    until = assessment.at + DOUBTS_REPEATED if doubtful else math.inf
    return snapshot.at < min(until, assessment.next_change or math.inf)


def aged(assessment: Assessment, snapshot: Snapshot) -> Assessment:
    """`assessment` at the later instant of `snapshot`, which differs from what it judged by age alone."""
    before = assessment.snapshot, assessment
    _, evidence, _, left = _kill(snapshot, assessment.books_doubt, assessment.wrong_server, before)
    return replace(
        assessment,
        at=snapshot.at,
        snapshot=snapshot,
        sources=source_statuses(snapshot),
        engine=engine_status(snapshot),
        kill_evidence=evidence,
        aftermath=left,
        rollout=replace(assessment.rollout, at=snapshot.at),
        ruled=alert_status(snapshot, assessment.ruled, assessment.ruled.not_exported),
    )


def _next_change(snapshot: Snapshot, quiet_after: float, ruled: AlertStatus) -> float | None:
    """When the next value that is still fresh will pass its limit, or what mutes an alert ends."""
    states = (*snapshot.sources(), snapshot.alerts)
    limits = [ruled.until, *(state.stale_at() for state in states if state.usable(snapshot.at))]
    if snapshot.database.usable(snapshot.at):
        limits.append(quiet_at(snapshot.database, snapshot.at, quiet_after))
    if snapshot.trip is not None:
        limits.append(snapshot.trip.at + OUTCOME_BY)
    return min((at for at in limits if at is not None and snapshot.at < at < math.inf), default=None)


Kill = tuple[Verdict, Evidence, KillWatch, Aftermath | None]


def _kill(snapshot: Snapshot, doubt: str, wrong: str, before: Judgement | None) -> Kill:
    """What the kill switch is in, on which grounds, since when, and what is left at the market."""
    known, last = (None, None) if before is None else before
    ours = replace(snapshot, database=disowned(snapshot.database, wrong)) if wrong else snapshot
    evidence, watch = kill_evidence(ours, doubt, KillWatch() if last is None else last.kill_watch)
    since = snapshot.trip.at if evidence.written and snapshot.trip is not None else watch.acknowledged
    if since is None:
        return judge(evidence), evidence, watch, None
    look = None if known is None or last is None or last.aftermath is None else (known, last.aftermath)
    return judge(evidence), evidence, watch, aftermath(since, evidence.scope, ours, doubt, look)
