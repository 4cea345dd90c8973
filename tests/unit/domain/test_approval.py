"""A second person agrees to exactly what was asked for, in time, and never with themselves."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.access import AccessError, Person, Role, Standing
from console.domain.approval import (
    Approval,
    Deed,
    Request,
    approval_document,
    approval_from,
    approve,
    break_glass,
    checked_id,
    consent,
    document_of,
    request,
    request_from,
)

DEED = Deed("futures-prod", "kill.reset", "futures-prod", ("remove state/flag", "set allow_long to 1"))


def standing(uid: int, role: Role = Role.OPERATOR) -> Standing:
    return Standing(Person(uid, f"user{uid}"), role, "named")


ALICE, BOB = standing(1001), standing(1002)
ASKED = request("7K3QXM", DEED, "the drill is over", ALICE, 5000.0, lasting=900)


def approved(*by: Standing, at: float = 5100.0) -> Request:
    return replace(ASKED, approvals=tuple(approve(ASKED, each, at) for each in by))


def worth(asked: Request, *standings: Standing, now: float = 5200.0) -> object:
    return consent(asked, {each.person.uid: each for each in standings}, now)


def test_an_approved_request_is_consent_to_its_deed_until_it_expires() -> None:
    given = consent(approved(BOB), {1002: BOB}, 5200)
    assert (given.by, given.until, given.broken_glass) == ("user1002 (uid 1002)", 5900, False)
    assert given.covers(DEED, 1001, 5899)


def test_consent_covers_nothing_else_nobody_else_and_no_later_instant() -> None:
    given = consent(approved(BOB), {1002: BOB}, 5200)
    assert not given.covers(replace(DEED, what=("remove everything",)), 1001, 5300)
    assert not given.covers(replace(DEED, target="coin-prod"), 1001, 5300)
    assert not given.covers(DEED, 1002, 5300)
    assert not given.covers(DEED, 1001, 5900)


def test_nobody_approves_their_own_request() -> None:
    with pytest.raises(AccessError, match=r"user1001 .* asked for it, and can't be the second person"):
        approve(ASKED, ALICE, 5100)


def test_nobody_approves_their_own_request_as_somebody_else() -> None:
    with pytest.raises(AccessError, match=r"user1002 .* has logged in as uid 1001, who asked for it"):
        approve(ASKED, BOB, 5100, login=1001)
    assert approve(ASKED, BOB, 5100, login=1003).uid == 1002


def test_who_has_logged_in_as_the_asker_did_is_the_same_person() -> None:
    """Alice asks as root by sudo, and would agree as Bob, or as herself."""
    asked = request("7K3QXM", DEED, "the drill is over", standing(0), 5000, lasting=900, login=1001)
    with pytest.raises(AccessError, match="has logged in as uid 1001, who asked for it"):
        approve(asked, BOB, 5100, login=1001)
    with pytest.raises(AccessError, match=r"user1001 .* asked for it, and can't be the second person"):
        approve(asked, ALICE, 5100)
    assert approve(asked, BOB, 5100, login=1002).uid == 1002


def test_an_approval_of_whoever_is_about_to_use_it_does_not_count() -> None:
    with pytest.raises(AccessError, match="can't be the second person"):
        consent(approved(BOB), {1002: BOB}, 5200, login=1002)


def test_where_no_login_is_known_everybody_is_who_they_are() -> None:
    assert approve(ASKED, BOB, 5100, login=None).uid == 1002


def test_an_approval_of_ones_own_that_was_written_all_the_same_does_not_count() -> None:
    own = replace(ASKED, approvals=(Approval(1001, 5100, ASKED.digest),))
    with pytest.raises(AccessError, match="waits for a second person"):
        worth(own, ALICE)


@pytest.mark.parametrize("role", [Role.NONE, Role.VIEWER])
def test_a_viewer_approves_nothing(role: Role) -> None:
    with pytest.raises(AccessError, match="an operator or an admin may approve"):
        approve(ASKED, standing(1002, role), 5100)


def test_an_approval_of_somebody_who_has_lost_the_role_does_not_count() -> None:
    with pytest.raises(AccessError, match="waits for a second person"):
        worth(approved(BOB), standing(1002, Role.VIEWER))


@pytest.mark.parametrize("now", [5900.0, 6000.0])
def test_an_expired_request_is_approved_no_more(now: float) -> None:
    with pytest.raises(AccessError, match="has expired"):
        approve(ASKED, BOB, now)


def test_an_approved_request_that_has_expired_is_worth_nothing() -> None:
    with pytest.raises(AccessError, match="has expired"):
        worth(approved(BOB), BOB, now=5900)


def test_a_used_request_is_worth_nothing() -> None:
    with pytest.raises(AccessError, match="has been used"):
        worth(replace(approved(BOB), used=True), BOB)


def test_a_clock_that_was_set_back_is_no_reason_to_believe_a_request() -> None:
    with pytest.raises(AccessError, match="was made in the future"):
        worth(approved(BOB), BOB, now=4999)


def test_an_approval_from_before_the_request_does_not_count() -> None:
    early = replace(ASKED, approvals=(Approval(1002, 4999, ASKED.digest),))
    with pytest.raises(AccessError, match="approved it outside its time"):
        worth(early, BOB)


def test_an_approval_from_the_future_does_not_count_yet() -> None:
    with pytest.raises(AccessError, match="in the future"):
        worth(approved(BOB), BOB, now=5050)


def test_one_approval_that_counts_is_enough_beside_one_that_does_not() -> None:
    carol = standing(1003)
    asked = approved(BOB, carol)
    assert consent(asked, {1002: standing(1002, Role.VIEWER), 1003: carol}, 5200).by == "user1003 (uid 1003)"


CHANGES: list[Callable[[Request], Request]] = [
    lambda asked: replace(asked, deed=replace(asked.deed, what=(*asked.deed.what, "one line more"))),
    lambda asked: replace(asked, deed=replace(asked.deed, target="coin-prod")),
    lambda asked: replace(asked, deed=replace(asked.deed, context="coin-prod")),
    lambda asked: replace(asked, deed=replace(asked.deed, action="kill.other")),
    lambda asked: replace(asked, reason="another"),
    lambda asked: replace(asked, expires=asked.expires + 60),
    lambda asked: replace(asked, uid=1004),
    lambda asked: replace(asked, login=1004),
    lambda asked: replace(asked, id="7K3QXN"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_after_the_approval_takes_it_away(change: Callable[[Request], Request]) -> None:
    with pytest.raises(AccessError, match="it was changed afterwards"):
        worth(change(approved(BOB)), BOB)


def test_lines_are_not_joined_for_the_digest() -> None:
    joined = replace(ASKED, deed=replace(DEED, what=("remove state/flag\nset allow_long to 1",)))
    assert joined.digest != ASKED.digest


def test_a_viewer_asks_for_nothing() -> None:
    with pytest.raises(AccessError, match=r"user1001 .* is a viewer"):
        request("7K3QXM", DEED, "the drill is over", standing(1001, Role.VIEWER), 5000, lasting=900)


def test_a_request_needs_a_reason() -> None:
    with pytest.raises(AccessError, match="a reason is asked for"):
        request("7K3QXM", DEED, " ", ALICE, 5000, lasting=900)


def test_only_an_admin_breaks_the_glass() -> None:
    with pytest.raises(AccessError, match="only an admin"):
        break_glass(DEED, ALICE, 5000, lasting=60)
    given = break_glass(DEED, standing(1001, Role.ADMIN), 5000, lasting=60)
    assert (given.broken_glass, given.until, given.covers(DEED, 1001, 5059)) == (True, 5060, True)


TEXTS = st.text(max_size=20)


UIDS = st.integers(0, 2**32 - 2)


@given(TEXTS, st.lists(TEXTS, max_size=3), TEXTS, UIDS, st.floats(0, 1e10), st.none() | UIDS)
def test_a_request_comes_back_from_its_document_as_it_was(
    target: str, what: list[str], reason: str, uid: int, at: float, login: int | None
) -> None:
    deed = Deed("c", "kill.reset", target, tuple(what))
    asked = Request("7K3QXM", deed, reason, uid, at, at + 900, login=login)
    read = request_from(document_of(asked))
    assert (read, read.digest) == (asked, asked.digest)


def test_an_approval_comes_back_from_its_document_as_it_was() -> None:
    approval = approve(ASKED, BOB, 5100)
    assert approval_from(approval_document(approval, ASKED)) == approval


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("id", "7K3", "an id has 6 letters and digits"),
        ("what", "all", "what is not a list of lines"),
        ("what", [1], "what is not a list of lines"),
        ("uid", True, "uid is no number"),
        ("uid", "0", "uid is no number"),
        ("login", "0", "login is no number"),
        ("at", 10**400, "at is no instant"),
        ("at", float("nan"), "at is no instant"),
        ("reason", None, "reason is no text"),
        ("expires", 5000 + 86401, "expires is not within 24 hours"),
        ("expires", 4000, "expires is not within 24 hours"),
    ],
)
def test_a_document_with_a_field_that_is_none_is_told(field: str, value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        request_from({**document_of(ASKED), field: value})


@pytest.mark.parametrize("document", [None, [], "x"])
def test_a_document_that_is_no_object_is_told(document: object) -> None:
    with pytest.raises(ValueError, match="is not a JSON object"):
        approval_from(document)


@pytest.mark.parametrize("text", [" 7k3qxm", "7K3QXM\n"])
def test_an_id_is_read_in_any_case(text: str) -> None:
    assert checked_id(text) == "7K3QXM"


@pytest.mark.parametrize("text", ["", "7K3QX", "7K3QXMM", "../../", "7K3QXI", "७K3QXM"])
def test_what_can_be_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="6 letters and digits"):
        checked_id(text)
