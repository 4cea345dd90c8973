"""The kill switch on the screen: two keys trip it, nothing else does, and the result says what is proven."""

import gc
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Paste

from console.actions.kill.actuator import Scope
from console.actions.kill.flag_file import FlagFile
from console.domain.snapshot import Snapshot, with_own_trip
from console.domain.surfaces import Exchange, Venue
from console.tui.app import OpsConsole
from console.tui.friction import Phrase
from console.tui.screens.confirm import Confirm, Danger
from console.tui.screens.help import Help
from console.tui.screens.kill.reasons import MANUAL
from console.tui.screens.kill.screen import KillSwitch
from console.tui.tools import Tools
from console.tui.watched import Watched
from console.tui.wishes import Wishes
from tests.tui.cases import UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, metrics_of, snapshot, symbol_rows
from tests.tui.killing import Desk, Kill, Stub, everything, last_trip, settled, written
from tests.tui.screen import painted, text_of
from tests.tui.test_painting import a_record
from tests.waiting import until

ONE_LOW = [*symbol_rows(4), Row("SOL/USD", margin=1.01)]


def low_margin() -> Snapshot:
    return snapshot(START, metrics_of(ONE_LOW))


async def test_two_keys_trip_everything_for_the_worst_alert() -> None:
    desk = Desk(low_margin())
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T")
        assert desk.kill.trips == [("SOL/USD margin 1.010 below 1.05", Scope.ALL)]


async def test_the_flag_is_on_the_disk_while_everything_else_still_hangs(tmp_path: Path) -> None:
    flag, hanging = tmp_path / "ops_kill_switch.flag", threading.Event()
    clock = HandClock()
    others = (Stub("database", may_answer=hanging), Stub("http", may_answer=hanging))
    desk = Desk(kill=Kill(clock, (FlagFile(flag), *others)))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T")
        assert flag.read_bytes() == b"1"
        assert "? database" in desk.text
        assert "fired, no answer yet" in desk.text
        hanging.set()
        await until(lambda: "✓ database" in desk.text and "✓ http" in desk.text)


async def test_no_look_for_garbage_comes_between_the_two_keys() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K")
        assert gc.get_threshold()[0] == 0
    assert gc.get_threshold()[0] > 0


async def test_no_other_keys_trip() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        for keys in ("T", "K", "K K", "K t", "K 1", "K enter", "K space", "K escape T"):
            await desk.press(*keys.split())
            assert desk.kill.trips == [], keys
            while isinstance(desk.app.screen, KillSwitch):
                await desk.press("escape")


@pytest.mark.parametrize("keys", ["K T", "K K T", "K T T", "K T K T", "j escape K T", "j down ctrl+k T"])
async def test_both_keys_that_a_bad_line_brings_at_once_trip_once(keys: str) -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press(*keys.split(), gap=0.001)
        assert len(desk.kill.trips) == 1
        await until(lambda: "REQUESTED" in desk.text)
        assert "NOT TRIPPED" not in desk.text


@pytest.mark.parametrize("keys", ["x K T", "K x T", "K 4 5 enter x T"])
async def test_both_keys_among_others_as_in_a_paste_are_refused_loudly_and_a_hand_is_taken_after_it(
    keys: str,
) -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press(*keys.split(), gap=0.001)
        assert desk.kill.trips == []
        above = desk.text.splitlines()[:-1]
        assert any("NOT TRIPPED" in line and "press T NOW" in line for line in above)
        await desk.press("T")
        assert len(desk.kill.trips) == 1


async def test_with_a_reason_both_keys_at_once_trip_for_that() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "8", "T", gap=0.001)
        assert desk.kill.trips == [("Runaway liquidation", Scope.ALL)]


async def test_a_digit_here_says_that_it_leads_to_no_screen() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "5")
        assert "reason: Network partition; esc, then 5, leads to screen 5" in desk.text
        await desk.press("1")
        assert "1 is no reason now; esc, then 1, leads to screen 1" in desk.text
        await desk.press("escape", "question_mark", "5")
        assert "5 leads to no screen from here: first esc, then 5" in desk.text


async def test_a_held_key_trips_once_and_both_keys_trip_once_more() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T", "T")
        await desk.press("T", "T", gap=0.03)
        assert len(desk.kill.trips) == 1
        assert "to trip once more, first K, then T" in desk.text
        await desk.press("x", "down", "T")
        assert len(desk.kill.trips) == 1
        await desk.press("K", "T")
        assert len(desk.kill.trips) == 2


async def test_pasted_text_does_nothing_but_says_so() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K")
        desk.app.post_message(Paste("T"))
        await until(lambda: "pasted text is not taken" in desk.text)
        assert desk.kill.trips == []


async def test_a_reason_is_given_by_its_digit() -> None:
    desk = Desk(low_margin())
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "8", "T")
        assert desk.kill.trips == [("Runaway liquidation", Scope.ALL)]


async def test_after_a_trip_of_one_account_both_keys_stop_everything() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "c", "T", "K", "T")
        assert [scope for _, scope in desk.kill.trips] == [Scope.COIN, Scope.ALL]


async def test_pressing_k_again_loses_no_choice() -> None:
    desk = Desk(low_margin())
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "8", "K", "T")
        assert desk.kill.trips == [("Runaway liquidation", Scope.ALL)]


async def test_a_reason_s_digit_is_the_operator_s_own_key() -> None:
    desk = Desk(wishes=Wishes(keys={"pick_reason": ["f1", "f2", "f3", "f4", "f5"]}))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "f5")
        assert "f4  Exchange API down" in desk.text
        await desk.press("T")
        assert desk.kill.trips == [("Network partition", Scope.ALL)]


async def test_a_reason_can_be_typed_and_its_letters_do_nothing_else() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "0", *"TK q9", "enter")
        assert desk.kill.trips == []
        assert "stops everything: TK q9" in desk.text
        await desk.press("T")
        assert desk.kill.trips == [("TK q9", Scope.ALL)]


async def test_one_account_is_stopped_alone_by_what_can_do_that() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "u")
        await until(lambda: "WILL FIRE     http, database" in desk.text)
        assert "not flag file, state file, command, feature flags" in desk.text
        await desk.press("T")
        assert desk.kill.trips == [(MANUAL, Scope.USDM)]


async def test_where_nothing_can_stop_one_account_alone_that_is_refused_with_the_reason() -> None:
    desk = Desk(kill=Kill(HandClock(), (Stub("flag file"),)))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K")
        await until(lambda: "WILL FIRE     flag file" in desk.text)
        await desk.press("c", "T")
        assert desk.kill.trips == []
        assert "nothing here can stop coin only" in desk.text.splitlines()[-1]


async def test_what_could_not_be_prepared_is_told_before_the_trip() -> None:
    desk = Desk(kill=Kill(HandClock(), everything(), complaint="state/kill: read-only file system"))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K")
        await until(lambda: "state/kill: read-only file system" in desk.text)


async def test_in_a_replay_the_state_is_shown_and_nothing_is_tripped() -> None:
    clock = HandClock()
    kill, player = Kill(clock, everything()), a_record()
    app = OpsConsole(PAPER, lambda: player, environ=UTF8, tools=Tools(kill=kill))
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("K", "T")
        await settled(app)
        assert kill.trips == []
        assert "KILL SWITCH of paper" in text_of(app)
        assert "This is a replay of the past" in text_of(app).splitlines()[-1]
        app.end_notice()
        hints = text_of(app).splitlines()[-1]
        assert "back" in hints
        assert not any(word in hints for word in ("trip", "arm", "reset"))


async def test_without_a_kill_switch_the_engine_s_own_means_are_named() -> None:
    watched: Watched = FakeWatched(snapshot(START, metrics_of(symbol_rows(5))))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("K", "T")
        await settled(app)
        assert "use the engine's own means" in text_of(app).splitlines()[-1]


@pytest.mark.parametrize("dialog", ["help", "confirm", "filter", "palette"])
async def test_it_opens_above_everything_and_leaves_it_as_it_was(dialog: str) -> None:
    """Where letters are text, K is one: there ctrl+k opens it."""
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        if dialog == "confirm":
            danger = Danger("Reset", lambda view: (), Phrase("paper paper"))
            desk.app.push_screen(Confirm(desk.app.view, danger))
        else:
            await desk.press({"help": "question_mark", "filter": "slash", "palette": "colon"}[dialog])
        below = desk.app.screen
        await desk.press("K" if dialog == "help" else "ctrl+k")
        assert isinstance(desk.app.screen, KillSwitch)
        assert "READ-ONLY" in desk.text.splitlines()[0]
        await desk.press("escape")
        assert desk.app.screen is below


async def test_no_digit_and_no_letter_leads_away_from_it() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", *"12345678", "slash", "s", "p", "tab", "X")
        assert isinstance(desk.app.screen, KillSwitch)


async def test_opened_over_its_own_help_it_is_not_opened_twice() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "question_mark")
        assert isinstance(desk.app.screen, Help)
        await desk.press("K")
        assert sum(isinstance(screen, KillSwitch) for screen in desk.app.screen_stack) == 1
        assert isinstance(desk.app.screen, KillSwitch)


async def test_each_actuator_is_shown_with_what_became_of_it() -> None:
    desk = Desk(kill=Kill(HandClock(), everything(failing=True)))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T")
        await until(lambda: "WRITTEN       5 of 6" in desk.text)
        await until(lambda: "✓ flag file         <1 ms  set" in desk.text and "✘ database" in desk.text)
        await until(lambda: "connection refused" in desk.text and "journal: recorded" in desk.text)


async def test_who_could_not_be_told_is_shown_with_what_came_of_the_trip() -> None:
    kill = Kill(HandClock(), everything())
    desk = Desk(kill=kill)
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K")
        kill.complaint = "not everybody was told: service 1 of 1 (json): not taken"
        await desk.press("T")
        await until(lambda: "WRITTEN" in desk.text and "not everybody was told: service 1" in desk.text)


async def test_right_after_the_trip_the_state_of_before_is_not_shown_any_more() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K")
        assert "✓ CLEAR" in desk.text
        await desk.press("T")
        assert "✓ CLEAR" not in desk.text
        assert "TRIPPING" in desk.text
        assert "ACKNOWLEDGED" not in desk.text


async def test_written_is_not_acknowledged_and_acknowledged_is_not_observed() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T")
        await until(lambda: "6 of 6" in desk.text)
        desk.judged(later=2.0)
        await until(lambda: "UNCONFIRMED" in desk.text)
        assert "ACKNOWLEDGED  ? not yet after 2.1 s; the engine says clear" in desk.text
        assert "OBSERVED      ? fills since the trip" in desk.text
        desk.judged(snapshot(desk.clock.at, metrics_of(symbol_rows(5), tripped=1)), later=0.5)
        await until(lambda: "◆ TRIPPED" in desk.text)
        assert "ACKNOWLEDGED  ✓ after 2.0 s, the engine says that it is tripped" in desk.text
        assert "OBSERVED      ✓ no fill since the trip" in desk.text


async def test_a_trip_that_nobody_could_note_is_judged_by_what_the_engine_says_all_the_same() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T")
        desk.kill.latest = None
        desk.clock.at += 6
        desk.watched.snapshot = snapshot(desk.clock.at, metrics_of(symbol_rows(5), tripped=1))
        desk.app.paint()
        await until(lambda: "◆ TRIPPED" in desk.text)
        assert "ACKNOWLEDGED  ✓" in desk.text


async def test_what_was_counted_before_the_trip_says_nothing_of_what_came_after() -> None:
    desk = Desk()
    taken = desk.watched.snapshot
    orders = Exchange((Venue("usdm", 0.02, {}, START, (), 3, START),))
    good = replace(taken.exchange.good, value=orders) if taken.exchange.good else None
    desk.watched.snapshot = replace(taken, exchange=replace(taken.exchange, last=good, good=good))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T")
        desk.judged(later=1.0)
        await until(lambda: "? before: 3 resting orders at the exchange" in desk.text)


async def test_a_trip_of_somebody_else_is_told_and_can_be_made_once_more_by_one_key() -> None:
    shown = snapshot(START, metrics_of(symbol_rows(5), tripped=1))
    noted = last_trip(at=START - 60, written=written("flag file", "database"), acknowledged=START - 59)
    desk = Desk(replace(shown, last_trip=with_own_trip(shown.last_trip, noted, START)))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K")
        assert "60 s ago, by dana: stop everything" in " ".join(desk.text.split())
        assert "WRITTEN       2 of 2" in desk.text
        await desk.press("T")
        assert desk.kill.trips == [(MANUAL, Scope.ALL)]


async def test_a_trip_of_somebody_else_while_it_is_open_is_told_by_itself() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K")
        assert "T  stops everything" in desk.text
        desk.kill.latest = last_trip(at=desk.clock.at, written=written("flag file", "database"))
        desk.judged(snapshot(desk.clock.at + 2, metrics_of(symbol_rows(5), tripped=1)), later=2.0)
        await until(lambda: "WRITTEN       2 of 2" in desk.text)
        await desk.press("K")
        desk.judged(later=0.5)
        assert "T  stops everything" in desk.text  # asked for by hand, it stays


async def test_once_the_trip_was_reset_it_is_ready_for_the_next() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T")
        await until(lambda: "journal: recorded" in desk.text)
        assert desk.kill.latest is not None
        desk.kill.latest = replace(desk.kill.latest, reset=desk.clock.at + 1)
        desk.judged(snapshot(desk.clock.at + 2, metrics_of(symbol_rows(5))), later=2.2)
        await until(lambda: "stops everything: Manual intervention" in desk.text)
