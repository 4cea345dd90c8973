"""Worlds with alert rules: some firing, some pending, lost, muted, and some that can't tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from console.domain.access import AccessError
from console.domain.alert_book import AlertBook, AlertingRule, Raised, RuleStanding
from console.domain.alert_state import Phase
from console.domain.assessment import Assessment
from console.domain.metrics import Labels
from console.domain.reading import Reading, SourceState
from console.domain.silences import Acknowledgement, LabelMatcher, Marks, Silence
from console.domain.snapshot import Snapshot
from console.domain.triggers import Evidence, Life, Missing, Past
from console.tui.app import OpsConsole
from console.tui.tools import Tools
from console.tui.watched import DrivesRuns
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, metrics_of, snapshot

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
PLACE = "configs/alert_rules.yaml:6"
CALM = Evidence(
    Past({"": 0.0}, 3600.0),
    Past({"": 0.0}, 60.0),
    Past({"BTC/USD": 3.0}, 300.0),
    Past({"BTC/USD": 1.8}, 3600.0),
    Life(0.4),
)
DIRE = Evidence(
    Past({"BTC/USD": 2.0}, 3600.0),
    Past({"BTC/USD": 7.0}, 60.0),
    Missing("futures_slippage_bps is not exported"),
    Past({"BTC/USD": 1.01, "ETH/USD": 1.04}, 3600.0),
    Life(0.4),
)


def a_rule(name: str, severity: str, expression: str, **more: object) -> AlertingRule:
    usual = AlertingRule("futures_alerts", name, expression, 60.0, 0.0, 15.0, severity, PLACE)
    return replace(usual, **more)  # type: ignore[arg-type]


CRITICAL = a_rule(
    "FuturesMarginCritical", "critical", "futures_margin_ratio < 1.05",
    sign="<", threshold=1.05, metrics=("futures_margin_ratio",),
    holes=("an exporter that dies resolves it: a series that is gone is below nothing",),
)  # fmt: skip
IMMINENT = a_rule(
    "FuturesLiquidationImminent", "page", "futures_margin_ratio < 1.02", hold=30.0,
    sign="<", threshold=1.02, metrics=("futures_margin_ratio",),
    holes=("`for: 30s` at an evaluation every minute takes up to 2 minutes",),
)  # fmt: skip
SYNC = a_rule(
    "FuturesSyncError", "warning", "rate(futures_sync_errors_total[5m]) > 0", hold=300.0,
    sign=">", threshold=0.0, metrics=("futures_sync_errors_total",),
    holes=("a single burst, however large: its 5-minute rate is back at 0 before 5 minutes have passed",),
)  # fmt: skip
SLIPPAGE = a_rule(
    "FuturesHighSlippage", "warning", "futures_slippage_bps > 10", hold=300.0,
    sign=">", threshold=10.0, metrics=("futures_slippage_bps",),
)  # fmt: skip
LIQUIDATED = a_rule(
    "FuturesLiquidated", "page", "increase(futures_liquidations_total[1h]) > 0", hold=0.0,
    sign=">", threshold=0.0, metrics=("futures_liquidations_total",),
)  # fmt: skip
CLOSINGS = a_rule("OpeningsFail", "warning", "increase(opsconsole_failed_openings_total[1h]) > 2",
    sign=">", threshold=2.0, metrics=("opsconsole_failed_openings_total",))  # fmt: skip
WATCHDOG = a_rule("Watchdog", "none", "vector(1)", hold=0.0)
RULES = (CRITICAL, IMMINENT, SYNC, SLIPPAGE, LIQUIDATED, CLOSINGS, WATCHDOG)


def labels_of(rule: AlertingRule, symbol: str | None = None) -> Labels:
    named = (("alertname", rule.name), ("severity", rule.severity))
    return named if symbol is None else (*named, ("symbol", symbol))


def raised(
    rule: AlertingRule,
    symbol: str | None,
    value: float,
    *,
    ago: float = 200.0,
    phase: Phase = Phase.FIRING,
    worst: float | None = None,
    summary: str = "",
    **more: object,
) -> Raised:
    """An alert that has been active since `ago` seconds before START, of a rule of RULES."""
    extremes = (value, value if worst is None else worst)
    at = START - ago
    usual = Raised(
        rule=RULES.index(rule),
        labels=labels_of(rule, symbol),
        phase=phase,
        value=value,
        lowest=min(extremes),
        highest=max(extremes),
        active_at=at,
        fired_at=None if phase is Phase.PENDING else at + rule.hold,
        resolved_at=START - 20.0 if phase is Phase.RESOLVED else None,
        annotations=(("summary", summary or f"{rule.name} on {symbol}"),),
    )
    return replace(usual, **more)  # type: ignore[arg-type]


def the_book(
    alerts: Sequence[Raised] = (), *, marks: Marks | None = None, evidence: Evidence = CALM, by: str = ""
) -> AlertBook:
    """Every rule evaluated 3 s before START."""
    standings = tuple(RuleStanding(rule, evaluated_at=START - 3.0) for rule in RULES)
    return AlertBook(standings, tuple(alerts), marks or Marks(), evidence, evaluated_by=by)


WORST = (
    raised(IMMINENT, "BTC/USD", 1.01, worst=1.003, summary="Liquidation imminent on BTC/USD"),
    raised(CRITICAL, "BTC/USD", 1.01, worst=1.003, summary="Critical margin ratio on BTC/USD"),
    raised(CRITICAL, "ETH/USD", 1.04, ago=4000.0, summary="Critical margin ratio on ETH/USD"),
    raised(
        CRITICAL, "SOL/USD", 1.049, ago=20.0, phase=Phase.PENDING, summary="Critical margin ratio on SOL/USD"
    ),
    raised(SLIPPAGE, "BTC/USD", 14.2, worst=31.0, ago=900.0, summary="High slippage on BTC/USD"),
    raised(LIQUIDATED, "XRP/USD", 12.4, ago=70.0, count=12.0, summary="XRP/USD was liquidated"),
    raised(
        SYNC, "XRP/USD", 0.02, lost_since=START - 45.0, ago=900.0, summary="Position sync errors detected"
    ),
    raised(SYNC, "ADA/USD", 0.0, phase=Phase.RESOLVED, ago=900.0, summary="Position sync errors detected"),
    raised(WATCHDOG, None, 1.0, ago=80000.0, summary="Always fires, so that silence is noticed"),
)


def worst_book() -> AlertBook:
    """Of everything something, a part of it muted."""
    taken_on = Acknowledgement(
        labels_of(CRITICAL, "ETH/USD"), "sam", "closing half of it by hand", START - 3000.0, START + 4000.0
    )
    snoozed = Silence(
        "k3p9", (LabelMatcher("alertname", "=", SLIPPAGE.name),), "dana", "thin market until the open",
        START - 600.0, START + 1800.0,
    )  # fmt: skip
    book = the_book(WORST, marks=Marks((snoozed,), (taken_on,)), evidence=DIRE)
    standings = list(book.rules)
    standings[4] = replace(standings[4], no_data_since=START - 600.0)
    standings[5] = replace(standings[5], error="unknown function holt_winters", failing_since=START - 90.0)
    standings[2] = replace(standings[2], watched=120.0, needed=300.0)
    return replace(book, rules=tuple(standings))


def with_book(taken: Snapshot, book: AlertBook, age: float = 0.0) -> Snapshot:
    """`taken` with what the rules said `age` seconds before."""
    reading = Reading("alerts", taken.at - age, 0.003, book)
    return replace(taken, alerts=SourceState("alerts", 6.0, last=reading, good=reading))


SYMBOLS = [
    Row("ADA/USD"), Row("BTC/USD", margin=1.01), Row("ETH/USD", margin=1.04), Row("SOL/USD", margin=1.049),
    Row("XRP/USD", liquidations=12.4),
]  # fmt: skip


def worst_of_alerts() -> Snapshot:
    return with_book(snapshot(START, metrics_of(SYMBOLS)), worst_book())


def calm_of_alerts() -> Snapshot:
    watchdog = [one for one in WORST if RULES[one.rule] is WATCHDOG]
    return with_book(snapshot(START, metrics_of([Row("BTC/USD"), Row("ETH/USD")])), the_book(watchdog))


@dataclass(slots=True)
class Said:
    words: str = "acknowledged until 15:04:00, record 42"
    unrecorded: str = ""


@dataclass(slots=True)
class Marking:
    """Remembers what it was asked to do; `refuses` is why it doesn't."""

    asked: list[tuple[object, ...]] = field(default_factory=list)
    refuses: str = ""
    said: Said = field(default_factory=Said)

    def acknowledge(self, key: str, live: Assessment, reason: str, lasting: float) -> Said:
        return self._took("acknowledge", key, reason, lasting)

    def acknowledge_every(
        self, keys: Sequence[str], live: Assessment, reason: str, lasting: float
    ) -> Sequence[Said]:
        return [self._took("acknowledge", key, reason, lasting) for key in keys]

    def withdraw(self, labels: Labels, reason: str = "") -> Said:
        return self._took("withdraw", labels, reason)

    def silence(
        self, matchers: Iterable[LabelMatcher], reason: str, lasting: float, *, local: bool = False
    ) -> Said:
        return self._took("silence", tuple(map(str, matchers)), reason, lasting, local)

    def unsilence(self, key: str, reason: str = "") -> Said:
        return self._took("unsilence", key, reason)

    def _took(self, *asked: object) -> Said:
        if self.refuses:
            raise AccessError(self.refuses)
        self.asked.append(asked)
        return self.said


def alert_console(
    taken: Snapshot,
    marking: Marking | None = None,
    *,
    later: float = 0.8,
    past: tuple[Snapshot, ...] = (),
    runs: DrivesRuns | None = None,
) -> OpsConsole:
    watched = FakeWatched(taken, HandClock(START + later), past=past)
    return OpsConsole(
        PAPER,
        lambda: watched,
        environ=UTF8,
        tools=Tools(
            marking=None if marking is None else lambda: marking, runs=None if runs is None else lambda: runs
        ),
    )
