"""The kill switch's screen while a trip stands: what came of it is kept, and another trip can be chosen."""

from dataclasses import replace

import pytest

from console.actions.kill.actuator import Scope
from console.domain.last_trip import LastTrip
from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot, with_own_trip
from console.tui.screens.kill.covering import stacked
from console.tui.screens.kill.reasons import MANUAL
from console.tui.screens.kill.screen import KillSwitch
from console.tui.screens.palette import Palette
from console.tui.text import Line, Span
from tests.tui.fake import START, metrics_of, snapshot, symbol_rows
from tests.tui.killing import Desk, last_trip, written
from tests.tui.screen import painted
from tests.waiting import until


def tripped(by: LastTrip | None = None, at: float = START) -> Snapshot:
    shown = snapshot(at, metrics_of(symbol_rows(5), tripped=1))
    return replace(shown, last_trip=with_own_trip(shown.last_trip, by, at))


async def test_opened_anew_it_still_has_each_latency_and_the_journal_s_word() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T")
        await until(lambda: "journal: recorded" in desk.text)
        desk.judged(tripped(at=START + 2), later=2)
        await desk.press("escape", "K")
        assert "✓ flag file         <1 ms  set" in desk.text
        assert "journal: recorded" in desk.text


async def test_opened_anew_before_anything_was_judged_it_never_reads_clear() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T", "escape", "K")
        assert "TRIPPING" in desk.text
        assert "✓ CLEAR" not in desk.text


async def test_a_later_trip_of_somebody_else_takes_the_place_of_one_s_own() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T", "escape")
        desk.clock.at += 10
        others = last_trip(reason="by another console", at=START + 9, written=written("http"))
        desk.watched.snapshot = tripped(others, at=START + 10)
        desk.app.paint()
        await desk.press("K")
        assert "by another console" in desk.text
        assert "WRITTEN       1 of 1" in desk.text


async def test_while_it_is_open_a_later_trip_of_somebody_else_is_told_of_too() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T")
        await until(lambda: "WRITTEN       6 of 6" in desk.text)
        desk.clock.at += 10
        others = last_trip(reason="by another console", at=START + 9, written=written("http"))
        desk.watched.snapshot = tripped(others, at=START + 10)
        desk.app.paint()
        await until(lambda: "by another console" in desk.text)
        assert "WRITTEN       1 of 1" in desk.text


async def test_a_reset_trip_of_one_s_own_is_not_told_of_again() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "T", "escape")
        assert desk.kill.latest is not None
        desk.kill.latest = replace(desk.kill.latest, reset=desk.clock.at + 1)
        desk.judged(snapshot(desk.clock.at + 2, metrics_of(symbol_rows(5))), later=2.2)
        await desk.press("K")
        assert f"T  stops everything: {MANUAL}" in desk.text


@pytest.mark.parametrize(
    ("key", "chosen"),
    [("u", (MANUAL, Scope.USDM)), ("8", ("Runaway liquidation", Scope.ALL))],
)
async def test_while_a_trip_stands_scope_and_reason_of_another_are_chosen(
    key: str, chosen: tuple[str, Scope]
) -> None:
    desk = Desk(tripped(last_trip(written=written("flag file"))))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", key)
        assert desk.kill.trips == []
        await desk.press("T")
        assert desk.kill.trips == [chosen]


async def test_a_reason_can_be_typed_for_another_trip() -> None:
    desk = Desk(tripped(last_trip(written=written("flag file"))))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "0", *"again", "enter", "T")
        assert desk.kill.trips == [("again", Scope.ALL)]


async def test_esc_leads_from_the_question_back_to_the_trip_that_stands_and_then_away() -> None:
    desk = Desk(tripped(last_trip(written=written("flag file"))))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "u")
        assert "WILL FIRE" in desk.text
        await desk.press("escape")
        assert "WRITTEN       1 of 1" in desk.text
        await desk.press("escape")
        assert not isinstance(desk.app.screen, KillSwitch)


async def test_a_drill_s_trip_is_called_one() -> None:
    drill = replace(last_trip(written=written("flag file")), drill=True)
    desk = Desk(tripped(drill))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        assert "◆ DRILL" in desk.text.splitlines()[0]
        await desk.press("K")
        assert "◆ TRIPPED   DRILL" in desk.text.splitlines()[1]


async def test_without_books_what_has_changed_at_the_exchange_is_told_not_fills() -> None:
    shown = tripped(last_trip(written=written("flag file"), acknowledged=START - 1))
    desk = Desk(replace(shown, database=SourceState("database", 9.0, configured=False)))
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K")
        assert "OBSERVED" in desk.text
        observed = next(line for line in desk.text.splitlines() if "OBSERVED" in line)
        assert "at the exchange" in observed
        assert "fill" not in observed


async def test_the_palette_opens_above_it_and_leads_away_or_back() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("K", "colon")
        assert isinstance(desk.app.screen, Palette)
        await desk.press("escape")
        assert isinstance(desk.app.screen, KillSwitch)
        await desk.press("colon", *"alerts", "enter")
        await until(lambda: desk.app.crumbs() == ("alerts",))


def test_more_words_in_the_first_block_move_nothing_below_it() -> None:
    def lines(words: int) -> list[Line]:
        blocks = [[(Span("word"),)] * words, [(Span("a"),)] * 4, [(Span("b"),)]]
        return list(stacked(blocks, 12, head=3))

    places = {tuple(lines(words).index((Span(name),)) for name in "ab") for words in (1, 2, 3)}
    assert len(places) == 1


@pytest.mark.parametrize("height", range(5, 12))
def test_where_there_is_no_room_for_them_no_lines_are_reserved(height: int) -> None:
    blocks = [[(Span("word"),)], [(Span("a"),)] * 3, [(Span("b"),)]]
    shown = stacked(blocks, height, head=3)
    assert len(shown) <= height
    assert shown.count((Span("a"),)) == 3
