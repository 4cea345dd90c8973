"""What the named checks make of what the console sees. Nothing that isn't known passes."""

from dataclasses import replace

import pytest

from console.domain.kill_state import KillState, Verdict
from console.domain.last_trip import LastTrip
from console.domain.ledger import CheckResult, Difference, Invariant, LedgerReport
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import EngineStatus, SourceStatus
from console.runbooks.askable import MOST_DETAILS, engine, kill_switch, ledger, sources
from console.sources.errors import SourceError

EQUITY = Invariant("equity", "futures_trading_accounts", "it adds up")


@pytest.mark.parametrize(
    ("state", "clear", "tripped"),
    [
        (KillState.CLEAR, True, False),
        (KillState.TRIPPED, False, True),
        (KillState.UNCONFIRMED, False, False),
        (KillState.PARTIAL, False, False),
        (KillState.LOST, False, False),
        (KillState.UNKNOWN, None, None),
    ],
)
def test_the_kill_switch_is_what_is_proven(
    state: KillState, clear: bool | None, tripped: bool | None
) -> None:
    verdict = Verdict(state, "why")
    assert [kill_switch(verdict, wanted).passes for wanted in ("clear", "tripped")] == [clear, tripped]


def test_the_last_trip_is_told_with_the_kill_switch() -> None:
    trip = LastTrip(1_800_000_000.0, "dana", "margins fell", "coin")
    verdict = Verdict(KillState.TRIPPED, "why")
    told = "tripped 2027-01-15T08:00:00Z by dana: margins fell (coin)"
    assert kill_switch(verdict, "tripped", trip).details == (told,)
    ended = replace(trip, reset=1_800_000_100.0)
    assert kill_switch(verdict, "tripped", ended).details == (f"{told}, reset since",)


@pytest.mark.parametrize(
    ("alive", "beat", "running", "stopped"),
    [
        (True, 0.5, True, False),
        (True, 90.0, False, False),
        (True, None, None, False),
        (False, None, False, True),
        (False, 0.5, False, False),
        (None, 0.5, True, False),
        (None, 90.0, False, None),
        (None, None, None, None),
        (None, float("nan"), None, None),
    ],
)
def test_an_engine_runs_by_its_process_and_its_heartbeat(
    alive: bool | None, beat: float | None, running: bool | None, stopped: bool | None
) -> None:
    status = EngineStatus(None, None, beat, None, None, alive)
    assert [engine(status, wanted).passes for wanted in ("running", "stopped")] == [running, stopped]


def source(name: str, health: Health) -> SourceStatus:
    return SourceStatus(name, health, Severity.OK, 0.1, 0.1, 5.0, None)


def test_every_source_that_there_is_has_to_be_fresh() -> None:
    good = [source("metrics", Health.FRESH), source("exchange", Health.OFF)]
    assert sources(good, "").passes
    stale = sources([*good, source("database", Health.STALE)], "")
    assert (stale.passes, stale.observed) == (None, "database stale")
    assert sources(good, "another server").passes is None
    assert sources(good[1:], "").passes is None


def test_broken_books_fail_with_their_rows_as_details() -> None:
    rows = tuple(Difference(f"id {number}", "1", "2") for number in range(30))
    found = ledger(lambda: LedgerReport((CheckResult(EQUITY, 30, rows),)))
    assert (found.passes, len(found.details)) == (False, MOST_DETAILS)
    assert found.details[0] == "equity, id 0: expected 1, found 2"


def test_books_that_nobody_can_read_are_unknown() -> None:
    def unreadable() -> LedgerReport:
        raise SourceError("connection refused")

    assert ledger(unreadable).passes is None
    assert ledger(lambda: LedgerReport((CheckResult(EQUITY, unknown="no such column"),))).passes is None
