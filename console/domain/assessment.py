"""What a snapshot means: the one place where values become severities, words and an exit code.

Both faces, the screen and `opsconsole status`, show an Assessment and compute nothing themselves, so they
agree by construction. `assess` is pure and total: any snapshot at any instant has an assessment.
"""

import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal

from console.domain.aftermath import Aftermath, aftermath
from console.domain.alerts import (
    account_alerts,
    key_metric_alerts,
    kill_switch_alerts,
    rollout_alerts,
    source_alerts,
    surface_alerts,
)
from console.domain.answers import absent, answer_to
from console.domain.books_doubt import books_doubt, disowned, quiet_at, wrong_server
from console.domain.kill_evidence import OUTCOME_BY, kill_evidence
from console.domain.kill_state import Evidence, Verdict, judge
from console.domain.kill_watch import KillWatch
from console.domain.last_seen import LastSeen, last_seen, unknown_by_now
from console.domain.last_trip import LastTrip
from console.domain.metrics import Answer, Metrics
from console.domain.reading import Health, SourceState
from console.domain.rollout.drift import RolloutStatus, rollout_status
from console.domain.rollout.stages import Dialect
from console.domain.severity import Severity, worst
from console.domain.snapshot import Snapshot
from console.domain.status import (
    AccountStatus,
    Alert,
    EngineStatus,
    Judged,
    KeyMetricStatus,
    SourceStatus,
)
from console.domain.surfaces import Account, Books, EngineState, ServerIdentity
from console.domain.symbols import SymbolRows, judge_symbols
from console.domain.thresholds import KeyMetric, Panel
from console.domain.trails import Trails, instant_of
from console.domain.worst import worst_of_metric

LOW_EQUITY = Decimal(100)
"""The coin engine's alert threshold: an account's equity below this is critical, in quote currency."""


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
    totals: Mapping[str, Judged]
    seen: LastSeen | None
    books_doubt: str
    wrong_server: str
    accounts: tuple[AccountStatus, ...]
    key_metrics: tuple[KeyMetricStatus, ...]
    rollout: RolloutStatus
    alerts: tuple[Alert, ...]
    panels: tuple[Panel, ...]
    next_change: float | None
    margins: Trails = field(default_factory=Trails)
    fundings: Trails = field(default_factory=Trails)
    equities: Trails = field(default_factory=Trails)

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
    now, missing = snapshot.at, rules.not_exported
    last = None if before is None else before[1]
    sources, wrong = _sources(snapshot), wrong_server(snapshot.database.value, rules.server)
    doubt = books_doubt(snapshot.database, now, rules.quiet_after, rules.server)
    symbols, margins, fundings = _symbols(snapshot, rules, last, doubt)
    values = (_key_metric(metric, snapshot.metrics, now, missing) for metric in rules.key_metrics)
    keys = tuple(_with_its_symbol(key, symbols) for key in values)
    accounts = _accounts(snapshot.database.value, doubt)
    seen = _seen(snapshot, symbols, keys, missing, last)
    kill, evidence, watch, left = _kill(snapshot, doubt, wrong, before)
    alerts = [*source_alerts(sources), *kill_switch_alerts(kill), *surface_alerts(snapshot)]
    alerts += (*symbols.alerts, *key_metric_alerts(keys)) if seen is None else seen.alerts
    alerts += _books_alerts(snapshot, accounts, doubt, wrong)
    known, stages = None if last is None else last.rollout, symbols.facts.stages
    rollout = rollout_status(snapshot, symbols.names, stages, rules.dialect, known, books_doubt=doubt)
    drift = rollout_alerts(rollout)
    alerts += unknown_by_now(drift) if rollout.doubt else drift
    return Assessment(
        at=now,
        severity=_overall(sources, alerts),
        snapshot=snapshot,
        sources=sources,
        engine=_engine(snapshot),
        kill=kill,
        kill_evidence=evidence,
        kill_watch=watch,
        aftermath=left,
        symbols=symbols,
        totals=symbols.totals,
        seen=seen,
        books_doubt=doubt,
        wrong_server=wrong,
        accounts=accounts,
        key_metrics=keys,
        rollout=rollout,
        alerts=_worst_first(alerts, () if last is None else last.alerts),
        panels=rules.panels,
        next_change=_next_change(snapshot, rules.quiet_after),
        margins=margins,
        fundings=fundings,
        equities=_equities(Trails() if last is None else last.equities, snapshot.database),
    )


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


def _worst_first(alerts: list[Alert], before: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """The alerts in order; the same tuple as before where nothing else is wrong than was."""
    ordered = tuple(sorted(alerts, key=lambda alert: -alert.severity))
    return before if ordered == before else ordered


def _equities(trails: Trails, state: SourceState[Books]) -> Trails:
    """The accounts' equities of the last minutes, with the newest."""
    if state.good is None or state.value is None or state.value.accounts is None:
        return trails
    equities = {str(account.id): account.total_equity for account in state.value.accounts}
    values = (math.nan if equity is None else float(equity) for equity in equities.values())
    return trails.with_moment(instant_of(state.good), tuple(equities), values)


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
    if not seen.tells_the_same_trip(snapshot):
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
        sources=_sources(snapshot),
        engine=_engine(snapshot),
        kill_evidence=evidence,
        aftermath=left,
        rollout=replace(assessment.rollout, at=snapshot.at),
    )


_SOURCE_SEVERITY = {
    Health.FRESH: Severity.OK,
    Health.OFF: Severity.OK,
    Health.FAILING: Severity.WARNING,
    Health.STALE: Severity.UNKNOWN,
    Health.DOWN: Severity.UNKNOWN,
    Health.WAITING: Severity.UNKNOWN,
}


def _sources(snapshot: Snapshot) -> tuple[SourceStatus, ...]:
    return tuple(
        _process(snapshot) if state is snapshot.engine else _source(state, snapshot.at)
        for state in snapshot.sources()
    )


def _process(snapshot: Snapshot) -> SourceStatus:
    """The engine's own files, which may be read without fault and say that its process is no more."""
    status, engine = _source(snapshot.engine, snapshot.at), snapshot.engine.fresh(snapshot.at)
    if engine is None or (engine.alive is not False and not engine.stopped):
        return status
    if engine.alive is False:
        return replace(status, severity=Severity.CRITICAL, cause=f"process {engine.pid} is gone")
    return replace(status, severity=Severity.HIGH, cause=f"process {engine.pid} is stopped")


def _source(state: SourceState[object], now: float) -> SourceStatus:
    health = state.health(now)
    return SourceStatus(
        name=state.name,
        health=health,
        severity=_SOURCE_SEVERITY[health],
        age=state.age(now),
        latency=None if state.last is None else state.last.latency,
        stale_after=state.stale_after,
        cause=state.cause(now),
    )


def _next_change(snapshot: Snapshot, quiet_after: float) -> float | None:
    """When the next value that is still fresh will pass its limit."""
    limits = [state.stale_at() for state in snapshot.sources() if state.usable(snapshot.at)]
    if snapshot.database.usable(snapshot.at):
        limits.append(quiet_at(snapshot.database, snapshot.at, quiet_after))
    if snapshot.trip is not None:
        limits.append(snapshot.trip.at + OUTCOME_BY)
    return min((at for at in limits if at is not None and at > snapshot.at), default=None)


def _key_metric(
    metric: KeyMetric, state: SourceState[Metrics], now: float, not_exported: Set[str]
) -> KeyMetricStatus:
    number = _worst(metric, answer_to(state.value, metric.query))
    rests_on = ""
    if metric.lifetime is not None and (number is None or math.isnan(number)):
        number = _worst(metric, answer_to(state.value, metric.lifetime))
        rests_on = "since the engine's start"
    if not state.usable(now):
        return KeyMetricStatus(metric, Judged(number, Severity.UNKNOWN, state.doubt(now)))
    if number is None:
        answer = answer_to(state.value, metric.query)
        return KeyMetricStatus(metric, absent(answer, metric.query, state.value, not_exported))
    severity = metric.judge(number)
    reasons = {Severity.UNKNOWN: "no value yet", Severity.WARNING: "off its target", Severity.HIGH: "alert"}
    return KeyMetricStatus(metric, Judged(number, severity, reasons.get(severity, rests_on)))


def _with_its_symbol(key: KeyMetricStatus, symbols: SymbolRows) -> KeyMetricStatus:
    """The same with the symbol whose value it is, where there is anything to say of it."""
    if key.value.severity is Severity.OK:
        return key
    return replace(key, symbol=worst_of_metric(key.metric, symbols))


def _worst(metric: KeyMetric, answer: Answer) -> float | None:
    """The answer's value; of several, the one that is judged worst."""
    return max(answer.vector.values(), key=metric.judge, default=None)


def _accounts(books: Books | None, doubt: str) -> tuple[AccountStatus, ...]:
    if books is None or books.accounts is None:
        return ()
    return tuple(
        AccountStatus(account, Severity.UNKNOWN, doubt) if doubt else _account(account)
        for account in books.accounts
    )


def _books_alerts(
    snapshot: Snapshot, accounts: tuple[AccountStatus, ...], doubt: str, wrong: str
) -> Iterable[Alert]:
    """What is wrong with the accounts; of books in doubt that they are, and what was last seen wrong."""
    usable = snapshot.database.usable(snapshot.at)
    if usable and not doubt:
        return account_alerts(accounts)
    severity = Severity.CRITICAL if wrong else Severity.UNKNOWN
    said = [Alert("database", severity, doubt)] if usable else []  # otherwise the source's own alert
    return (*said, *unknown_by_now(account_alerts(_accounts(snapshot.database.value, ""))))


def _account(account: Account) -> AccountStatus:
    if account.total_equity is None or not account.total_equity.is_finite():
        return AccountStatus(account, Severity.UNKNOWN, "equity is not in the database")
    if account.total_equity < LOW_EQUITY:
        return AccountStatus(account, Severity.CRITICAL, f"equity below {LOW_EQUITY}")
    return AccountStatus(account, Severity.OK, "")


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


def _engine(snapshot: Snapshot) -> EngineStatus:
    metrics, files = snapshot.metrics.value, snapshot.engine.value
    build = next(iter(metrics.samples.get("futures_build_info", {})), None) if metrics else None
    beats = metrics is not None and metrics.exports("futures_heartbeat_timestamp_seconds")
    return EngineStatus(
        version=build.label("version") if build else None,
        mode=build.label("mode") if build else None,
        heartbeat_age=snapshot.metrics.age(snapshot.at) if beats else None,
        pid=files.pid if files else None,
        started_at=files.started_at if files else None,
        alive=files.alive if files else None,
        uptime=_uptime(files, snapshot.at),
    )


def _uptime(files: EngineState | None, now: float) -> float | None:
    """Seconds since the engine's process began, by the time of day that it noted itself."""
    if files is None or files.started_at is None or files.alive is False:
        return None
    return max(0.0, now - files.started_at)
