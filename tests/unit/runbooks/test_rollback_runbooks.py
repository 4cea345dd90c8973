"""The runbooks of both documents' ways back, as they are shipped."""

import pytest

from console.domain import triggers
from console.domain.rollback import PROCEDURES
from console.runbooks.acts import risk_of
from console.runbooks.model import ActionAct, CommandAct, Kind, ManualAct, Risk, Runbook
from console.runbooks.reading import RunbookError, load_runbook, runbook_of
from console.settings_memory import shipped_configs
from console.wiring.runbooks import KNOWN

OF_A_FEATURE = ("rollback_shadow", "rollback_off")
STOPS = ("rollback_configuration", "rollback_full", "rollback_coin_full")
"""Those after which the kill switch stays tripped."""


def shipped(name: str) -> Runbook:
    return load_runbook(shipped_configs() / "runbooks" / f"{name}.yaml", KNOWN)


def acts(runbook: Runbook) -> list[str]:
    found = (step.act for step in runbook.steps)
    return [act.name for act in found if isinstance(act, ActionAct | CommandAct)]


@pytest.mark.parametrize("name", PROCEDURES)
def test_it_says_what_it_undoes_what_it_can_t_and_what_it_needs(name: str) -> None:
    about = shipped(name).rollback
    assert about is not None
    assert about.undoes
    assert about.cannot
    assert about.needs


@pytest.mark.parametrize("name", PROCEDURES)
def test_its_first_step_lowers_the_risk_and_waits_for_nothing(name: str) -> None:
    first = shipped(name).steps[0]
    assert first.effect is not None
    assert (risk_of(first.effect), first.if_needed) == (Risk.LOWERS, True)
    assert (first.confirm, first.preconditions, first.second_person) == (None, (), False)


@pytest.mark.parametrize("name", PROCEDURES)
def test_whatever_raises_the_risk_is_confirmed_by_typed_words(name: str) -> None:
    raising = [step for step in shipped(name).steps if step.effect and risk_of(step.effect) is Risk.RAISES]
    assert all(step.confirm is not None and step.confirm.unless is None for step in raising)
    assert bool(raising) is (name not in OF_A_FEATURE)


@pytest.mark.parametrize("name", PROCEDURES)
def test_every_act_may_be_done_again_by_whoever_comes_back(name: str) -> None:
    assert [step.name for step in shipped(name).steps if step.effect and not step.repeatable] == []


@pytest.mark.parametrize("name", PROCEDURES)
def test_it_ends_with_a_watch_and_with_what_is_to_be_fixed(name: str) -> None:
    steps = {step.name: place for place, step in enumerate(shipped(name).steps)}
    assert shipped(name).step("watch").holds_for == "{watch}"
    assert steps["watch"] < steps["fix"]
    assert isinstance(shipped(name).step("fix").act, ManualAct)


def test_what_only_lowers_the_risk_takes_no_role() -> None:
    assert {name for name in PROCEDURES if shipped(name).risk is Risk.LOWERS} == set(OF_A_FEATURE)


@pytest.mark.parametrize("name", STOPS)
def test_the_kill_switch_stays_tripped_and_the_last_words_lead_into_the_recovery(name: str) -> None:
    last = shipped(name).steps[-1]
    assert last.check is not None
    assert (last.check.check, dict(last.check.arguments)) == ("kill_switch", {"is": "tripped"})
    assert "opsconsole recover" in last.text


@pytest.mark.parametrize("name", PROCEDURES)
def test_none_resets_the_kill_switch(name: str) -> None:
    assert "reset_kill_switch" not in acts(shipped(name))


def test_the_quick_way_out_of_the_coin_engine_stops_that_account_alone() -> None:
    scopes = {
        step.act.arguments["scope"]
        for step in shipped("rollback_coin_quick").steps
        if isinstance(step.act, ActionAct) and step.act.name == "trip_kill_switch"
    }
    assert scopes == {"coin"}


def test_each_does_its_document_s_steps_in_their_order() -> None:
    assert {name: acts(shipped(name)) for name in PROCEDURES} == {
        "rollback_shadow": ["feature_shadow"],
        "rollback_off": ["feature_off"],
        "rollback_configuration": [
            "trip_kill_switch", "stop_engine", "start_previous", "trip_kill_switch",
        ],
        "rollback_full": [
            "trip_kill_switch", "stop_engine", "backup", "release_back", "start_spot", "trip_kill_switch",
        ],
        "rollback_coin_quick": [
            "trip_kill_switch", "remove_coin", "stop_engine", "start", "trip_kill_switch",
        ],
        "rollback_coin_full": [
            "trip_kill_switch", "stop_engine", "restore_backup", "remove_coin", "start", "trip_kill_switch",
        ],
    }  # fmt: skip


def test_nothing_is_restored_on_what_was_told_long_ago() -> None:
    restore = shipped("rollback_coin_full").step("restore")
    assert restore.recent == "15m"
    kinds = {one.name: one.kind for one in shipped("rollback_coin_full").parameters}
    assert kinds["backup"] is Kind.BACKUP


def test_every_trigger_s_procedure_is_a_runbook_that_says_it_is_for_it() -> None:
    every = (triggers.LIQUIDATION, triggers.SYNC_ERRORS, triggers.SLIPPAGE, triggers.MARGIN_CALLED)
    for trigger in (*every, triggers.CRASH):
        assert trigger.key in shipped(trigger.procedure.runbook).triggers


def test_a_need_that_nobody_knows_is_a_mistake_with_its_place() -> None:
    head = "title: A\nuse: b\nrisk: none\nrollback: {undoes: [x], needs: [luck]}\n"
    text = f"{head}steps: [{{name: a, text: a, check: sources}}]\n"
    with pytest.raises(RunbookError, match="4:33: 'luck' is none of the needs; allowed: flags, exchange"):
        runbook_of(text, "x.yaml", "x", KNOWN)
