import math

from hypothesis import given
from hypothesis import strategies as st

from console.domain.metrics import Series
from console.promql.lows import Lows

BTC, ETH = (Series("ratio", (("symbol", symbol),)) for symbol in ("BTC", "ETH"))


def test_the_lowest_of_the_last_minutes_is_known_by_symbol() -> None:
    lows = Lows(60, 6)
    lows.note(100, {BTC: 1.5, ETH: 3.0}, gap=10)
    lows.note(105, {BTC: 1.2, ETH: 4.0}, gap=10)
    lows.note(112, {BTC: 1.4}, gap=10)
    assert lows.lowest() == {"BTC": 1.2, "ETH": 3.0}


def test_what_is_longer_ago_counts_no_more() -> None:
    lows = Lows(60, 6)
    for second in range(100, 190):
        lows.note(second, {BTC: 1.0 if second < 110 else 2.0}, gap=10)
    assert lows.lowest() == {"BTC": 2.0}


def test_a_gap_begins_the_watch_anew_and_takes_nothing_back() -> None:
    lows = Lows(60, 6)
    lows.note(100, {BTC: 1.0}, gap=10)
    lows.note(111, {BTC: 2.0}, gap=10)
    lows.note(115, {BTC: 2.0}, gap=10)
    assert (lows.watched(115), lows.lowest()) == (4.0, {"BTC": 1.0})


def test_while_nothing_is_there_nothing_is_watched() -> None:
    lows = Lows(60, 6)
    lows.note(100, {BTC: 1.0}, gap=10)
    lows.note(105, {}, gap=10)
    assert (lows.watched(105), lows.lowest()) == (0.0, {"BTC": 1.0})
    lows.note(108, {BTC: 1.0}, gap=10)
    assert lows.watched(108) == 8.0


def test_what_is_no_number_is_lower_than_nothing() -> None:
    lows = Lows(60, 6)
    lows.note(100, {BTC: math.nan, ETH: math.nan}, gap=10)
    lows.note(101, {BTC: 1.5, ETH: math.nan}, gap=10)
    told = lows.lowest()
    assert told["BTC"] == 1.5
    assert math.isnan(told["ETH"])


def test_a_symbol_that_is_long_gone_is_not_told_of() -> None:
    lows = Lows(60, 6)
    for second in range(100, 190):
        lows.note(second, {BTC: 1.0} if second < 105 else {ETH: 2.0}, gap=10)
    assert lows.lowest() == {"ETH": 2.0}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=59))
def test_within_the_time_nothing_lower_is_missed(values: list[float]) -> None:
    lows = Lows(60, 6)
    for second, value in enumerate(values):
        lows.note(second, {BTC: value}, gap=10)
    assert lows.lowest() == {"BTC": min(values)}
