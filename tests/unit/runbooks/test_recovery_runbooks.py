"""The runbooks of the deployment guide's disaster recovery, as they are shipped."""

import re
from pathlib import Path

import pytest

from console.runbooks.model import ActionAct, CommandAct, ManualAct, OnFailure, Question, Risk, Runbook
from console.runbooks.reading import load_runbook
from console.settings_memory import shipped_configs
from console.wiring.runbooks import KNOWN

SCENARIOS = (
    "exchange_down", "network_partition", "database_corruption", "invalid_margin", "runaway_liquidation",
)  # fmt: skip


def shipped(name: str) -> Runbook:
    return load_runbook(shipped_configs() / "runbooks" / f"{name}.yaml", KNOWN)


def alerts_known() -> set[str]:
    rules = [Path(file).read_text() for file in shipped_configs().glob("alert_rules*.yaml")]
    return {"kill switch", *(name for text in rules for name in re.findall(r"- alert: (\w+)", text))}


@pytest.mark.parametrize("name", ["recovery", *SCENARIOS])
def test_it_names_alerts_that_there_are(name: str) -> None:
    assert set(shipped(name).alerts) <= alerts_known()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_stops_the_engine_first_and_leads_into_the_recovery(name: str) -> None:
    runbook = shipped(name)
    acts = [step for step in runbook.steps if step.effect is not None]
    assert isinstance(acts[0].act, ActionAct)
    assert (acts[0].act.name, acts[0].if_needed) == ("trip_kill_switch", True)
    last = runbook.steps[-1]
    assert isinstance(last.act, ManualAct)
    assert "opsconsole recover" in last.text


STARTS = ("start", "start_previous", "start_spot")
NONE_RUNS = ("processes", "engine_stopped")
"""What tells that no engine runs that another would trade beside, also once both are reset."""


def test_no_engine_is_started_beside_one_that_runs_or_hangs() -> None:
    """That it doesn't answer, or that it was stopped an hour ago, doesn't tell that it has ended."""
    files = sorted((shipped_configs() / "runbooks").glob("*.yaml"))
    steps = [(file.stem, step) for file in files for step in load_runbook(file, KNOWN).steps]
    starts = [
        (name, step) for name, step in steps if isinstance(step.act, CommandAct) and step.act.name in STARTS
    ]
    assert len(starts) >= 9
    blind = [
        f"{name}: {step.name}"
        for name, step in starts
        if not any(asked.check in NONE_RUNS for asked in step.preconditions)
    ]
    assert blind == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_scenario_resumes_by_itself(name: str) -> None:
    acts = [step.act for step in shipped(name).steps]
    assert not [act for act in acts if isinstance(act, ActionAct) and act.name == "reset_kill_switch"]


def test_what_only_lowers_the_risk_says_so() -> None:
    lowering = {name for name in SCENARIOS if shipped(name).risk is Risk.LOWERS}
    assert lowering == {"exchange_down", "network_partition", "runaway_liquidation"}


def test_the_recovery_syncs_verifies_and_resumes_in_the_guide_s_order() -> None:
    acts = [step.act for step in shipped("recovery").steps]
    names = [act.name for act in acts if isinstance(act, ActionAct | CommandAct)]
    assert names == [
        "trip_kill_switch", "start", "trip_kill_switch",  # an engine that has ended comes up tripped
        "sync_positions", "verify_positions", "reset_kill_switch", "start",
    ]  # fmt: skip


def test_whatever_fails_after_the_reset_trips_it_again() -> None:
    steps = shipped("recovery").steps
    place = next(index for index, step in enumerate(steps) if step.name == "reset")
    assert {step.on_failure for step in steps[place + 1 :]} == {OnFailure.COMPENSATE}
    undone = [step.compensation for step in steps if step.compensation is not None]
    assert [undo.act for undo in undone] == [
        ActionAct(
            "trip_kill_switch",
            {"scope": "all", "reason": "recovery run {run} went wrong after the reset"},
        )
    ]


def test_nothing_resumes_on_what_was_verified_long_ago_or_untyped() -> None:
    reset = shipped("recovery").step("reset")
    assert reset.recent == "15m"
    assert reset.confirm is not None
    assert (reset.confirm.words, reset.confirm.unless) == ("{environment} {context}", None)


def test_an_engine_that_hangs_after_the_reset_is_not_waited_for_with_the_switch_clear() -> None:
    steps = shipped("recovery").steps
    place = next(index for index, step in enumerate(steps) if step.name == "start")
    asked = steps[place - 1]
    assert (asked.act, asked.on_failure) == (None, OnFailure.COMPENSATE)
    assert asked.unless == Question("engine", {"is": "running"})
    assert asked.check == steps[place].preconditions[0] == Question("processes", {"is": "ended"})


def test_a_sync_that_may_wipe_the_books_takes_typed_words() -> None:
    confirm = shipped("recovery").step("sync").confirm
    assert confirm is not None
    assert confirm.unless is not None
    assert confirm.unless.check == "not_flat"
