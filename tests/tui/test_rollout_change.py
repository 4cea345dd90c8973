"""A change of a stage from the screen: what lowers risk by one key, what raises it by every gate."""

from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Key

from console.actions.checkpoint import Operator
from console.actions.flags_file import Conflict
from console.actions.rollout.look import Look
from console.actions.rollout.record import Applied
from console.domain.access import Role
from console.domain.assessment import Assessment
from console.domain.rollout.gates import Asked
from console.domain.rollout.operations import SetStage
from console.domain.rollout.plan import Plan
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import PAPER, Stage
from console.domain.surfaces import Feature, Flags
from console.tui.screens.confirm import Confirm
from console.tui.screens.rollout.asking import confirmed_lines
from console.tui.screens.rollout.change import Change
from console.tui.screens.rollout.screen import Rollout
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.rollouts import CONTEXT, RolloutDesk
from tests.unit.actions.rollout.amiss import AMISS
from tests.unit.actions.rollout.test_rollout import CANARY, DAY, PRODUCTION, SHADOW
from tests.waiting import until

SIZE = (80, 24)
OFF = PRODUCTION.replace(b"enabled: true", b"enabled: false")


async def promote(desk: RolloutDesk) -> None:
    """Have the canary that is possible instead of one for one symbol, with all that it takes but arming."""
    await desk.begin("2")
    await desk.sees("INSTEAD")
    await desk.press("1")
    await desk.sees("RAISES RISK", "✘ armed")
    await desk.press("0")
    await desk.type("two quiet weeks")
    await desk.sees("NOT YET  armed")


@pytest.mark.parametrize("has_access", [True, False], ids=["as a viewer", "before access is there"])
async def test_what_lowers_the_risk_is_written_by_one_key_and_followed_to_the_engine(
    tmp_path: Path, has_access: bool
) -> None:
    desk = RolloutDesk(tmp_path, PRODUCTION, Role.VIEWER, has_access=has_access)
    async with desk.app.run_test(size=SIZE):
        await desk.begin("f", "1")
        await desk.sees("LOWERS RISK", "stops trading", "2 symbols BTC, SOL", "+    stage: shadow")
        await desk.press("enter")
        await desk.sees("What the change would do")
        await desk.press("escape")
        assert desk.written == PRODUCTION
        desk.engine.deaf = desk.desk.live()
        await desk.press("W")
        await desk.sees("UNCONFIRMED", "WRITTEN       ✓ read back", "journal: recorded #1", "? not yet after")
        assert desk.written == PRODUCTION.replace(b"production", b"shadow")
        desk.clock.at += 2
        desk.engine.deaf = None
        await desk.sees("ACKNOWLEDGED ", "✓ after 2.0 s, the engine has loaded it", "✓ nothing was opened")


async def test_switching_off_takes_d_and_then_another_key(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, PRODUCTION)
    async with desk.app.run_test(size=SIZE):
        await desk.begin("d")
        await desk.sees("guard off", " D  writes it at once")
        await desk.press("d", "W", "enter", "escape")
        assert desk.written == PRODUCTION
        await desk.press("D")
        await desk.sees("WRITTEN       ✓ read back")
        assert desk.written == OFF


async def test_what_raises_the_risk_says_what_is_missing_and_writes_nothing(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, SHADOW)
    async with desk.app.run_test(size=SIZE):
        await promote(desk)
        await desk.press("W")
        assert "armed: the console is read-only" in desk.text.splitlines()[-1]
        assert desk.written == SHADOW


async def test_what_is_amiss_or_too_early_is_said_and_writes_nothing(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, SHADOW)
    async with desk.app.run_test(size=(160, 50)):
        await promote(desk)
        await desk.arm()
        await desk.sees(" W  writes it")
        for spoil, gate, words in AMISS.values():
            desk.engine.spoil = spoil
            await still_refused(desk, SHADOW, gate, words)
        desk.engine.spoil = lambda taken: taken
        desk.desk.write(SHADOW, age=6 * DAY)
        await still_refused(desk, SHADOW, "time in stage", "in shadow for 6 d of 7 d, by the file's time")


async def still_refused(desk: RolloutDesk, content: bytes, gate: str, words: str) -> None:
    """Once that is looked at anew, the gate says so, and the key that writes doesn't."""
    desk.clock.at += 1.5
    await desk.sees("NOT YET", gate, words)
    await desk.press("W")
    assert desk.written == content
    assert not [record for record in desk.desk.records() if record.action.startswith("rollout.")]


async def test_a_viewer_raises_nothing_and_the_last_canary_symbol_stays(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, CANARY, Role.VIEWER)
    async with desk.app.run_test(size=(160, 50)):
        await desk.begin("0")
        await desk.sees("NOT POSSIBLE", "BTC is the last canary symbol of guard", "INSTEAD")
        await desk.press("W")
        assert desk.written == CANARY
        await desk.press("escape", "f", "plus")
        await desk.sees("RAISES RISK", "✘ role", "it takes an operator")
        await still_refused(desk, CANARY, "role", "it takes an operator")


async def test_what_raises_the_risk_is_written_once_every_gate_passes(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, SHADOW)
    async with desk.app.run_test(size=SIZE):
        await promote(desk)
        await desk.arm()
        await desk.sees("15 of 15", " W  writes it")
        await desk.press("W")
        await desk.sees("WRITTEN       ✓ read back", "by dana: two quiet weeks", "✓ after")
        assert b"stage: canary     # since May" in desk.written
        await desk.press("escape", "h")
        await desk.sees("guard to canary for BTC only", "two quiet weeks")


async def test_a_file_that_changes_meanwhile_ends_what_raises_the_risk(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, SHADOW)
    async with desk.app.run_test(size=SIZE):
        await promote(desk)
        await desk.arm()
        await desk.sees("15 of 15")
        desk.desk.write(SHADOW + b"# by hand\n")
        desk.clock.at += 1.5
        await desk.sees("NOT YET", "the flags file has changed since this was opened")
        await desk.press("W")
        assert desk.written == SHADOW + b"# by hand\n"


async def test_that_the_file_has_changed_is_said_before_how_many_gates_do_not_pass(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, SHADOW)
    async with desk.app.run_test(size=SIZE):
        await desk.begin("2")
        await desk.sees("INSTEAD")
        await desk.press("1")
        await desk.sees("of 15 gates don't pass")
        desk.desk.write(SHADOW + b"# by hand\n")
        desk.clock.at += 1.5
        await desk.sees("NOT YET", "the flags file has changed since this was opened")


async def test_gates_that_were_looked_at_long_ago_do_not_count(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, SHADOW)
    async with desk.app.run_test(size=SIZE):
        await promote(desk)
        await desk.arm()
        await desk.sees("15 of 15")
        assert isinstance(desk.app.screen, Change)
        desk.app.screen._looking = desk.app.screen._looking or object()  # type: ignore[assignment]
        desk.clock.at += 5
        await desk.sees("the gates were looked at 5.0 s ago, and not since")
        desk.app.screen._looking = None


async def test_production_takes_a_second_person_and_the_typed_phrase(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, CANARY)
    async with desk.app.run_test(size=SIZE):
        await desk.begin("f", "plus")
        await desk.sees("guard to production", "'production guard' has to be typed")
        await desk.arm()
        await desk.press("0")
        await desk.type("two quiet weeks")
        await desk.press("s")
        await desk.sees("opsconsole approve 7K3QXM")
        await desk.app.action_approve()
        assert "nothing waits for your approval" in desk.text.splitlines()[-1]
        await desk.press("W")
        assert "second person: " in desk.text.splitlines()[-1]
        assert desk.written == CANARY
        desk.others.approved_by(1002, "7K3QXM")
        desk.clock.at += 1.5
        await desk.sees("asks for the phrase")
        await desk.press("W")
        assert isinstance(desk.app.screen, Confirm)
        await desk.type("prod guard")
        assert "that is not the phrase" in desk.text
        await desk.press("ctrl+u")
        await desk.type("production guard")
        await desk.sees("WRITTEN       ✓ read back")
        assert desk.others.used == ["7K3QXM"]
        assert b"stage: production     # since May" in desk.written


async def test_the_phrase_is_not_taken_where_the_ground_has_shifted(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, CANARY)
    async with desk.app.run_test(size=SIZE):
        await desk.begin("f", "plus")
        await desk.arm()
        await desk.press("0")
        await desk.type("two quiet weeks")
        await desk.press("g")
        await desk.type("nobody else is awake")
        await desk.sees("GLASS BROKEN", "asks for the phrase")
        await desk.press("W")
        desk.desk.write(CANARY + b"# by hand\n")
        desk.clock.at += 1.5
        await desk.sees("Can't be done now")
        await desk.type("production guard")
        assert desk.written == CANARY + b"# by hand\n"


async def test_what_was_switched_off_comes_back_in_shadow_which_is_offered_instead(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, OFF)
    async with desk.app.run_test(size=SIZE):
        await desk.begin("f", "plus")
        await desk.sees("NOT POSSIBLE", "INSTEAD        1  guard on again, in shadow")
        await desk.press("W")
        assert desk.written == OFF
        await desk.press("1")
        await desk.sees("guard on again, in shadow", "RAISES RISK")


async def test_the_last_change_is_taken_back_as_a_new_one(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, PRODUCTION)
    async with desk.app.run_test(size=SIZE):
        await desk.begin("u")
        assert "no change of this feature" in desk.text.splitlines()[-1]
        await desk.press("f", "minus")
        await desk.sees("INSTEAD")
        await desk.press("escape", "1")
        await desk.sees("LOWERS RISK")
        await desk.press("W")
        await desk.sees("WRITTEN       ✓ read back")
        await desk.press("escape")
        await desk.sees("guard to shadow")
        await desk.press("u")
        await desk.sees("guard: stage as before", "RAISES RISK", "+    stage: production")


async def test_who_was_faster_is_shown_with_the_difference_and_theirs_stands(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, PRODUCTION)
    theirs = PRODUCTION.replace(b"production", b"shadow")

    class Slow(type(desk.desk.rollout)):  # type: ignore[misc]
        def apply(
            self, plan: Plan, look: Look, asked: Asked, who: Operator | None, live: Assessment, **more: object
        ) -> Applied:
            conflict = Conflict("has changed since", self.draft(plan, look), theirs)
            return Applied(plan, conflict, desk.clock.at)

    desk.desk.rollout.__class__ = Slow
    async with desk.app.run_test(size=SIZE):
        await desk.begin("d")
        await desk.sees("guard off")
        await desk.press("D")
        await desk.sees("SOMEBODY ELSE WAS FASTER", "mine")
        assert "theirs" in desk.text
        assert "-     stage: production" in desk.text


async def test_a_file_that_cannot_be_edited_says_where_and_nothing_is_offered(tmp_path: Path) -> None:
    anchored = PRODUCTION.replace(b"guard:  ", b"guard: &g")
    desk = RolloutDesk(tmp_path, anchored)
    async with desk.app.run_test(size=SIZE):
        await desk.begin("d")
        await desk.sees("REFUSED", "yaml:2:")
        await desk.press("D")
        assert desk.written == anchored


async def test_both_keys_that_a_bad_line_brings_at_once_switch_off(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, PRODUCTION)
    async with desk.app.run_test(size=SIZE):
        await desk.begin()
        for key in ("d", "D"):
            desk.app.post_message(Key(key, key))
        await until(lambda: desk.written != PRODUCTION)
        await desk.sees("WRITTEN")


async def test_keys_that_no_hand_has_pressed_write_nothing(tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, PRODUCTION)
    async with desk.app.run_test(size=SIZE):
        await desk.begin("d")
        await desk.sees("guard off", " D  writes")
        pace = desk.app.pace
        desk.app.pace = replace(pace, key="D", text=frozenset({"x", "D"}))
        assert isinstance(desk.app.screen, Change)
        desk.app.screen.action_switch_off()
        assert desk.written == PRODUCTION
        assert "too fast" in desk.text.splitlines()[-1]
        await desk.press("escape")
        assert isinstance(desk.app.screen, Rollout)


def test_whoever_types_the_phrase_for_many_symbols_sees_their_names() -> None:
    names = tuple(f"S{number:03}USDT" for number in range(100))
    flags = Flags("flags.yaml", "00", False, None, (Feature("guard", True, "shadow"),))
    plan = planned(flags, SetStage("guard", Stage.CANARY, names[:99]), dict.fromkeys(names), PAPER)
    assert isinstance(plan, Plan)
    view = View(CONTEXT, UNICODE)
    lines = ["".join(span.text for span in line) for line in confirmed_lines(view, plan, 68)]
    assert lines[0].endswith("STARTS TRADING: 99 symbols")
    assert (lines[1][:17], len(lines), lines[-1].endswith(" and others")) == ("S000USDT, S001USD", 7, True)
