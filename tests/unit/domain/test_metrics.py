"""Lineups: where a series stands in them, and what they don't hold."""

import pytest

from console.domain.metrics import LateSeries, Lineup, Series
from console.sources.exposition import Exposition

ERRORS = "futures_sync_errors_total"


def error_counter(symbol: str) -> Series:
    return Series(ERRORS, (("symbol", symbol),))


def read_in_bulk(count: int) -> Lineup:
    """The lineup of so many counters, as an exposition's reader makes it."""
    lines = (f'{ERRORS}{{symbol="S{number:05}"}} 0\n' for number in range(count))
    samples = Exposition().parse("".join(lines)).samples
    column = samples[ERRORS]
    return column.lineup  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("late", [True, False])
def test_a_series_is_found_where_it_stands(late: bool) -> None:
    lineup = read_in_bulk(100) if late else Lineup(map(error_counter, (f"S{n:05}" for n in range(100))))
    assert lineup.place(error_counter("S00007")) == 7
    assert lineup.place(error_counter("S00100")) is None
    assert lineup.place(Series("up", (("symbol", "S00007"),))) is None


def test_of_several_series_of_a_symbol_each_is_found() -> None:
    sides = [Series("held", (("side", side), ("symbol", "BTCUSDT"))) for side in ("LONG", "SHORT")]
    assert list(map(Lineup(sides).place, sides)) == [0, 1]


@pytest.mark.parametrize(
    ("symbols", "in_order"),
    [
        ("ABC", True),
        ("AABBCC", True),
        ("ABCABCABC", True),
        ("AAAA", True),
        ("", True),
        ("ABCACB", False),
        ("AABCC", False),
        ("AAB", False),
        ("AABABB", False),
        ("A-B-A-", False),
        ("A-B-", False),
        ("A-A-", True),
    ],
)
def test_all_series_of_a_symbol_are_found_without_a_list_for_each_where_they_stand_in_order(
    symbols: str, in_order: bool
) -> None:
    named = [None if symbol == "-" else symbol for symbol in symbols]
    labels = [() if symbol is None else (("symbol", symbol),) for symbol in named]
    lineup = Lineup(Series("m", (("n", str(n)), *more)) for n, more in enumerate(labels))
    for symbol in (*named, "unknown"):
        places = lineup.places_of(symbol)
        assert list(places) == [place for place, one in enumerate(named) if one == symbol]
        assert symbol == "unknown" or isinstance(places, range) == in_order


def test_series_that_are_made_when_asked_for_are_so_without_their_name_too() -> None:
    nameless = read_in_bulk(100).nameless
    assert isinstance(nameless.series, LateSeries)
    assert nameless.series[3] == Series("", (("symbol", "S00003"),))
    assert list(nameless.series)[-1] == Series("", (("symbol", "S00099"),))
    assert nameless.by_symbol["S00042"] == 42
    assert nameless.series.values_of("symbol")[42] == "S00042"
    assert nameless.series.values_of("side")[42] is None


def test_what_has_no_name_is_the_same_whether_made_late_or_not() -> None:
    late, there = read_in_bulk(70), Lineup(map(error_counter, (f"S{n:05}" for n in range(70))))
    assert list(late.nameless.series) == list(there.nameless.series)
    assert list(late.nameless.symbols) == list(there.nameless.symbols)
