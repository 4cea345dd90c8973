"""The ways back as settled values, for screen 6: what a look would find, and how ready the context is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from console.domain.assessment import Assessment
from console.domain.losses import ContractGap, Losses, TableLoss
from console.domain.readiness import NewestBackup, Practice, Readiness
from console.domain.reading import Reading, SourceState
from console.domain.rollback import PROCEDURES, Advice, Change, Drilled, Need, Rollbacks, Way, short_name
from console.domain.surfaces import EngineState
from console.domain.triggers import Evidence, Past
from console.runbooks.model import Rollback
from console.runbooks.reading import runbook_of
from console.runbooks.run import Run
from console.runbooks.seen import DeskError, Listing, Offered
from console.tui.app import OpsConsole
from console.tui.tools import Tools
from tests.tui.alerting import CALM, the_book, with_book
from tests.tui.cases import UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, metrics_of, snapshot
from tests.tui.runs import KNOWN, FakeDesk

HOUR, DAY = 3600.0, 86400.0
SLIPS = replace(CALM, slippages=Past({"BTC/USD": 31.4}, 300.0))
DIRE = replace(SLIPS, sync_errors=Past({}, 60.0))
"""Slippage, and sync errors that nobody can tell."""
TITLES = (
    "Feature back to shadow",
    "Feature off",
    "Back to the previous configuration",
    "Full rollback",
    "Coin engine out",
    "Coin engine out, books restored",
)
UNDOES = {
    "rollback_shadow": ("the feature's stage in the flags file, for every symbol",),
    "rollback_full": (
        "the engine's code: the files of the release before that was healthy",
        "futures trading as a whole; spot trading goes on",
    ),
    "rollback_coin_full": (
        "positions, orders, trades and accounts, of every account, back to those of the backup",
        "the coin engine's code: its files are taken out",
    ),
}
CANNOT = {
    "rollback_shadow": (
        "positions that the feature has opened stay open; whatever else trades goes on",
        "what was filled stays filled, at the price it was filled at",
    ),
    "rollback_full": (
        "futures positions stay open at the exchange, and nothing but their resting orders looks after them",
        "the books stay as they are; what they lack, the recovery's sync brings in",
    ),
    "rollback_coin_full": (
        "what was traded since the backup stays so at the exchange; the restored books lack it",
    ),
}
FLAGS = Need("the flags file", True, "configs/feature_flags_futures.yaml")
RELEASE = Need("a release to go back to", False, "nothing was deployed and healthy before this one")
EXCHANGE = Need("the exchange", None, "it has not answered for 41 s")
RUNNING = Need("the engine's processes", True, "2 run: pid 4242, pid 4250")
BACKUP = Need("a backup", False, "the newest, 20260528T171500Z, 3 h old, was never rehearsed")
NEEDS = {
    "rollback_shadow": (FLAGS,),
    "rollback_off": (FLAGS,),
    "rollback_full": (RUNNING, RELEASE, EXCHANGE),
    "rollback_coin_full": (RUNNING, BACKUP, EXCHANGE),
}
DRILLED = {
    "rollback_shadow": Drilled(START - 2 * DAY, 21.4, True, "slippage", "passed"),
    "rollback_off": Drilled(START - 41 * DAY, 19.8, True, "", "passed"),
    "rollback_full": Drilled(START - 3 * HOUR, 94.0, True, "crash", "passed"),
    "rollback_coin_quick": Drilled(START - 5 * DAY, 61.0, False, "", "step start: its heartbeat didn't come"),
}
FEATURE = "dynamic_leverage"
WHY = "of those that trade it was changed last: dynamic_leverage: shadow to canary, by bob"
LOSSES = Losses(
    "20260528T171500Z",
    START - 3 * HOUR,
    START,
    (
        TableLoss("futures_positions", 3, rows=2, reopened=1, margin=Decimal("0.0125")),
        TableLoss("futures_orders", 3, rows=19),
        TableLoss("futures_trades", 3, rows=31, realized_pnl=Decimal("-0.0041"), fee=Decimal("0.0002")),
    ),
    (ContractGap("coinm", "BTCUSD_PERP", Decimal(12), Decimal(12), Decimal(-3)),),
    agree=3,
)
VALUES = {
    "rollback_shadow": {"feature": FEATURE},
    "rollback_off": {"feature": FEATURE},
    "rollback_coin_full": {"backup": "20260528T171500Z"},
}
CHANGES = (
    Change(START - 720, "bob", "dynamic_leverage: shadow to canary", FEATURE),
    Change(START - 3 * HOUR, "dana", "release record 2.4.1"),
    Change(START - 26 * HOUR, "dana", "run deploy_canary-1779900000-77aa12 passed"),
    Change(START - 3 * DAY, "alice", "backup restore 20260525T101500Z"),
)
DEPLOYED = "engine 2.4.1 in the mode paper, up 3 h; release 2.4.1 of today 17:14; trading: dynamic_leverage"


def way(name: str) -> Way:
    """A procedure as it stands after three hours of trading."""
    drilled, title = DRILLED.get(name), TITLES[PROCEDURES.index(name)]
    late = drilled is None or not drilled.passed or drilled.at < START - 30 * DAY
    restores = name == "rollback_coin_full"
    return Way(
        name,
        title,
        UNDOES.get(name, ("the coin engine's code: its files are taken out",)),
        CANNOT.get(name, ("what was filled stays filled",)),
        NEEDS.get(name, (RUNNING, EXCHANGE)),
        refusal="the settings have no command start_previous" if name == "rollback_configuration" else "",
        loses=LOSSES if restores else None,
        drilled=drilled,
        late=late,
        values=VALUES.get(name, {}),
    )


def rollbacks(*advice: Advice, unknown: Sequence[str] = (), at: float = START) -> Rollbacks:
    """A look; `advice` says only the features, as what is advised is judged anew at each paint."""
    return Rollbacks(at, advice, tuple(unknown), CHANGES, DEPLOYED, tuple(map(way, PROCEDURES)))


def advice(trigger: str, feature: str = "") -> Advice:
    return Advice(trigger, "", "", "", "", feature, WHY if feature else "")


def a_runbook(name: str) -> Offered:
    """The runbook of a procedure, in three steps."""
    asks = {"rollback_coin_full": "backup", "rollback_shadow": "feature", "rollback_off": "feature"}.get(name)
    parameters = f"parameters:\n  {asks}: {{text: which {asks}, type: text}}\n" if asks else ""
    title = TITLES[PROCEDURES.index(name)] if name in PROCEDURES else "Pause, investigate"
    text = f"""\
title: "{title}"
use: "What {short_name(name)} is for."
risk: {"raises" if name == "rollback_full" else "lowers"}
{parameters}steps:
  - {{name: ledger, text: The books add up, check: ledger}}
  - {{name: exchange, text: The exchange answers, check: exchange}}
"""
    book = runbook_of(text, f"{name}.yaml", name, KNOWN)
    if name in PROCEDURES:
        book = replace(book, rollback=Rollback(tuple(way(name).undoes), tuple(way(name).cannot), ()))
    return Offered(book)


def listing(*runs: Run) -> Listing:
    names = (*PROCEDURES, "runaway_liquidation", "invalid_margin")
    return Listing(START, tuple(map(a_runbook, names)), {}, runs)


@dataclass
class FakeGuide:
    """Finds what it was given; `fault` is why it can't look, and `before` is called before it says so."""

    found: Rollbacks = field(default_factory=rollbacks)
    ready: Readiness | None = None
    fault: str = ""
    before: Callable[[], object] = lambda: None

    def rollbacks(self, live: Assessment) -> Rollbacks:
        self.before()
        if self.fault:
            raise DeskError(self.fault)
        return self.found

    def advised(self, live: Assessment) -> Sequence[Advice]:
        return self.rollbacks(live).advice

    def readiness(self) -> Readiness:
        return self.ready or readiness()


def readiness(
    backup: NewestBackup | None = NewestBackup(START - 3 * HOUR, START - 2 * DAY, True),  # noqa: B008
    **ages: float | None,
) -> Readiness:
    """Each procedure practised two days ago, but for those of `ages`, in days; None: never."""
    practised = []
    for name in map(short_name, PROCEDURES):
        age = ages.get(name.replace(" ", "_"), 2.0)
        at = None if age is None else START - age * DAY
        practised.append(Practice(name, at, age is not None, late=age is None or age > 30))
    return Readiness(START, practised, 30 * DAY, backup)


def console_with(
    guide: FakeGuide | None,
    evidence: Evidence = CALM,
    desk: FakeDesk | None = None,
    *,
    crashed: bool = False,
    environ: Mapping[str, str] = UTF8,
) -> OpsConsole:
    """The console on an engine with this evidence; `crashed`: its process is gone."""
    taken = with_book(snapshot(START, metrics_of([Row("BTC/USD")])), the_book(evidence=evidence))
    if crashed:
        gone = EngineState(False, False, pid=4242, alive=False)
        good = Reading("engine", START, 0.012, gone)
        taken = replace(taken, engine=SourceState("engine", 15, last=good, good=good))
    watched, runs = FakeWatched(taken, HandClock(START + 0.8)), desk or FakeDesk(listing())
    return OpsConsole(
        PAPER,
        lambda: watched,
        environ=environ,
        tools=Tools(runs=lambda: runs, guide=None if guide is None else lambda: guide),
    )
