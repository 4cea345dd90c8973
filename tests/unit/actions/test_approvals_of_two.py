"""Requests between real users of one machine: who approves, who uses it, and who can forge nothing."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from console.actions.approvals import APPROVE, ASK, USE, in_journal
from console.audit.files import records
from console.audit.record import Phase
from console.audit.verify import verify
from console.domain.access import AccessError, Role
from console.domain.approval import Consent, Request
from tests.unit.actions.people import GROUP, Office, as_user, shared_office
from tests.unit.actions.requests import DEED, ask, file_of, journalled

ALICE, BOB, CAROL = 54301, 54302, 54303
two_people = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two people")


@pytest.fixture
def office() -> Iterator[Office]:
    """A state folder that Alice and Bob share, who are operators, with Carol, who is a viewer."""
    with shared_office({ALICE: Role.OPERATOR, BOB: Role.OPERATOR}) as made:
        yield made


def approve_as(office: Office, uid: int, asked: Request, umask: int = 0o022) -> str:
    def work() -> str:
        approvals = office.approvals(uid)
        approvals.approve(approvals.find(asked.id))
        return "approved"

    return as_user(uid, work, umask)


def asked_by_alice(office: Office) -> Request:
    id_ = as_user(ALICE, lambda: ask(office, ALICE).id, 0o077)
    return office.approvals(BOB).find(id_)


@two_people
def test_another_user_approves_and_the_one_who_asked_uses_it_once(office: Office) -> None:
    asked = asked_by_alice(office)
    assert approve_as(office, BOB, asked, 0o077) == "approved"
    assert as_user(ALICE, lambda: office.approvals(ALICE).use(asked).by) == f"user{BOB} (uid {BOB})"
    again = as_user(ALICE, lambda: office.approvals(ALICE).use(asked).by)
    assert again == f"request {asked.id}: has been used"
    used = list(records(office.state / "audit"))[-1]
    assert used.approval == in_journal(Consent(DEED, ALICE, asked.expires, f"user{BOB} (uid {BOB})"))
    assert [action for action, phase, _ in journalled(office) if phase is Phase.OUTCOME] == [
        ASK,
        APPROVE,
        USE,
    ]
    assert verify(office.state / "audit").finding is None


@two_people
def test_a_use_whose_mark_was_removed_is_still_the_only_one(office: Office) -> None:
    asked = asked_by_alice(office)
    approve_as(office, BOB, asked)

    def twice() -> str:
        office.approvals(ALICE).use(asked)
        file_of(office, asked, "used").unlink()
        return office.approvals(ALICE).use(asked).by

    assert as_user(ALICE, twice) == f"request {asked.id}: has been used, as the journal says"


@two_people
def test_a_use_that_could_not_be_written_may_be_tried_again(office: Office) -> None:
    asked = asked_by_alice(office)
    approve_as(office, BOB, asked)

    def again() -> str:
        mark = file_of(office, asked, "used")
        mark.symlink_to(office.state / "not there")
        with pytest.raises(AccessError, match="is a link"):
            office.approvals(ALICE).use(asked)
        mark.unlink()
        return office.approvals(ALICE).use(asked).by

    assert as_user(ALICE, again) == f"user{BOB} (uid {BOB})"


@two_people
def test_the_files_belong_to_who_wrote_them_and_the_group_may_only_read(office: Office) -> None:
    asked = asked_by_alice(office)
    approve_as(office, BOB, asked)
    for part, uid in (("request", ALICE), (str(BOB), BOB)):
        status = file_of(office, asked, part).stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (uid, GROUP, 0o640)


@two_people
def test_of_two_consoles_of_the_same_person_one_uses_it(office: Office) -> None:
    asked = asked_by_alice(office)
    approve_as(office, BOB, asked)

    def race() -> str:
        with ThreadPoolExecutor(4) as consoles:
            used = [consoles.submit(office.approvals(ALICE).use, asked) for _ in range(4)]
        return str(sum(each.exception() is None for each in used))

    assert as_user(ALICE, race) == "1"


@two_people
def test_only_the_one_who_asked_uses_it(office: Office) -> None:
    asked = asked_by_alice(office)
    approve_as(office, BOB, asked)
    said = as_user(BOB, lambda: office.approvals(BOB).use(asked).by)
    assert said == f"request {asked.id}: only the one who asked may use it"


@two_people
def test_a_viewer_does_not_approve(office: Office) -> None:
    asked = asked_by_alice(office)
    assert "an operator or an admin may approve" in approve_as(office, CAROL, asked)
    assert not file_of(office, asked, str(CAROL)).exists()


@two_people
def test_alice_does_not_approve_as_bob_by_sudo(office: Office) -> None:
    asked = asked_by_alice(office)
    said = as_user(BOB, lambda: office.approvals(BOB, login=ALICE).approve(asked).id)
    assert said.endswith(f"has logged in as uid {ALICE}, who asked for it")


@two_people
def test_an_approval_of_bobs_does_not_count_for_whoever_became_alice_from_him(office: Office) -> None:
    asked = asked_by_alice(office)
    approve_as(office, BOB, asked)
    said = as_user(ALICE, lambda: office.approvals(ALICE, login=BOB).use(asked).by)
    assert f"user{BOB} (uid {BOB}) asked for it, and can't be the second person" in said


@two_people
def test_the_login_of_whoever_asks_is_in_the_request(office: Office) -> None:
    id_ = as_user(ALICE, lambda: office.approvals(ALICE, login=CAROL).ask(DEED, "over", lasting=900).id)
    assert office.approvals(BOB).find(id_).login == CAROL


@two_people
def test_a_second_approval_of_the_same_person_is_told(office: Office) -> None:
    asked = asked_by_alice(office)
    approve_as(office, BOB, asked)
    assert approve_as(office, BOB, asked).endswith("has approved it already")


@two_people
def test_alice_cannot_write_bobs_approval(office: Office) -> None:
    asked = asked_by_alice(office)
    forged = {"id": asked.id, "digest": asked.digest, "uid": BOB, "at": asked.at}

    def forge() -> str:
        file_of(office, asked, str(BOB)).write_text(json.dumps(forged))
        return office.approvals(ALICE).consent(asked).by

    said = as_user(ALICE, forge)
    assert said.endswith(f"belongs to uid {ALICE}, and speaks for uid {BOB}")


@two_people
def test_a_file_of_bobs_that_alice_can_write_is_not_his_approval(office: Office) -> None:
    asked = asked_by_alice(office)
    theirs = file_of(office, asked, str(BOB))
    as_user(BOB, lambda: str(theirs.write_text("{}")))
    theirs.chmod(0o660)
    forged = {"id": asked.id, "digest": asked.digest, "uid": BOB, "at": asked.at}

    def forge() -> str:
        theirs.write_text(json.dumps(forged))
        return office.approvals(ALICE).consent(asked).by

    assert as_user(ALICE, forge).endswith("others than its owner may have written it")


@two_people
def test_what_alice_changes_after_bobs_approval_is_not_what_he_approved(office: Office) -> None:
    asked = asked_by_alice(office)
    approve_as(office, BOB, asked)

    def widen() -> str:
        file = file_of(office, asked)
        file.write_text(file.read_text().replace("remove state/flag", "remove everything"))
        return office.approvals(ALICE).use(asked).by

    assert "it was changed afterwards" in as_user(ALICE, widen)


@two_people
def test_bob_cannot_take_alices_request_away(office: Office) -> None:
    asked = asked_by_alice(office)

    def take() -> str:
        try:
            file_of(office, asked).unlink()
        except PermissionError:
            return "kept"
        return "gone"

    assert as_user(BOB, take) == "kept"
