"""What the alert rules say, wherever that is told: in the headline, the status line and the overview."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from console.domain.alert_book import AlertBook
from console.domain.alert_state import Phase
from console.domain.assessment import Assessment, assess
from console.domain.silences import Acknowledgement, Marks
from console.tui.headline import rule_statements, statements, symbol_statements
from console.tui.screens.overview.alerts import alerts_column, counted, sign_of
from console.tui.screens.overview.state import why_column
from console.tui.theme import UNICODE, Tone
from console.tui.view import View
from console.tui.widgets.status_line import status_line
from tests.tui.alerting import (
    CRITICAL,
    IMMINENT,
    LIQUIDATED,
    SLIPPAGE,
    SYNC,
    labels_of,
    raised,
    the_book,
    with_book,
)
from tests.tui.fake import PANELS, PAPER, RULES, START, Row, metrics_of, snapshot

CALM = [Row("BTC/USD"), Row("ETH/USD")]
TAKEN_ON = Marks((), (Acknowledgement(labels_of(SLIPPAGE, "BTC/USD"), "dana", "at it", START, START + 3600),))
SLIPS = raised(SLIPPAGE, "BTC/USD", 14.2, summary="High slippage on BTC/USD")


def judged(book: AlertBook, rows: Sequence[Row] = CALM) -> Assessment:
    return assess(with_book(snapshot(START, metrics_of(list(rows))), book), RULES)


def headline(now: Assessment, shown: Assessment | None = None, paused: float | None = None) -> list[str]:
    held = shown or now
    said = statements(held, tuple(symbol_statements(held)), now, paused, tuple(rule_statements(held, now)))
    return [statement.words for statement in said]


# The headline.


def test_a_rule_that_no_panel_says_is_told() -> None:
    assert headline(judged(the_book([SLIPS]))) == ["FuturesHighSlippage: High slippage on BTC/USD"]


def test_what_a_panel_says_as_badly_is_told_once() -> None:
    book = the_book([raised(CRITICAL, "BTC/USD", 1.01)])
    assert headline(judged(book, [Row("BTC/USD", margin=1.01)])) == ["BTC/USD margin ratio 1.010, below 1.05"]


def test_the_same_rule_on_a_symbol_whose_panel_is_well_is_told() -> None:
    book = the_book([raised(CRITICAL, "ETH/USD", 1.04, summary="Critical margin ratio on ETH/USD")])
    assert "FuturesMarginCritical: Critical margin ratio on ETH/USD" in headline(judged(book))


def test_a_rule_on_many_symbols_is_one_statement() -> None:
    book = the_book([SLIPS, raised(SLIPPAGE, "ETH/USD", 20.0)])
    assert headline(judged(book)) == ["FuturesHighSlippage: 2 symbols, first BTC/USD"]


def test_a_lost_alert_is_told_as_lost() -> None:
    book = the_book([raised(SYNC, "BTC/USD", 0.1, lost_since=START - 9, summary="errors")])
    assert headline(judged(book)) == ["FuturesSyncError lost: errors"]


def test_what_is_only_pending_or_resolved_is_not_wrong() -> None:
    quiet = [raised(SYNC, "BTC/USD", 0.1, phase=phase) for phase in (Phase.PENDING, Phase.RESOLVED)]
    assert headline(judged(the_book(quiet[:1]))) == []
    assert headline(judged(the_book(quiet[1:]))) == []


def test_what_is_muted_says_so_and_comes_last() -> None:
    other = raised(SYNC, "ETH/USD", 0.1, ago=900.0, summary="errors")
    assert headline(judged(the_book([SLIPS, other], marks=TAKEN_ON))) == [
        "FuturesSyncError: errors",
        "FuturesHighSlippage: High slippage on BTC/USD, muted",
    ]


def test_rules_are_the_presents_while_the_picture_is_held() -> None:
    said = headline(judged(the_book([SLIPS])), judged(the_book()), 9.0)
    assert "FuturesHighSlippage: High slippage on BTC/USD" in said


def test_a_rule_is_told_where_its_panel_only_says_what_was_last_seen() -> None:
    book = the_book([raised(CRITICAL, "BTC/USD", 1.01, summary="Critical margin ratio on BTC/USD")])
    taken = snapshot(START, metrics_of([Row("BTC/USD", margin=1.01)]))
    fresh = assess(with_book(taken, book), RULES)
    later = with_book(replace(taken, at=START + 60), book)  # as a server does, which still has the metrics
    stale = assess(later, RULES, (taken, fresh))
    assert "FuturesMarginCritical: Critical margin ratio on BTC/USD" in headline(stale)


def test_holding_the_picture_tells_the_rules_anew() -> None:
    book = the_book([raised(CRITICAL, "BTC/USD", 1.01, summary="Critical margin ratio on BTC/USD")])
    now = judged(book, [Row("BTC/USD", margin=1.01)])
    view = View(PAPER, UNICODE).next(now)
    held = replace(view, paused_for=1.0).next(replace(now), now)
    told = "FuturesMarginCritical: Critical margin ratio on BTC/USD"
    assert told not in [statement.words for statement in view.statements]
    assert told in [statement.words for statement in held.statements]


# The status line.


def status(now: Assessment, cells: int) -> str:
    spans = status_line(View(PAPER, UNICODE).next(now), cells)
    return "".join(span.text for span in spans)


def test_the_status_line_names_a_rule_before_a_panel_as_bad() -> None:
    book = the_book([raised(IMMINENT, "ETH/USD", 1.01, summary="Liquidation imminent on ETH/USD")])
    shown = status(judged(book, [Row("BTC/USD", margin=1.0), Row("ETH/USD")]), 118)
    assert "2 alerts" in shown
    assert "Liquidation imminent on ETH/USD" in shown


def test_where_a_rule_s_name_has_no_room_its_figure_is_named_beside_the_symbol() -> None:
    book = the_book([raised(CRITICAL, "SOL/USD", 1.01, summary="Critical margin ratio on SOL/USD")])
    assert " SOL/USD margin " in status(judged(book, [Row("SOL/USD")]), 78)


def test_a_summary_without_the_symbol_stands_after_it() -> None:
    book = the_book([raised(LIQUIDATED, "ETH/USD", 2.0, summary="liquidated")])
    assert "ETH/USD FuturesLiquidated" in status(judged(book), 118)


def test_what_is_muted_is_named_only_where_nothing_else_is_and_as_muted() -> None:
    muted = the_book([SLIPS], marks=TAKEN_ON)
    assert "muted High slippage on BTC/USD" in status(judged(muted), 118)
    both = the_book([SLIPS, raised(SYNC, "ETH/USD", 0.1, ago=9.0, summary="errors")], marks=TAKEN_ON)
    assert "muted" not in status(judged(both), 118)


# The overview.


def test_a_symbol_counts_what_is_wrong_and_names_the_worst_state() -> None:
    rows = judged(
        the_book([SLIPS, raised(SYNC, "BTC/USD", 0.1), raised(CRITICAL, "BTC/USD", 1.01)])
    ).by_symbol
    assert counted(rows["BTC/USD"]) == "3 firing"
    assert counted(rows["BTC/USD"], as_bad=True) == "1/3 firing"
    assert sign_of(rows["BTC/USD"], UNICODE) == ("✘", Tone.CRITICAL)


@pytest.mark.parametrize(
    ("book", "words"),
    [
        (the_book([replace(raised(SYNC, "BTC/USD", 0.1), phase=Phase.PENDING)]), "1 pending"),
        (the_book([SLIPS], marks=TAKEN_ON), "1 firing"),
    ],
    ids=["pending", "muted"],
)
def test_what_wakes_nobody_is_dim(book: AlertBook, words: str) -> None:
    now = judged(book)
    column = alerts_column(UNICODE, lambda: now.by_symbol)
    cell = column.cell(now.symbols[0])
    assert cell.text.endswith(words)
    assert cell.tone is Tone.DIM


def test_what_is_only_pending_has_an_arrow_in_the_overview_as_among_the_alerts() -> None:
    rows = judged(the_book([replace(raised(SYNC, "BTC/USD", 0.1), phase=Phase.PENDING)])).by_symbol
    assert sign_of(rows["BTC/USD"], UNICODE) == ("→", Tone.DIM)


def test_the_columns_text_and_order_in_bulk_are_those_of_each_row() -> None:
    now = judged(the_book([SLIPS, raised(CRITICAL, "ETH/USD", 1.04)]))
    column = alerts_column(UNICODE, lambda: now.by_symbol)
    assert column.texts is not None
    assert column.orders is not None
    assert list(column.texts(now.symbols)) == [column.cell(row).text for row in now.symbols]
    assert list(column.orders(now.symbols)) == [column.order(row) for row in now.symbols]
    assert sorted(now.symbols, key=column.order)[0].symbol == "ETH/USD"  # type: ignore[arg-type]


def test_a_symbol_that_its_panels_call_well_says_why_it_is_marked() -> None:
    book = the_book([SLIPS, raised(SLIPPAGE, "ETH/USD", 12.0)])
    now = judged(book, [Row("BTC/USD"), Row("ETH/USD", margin=1.3)])
    column = why_column(PANELS, lambda: "", lambda: now.by_symbol)
    words = ["1 firing", "margin"]  # a panel's reason stays where it is as bad
    assert [column.cell(row).text for row in now.symbols] == words
    assert column.texts is not None
    assert list(column.texts(now.symbols)) == words
