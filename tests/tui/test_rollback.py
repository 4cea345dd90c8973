"""Screen 6 by its keys: what is advised is opened with what is known, and nothing waits that needn't."""

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from textual.geometry import Size
from textual.pilot import Pilot

from console.domain.book_marks import Balance
from console.domain.losses import BalanceLoss, Compared
from console.domain.reading import SourceState
from console.domain.rollback import Need
from console.domain.triggers import Evidence, Past
from console.tui.app import OpsConsole
from console.tui.screens.recovery.screen import NO_RUNS
from console.tui.screens.rollback import screen as rollback_screen
from console.tui.screens.rollback.columns import drill_in_brief, needs_in_brief
from console.tui.screens.rollback.losses import lost_in_brief, lost_in_full
from console.tui.screens.rollback.procedure import chosen_lines
from console.tui.screens.rollback.rows import Row as ProcedureRow
from console.tui.screens.rollback.rows import rows_of
from console.tui.screens.rollback.told import Told, told_lines
from console.tui.theme import UNICODE, Tone
from console.tui.tools import Tools
from tests.tui.alerting import CALM, the_book, with_book
from tests.tui.cases import UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, metrics_of, snapshot
from tests.tui.runs import FakeDesk, run_of
from tests.tui.screen import painted, text_of
from tests.tui.test_recovery import LateDesk, press
from tests.tui.ways import (
    DIRE,
    FEATURE,
    LOSSES,
    FakeGuide,
    a_runbook,
    advice,
    console_with,
    listing,
    rollbacks,
    way,
)
from tests.waiting import DEADLINE, until

SLIPS = rollbacks(advice("slippage", FEATURE))
SMALL = Size(100, 7)


@asynccontextmanager
async def opened(
    guide: FakeGuide, evidence: Evidence = CALM, desk: FakeDesk | None = None, *, crashed: bool = False
) -> AsyncIterator[Pilot[int]]:
    """The console on screen 6."""
    app = console_with(guide, evidence, desk, crashed=crashed)
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        await pilot.press("6")
        await sees(pilot, "PROCEDURE")
        yield pilot


async def sees(pilot: Pilot[int], *words: str) -> None:
    assert isinstance(pilot.app, OpsConsole)
    app = pilot.app
    await until(lambda: all(each in text_of(app) for each in words))


def texts(told: Told, size: Size = SMALL) -> Sequence[str]:
    return ["".join(span.text for span in line) for line in told_lines(told, size, UNICODE)]


async def test_what_is_advised_is_begun_with_the_feature_that_is_known() -> None:
    async with opened(FakeGuide(SLIPS), DIRE) as pilot:
        await sees(pilot, f"Feature back to shadow: {FEATURE}")
        await press(pilot, "enter")
        await sees(pilot, "begins the run", FEATURE)
        await press(pilot, "escape")
        await sees(pilot, "PROCEDURE")


async def test_a_procedure_that_cannot_be_begun_here_is_shown_and_not_begun() -> None:
    desk = FakeDesk(listing())
    async with opened(FakeGuide(), CALM, desk) as pilot:
        await sees(pilot, "not here")
        await press(pilot, "down", "down", "enter")
        await sees(pilot, "not here: the settings have no command start_previous")
        await press(pilot, "enter")
        assert desk.told == []


async def test_a_database_that_does_not_answer_keeps_no_procedure_waiting() -> None:
    answers = threading.Event()
    try:
        async with opened(
            FakeGuide(SLIPS, before=lambda: answers.wait(2 * DEADLINE)), CALM, crashed=True
        ) as pilot:
            await sees(pilot, "System crash: Full rollback", "not looked at yet")
            await press(pilot, "enter")
            await sees(pilot, "begins the run", "rollback_full")
    finally:
        answers.set()


async def test_what_has_to_do_with_the_flags_file_is_looked_at_again_as_soon_as_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rollback_screen, "GUIDES_EVERY", 3600.0)
    whole = with_book(snapshot(START, metrics_of([Row("BTC/USD")])), the_book(evidence=DIRE))
    watched = FakeWatched(replace(whole, flags=SourceState("flags", 15.0)), HandClock(START + 0.8))
    guide, runs = FakeGuide(replace(SLIPS, deployed="which features trade isn't known")), FakeDesk(listing())
    tools = Tools(runs=lambda: runs, guide=lambda: guide)
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8, tools=tools)
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        await pilot.press("6")
        await sees(pilot, "which features trade isn't known")
        guide.found, watched.snapshot = SLIPS, whole
        assert watched.changed is not None
        watched.changed()
        await sees(pilot, f"trading: {FEATURE}")


async def test_why_nothing_can_be_told_is_said_and_what_is_known_stays() -> None:
    guide = FakeGuide(fault="configs/runbooks/rollback_off.yaml:3:1: 'stepss' is unknown")
    async with opened(guide, CALM) as pilot:
        await sees(pilot, "NOT READ", "'stepss' is unknown", "rollback_shadow, 2 steps")
        assert isinstance(pilot.app, OpsConsole)
        assert "✓ nothing calls" not in text_of(pilot.app)


async def test_the_open_run_of_a_procedure_is_opened_in_place_of_a_second_one() -> None:
    run = run_of(a_runbook("rollback_full").runbook)
    async with opened(FakeGuide(), CALM, FakeDesk(listing(run))) as pilot:
        await sees(pilot, "open")
        await press(pilot, "enter")  # it stands first
        await sees(pilot, f"there is no run {run.id}")


async def test_all_that_the_lines_have_no_room_for_is_a_key_away() -> None:
    async with opened(FakeGuide(), CALM) as pilot:
        await sees(pilot, "the flags file")
        await pilot.resize_terminal(80, 24)
        await press(pilot, "end")
        await sees(pilot, " e  all of it")
        await press(pilot, "e")
        await sees(pilot, "esc back", "– the coin engine's code: its files are taken out")


async def test_the_palette_leads_there_by_name() -> None:
    app = console_with(FakeGuide())
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon", *"rollback", "enter")
        await sees(pilot, "PROCEDURE")


async def test_a_procedure_that_is_no_rollback_comes_first_where_the_guide_says_it() -> None:
    liquidated = replace(CALM, liquidations=Past({"BTC/USD": 2.0}, 3600.0))
    async with opened(FakeGuide(), liquidated) as pilot:
        await sees(pilot, "Unexpected liquidation: Pause, investigate", "What runaway liquidation is for.")
        await press(pilot, "enter")
        await sees(pilot, "begins the run")


def test_what_nobody_can_tell_is_no_all_clear() -> None:
    unknown = rollbacks(unknown=("Slippage > 20 bps consistently: not exported",))
    assert "✓ nothing calls for a rollback" in texts(Told((), rollbacks(), now=START))[0]
    for told in (
        Told((), unknown, now=START),
        Told((), rollbacks(), "the journal is damaged", START),
        Told((), rollbacks(at=START - 60), now=START),
        Told((), None),
    ):
        assert not any("✓" in line for line in texts(told))
    unread = texts(Told((), None, "the journal is damaged"))
    assert "? nothing that is known calls for a rollback" in unread[1]


def test_a_look_that_is_old_says_so() -> None:
    assert "60 s AGO" in texts(Told((), rollbacks(at=START - 60), now=START))[0]


def test_what_is_deployed_is_never_pushed_out_by_advice_or_changes() -> None:
    told = Told([advice(str(number)) for number in range(9)], rollbacks(unknown=["a", "b", "c"]), now=START)
    lines = texts(told, Size(80, 5))
    assert [line.split()[0] for line in lines] == ["NOW", "✘", "UNKNOWN", "CHANGED", "DEPLOYED"]
    assert "+7 more" in lines[1]
    assert "+2 more" in lines[2]


@pytest.mark.parametrize(
    ("name", "words", "tone"),
    [
        ("rollback_shadow", "✓ 2 d", Tone.OK),
        ("rollback_off", "▲ LATE 41 d", Tone.WARNING),
        ("rollback_configuration", "▲ never", Tone.WARNING),
        ("rollback_coin_quick", "✘ FAILED", Tone.CRITICAL),
    ],
)
def test_a_last_drill_says_how_it_was(name: str, words: str, tone: Tone) -> None:
    cell = drill_in_brief(way(name), START, UNICODE)
    assert (cell.text, cell.tone) == (words, tone)


@pytest.mark.parametrize(
    ("name", "words", "tone"),
    [
        ("rollback_shadow", "✓ 1 met", Tone.OK),
        ("rollback_configuration", "? the exchange", Tone.UNKNOWN),
        ("rollback_full", "✘ a release to go back to", Tone.CRITICAL),
    ],
)
def test_what_is_lacking_comes_before_what_nobody_knows(name: str, words: str, tone: Tone) -> None:
    cell = needs_in_brief(way(name), UNICODE)
    assert (cell.text, cell.tone) == (words, tone)


def test_what_cannot_be_told_is_never_nothing_lost() -> None:
    whole = way("rollback_coin_full")
    unknown = replace(LOSSES, tables=(), contracts=(), unknown=("the exchange has not answered",))
    for losses, words in ((LOSSES, "▲ 52 rows, 1 contract"), (unknown, "? not known"), (None, "? not known")):
        lost = replace(whole, loses=losses, loses_unknown="" if losses else "there is no backup")
        assert lost_in_brief(lost, UNICODE).text == words
        assert not any(tone is Tone.OK for _, tone in lost_in_full(lost))
    assert lost_in_brief(way("rollback_full"), UNICODE).text == "–"


def test_balances_and_changed_rows_are_lost_like_rows_that_are_gone() -> None:
    then, now = (Balance(Decimal(amount), Decimal(0), Decimal(10)) for amount in ("10", "9.5"))
    loses = replace(
        LOSSES,
        tables=(),
        balances=(BalanceLoss(3, then, now),),
        compared=Compared(LOSSES.at, ("futures_orders",)),
    )
    lost = replace(way("rollback_coin_full"), loses=loses)
    assert [(words, tone) for words, tone in lost_in_full(lost)][:3] == [
        ("account 3: balance 10 then, 9.5 now (-0.5)", Tone.WARNING),
        (
            "futures_orders: rows from before the backup aren't as they were; which, and how, can't be told",
            Tone.WARNING,
        ),
        (
            "coinm BTCUSD_PERP: the exchange holds 12 contracts, the restored book -3: it lacks 15",
            Tone.WARNING,
        ),
    ]
    assert lost_in_brief(replace(lost, loses=replace(loses, contracts=())), UNICODE).text == "▲ changes"


def test_before_a_look_every_procedure_has_its_row() -> None:
    for looked, ways in ((None, [None] * 6), (rollbacks(), list(rollbacks().ways))):
        rows = rows_of(listing(), looked, ())
        assert [row.title for row in rows] == [way(row.name).title for row in rows]
        assert [row.way for row in rows] == ways


def test_what_a_procedure_undoes_and_cannot_is_whole_on_the_smallest_screen() -> None:
    full = replace(
        way("rollback_full"),
        undoes=("the engine's code: the files of the release before are put back " * 2,),
        cannot=("positions stay open at the exchange, and nothing but their orders looks after them " * 2,),
        needs=tuple(Need(f"need {number}", None, "not known yet " * 6) for number in range(5)),
    )
    row = ProcedureRow("rollback_full", 0, way=full)
    shown = chosen_lines(row, START, Size(76, 9), "e", UNICODE)
    lines = ["".join(span.text for span in line) for line in shown]
    for whole in (*full.undoes, *full.cannot):
        assert whole.strip() in " ".join(line[10:].strip() for line in lines)
    assert any(line.startswith("NEEDS") and line.endswith("…") for line in lines)


async def test_enter_says_that_it_is_the_rollbacks_that_are_still_being_read() -> None:
    desk = LateDesk()
    async with opened(FakeGuide(), desk=desk) as pilot:
        await pilot.press("enter")
        await sees(pilot, "the rollbacks are still being read: press enter once they are here")
        desk.may_go_on.set()


async def test_where_there_are_no_runs_enter_says_so_and_not_that_they_are_being_read() -> None:
    app = console_with(None)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("6")
        await sees(pilot, "this console was not given any")
        await pilot.press("enter")
        await until(lambda: NO_RUNS in text_of(app).splitlines()[-1])
