"""The texts around the table."""

from dataclasses import replace
from decimal import Decimal

import pytest
from textual.geometry import Size

from console.domain.assessment import Rules, assess
from console.domain.surfaces import Books
from console.domain.thresholds import KEY_METRICS
from console.tui.screens.summary import account_lines, alert_lines, headline_lines, key_metric_lines
from console.tui.text import Line
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.fake import KEY_VALUES, PANELS, PAPER, START, Row, books, metrics_of, nothing_yet, snapshot


def view(*rows: Row, taken: Books | None = None, figures: tuple[float, ...] = KEY_VALUES) -> View:
    whole = snapshot(START, metrics_of(list(rows or [Row("A")]), key_values=figures), account_books=taken)
    return View(PAPER, UNICODE).next(assess(whole, Rules(PANELS, KEY_METRICS)))


def texts(lines: tuple[Line, ...]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def with_profit(profit: str) -> Books:
    whole = books()
    assert whole.accounts is not None
    first, second = whole.accounts
    return replace(whole, accounts=(replace(first, unrealized_pnl=Decimal(profit)), second))


@pytest.mark.parametrize("cells", [76, 116, 196])
def test_nothing_in_the_account_line_moves_when_a_profit_changes_its_width(cells: int) -> None:
    lines = [texts(account_lines(view(taken=with_profit(p)), Size(cells, 1)))[0] for p in ("1", "-9876.5")]
    one, other = lines
    assert one.index("coin") == other.index("coin")
    assert [at for at, sign in enumerate(one) if sign == "."] == [
        at for at, s in enumerate(other) if s == "."
    ]


def test_a_latency_keeps_its_unit_at_80_columns() -> None:
    slow = (*KEY_VALUES[:-1], 30e-3)
    assert texts(key_metric_lines(view(figures=slow), Size(76, 2)))[1].endswith("Latency L3 p95 ◆ 30.0 ms")


def test_more_is_only_said_of_what_is_wrong() -> None:
    assert texts(headline_lines(view(Row("A"), Row("B")), Size(76, 1))) == [
        "✓ all 2 symbols inside their limits"
    ]
    bad = view(Row("A", margin=1.0, funding=0.1, liquidations=1, sync_errors=1))
    said = texts(headline_lines(bad, Size(76, 3)))
    assert len(said) == 3
    assert said[-1].endswith("+1 more")


def test_the_alert_list_has_near_equal_alerts_in_one_line() -> None:
    many = view(*(Row(f"S{n}", sync_errors=0.02) for n in range(12)))
    title, *lines = texts(alert_lines(many, Size(78, 8)))
    assert title == "ALERTS 12"
    assert len(lines) == 1
    assert lines[0].startswith("◆ 12 symbols with position sync errors")


def test_before_anything_has_answered_the_alert_list_counts_nothing() -> None:
    early = View(PAPER, UNICODE).next(assess(nothing_yet(START), Rules(PANELS, KEY_METRICS)))
    assert texts(alert_lines(early, Size(78, 8))) == ["ALERTS"]
