"""Runbooks and runs as settled values, for screen 5: what a desk would find, and what it was told to do."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from console.runbooks.deciding import Decision
from console.runbooks.dry_run import Walked
from console.runbooks.model import Found, Runbook
from console.runbooks.reading import Known, runbook_of
from console.runbooks.run import Driver, Run, Standing, State, StepRun, steps_of
from console.runbooks.seen import DeskError, Doing, Hands, Listing, Offered, Seen
from tests.tui.fake import START

KNOWN = Known(
    {"exchange": {}, "positions": {}, "ledger": {}, "heartbeat": {}, "engine": {"is": ("running", "stopped")}}
)
RECOVERY = """\
title: Bring the engine back
use: After the kill switch was tripped, or the engine was stopped, from what is known to trading again.
alerts: [FuturesSyncError]
triggers: [liquidation]
risk: raises
parameters:
  cause: {text: why the engine was stopped, type: text}
  watch: {text: how long it is watched in the end, type: choice, choices: [2m, 10m], default: 2m}
steps:
  - name: cause
    text: Write down what made the engine stop, and since when. Others read it in the journal.
    manual: What happened, and since when?
  - name: exchange
    text: The exchange answers, and every symbol that is held is trading there.
    check: exchange
  - name: positions
    text: The books, the engine and the exchange have the same positions, symbol by symbol and side by side.
    check: positions
  - name: stop
    text: The engine stands still while its books are put right.
    command: stop
    timeout: 30s
    check: {engine: {is: stopped}}
  - name: sync
    text: The engine's books are put right from what the exchange says. It changes the books, and no order.
    command: sync_positions
    timeout: 2m
    confirm: "{context} sync"
    check: positions
    compensation:
      text: The books are verified once more.
      command: verify_positions
      check: ledger
      timeout: 30s
  - name: ledger
    text: The engine's books add up, row by row.
    check: ledger
  - name: start
    text: The engine is started by its configured command.
    command: start
    timeout: 30s
    check: heartbeat
"""
VERIFY = """\
title: Verify the state
use: After an incident or a restart, or when something looks odd, before anybody decides anything.
alerts: [FuturesMarginCritical]
risk: none
steps:
  - name: ledger
    text: The engine's books add up, row by row.
    check: ledger
"""
ME = Driver("dana", "desk-1", "4711-1")
BOB = Driver("bob", "desk-2", "99-1")
OUTPUT = tuple(
    f"{minute:02}:14 sync_positions: symbol {minute} of 40 is as the exchange has it"
    for minute in range(1, 30)
)
DIFFERENCES = Found(
    False,
    "the books, the engine and the exchange have the same positions",
    "2 of 8 differ",
    (
        "BTC/USD LONG: books 1.250, engine 1.250, exchange 0.000",
        "SOL/USD SHORT: books 40.0, engine 40.0, exchange 41.5 (3.75 % beyond 1 %)",
    ),
)


def recovery() -> Runbook:
    return runbook_of(RECOVERY, "recovery.yaml", "recovery", KNOWN)


def verify() -> Runbook:
    return runbook_of(VERIFY, "verify_state.yaml", "verify_state", KNOWN)


def elsewhere() -> Runbook:
    """One that isn't for this environment."""
    return replace(verify(), name="deploy_live", title="Deploy live")


def run_of(runbook: Runbook, *steps: StepRun, driver: Driver = ME, standing: Standing = Standing.OPEN) -> Run:
    """A run that began three minutes ago, with `steps` in place of those that nobody has begun."""
    values = {one.name: one.default or "SOL/USD was liquidated" for one in runbook.parameters}
    run = Run(
        f"{runbook.name}-{START - 180:.0f}-a1b2c3",
        runbook.name,
        "paper",
        runbook.text,
        values,
        START - 180,
        standing,
        2,
        driver,
        tuple(steps_of(runbook)),
    )
    for step in steps:
        run = run.with_step(step)
    return run


def done(name: str, state: State = State.PASSED, ago: float = 60.0, **told: str | int) -> StepRun:
    """A step that came into its state so many seconds ago."""
    step = StepRun(name, state, version=2, attempt=1, since=START - ago, by=str(ME), host="desk-1", intent=12)
    return replace(step, **told)  # type: ignore[arg-type]


def evidence(found: Found) -> str:
    return json.dumps(asdict(found))


TRADES = Found(True, "every symbol that is held trades", "8 of 8 symbols trade")
PASSED = (
    done("cause", ago=150, note="SOL/USD was liquidated at 20:21", words="written down"),
    done("exchange", ago=140, words=TRADES.observed, evidence=evidence(TRADES)),
    done("positions", State.SKIPPED, 120, words="the exchange liquidated it", evidence=evidence(DIFFERENCES)),
    done("stop", ago=100, words="its process has ended"),
)


@dataclass
class FakeDesk:
    """Shows `seen`, and keeps what it was told; `refuses` is said to every deed, once."""

    listed: Listing
    seen: Seen | None = None
    walked: tuple[Walked, ...] = ()
    refuses: str = ""
    told: list[tuple[str, object]] = field(default_factory=list)
    deed: Callable[[], None] = lambda: None

    def listing(self) -> Listing:
        return self.listed

    def preview(self, name: str, values: Mapping[str, str], tell: Callable[[Walked], None]) -> None:
        for each in self.walked:
            tell(each)

    def begin(self, name: str, values: Mapping[str, str]) -> str:
        self._told("begin", dict(values))
        return "" if self.seen is None else self.seen.run.id

    def look(self, run_id: str) -> Seen:
        if self.seen is None:
            raise DeskError(f"there is no run {run_id}")
        return self.seen

    def go_on(self, run_id: str, decision: Decision, at: str = "") -> str:
        return self._told(f"go on at {at}", decision)

    def wait(self, run_id: str, at: str) -> str:
        return self._told("wait", at)

    def abort(self, run_id: str, reason: str, take_over: str = "") -> str:
        return self._told("abort in place of its driver" if take_over else "abort", reason)

    def take_over(self, run_id: str, reason: str) -> str:
        return self._told("take over", reason)

    def report(self, run_id: str) -> tuple[Path, str]:
        return Path(f"state/runs/{run_id}/report.md"), "# Bring the engine back\n\npassed in 3m 00s"

    def _told(self, deed: str, what: object) -> str:
        if self.refuses:
            refuses, self.refuses = self.refuses, ""
            raise DeskError(refuses)
        self.told.append((deed, what))
        self.deed()
        return ""


def seen(
    run: Run, hands: Hands = Hands.OWN, doing: Doing | None = None, output: tuple[str, ...] = ()
) -> Seen:
    book = recovery() if run.runbook == "recovery" else verify()
    does = {
        "cause": "ask: What happened, and since when?",
        "stop": "run stop: systemctl stop futures",
        "sync": "run sync_positions: python sync_positions.py --force",
        "start": "run start: systemctl start futures",
    }
    return Seen(START, run, book, hands, does, doing, output, {"sync": 8.0, "stop": 2.0})


OFFERED = (
    Offered(recovery()),
    Offered(verify()),
    Offered(elsewhere(), "deploy_live is for production, not paper"),
)
BROKEN = {"own": "runbooks/own.yaml:3:1: 'stepss' is unknown; allowed: title, use, steps"}


def listing(*runs: Run, hands: Hands = Hands.OWN) -> Listing:
    return Listing(START, OFFERED, BROKEN, runs, {run.id: hands for run in runs})


EMPTY = Listing(START, ())


def walked() -> tuple[Walked, ...]:
    """What a walk through the recovery finds: a check that fails, one that passes, and unknown ones."""
    found = {
        "exchange": Found(True, "every symbol that is held is trading", "8 of 8 are"),
        "positions": DIFFERENCES,
    }
    unknown = Found(None, "the engine's books add up", "the database doesn't answer")
    does = seen(run_of(recovery())).does
    return tuple(
        Walked(step, step.text, f"would {does.get(step.name, '')}", (), found.get(step.name, unknown))
        for step in recovery().steps
    )
