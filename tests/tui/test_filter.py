"""The language of filters: what a text asks for, and what is said of one that can't be understood."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.severity import Severity
from console.tui.widgets.table.columns import Cell, Column
from console.tui.widgets.table.filter import FilterError, parse, sound_part
from tests.tui.tables import COLUMNS, Pair

ROWS = [
    Pair("BTC/USD", 1.1, -0.01, Severity.HIGH),
    Pair("BTC/EUR", 1.25, 0.02, Severity.WARNING),
    Pair("ETH/USD", 1.402, 0.0, Severity.OK),
    Pair("[red]XBT[/]", None, 0.5, Severity.UNKNOWN),
    Pair("ümläut\x1b[2J", 2.0, 1500.0, Severity.OK),
]


def found(text: str) -> list[str]:
    mask = parse(text, COLUMNS).matching(ROWS)
    return [row.name for row, shown in zip(ROWS, mask, strict=True) if shown]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", [row.name for row in ROWS]),
        ("btc", ["BTC/USD", "BTC/EUR"]),
        ("[RED]", ["[red]XBT[/]"]),
        ("ÜML", ["ümläut\x1b[2J"]),
        ("\\x1b", ["ümläut\x1b[2J"]),
        ("!usd", ["BTC/EUR", "[red]XBT[/]", "ümläut\x1b[2J"]),
        ("~bd", ["BTC/USD", "[red]XBT[/]"][:1]),
        ("!~bu", ["ETH/USD", "[red]XBT[/]", "ümläut\x1b[2J"]),
        ("warn", ["BTC/EUR"]),
        ("btc usd", ["BTC/USD"]),
    ],
)
def test_words_ask_for_text(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("margin<1.2", ["BTC/USD"]),
        ("margin_ratio<1.25", ["BTC/USD"]),
        ("m<=1.25", ["BTC/USD", "BTC/EUR"]),
        ("MARGIN>1.4", ["ETH/USD", "ümläut\x1b[2J"]),
        ("margin>=2", ["ümläut\x1b[2J"]),
        ("margin=1.4", ["ETH/USD"]),
        ("margin=1.40", ["ETH/USD"]),
        ("margin=1.400", []),
        ("fund8h!=0", ["BTC/USD", "BTC/EUR", "[red]XBT[/]", "ümläut\x1b[2J"]),
        ("fund<0.01%", ["BTC/USD", "ETH/USD"]),
        ("fund=1,500", ["ümläut\x1b[2J"]),
        ("!margin<1.3 !state=unknown", ["ETH/USD", "ümläut\x1b[2J"]),
        ("fund>-0.1 fund<0", ["BTC/USD"]),
    ],
)
def test_comparisons_ask_for_numbers_as_they_are_displayed(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [("state=HIGH", ["BTC/USD"]), ("st!=ok", ["BTC/USD", "BTC/EUR", "[red]XBT[/]"]), ("state=hig", [])],
)
def test_words_of_a_column_are_compared_whole(text: str, names: list[str]) -> None:
    assert found(text) == names


def test_a_word_beside_a_glyph_is_one() -> None:
    column: Column[Pair] = Column("s", "STATE", 9, lambda _p: Cell("◆ high"), lambda p: p.name)
    assert parse("state=high", [column]).matching(ROWS) == [True] * len(ROWS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("margin<", "a number is needed, as in margin<1.2"),
        ("margin<x", "a number is needed, as in margin<1.2"),
        ("margin<nan", "a number is needed, as in margin<1.2"),
        ("margin=inf", "a number is needed, as in margin=1.2"),
        ("state<3", "state has words: only = and !="),
        ("state=", "a word is needed, as in state=high"),
        ("s=1", "several columns: state, symbol"),
        ("<3", "a column comes first: symbol, state, 3 more"),
        ("mragin<3", "no such column; try margin, note, state, 2 more"),
        ("btc !", "! needs what is not to be shown, as in !usd"),
        ("~", "~ needs characters to look for, as in ~btcd"),
    ],
)
def test_what_cannot_be_understood_is_said_with_what_is_allowed(text: str, complaint: str) -> None:
    with pytest.raises(FilterError, match=f"^{re.escape(complaint)}$"):
        parse(text, COLUMNS)


@given(st.text(st.sampled_from("abmst<>=!~%,.-019 [](*\\\x1b漢"), max_size=12))
def test_any_text_is_a_filter_or_is_complained_of_in_one_line(text: str) -> None:
    try:
        mask = parse(text, COLUMNS).matching(ROWS)
    except FilterError as error:
        assert 0 < len(str(error)) <= 50, "it has no room beside what is typed"
        assert "\n" not in str(error)
    else:
        assert len(mask) == len(ROWS)


@pytest.mark.parametrize(
    ("text", "sound"), [("foo<3", ""), ("btc margin<", "btc"), ("! ~ state=ok", "state=ok"), ("btc", "btc")]
)
def test_the_sound_part_is_what_can_be_understood(text: str, sound: str) -> None:
    assert sound_part(text, COLUMNS).text == sound


@given(st.sampled_from(["btc", "~be", "margin<1.3", "state=ok", "fund!=0"]))
def test_a_filter_and_its_inverse_share_no_row_and_leave_none_out(text: str) -> None:
    assert sorted(found(text) + found(f"!{text}")) == sorted(row.name for row in ROWS)


def test_rows_that_know_a_column_in_bulk_are_not_asked_one_by_one() -> None:
    def never(_row: Pair) -> Cell:
        raise AssertionError("asked one by one")

    columns: list[Column[Pair]] = [
        Column("symbol", "SYMBOL", 9, never, lambda p: p.name, texts=lambda rows: [p.name for p in rows]),
        Column("n", "N", 9, never, lambda p: p.name, numbers=lambda rows: [1.0 for _ in rows]),
        Column("trend", "TREND", 9, never, lambda p: p.name, searched=False),
    ]
    assert parse("btc n=1", columns).matching(ROWS) == [True, True, False, False, False]
