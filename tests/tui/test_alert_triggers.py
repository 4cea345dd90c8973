"""The rollback triggers beside the alerts, and in full."""

from dataclasses import replace

from textual.pilot import Pilot

from console.domain.assessment import assess
from console.domain.triggers import FULL_ROLLBACK, PAUSE_AND_INVESTIGATE, ROLLBACK_TO_SHADOW, Evidence
from console.tui.app import OpsConsole
from console.tui.screens.alerts.triggers import action_of, trigger_lines, trigger_text
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.alerting import CALM, DIRE, alert_console, the_book, with_book, worst_of_alerts
from tests.tui.fake import PAPER, RULES, START, Row, metrics_of, snapshot
from tests.tui.screen import painted, settled, text_of
from tests.tui.test_recovery import press
from tests.tui.ways import FEATURE, SLIPS, FakeGuide, advice, console_with, rollbacks
from tests.waiting import until


def view_with(evidence: Evidence) -> View:
    taken = snapshot(START, metrics_of([Row("BTC/USD")]))
    return View(PAPER, UNICODE).next(assess(with_book(taken, the_book(evidence=evidence)), RULES))


def texts(view: View, *, every: bool = False, cells: int = 110) -> list[str]:
    return ["".join(span.text for span in line) for line in trigger_lines(view, cells, every=every)]


def test_a_calm_engine_takes_one_line() -> None:
    lines = texts(view_with(CALM))
    assert len(lines) == 1
    assert "✓ rollback triggers: 5 clear" in lines[0]


def test_what_is_unknown_is_counted_as_such() -> None:
    (line,) = texts(view_with(replace(CALM, slippages=DIRE.slippages)))
    assert "? rollback triggers: 1 unknown, 4 clear" in line


def test_a_met_trigger_says_why_and_which_key_leads_to_what_the_guide_recommends() -> None:
    _, first, second, _ = texts(view_with(DIRE))
    assert "MET" in first
    assert "2 within an hour on BTC/USD" in first
    assert first.endswith(" K  Pause, investigate ")
    assert second.endswith(" 3  Rollback to shadow ")


def test_where_it_is_narrow_the_key_stays() -> None:
    assert texts(view_with(DIRE), cells=76)[1].endswith(" K ")


def test_with_room_every_trigger_has_its_line() -> None:
    assert len(texts(view_with(CALM), every=True)) == 6


def test_every_step_of_a_procedure_is_read_in_full() -> None:
    said = " ".join("".join(span.text for span in line) for line in trigger_text(view_with(DIRE), 90))
    assert all(step in said for step in (*PAUSE_AND_INVESTIGATE.steps, *FULL_ROLLBACK.steps))


def test_in_full_what_is_met_comes_before_what_is_unknown_and_clear() -> None:
    lines = trigger_text(
        view_with(replace(CALM, slippages=DIRE.slippages, margin_ratios=DIRE.margin_ratios)), 90
    )
    words = [line[1].text.split()[1] for line in lines if line and len(line[0].text) == 2]
    assert words == ["MET", "unknown", "clear", "clear", "clear"]


def test_a_procedure_is_led_to_by_the_operators_own_key() -> None:
    view = view_with(DIRE)
    own = tuple(
        replace(action, keys=("Y",), shown="Y") if action.id == "kill_switch" else action
        for action in view.actions
    )
    found = action_of(replace(view, actions=own), PAUSE_AND_INVESTIGATE)
    assert found is not None
    assert found.shown == "Y"


def test_the_full_rollback_is_done_on_screen_6() -> None:
    found = action_of(view_with(DIRE), FULL_ROLLBACK)
    assert found is not None
    assert (found.id, found.shown) == ("rollback", "6")


def test_without_rules_there_is_nothing_to_judge_by() -> None:
    taken = snapshot(START, metrics_of([Row("BTC/USD")]))
    assert texts(View(PAPER, UNICODE).next(assess(taken, RULES))) == []


async def test_from_the_triggers_the_procedures_key_leads_on() -> None:
    app = alert_console(worst_of_alerts())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert app.crumbs()[-1] == "triggers"
        assert action_of(app.view, ROLLBACK_TO_SHADOW) is not None
        await pilot.press("3")
        await until(lambda: app.crumbs()[-1] == "rollout")


async def test_escape_leads_back_to_the_alerts() -> None:
    app = alert_console(worst_of_alerts())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape")
        await until(lambda: app.crumbs()[-1] == "alerts")


async def test_enter_leads_from_a_trigger_to_its_procedure_with_the_feature_filled_in() -> None:
    app = console_with(FakeGuide(rollbacks(advice("slippage", FEATURE))), SLIPS)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "never below 31.4 bps")
        await press(pilot, "enter")
        await until(lambda: app.crumbs()[-1] == "rollback_shadow")
        await until(lambda: "begins the run" in text_of(app) and FEATURE in text_of(app))


async def test_where_the_feature_cannot_be_told_it_is_asked_for() -> None:
    app = console_with(FakeGuide(fault="the journal is damaged"), SLIPS)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "never below 31.4 bps")
        await press(pilot, "enter")
        await until(lambda: "asks for feature" in text_of(app))


async def test_another_trigger_is_chosen_with_the_keys_that_move_and_can_be_read() -> None:
    app = console_with(FakeGuide(), CALM)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "Unexpected liquidation")
        assert "restart spot-only trading" not in text_of(app)
        await pilot.press(*["down"] * 6)
        await until(lambda: "restart spot-only trading" in text_of(app))
        await press(pilot, "enter")
        await until(lambda: app.crumbs()[-1] == "rollback_full")


async def test_without_runbooks_a_procedure_is_not_begun() -> None:
    app = alert_console(worst_of_alerts())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await press(pilot, "enter")
        await until(lambda: "not given any runbooks" in text_of(app))


async def opened(app: OpsConsole, pilot: Pilot[int], sign: str = "trip the kill switch") -> None:
    await painted(app)
    await pilot.press("4", "r")
    await settled(app)
    assert sign in text_of(app)
