"""The reset of the kill switch: gate by gate, by a typed phrase alone, and only what is heard is told."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.kill.actuator import Scope
from console.actions.kill.switch import KillSwitch as RealSwitch
from console.domain.access import Role
from console.domain.approval import Deed
from console.domain.assessment import assess
from console.domain.gate import Gate
from console.domain.reset_gates import Asked
from console.settings_file import load_settings
from console.tui.access import Access, Draft
from console.tui.app import OpsConsole
from console.tui.screens.kill.gates import gate_lines, would_lines
from console.tui.screens.kill.look import Look
from console.tui.screens.kill.outcome import heard_lines
from console.tui.screens.kill.reset import Reset
from console.tui.screens.kill.screen import KillSwitch
from console.tui.text import line_width
from console.tui.theme import UNICODE
from console.tui.tools import Tools
from console.tui.view import View
from tests.tui.cases import UTF8
from tests.tui.fake import PAPER, RULES, START, failing
from tests.tui.killing import last_trip
from tests.tui.safety import SafeDesk, tripped_at
from tests.waiting import DEADLINE, until

OVER = Asked("SOL is hedged", "paper paper", cause_acknowledged=True, override="only a test position")


async def make_ready(desk: SafeDesk) -> None:
    """Have every gate pass but the last."""
    await desk.begin()
    await desk.arm()
    await desk.press("K", "R", "c", "0")
    await desk.type("SOL is hedged")
    await desk.press("o")
    await desk.type("only a test position")
    await until(lambda: "asks for environment and context" in desk.text)


async def test_what_is_missing_is_told_and_r_does_nothing(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.press("K", "R")
        await until(lambda: "5 of 10 gates don't pass" in desk.text)
        assert "✘ armed          the console is read-only" in desk.text
        await desk.press("R")
        assert isinstance(desk.app.screen, Reset)
        assert "armed: the console is read-only" in desk.text.splitlines()[-1]


async def test_the_typed_phrase_resets_with_what_was_asked_and_given(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        await desk.press("R")
        assert "flag file: remove the flag" in desk.text
        await desk.type("paper paper")
        await until(lambda: "CLEARED       2 of 2" in desk.text)
        assert desk.resets.asked == [(OVER, None)]


@pytest.mark.parametrize("typed", ["", "paper", "PAPER PAPER"])
async def test_nothing_but_the_phrase_resets(tmp_path: Path, typed: str) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        await desk.press("R")
        await desk.type(typed)
        await desk.press("escape")
        assert desk.resets.asked == []


async def test_a_dialog_whose_ground_shifts_takes_no_phrase_and_says_why(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        await desk.press("R", *"paper")
        desk.later(2, failing(tripped_at(desk.clock.at - 4), "HTTP 503", "metrics"))
        await until(lambda: "Can't be done now: armed: the console is read-only" in desk.text)
        await desk.press("space", *"paper", "enter")
        assert desk.resets.asked == []


async def test_a_reset_that_would_do_something_else_by_now_has_to_be_confirmed_anew(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        await desk.press("R")
        desk.resets.deed = replace(desk.resets.deed, what=("reset another trip",))
        desk.later(0.5)
        await until(lambda: "what it would do has changed since" in desk.text)


async def test_each_step_is_shown_as_it_is_done_and_the_engine_s_word_only_when_it_is_heard(
    tmp_path: Path,
) -> None:
    desk = SafeDesk(tmp_path)
    desk.resets.may_go_on.clear()
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        await desk.press("R")
        await desk.type("paper paper")
        await until(lambda: "RESETTING" in desk.text)
        assert "RESETTING  flag file is being done" in desk.text
        assert "? flag file                being done" in desk.text
        assert "? state file               still to come" in desk.text
        desk.resets.may_go_on.set()
        await until(lambda: "✓ state file" in desk.text)
        assert "ACKNOWLEDGED  ? not yet" in desk.text
        desk.later(2, tripped_at(desk.clock.at + 1.8, tripped=0.0))
        await until(lambda: "ACKNOWLEDGED  ✓ the engine says that it is clear" in desk.text)


async def test_what_refuses_it_in_the_end_is_loud(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path, refuses="not reset: another trip was made since this was looked at")
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        await desk.press("R")
        await desk.type("paper paper")
        await until(lambda: " REFUSED  not reset: another trip was made" in desk.text)


async def test_k_leads_from_any_dialog_of_it_to_where_t_trips(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        await desk.press("R", "ctrl+k")
        assert isinstance(desk.app.screen, KillSwitch)
        await desk.press("T")
        assert [scope for _, scope in desk.kill.trips] == [Scope.ALL]


async def test_a_second_person_is_asked_and_what_they_approved_is_used_once(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path, two_person=True)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.arm()
        await desk.press("K", "R", "c", "o")
        await desk.type("only a test position")
        await until(lambda: "a second person has to approve it" in desk.text)
        await desk.press("s")
        assert "first the reason for the reset" in desk.text.splitlines()[-1]
        await desk.press("0")
        await desk.type("SOL is hedged")
        await desk.press("s")
        await until(lambda: "opsconsole approve 7K3QXM" in desk.text)
        desk.others.approved_by(1002, "7K3QXM")
        desk.later(0.5)
        await until(lambda: "asks for environment and context" in desk.text)
        await desk.press("R")
        await desk.type("paper paper")
        await until(lambda: desk.others.used == ["7K3QXM"])
        assert [consent.by for _, consent in desk.resets.asked if consent] == ["bob (uid 1002)"]


async def test_a_long_reason_leaves_room_for_the_phrase(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        desk.resets.deed = replace(
            desk.resets.deed, what=("reset the trip", *[f"reason: {'hedged ' * 70}"] * 2)
        )
        desk.later(0.5)
        await until(lambda: "reason: hedged" in desk.text)
        await desk.press("R")
        assert "No, leave it as it is" in desk.text


async def test_an_admin_breaks_the_glass_with_a_reason_and_that_stays_loud(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path, two_person=True)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.press("K", "R")
        await until(lambda: "a second person has to approve it" in desk.text)
        await desk.press("g")
        assert "first the reason for the reset" in desk.text.splitlines()[-1]
        await desk.press("0")
        await desk.type("SOL is hedged")
        await desk.press("g")
        await desk.type("nobody else is awake")
        await until(lambda: " GLASS BROKEN " in desk.text)
        assert desk.others.broken == ["nobody else is awake"]


async def test_an_operator_can_t_break_it(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path, Role.OPERATOR, two_person=True)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.press("K", "R")
        await until(lambda: "a second person has to approve it" in desk.text)
        await desk.press("g")
        assert (
            "dana (uid 1001) is an operator: named as user dana; only an admin" in desk.text.splitlines()[-1]
        )


async def test_what_was_said_is_still_there_when_the_reset_is_opened_again(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        desk.kill.latest = last_trip(at=START - 400)
        desk.judged()
        await make_ready(desk)
        await desk.press("escape", "R")
        await until(lambda: "asks for environment and context" in desk.text)


async def test_what_was_said_of_one_trip_is_not_said_of_the_next(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        desk.kill.latest = last_trip(at=desk.clock.at)
        desk.judged(tripped_at(desk.clock.at), later=0.5)
        await until(lambda: "✘ cause" in desk.text)
        assert "✘ reason" in desk.text


async def test_all_that_it_would_do_can_be_read(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    desk.resets.deed = replace(desk.resets.deed, what=("reset the trip", *["put it back " * 20] * 5, "last"))
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        assert "WITHOUT a recovery run" not in desk.text
        await desk.press("enter", "end")
        assert "WITHOUT a recovery run: only a test position" in desk.text
        assert "✘ confirmation   'paper paper' has to be typed" in desk.text


async def test_gates_that_no_disk_answers_for_are_worth_nothing_after_a_while(tmp_path: Path) -> None:
    desk, hangs = SafeDesk(tmp_path), threading.Event()
    async with desk.app.run_test(size=(80, 24)):
        await make_ready(desk)
        judged = desk.resets.reset_gates

        def hang(*given: object) -> object:
            hangs.wait(2 * DEADLINE)
            return judged(*given)  # type: ignore[arg-type]

        desk.resets.reset_gates = hang  # type: ignore[method-assign, assignment]
        desk.later(0.1)
        desk.later(4)
        assert " gates of 4." in desk.text
        await desk.press("R")
        assert "the gates were looked at 4" in desk.text.splitlines()[-1]
        hangs.set()


async def test_a_real_trip_is_tripped_and_reset_by_keyboard(tmp_path: Path) -> None:
    """From K to the flag on the disk, and from R to its being gone again."""
    file = tmp_path / "console.yaml"
    flag = tmp_path / "engine" / "ops_kill_switch.flag"
    flag.parent.mkdir()
    file.write_text(
        "context: paper\ncontexts:\n  paper:\n    environment: paper\n    colour: green\n"
        f"    kill_switch: {{flag: {flag}, cool_down: 0.05}}\n"
    )
    settings = load_settings(config=file, environ={"HOME": str(tmp_path)}, state=tmp_path)
    desk = SafeDesk(tmp_path)
    switch = RealSwitch(settings, desk.clock, {})
    access = Access(desk.catch, desk.others, switch, 900, str)
    desk.app = OpsConsole(
        PAPER, lambda: desk.watched, environ=UTF8, tools=Tools(kill=switch, access=lambda: access)
    )
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.press("K", "T")
        assert flag.exists()
        await until(lambda: switch.latest is not None and not switch.under_way)
        desk.kill.latest = switch.latest
        desk.judged(tripped_at(START + 0.8), later=0.2)
        await desk.press("escape")
        await make_ready(desk)
        await desk.press("R")
        await desk.type("paper paper")
        await until(lambda: " RESET " in desk.text)
        assert not flag.exists()
    switch.close(1)


def test_a_dialog_without_room_for_all_that_would_be_done_says_so() -> None:
    asked = Draft()
    found = Look(0, asked, Deed("paper", "kill.reset", "paper", tuple(map(str, range(20)))), ())
    lines = would_lines(View(PAPER, UNICODE), found, 12)
    assert len(lines) == 12
    assert lines[-1][0].text == "+9 more lines: esc, then enter reads them"


def test_where_there_is_little_room_each_gate_still_has_its_line() -> None:
    closed = [Gate(f"gate {number}", False, "why it doesn't pass " * 20) for number in range(12)]
    for room in (12, 13, 20, 300):
        lines = list(gate_lines(View(PAPER, UNICODE), closed, 76, room))
        assert len(lines) <= room
        assert all(line_width(line) <= 76 for line in lines)
        told = "".join(span.text for line in lines for span in line)
        assert all(gate.name in told for gate in closed)


@pytest.mark.parametrize(("since", "sign"), [(-1.0, "✓"), (0.5, "?")])
def test_a_word_of_the_engine_from_before_the_reset_is_none(since: float, sign: str) -> None:
    live = assess(replace(tripped_at(START, tripped=0.0), at=START + 0.8), RULES)
    view = View(PAPER, UNICODE).next(live)
    line = next(iter(heard_lines(view, START + since, 76)))
    assert "".join(span.text for span in line).startswith(f"ACKNOWLEDGED  {sign} ")
