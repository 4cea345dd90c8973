"""Recording who looked and who signed off: what is kept, who may, and what the journal says of it."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.deployments import (
    LOOK,
    SIGN_OFF,
    Deployments,
    calendar_file,
    read_calendar,
)
from console.audit.files import records
from console.audit.record import Act, Phase, Record
from console.domain.access import AccessError, Role
from console.domain.deployment_calendar import Calendar, Deployed, Look, document_of
from tests.unit.actions.people import Office, as_user, give_to_group, shared_office
from tests.unit.audit.journals import ALICE as ACTOR
from tests.unit.audit.journals import journal_in

ALICE, BOB = 54301, 54302
DEPLOYED = Deployed("deploy_live-1", "deploy_live", 1_699_990_000.0, frozenset({f"user{ALICE}"}))
two_people = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two people")


def deployments(office: Office, uid: int = ALICE) -> Deployments:
    return Deployments(
        context="prod",
        file=calendar_file(office.state, "prod"),
        standing=office.standing("prod", uid),
        actor=replace(ACTOR, uid=uid, user=f"user{uid}"),
        journal=journal_in(office.state),
        clock=office.clock,
        approvals=office.approvals(uid),
    )


def kept(office: Office) -> Calendar:
    return read_calendar(calendar_file(office.state, "prod"))


def outcomes(office: Office, action: str) -> list[Record]:
    found = records(office.state / "audit")
    return [each for each in found if each.action == action and each.phase is Phase.OUTCOME]


@pytest.fixture
def alone(tmp_path: Path) -> Office:
    return Office(tmp_path, {ALICE: Role.OPERATOR})


@pytest.fixture
def office() -> Iterator[Office]:
    """A state folder that two operators share."""
    with shared_office({ALICE: Role.OPERATOR, BOB: Role.OPERATOR}) as made:
        give_to_group(made.state / "deployments")
        yield made


def test_a_look_is_kept_with_who_looked_when_and_what_they_saw(alone: Office) -> None:
    deployments(alone).look("look", " slippage a bit high ")
    (look,) = kept(alone).looks
    assert (look.duty, look.at, look.user) == ("look", alone.clock.at, f"user{ALICE} (uid {ALICE})")
    assert look.note == "slippage a bit high"
    assert [record.done for record in outcomes(alone, LOOK)] == [True]


def test_a_second_look_keeps_the_first(alone: Office) -> None:
    deployments(alone).look("look", "")
    deployments(alone).look("trades", "")
    assert [look.duty for look in kept(alone).looks] == ["look", "trades"]


def test_who_may_see_nothing_records_nothing(alone: Office) -> None:
    alone.roles[BOB] = Role.NONE
    with pytest.raises(AccessError, match="it takes a viewer"):
        deployments(alone, BOB).look("look", "")
    assert kept(alone) == Calendar()


def test_without_a_journal_nothing_is_recorded(alone: Office) -> None:
    (alone.state / "audit").write_text("")
    with pytest.raises(AccessError, match="it can't be recorded"):
        deployments(alone).look("look", "")
    assert kept(alone) == Calendar()


def test_a_damaged_file_is_refused_and_left_as_it_is(alone: Office) -> None:
    file = calendar_file(alone.state, "prod")
    file.parent.mkdir()
    file.write_text("{")
    with pytest.raises(AccessError, match=r"prod\.json"):
        deployments(alone).look("look", "")
    assert file.read_text() == "{"
    assert [record.done for record in outcomes(alone, LOOK)] == [False]


@pytest.mark.parametrize("kept_by_then", [True, False])
def test_a_look_of_a_console_that_died_on_the_way_is_closed_by_what_is_kept(
    alone: Office, kept_by_then: bool
) -> None:
    dead = replace(ACTOR, process="4194303-1")
    journal_in(alone.state).intent(dead, Act("prod", LOOK, "look", evidence={"at": alone.clock.at}))
    if kept_by_then:
        calendar_file(alone.state, "prod").parent.mkdir()
        look = Look("look", alone.clock.at, "alice")
        calendar_file(alone.state, "prod").write_text(json.dumps(document_of(Calendar(looks=(look,)))))
    alone.clock.at += 60
    deployments(alone).look("look", "")
    assert [record.done for record in outcomes(alone, LOOK)] == [kept_by_then, True]


def test_only_who_deployed_it_asks_for_the_sign_off(alone: Office) -> None:
    alone.roles[BOB] = Role.OPERATOR
    with pytest.raises(AccessError, match=f"user{ALICE} drove run deploy_live-1, not user{BOB}"):
        deployments(alone, BOB).ask(DEPLOYED, 900)


def test_nobody_signs_off_alone(alone: Office) -> None:
    me = os.getuid()
    alone.roles[me] = Role.OPERATOR
    mine = replace(DEPLOYED, drivers=frozenset({f"user{me}"}))
    asked = deployments(alone, me).ask(mine, 900)
    with pytest.raises(AccessError, match="waits for a second person"):
        deployments(alone, me).sign_off(mine, asked.id)
    assert kept(alone) == Calendar()


def approved(office: Office, deployed: Deployed) -> str:
    """The request of Alice that Bob has approved."""
    id_ = as_user(ALICE, lambda: deployments(office).ask(deployed, 900).id)

    def approve() -> str:
        approvals = office.approvals(BOB)
        return approvals.approve(approvals.find(id_)).id

    assert as_user(BOB, approve) == id_
    return id_


def signed_by_alice(office: Office, deployed: Deployed, id_: str) -> str:
    return as_user(ALICE, lambda: deployments(office).sign_off(deployed, id_).verified_by)


@two_people
def test_a_sign_off_has_date_deployer_and_another_person(office: Office) -> None:
    assert signed_by_alice(office, DEPLOYED, approved(office, DEPLOYED)) == f"user{BOB} (uid {BOB})"
    signed = kept(office).signed_off("deploy_live-1")
    assert signed is not None
    assert (signed.deployed, signed.by) == (DEPLOYED.at, f"user{ALICE} (uid {ALICE})")
    (record,) = outcomes(office, SIGN_OFF)
    assert (record.done, record.uid) == (True, ALICE)


@two_people
def test_a_run_is_not_signed_off_twice(office: Office) -> None:
    signed_by_alice(office, DEPLOYED, approved(office, DEPLOYED))
    again = as_user(ALICE, lambda: deployments(office).ask(DEPLOYED, 900).id)
    assert again == "run deploy_live-1 is signed off already"


@two_people
def test_who_drove_the_run_as_well_does_not_verify_it(office: Office) -> None:
    both = replace(DEPLOYED, drivers=frozenset({f"user{ALICE}", f"user{BOB}"}))
    said = signed_by_alice(office, both, approved(office, both))
    assert said == f"user{BOB} drove run deploy_live-1, and can't verify it"
    assert kept(office) == Calendar()


@two_people
def test_what_was_approved_of_one_deployment_signs_off_no_other(office: Office) -> None:
    other = replace(DEPLOYED, run="deploy_live-2")
    said = signed_by_alice(office, other, approved(office, DEPLOYED))
    assert said.endswith("is about something else")
    assert kept(office) == Calendar()
