"""Requests as files: the kernel's word for who wrote them, used once, and all of it in the journal."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.approvals import ASK, BREAK_GLASS, KEPT_FOR, in_journal
from console.actions.durable import STEPS
from console.actions.faults import VARIABLE
from console.audit.actor import this_actor
from console.audit.files import records
from console.audit.record import Act, Phase
from console.domain.access import AccessError, Role
from console.domain.approval import LONGEST
from console.domain.news import Kind
from tests.unit.actions.people import Office
from tests.unit.actions.requests import DEED, ME, ask, file_of, journalled
from tests.unit.audit.journals import ALICE as ALICE_ACTOR
from tests.unit.audit.journals import in_child, journal_in

LATER = ("before fsync folder", "after fsync folder")
"""The steps at which a file has its name already."""


@pytest.fixture
def mine(tmp_path: Path) -> Office:
    """A state folder that one person uses."""
    return Office(tmp_path, {ME: Role.OPERATOR})


def test_a_request_is_found_again_by_its_id_in_any_case(mine: Office) -> None:
    asked = ask(mine)
    assert mine.approvals().find(asked.id.lower()) == asked
    assert asked.deed == DEED
    assert asked.expires - asked.at == 900


def test_a_folder_of_ones_own_is_closed_to_others(mine: Office) -> None:
    asked = ask(mine)
    assert (mine.state / "approvals").stat().st_mode & 0o777 == 0o700
    assert file_of(mine, asked).stat().st_mode & 0o777 == 0o600


def test_a_request_is_in_the_journal_before_and_after_with_what_it_would_do(mine: Office) -> None:
    asked = ask(mine)
    assert journalled(mine) == [(ASK, Phase.INTENT, None), (ASK, Phase.OUTCOME, True)]
    intent = next(records(mine.state / "audit"))
    assert (intent.target, intent.after) == (f"{asked.id}: kill.reset prod", list(DEED.what))
    assert intent.evidence == {
        "file": file_of(mine, asked).name,
        "digest": asked.digest,
        "asked by": ME,
        "expires": asked.expires,
    }


def test_a_viewer_asks_for_nothing(mine: Office) -> None:
    mine.roles = {}
    with pytest.raises(AccessError, match="is a viewer"):
        ask(mine)
    assert not (mine.state / "approvals").exists()


def test_what_cannot_be_journalled_is_not_asked_for(mine: Office) -> None:
    (mine.state / "audit").write_text("no folder")
    with pytest.raises(AccessError, match="can't be written"):
        ask(mine)
    assert list((mine.state / "approvals").iterdir()) == []


def test_a_request_that_cannot_be_written_is_told_and_closed_as_not_done(mine: Office) -> None:
    (mine.state / "approvals").mkdir()
    asked = ask(mine)
    file_of(mine, asked).replace(mine.state / "elsewhere")
    file_of(mine, asked).symlink_to(mine.state / "not there")
    with pytest.raises(AccessError, match="is a link"):
        ask(mine)  # the same chance, so the same id
    assert journalled(mine)[-1] == (ASK, Phase.OUTCOME, False)
    assert not (mine.state / "not there").exists()


def test_nobody_approves_their_own_request(mine: Office) -> None:
    asked = ask(mine)
    with pytest.raises(AccessError, match="can't be the second person"):
        mine.approvals().approve(asked)
    assert not list((mine.state / "approvals").glob(f"{asked.id}.{ME}*"))


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_a_request_is_whole_or_not_there_and_its_intent_is_closed_once(
    mine: Office, side: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"approval: {side} {step}")
    assert in_child(lambda: ask(mine)) == -signal.SIGKILL
    monkeypatch.delenv(VARIABLE)
    mine.approvals().close_abandoned()
    mine.approvals().close_abandoned()
    waiting, complaints = mine.approvals().waiting()
    assert complaints == ()
    assert journalled(mine) == [(ASK, Phase.INTENT, None), (ASK, Phase.OUTCOME, bool(waiting))]
    assert bool(waiting) == (f"{side} {step}" in ("after rename", *LATER))


def test_what_a_living_console_is_about_to_do_is_left_open(mine: Office) -> None:
    approvals = mine.approvals()
    alive = replace(ALICE_ACTOR, process=this_actor({}).process)
    act = Act("prod", ASK, "x", evidence={"file": "x.json"})
    journal_in(mine.state).intent(alive, act)
    approvals.close_abandoned()
    assert journalled(mine) == [(ASK, Phase.INTENT, None)]


@pytest.mark.parametrize("id_", ["../x", "", "7K3QX"])
def test_what_can_be_no_id_names_no_file(mine: Office, id_: str) -> None:
    with pytest.raises(AccessError, match="an id has 6 letters"):
        mine.approvals().find(id_)


def test_an_id_that_nobody_has_made_is_told(mine: Office) -> None:
    with pytest.raises(AccessError, match=r"there is no .*/7K3QXM\.request\.json"):
        mine.approvals().find("7K3QXM")


def test_a_request_that_was_edited_since_it_was_shown_is_not_approved(mine: Office) -> None:
    seen = ask(mine)
    file = file_of(mine, seen)
    file.write_text(file.read_text().replace("allow_long", "allow_short"))
    with pytest.raises(AccessError, match="has changed since it was shown"):
        mine.approvals().approve(seen)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_have_written_is_not_believed(mine: Office, mode: int) -> None:
    asked = ask(mine)
    file_of(mine, asked).chmod(mode)
    with pytest.raises(AccessError, match="others than its owner may have written it"):
        mine.approvals().find(asked.id)


def test_a_file_that_speaks_for_somebody_else_than_its_owner_is_not_believed(mine: Office) -> None:
    asked = ask(mine)
    approval = {"id": asked.id, "digest": asked.digest, "uid": ME + 1, "at": asked.at}
    file_of(mine, asked, str(ME + 1)).write_text(json.dumps(approval))
    with pytest.raises(AccessError, match=f"belongs to uid {ME}, and speaks for uid {ME + 1}"):
        mine.approvals().consent(asked)


def test_an_approval_under_the_name_of_another_is_not_believed(mine: Office) -> None:
    asked = ask(mine)
    approval = {"id": asked.id, "digest": asked.digest, "uid": ME, "at": asked.at}
    file_of(mine, asked, "4242").write_text(json.dumps(approval))
    with pytest.raises(AccessError, match=f"is uid {ME}'s"):
        mine.approvals().consent(asked)


@pytest.mark.parametrize("text", ["", "[" * 5000, '{"id": 1}', "{}" + " " * 70000])
def test_a_file_that_is_no_request_is_told_in_one_line(mine: Office, text: str) -> None:
    asked = ask(mine)
    file_of(mine, asked).write_text(text)
    with pytest.raises(AccessError) as caught:
        mine.approvals().find(asked.id)
    assert str(caught.value).startswith(str(file_of(mine, asked)))
    assert "\n" not in str(caught.value)


def test_a_link_is_not_followed(mine: Office) -> None:
    asked = ask(mine)
    real = file_of(mine, asked).replace(mine.state / "elsewhere")
    file_of(mine, asked).symlink_to(real)
    with pytest.raises(AccessError, match="symbolic links"):
        mine.approvals().find(asked.id)


def test_a_copy_under_another_id_is_not_that_request(mine: Office) -> None:
    asked = ask(mine)
    file_of(mine, asked).replace(file_of(mine, replace(asked, id="7K3QXM")))
    with pytest.raises(AccessError, match="its file holds another"):
        mine.approvals().find("7K3QXM")


def test_what_waits_is_listed_until_it_expires_and_what_is_broken_is_told(mine: Office) -> None:
    asked = ask(mine)
    (mine.state / "approvals" / "7K3QXM.request.json").write_text("{")
    waiting, complaints = mine.approvals().waiting()
    assert waiting == (asked,)
    assert len(complaints) == 1
    mine.clock.at += 900
    assert mine.approvals().waiting()[0] == ()


def test_without_a_folder_nothing_waits(mine: Office) -> None:
    assert mine.approvals().waiting() == ((), ())


def test_requests_that_are_long_over_are_removed_by_whoever_made_them(mine: Office) -> None:
    asked = ask(mine)
    over = mine.clock.at - LONGEST - KEPT_FOR - 1
    os.utime(file_of(mine, asked), (over, over))
    mine.roles[ME + 1] = Role.OPERATOR
    ask(mine, ME + 1)
    assert file_of(mine, asked).exists()  # not theirs to remove
    ask(mine)  # the same chance, so the same id: the old one has made way
    assert file_of(mine, asked).stat().st_mtime > over


def test_an_id_that_is_taken_is_not_given_again(mine: Office) -> None:
    ask(mine)
    with pytest.raises(AccessError, match="has come into being since"):
        ask(mine)


def test_an_admin_breaks_the_glass_once_that_is_in_the_journal(mine: Office) -> None:
    mine.roles[ME] = Role.ADMIN
    consent = mine.approvals().break_glass(DEED, "nobody else can be reached", lasting=60)
    (record,) = records(mine.state / "audit")
    assert (record.action, record.target, record.after) == (BREAK_GLASS, "kill.reset prod", list(DEED.what))
    assert (record.reason, record.approval) == ("nobody else can be reached", in_journal(consent))
    assert consent.covers(DEED, ME, mine.clock.at + 59)


def test_people_are_told_that_a_second_person_is_wanted_and_that_the_glass_was_broken(mine: Office) -> None:
    mine.roles[ME] = Role.ADMIN
    told: list[tuple[Kind, str, str]] = []

    def tell(kind: Kind, reason: str, detail: str = "", *, drill: bool = False) -> None:
        told.append((kind, reason, detail))

    approvals = mine.approvals(tell=tell)
    asked = approvals.ask(DEED, "the drill is over", lasting=900)
    approvals.break_glass(DEED, "nobody else can be reached", lasting=60)
    assert told == [
        (Kind.APPROVAL, "the drill is over", f"kill.reset prod: opsconsole approve {asked.id}"),
        (Kind.BREAK_GLASS, "nobody else can be reached", "kill.reset prod"),
    ]


def test_nobody_is_told_of_glass_that_stays_whole(mine: Office) -> None:
    told: list[object] = []
    with pytest.raises(AccessError):
        mine.approvals(tell=lambda *_, **__: told.append(1)).break_glass(DEED, "nobody", lasting=60)
    assert told == []


def test_nobody_else_breaks_the_glass(mine: Office) -> None:
    with pytest.raises(AccessError, match="only an admin"):
        mine.approvals().break_glass(DEED, "nobody else can be reached", lasting=60)


def test_the_glass_is_not_broken_without_a_reason_or_a_journal(mine: Office) -> None:
    mine.roles[ME] = Role.ADMIN
    with pytest.raises(AccessError, match="a reason is asked for"):
        mine.approvals().break_glass(DEED, "", lasting=60)
    (mine.state / "audit").write_text("no folder")
    with pytest.raises(AccessError, match="the glass stays whole"):
        mine.approvals().break_glass(DEED, "nobody else can be reached", lasting=60)
