"""The overview's columns: why a row is bad, and that all rows at once are told the same as each alone."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from console.domain.alert_rows import AlertRow, AlertState
from console.domain.assessment import Assessment
from console.domain.severity import Severity
from console.domain.status import Doubts, StageSummary, SymbolStatus
from console.domain.symbols import SymbolRows
from console.tui.screens.overview.alerts import alerts_column
from console.tui.screens.overview.columns import Present, symbol_columns
from console.tui.theme import UNICODE
from console.tui.widgets.table.across import place
from console.tui.widgets.table.columns import Cell, Column, numbers_of, orders_of, texts_of
from console.tui.widgets.table.filter import parse
from console.tui.widgets.table.lines import counting_title
from console.tui.widgets.table.rows import Rows
from tests.tui.alerting import CRITICAL
from tests.tui.cases import CASES, Case, console_of
from tests.tui.fake import (
    PANELS,
    PAPER,
    START,
    FakeWatched,
    HandClock,
    Row,
    metrics_of,
    snapshot,
    state,
    symbol_rows,
)
from tests.tui.screen import painted, text_of
from tests.tui.world import in_full, past_of


def assessed(case: Case) -> Assessment:
    watched = FakeWatched(case.snapshot, HandClock(START + case.later), past=tuple(past_of(case.snapshot)))
    return watched.assessment()


def columns_of(assessment: Assessment, stale: str = "") -> dict[str, Column[SymbolStatus]]:
    present = Present(UNICODE)
    present.take(assessment, stale)
    return {column.key: column for column in symbol_columns(PANELS, present, lambda rows: [0.0] * len(rows))}


def of_rows(*rows: Row) -> Assessment:
    return assessed(CASES["normal"]._replace(snapshot=in_full(snapshot(START, metrics_of(list(rows))))))


@pytest.mark.parametrize(
    ("case", "stale"), [("normal", ""), ("worst", ""), ("hostile", ""), ("stale", "4.4 s")]
)
def test_all_rows_at_once_are_told_the_same_as_each_alone(case: str, stale: str) -> None:
    assessment = assessed(CASES[case])
    rows = assessment.symbols
    assert isinstance(rows, SymbolRows)
    for column in columns_of(assessment, stale).values():
        alone = [_without_sign(column.cell(row)) for row in rows]
        if column.searched and not column.numeric:
            assert list(texts_of(column, rows)) == alone, column.key
        if column.number is not None:
            numbers = [column.number(row) for row in rows]
            assert numbers_of(column, rows) == pytest.approx(
                [math.nan if number is None else number for number in numbers], nan_ok=True
            ), column.key
        if column.key not in ("state", "trend"):
            orders = [None if order != order else order for order in orders_of(column, rows)]  # noqa: PLR0124
            assert list(map(repr, orders)) == [repr(column.order(row)) for row in rows], column.key


def _without_sign(cell: Cell) -> str:
    """What is looked for in a cell: the words without the `?` of old ones."""
    return cell.text.removesuffix(UNICODE.unknown) if cell.stale else cell.text


@pytest.mark.parametrize("text", ["btc", "!btc", "~bd", "state=ok", "why=margin", "stage=canary", "toliq<20"])
def test_a_filter_makes_no_row(text: str) -> None:
    assessment = of_rows(*symbol_rows(50))
    rows = assessment.symbols
    assert isinstance(rows, SymbolRows)
    parse(text, tuple(columns_of(assessment).values())).matching(rows)
    assert rows._rows == {}


def test_symbols_without_any_value_are_flat_in_bulk_too() -> None:
    taken = snapshot(START, metrics_of([Row("A/USD"), Row("B/USD")]))
    metrics = taken.metrics.value
    assert metrics is not None
    only_a = {
        query: replace(answer, vector={s: v for s, v in answer.vector.items() if s.symbol != "B/USD"})
        for query, answer in metrics.answers.items()
    }
    bare = state("metrics", replace(metrics, answers=only_a), START, 3.0)
    assessment = assessed(Case(replace(taken, metrics=bare), 0.2, PAPER, {}))  # type: ignore[arg-type]
    assert list(texts_of(columns_of(assessment)["state"], assessment.symbols)) == ["✓ ok", "– flat"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (Row("A/USD"), ""),
        (Row("A/USD", margin=1.3), "margin"),
        (Row("A/USD", liquidations=1.0), "liq 1h"),
        (Row("A/USD", margin=1.3, liquidations=1.0), "liq 1h"),
        (Row("A/USD", sync_errors=0.1, liquidations=1.0), "sync/min +1"),
        (Row("A/USD", margin=math.nan), "margin"),
    ],
)
def test_why_names_the_value_that_makes_the_row_as_bad_as_it_is(row: Row, why: str) -> None:
    assessment = of_rows(row)
    assert columns_of(assessment)["why"].cell(assessment.symbols[0]).text == why


async def test_a_liquidation_can_be_seen_on_the_smallest_screen() -> None:
    rows = [*symbol_rows(20), Row("GONE/USD", liquidations=1.0)]
    case = CASES["normal"]._replace(snapshot=in_full(snapshot(START, metrics_of(rows))))
    app = console_of(case)
    async with app.run_test(size=(80, 24)):
        await painted(app)
        line = next(line for line in text_of(app).splitlines() if "GONE/USD  " in line)
        assert "liq 1h" in line


def test_on_the_smallest_screen_the_first_title_has_room_for_the_worse_rows_off_the_page() -> None:
    assessment = of_rows(*symbol_rows(80), *(Row(f"A{n:02}/USD", margin=1.1) for n in range(12)))
    present = Present(UNICODE)
    present.take(assessment, "")
    columns = symbol_columns(PANELS, present, lambda rows: [0.0] * len(rows), narrow=True)
    first = place(columns, 0, 78)[0]
    rows: Rows[SymbolStatus] = Rows(lambda row: row.symbol, lambda row: row.severity)
    rows.take(assessment.symbols)
    rows.sort(columns[0], reverse=False)
    rows.move(90)
    title = counting_title(first.column.title, rows, 78, 14, cells=first.width, glyphs=UNICODE)
    assert title.text == "SYM 91/92 ◆12↑"


def test_the_next_threshold_is_named_in_the_cells_that_there_are() -> None:
    assessment = assessed(CASES["normal"])
    column = columns_of(assessment)["to_next"]
    assert {column.cell(row).text.partition(" ")[2] for row in assessment.symbols} == {"", "high", "warn"}
    assert all(len(column.cell(row).text) <= column.width for row in assessment.symbols)


def test_what_is_left_to_liquidation_has_a_sign_only_where_nothing_is_left() -> None:
    assessment = of_rows(*symbol_rows(3))
    column = columns_of(assessment)["liq_distance"]
    row = next(row for row in assessment.symbols if row.side is not None)
    for share, mark in ((0.2, ""), (0.005, ""), (0.0, UNICODE.critical), (-0.1, UNICODE.critical)):
        assert column.cell(replace(row, liquidation_distance=share)).mark == mark
    assert column.cell(replace(row, liquidation_distance=None)).mark == UNICODE.unknown
    assert column.cell(replace(row, side=None, liquidation_distance=None)).text == ""


@pytest.mark.parametrize(("share", "text"), [(0.123, "12.3%"), (0.0049, "0.49%"), (0.00016, "0.02%")])
def test_near_liquidation_what_is_left_is_told_more_exactly(share: float, text: str) -> None:
    assessment = of_rows(*symbol_rows(3))
    row = next(row for row in assessment.symbols if row.side is not None)
    column = columns_of(assessment)["liq_distance"]
    assert column.cell(replace(row, liquidation_distance=share)).text == text


DOUBTED = {
    "position": Doubts(database="stale"),
    "upnl": Doubts(database="stale"),
    "liq_distance": Doubts(metrics="stale"),
    "mark": Doubts(metrics="stale"),
    "slippage": Doubts(metrics="stale"),
    "stage": Doubts(metrics="stale"),
    "funding_in": Doubts(exchange="stale"),
}


def known_row(assessment: Assessment) -> SymbolStatus:
    """A row that has every figure, each as long as may be."""
    return replace(
        assessment.symbols[0],
        side="SHORT",
        quantity=Decimal("1234567.1234"),
        mark_price=1234567.89,
        liquidation_distance=-0.01,
        unrealized_pnl=Decimal("-1234567890123.45"),
        slippage=123456.7,
        next_funding=assessment.at + 90,
        stage=StageSummary("production", 12, 12),
    )


@pytest.mark.parametrize("key", DOUBTED)
def test_an_old_value_has_a_question_mark_within_its_cells(key: str) -> None:
    assessment = of_rows(Row("A/USD"))
    column = columns_of(assessment)[key]
    cell = column.cell(replace(known_row(assessment), doubts=DOUBTED[key]))
    assert cell.stale
    assert len(cell.text) <= column.width
    assert (cell.text + cell.mark).endswith("?")


@pytest.mark.parametrize("key", DOUBTED)
def test_the_present_has_no_question_mark(key: str) -> None:
    assessment = of_rows(Row("A/USD"))
    column = columns_of(assessment)[key]
    cell = column.cell(replace(known_row(assessment), doubts=Doubts()))
    assert len(cell.text) <= column.width
    assert "?" not in cell.text + cell.mark


@pytest.mark.parametrize("left", [90, -90])
def test_funding_of_an_old_answer_neither_counts_down_nor_says_now(left: float) -> None:
    assessment = of_rows(Row("A/USD"))
    row = replace(assessment.symbols[0], next_funding=assessment.at + left, doubts=Doubts(exchange="stale"))
    assert columns_of(assessment)["funding_in"].cell(row).text == "?"


def alert(state: AlertState, severity: Severity) -> AlertRow:
    return AlertRow("a", state, severity, CRITICAL)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(AlertState.FIRING, Severity.CRITICAL)] * 2, "✘ 2 firing"),
        ([(AlertState.LOST, Severity.CRITICAL), (AlertState.FIRING, Severity.CRITICAL)], "✘ 1/2 lost"),
        ([(AlertState.FIRING, Severity.CRITICAL), (AlertState.FIRING, Severity.WARNING)], "✘1/2 firing"),
        ([(AlertState.FIRING, Severity.WARNING), (AlertState.PENDING, Severity.OK)], "▲ 1 firing"),
    ],
)
def test_a_symbols_alerts_are_counted_by_the_worst_ones_sign_only_as_far_as_they_are_like_it(
    rows: list[tuple[AlertState, Severity]], words: str
) -> None:
    row = assessed(CASES["normal"]).symbols[0]
    column = alerts_column(UNICODE, lambda: {row.symbol: [alert(*each) for each in rows]})
    assert texts_of(column, [row]) == [words]
    assert len(words) <= column.width
