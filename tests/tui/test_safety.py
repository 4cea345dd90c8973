"""Arming at the screen: a reason first, the status line says for how long, and what ends it is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.audit.files import records
from console.domain.access import Arming, Disarmed, Role
from console.domain.approval import Approval, Request
from console.tui.app import OpsConsole
from console.tui.text import line_width
from console.tui.theme import UNICODE
from console.tui.view import View
from console.tui.widgets.status_line import status_line, told
from tests.tui.cases import UTF8
from tests.tui.fake import PAPER, PRODUCTION, START, failing
from tests.tui.safety import BOB, DEED, ME, SafeDesk, tripped_at
from tests.tui.screen import painted, text_of
from tests.tui.test_painting import a_record
from tests.tui.test_status_line import assessment
from tests.waiting import until


async def test_a_reason_arms_and_the_same_key_disarms(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.arm("reset after the drill")
        await until(lambda: " ARMED 1m " in desk.text.splitlines()[0])
        await desk.press("K")
        assert " a  disarm " in desk.text.splitlines()[-1]
        await desk.press("escape")
        noted = [(record.action, record.reason) for record in records(tmp_path / "audit")]
        assert noted == [("access.arm", "reset after the drill")]
        await desk.press("a")
        assert " READ-ONLY " in desk.text.splitlines()[0]
        desk.app._look_around()  # else it says so within the second, over the keys
        await until(lambda: "READ-ONLY again" in desk.text.splitlines()[-1])
        await desk.press("K")
        assert " a  arm " in desk.text.splitlines()[-1]


async def test_without_a_reason_nothing_is_armed_and_escape_leaves_it(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.press("a", "o", "k", "enter")
        assert "a reason is asked for" in desk.text
        await desk.press("escape")
        assert desk.catch.arming is None


async def test_a_viewer_is_told_why_not(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path, Role.VIEWER)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.press("a")
        assert "dana (uid 1001) is a viewer" in desk.text.splitlines()[-1]


async def test_keys_keep_it_armed_and_lost_data_ends_it_with_a_word(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.arm()
        desk.later(100)
        await until(lambda: " ARMED 19s " in desk.text.splitlines()[0])
        await desk.press("down")
        desk.later(100)
        desk.app._look_around()
        assert desk.catch.arming is not None
        later = desk.clock.at + 20
        desk.later(20, failing(tripped_at(later - 4), "HTTP 503", "metrics"))
        desk.app._look_around()
        await until(lambda: "READ-ONLY again: data was lost: metrics" in desk.text.splitlines()[-1])
        assert " READ-ONLY " in desk.text.splitlines()[0]


async def test_a_replay_can_t_be_armed() -> None:
    player = a_record()
    app = OpsConsole(PAPER, lambda: player, environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("a")
        assert "This is a replay of the past" in text_of(app).splitlines()[-1]


def armed_line(left: float, cells: int) -> str:
    live = assessment(0.4)
    arming = Arming(live.at - 10, live.at + 600, "drill", 120, live.at + left - 120)
    view = replace(View(PRODUCTION, UNICODE), mode=arming).next(live)
    return "".join(span.text for span in status_line(view, cells))


@pytest.mark.parametrize(
    ("left", "shown"), [(119.9, "ARMED 1m "), (60, "ARMED 1m "), (59.9, "ARMED 59s"), (0.4, "ARMED 0s ")]
)
def test_what_is_left_is_never_overstated(left: float, shown: str) -> None:
    assert f" {shown} " in armed_line(left, 118)


@pytest.mark.parametrize("cells", [78, 118, 198])
def test_armed_or_not_nothing_moves(cells: int) -> None:
    calm = View(PRODUCTION, UNICODE).next(assessment(0.4))
    plain = "".join(span.text for span in status_line(calm, cells))
    assert armed_line(59, cells) == plain.replace("READ-ONLY", "ARMED 59s")


def test_the_line_is_made_anew_for_each_second_that_is_left() -> None:
    live = assessment(0.4)
    views = [
        replace(View(PRODUCTION, UNICODE), mode=Arming(0, live.at + left, "drill", 1e10, 0)).next(live)
        for left in (40.0, 39.0)
    ]
    assert told(views[0]) != told(views[1])


def request(uid: int = BOB, context: str = "paper", *approved_by: int) -> Request:
    approvals = tuple(Approval(one, START, "") for one in approved_by)
    return Request("7K3QXM", replace(DEED, context=context), "drill over", uid, START, START + 900, approvals)


@pytest.mark.parametrize(
    ("asked", "role", "waits"),
    [
        (request(), Role.OPERATOR, True),
        (request(), Role.VIEWER, False),
        (request(uid=ME), Role.OPERATOR, False),
        (request(BOB, "paper", ME), Role.OPERATOR, False),
        (request(context="coin-prod"), Role.OPERATOR, False),
    ],
    ids=["another's", "for a viewer", "one's own", "approved already", "of another context"],
)
def test_who_is_asked_for_an_approval(tmp_path: Path, asked: Request, role: Role, waits: bool) -> None:
    desk = SafeDesk(tmp_path, role)
    desk.others.requests.append(asked)
    access = desk.app._access
    assert access is not None
    assert bool(access().waiting("paper")) is waits


async def test_who_waits_is_told_until_the_phrase_is_typed(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path, Role.OPERATOR)
    desk.others.requests.append(request())
    async with desk.app.run_test(size=(120, 40)):
        await desk.begin()
        desk.app._look_around()
        await until(lambda: "APPROVE?" in desk.text.splitlines()[0])
        assert "bob (uid 1002) waits for your approval of kill.reset of paper" in desk.text
        await desk.press("8")
        await until(lambda: " A  looks at it" in desk.text)
        await desk.press("A")
        assert "flag file: remove the flag" in desk.text
        await desk.type("paper paper")
        await until(lambda: bool(desk.others.requests[0].approvals))
        await until(lambda: "APPROVE?" not in desk.text)


async def test_requests_that_can_t_be_read_are_told_of(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path, Role.OPERATOR)
    desk.others.unreadable = "state/approvals: permission denied"
    async with desk.app.run_test(size=(120, 40)):
        await desk.begin()
        desk.app._look_around()
        await until(lambda: "can't be seen: state/approvals: permission denied" in desk.text.splitlines()[-1])


async def test_what_has_been_withdrawn_can_t_be_approved_any_more(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path, Role.OPERATOR)
    desk.others.requests.append(request())
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        desk.app._look_around()
        await until(lambda: bool(desk.app.view.requests))
        await desk.press("K", "A")
        desk.others.requests.clear()
        desk.app._painting.tell_of_requests(())
        await until(lambda: "Can't be done now: it was used, has expired" in desk.text)
        await desk.type("paper paper")
        assert not isinstance(desk.app.view.mode, Arming)
        assert desk.others.requests == []


def test_a_console_without_what_arming_takes_is_read_only() -> None:
    assert isinstance(View(PRODUCTION, UNICODE).mode, Disarmed)
    assert line_width(status_line(View(PRODUCTION, UNICODE), 78)) <= 78
