"""The reset of the kill switch asks whether a recovery has verified everything since the trip."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.kill.last_trip_file import LastTripFile, path_of
from console.cli.recovered import recovered_in
from console.domain.clock import SystemClock
from console.domain.last_trip import LastTrip
from console.runbooks.model import Runbook
from console.runbooks.reading import Known, runbook_of
from console.runbooks.recovered import last_recovered, verified_before
from console.runbooks.run import Run, Standing, State, steps_of
from console.runbooks.store import RunStore, own_store
from console.settings_file import load_settings
from console.settings_memory import shipped_configs
from console.wiring.runbooks import KNOWN as SHIPPED

TRIP = 1000.0
KNOWN = Known({"ready": {}})
RECOVERY = """\
title: Recovery
use: after a trip
risk: raises
steps:
  - {name: cause, text: Say why., manual: Why?}
  - {name: see, text: See that all is well., check: ready}
  - name: reset
    text: Go.
    action: {reset_kill_switch: {reason: it is over}}
    check: ready
  - {name: watch, text: Watch it., check: ready}
"""


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return own_store(tmp_path)


def read(run: Run) -> Runbook:
    return runbook_of(run.text, "r.yaml", run.runbook, KNOWN)


def kept(
    store: RunStore,
    *states: State,
    context: str = "prod",
    text: str = RECOVERY,
    first: float = TRIP + 10,
    standing: Standing = Standing.OPEN,
) -> None:
    """Keep a run whose first steps have come to these states, one every 10 s."""
    runbook = runbook_of(text, "r.yaml", "r", KNOWN)
    run = store.create(Run("r-1", "r", context, text, {}, TRIP, steps=tuple(steps_of(runbook))), "alice")
    for place, state in enumerate(states):
        moved = replace(run.steps[place], since=first + 10 * place, words="seen")
        through = () if state is State.SKIPPED else (State.RUNNING,)
        for each in (*through, state):
            run = store.move(run, replace(moved, state=each, version=run.steps[place].version))
    if standing is not Standing.OPEN:
        store.become(run, standing, TRIP + 90, "alice", "it is over")


def test_it_is_as_soon_as_all_before_the_reset_has_passed(store: RunStore) -> None:
    kept(store, State.PASSED, State.PASSED)
    assert last_recovered(store, "prod", TRIP, read) == TRIP + 20


def test_what_a_person_has_overridden_counts(store: RunStore) -> None:
    kept(store, State.PASSED, State.SKIPPED)
    assert last_recovered(store, "prod", TRIP, read) == TRIP + 20


def test_a_run_that_has_passed_counts_still(store: RunStore) -> None:
    kept(store, *[State.PASSED] * 4, standing=Standing.PASSED)
    assert last_recovered(store, "prod", TRIP, read) == TRIP + 20


@pytest.mark.parametrize("last", [State.FAILED, State.UNKNOWN])
def test_nothing_counts_that_has_not_passed(store: RunStore, last: State) -> None:
    kept(store, State.PASSED, last)
    assert last_recovered(store, "prod", TRIP, read) is None


def test_one_that_is_on_its_way_does_not_count(store: RunStore) -> None:
    kept(store, State.PASSED)
    assert last_recovered(store, "prod", TRIP, read) is None


def test_a_run_that_has_tripped_it_itself_counts(store: RunStore) -> None:
    trip = "{name: stop, text: Stop., action: {trip_kill_switch: {scope: all, reason: x}}, check: ready}"
    text = RECOVERY.replace("steps:\n", f"steps:\n  - {trip}\n")
    kept(store, *[State.PASSED] * 3, text=text, first=TRIP - 1)
    assert last_recovered(store, "prod", TRIP, read) == TRIP + 19


def test_what_was_verified_before_the_trip_does_not_count(store: RunStore) -> None:
    kept(store, State.PASSED, State.PASSED, first=TRIP - 1)
    assert last_recovered(store, "prod", TRIP, read) is None


@pytest.mark.parametrize("standing", [Standing.FAILED, Standing.ABORTING])
def test_a_run_that_was_given_up_does_not_count(store: RunStore, standing: Standing) -> None:
    kept(store, State.PASSED, State.PASSED, standing=standing)
    assert last_recovered(store, "prod", TRIP, read) is None


def test_another_context_s_run_does_not_count(store: RunStore) -> None:
    kept(store, State.PASSED, State.PASSED, context="coin")
    assert last_recovered(store, "prod", TRIP, read) is None


def test_a_runbook_that_resets_nothing_recovers_nothing(store: RunStore) -> None:
    text = RECOVERY.replace("action: {reset_kill_switch: {reason: it is over}}", "manual: reset_kill_switch")
    kept(store, State.PASSED, State.PASSED, text=text)
    assert last_recovered(store, "prod", TRIP, read) is None


def test_an_open_run_that_verified_before_the_trip_is_named(store: RunStore) -> None:
    assert verified_before(store, "prod", TRIP, read) == ""
    kept(store, State.PASSED, State.PASSED, first=TRIP - 1)
    assert verified_before(store, "prod", TRIP, read) == "r-1"
    assert verified_before(store, "coin", TRIP, read) == ""


def test_one_that_verifies_after_it_is_not(store: RunStore) -> None:
    kept(store, State.PASSED)
    assert verified_before(store, "prod", TRIP, read) == ""


def test_whoever_asks_for_a_reset_is_told_by_whom_and_when_it_was_tripped_again(tmp_path: Path) -> None:
    settings = load_settings(config=None, context="paper", state=tmp_path, environ={})
    text = (shipped_configs() / "runbooks" / "recovery.yaml").read_text()
    book = runbook_of(text, "recovery.yaml", "recovery", SHIPPED)
    steps = tuple(steps_of(book))
    store = own_store(tmp_path)
    run = store.create(Run("r-1", "recovery", "paper", text, {"watch": "5m"}, TRIP, steps=steps), "alice")
    for state in (State.RUNNING, State.PASSED):
        run = store.move(run, replace(run.step("sources"), state=state, since=TRIP - 5))
    LastTripFile(path_of(tmp_path, "paper"), SystemClock()).begin(
        LastTrip(at=TRIP, by="bob", reason="it moves", scope="all")
    )
    when, why = recovered_in(settings, {})(TRIP)
    assert when is None
    assert why.startswith("it was tripped again at 1970-01-01T00:16:40Z by bob, after run r-1 began: abort ")
