"""Reading thousands of alike lines at once comes to what reading each of them does."""

import tracemalloc
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.metrics import Column, LateSeries, Series
from console.sources import exposition, exposition_bulk
from console.sources.exposition import Exposition
from console.sources.exposition_bulk import Heads, alike_lines, read_numbers
from tests.unit.sources.test_exposition import outcome, scrapes

SYMBOLS = tuple(f"T{number:03}USDT" for number in range(200))


@contextmanager
def small(many: int, step: int = 8) -> Iterator[None]:
    """With bulk reading from so few lines on, and so few bytes compared at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exposition_bulk, "MANY", many)
        patch.setattr(exposition, "_STEP", step)
        yield


def body(values: dict[str, object], name: str = "futures_mark_price") -> str:
    lines = "".join(f'{name}{{symbol="{symbol}"}} {value}\n' for symbol, value in values.items())
    return f"# TYPE {name} gauge\n{lines}# TYPE up gauge\nup 1\n"


@given(scrapes())
def test_it_comes_to_what_reading_line_by_line_does(several: list[str]) -> None:
    with small(many=1):
        reader = Exposition()
        in_bulk = [outcome(reader, one) for one in several]
    with small(many=1 << 30):
        assert in_bulk == [outcome(Exposition(), one) for one in several]


@given(
    st.lists(st.dictionaries(st.sampled_from(SYMBOLS), st.floats(allow_nan=True)), min_size=2, max_size=5),
    st.integers(1, 300),
)
def test_whatever_changes_in_the_middle_is_read(changes: list[dict[str, float]], step: int) -> None:
    values: dict[str, object] = dict.fromkeys(SYMBOLS, 1.0)
    with small(many=64, step=step):
        reader = Exposition()
        reader.parse(body(values))
        for changed in changes:
            values |= changed
            assert outcome(reader, body(values)) == outcome(Exposition(), body(values))


@given(
    st.lists(
        st.tuples(st.permutations(range(6)), st.dictionaries(st.sampled_from(SYMBOLS), st.floats())),
        min_size=2,
        max_size=5,
    )
)
def test_lines_in_another_order_are_read_and_their_lineup_stays(
    turns: list[tuple[list[int], dict[str, float]]],
) -> None:
    with small(many=4):
        reader = Exposition()
        values: dict[str, object] = dict.fromkeys(SYMBOLS[:6], 1.5)
        first = reader.parse(body(values)).samples["futures_mark_price"]
        for order, changed in turns:
            values |= {symbol: number for symbol, number in changed.items() if symbol in values}
            shuffled = body({SYMBOLS[place]: values[SYMBOLS[place]] for place in order})
            assert outcome(reader, shuffled) == outcome(Exposition(), shuffled)
            now = reader.parse(shuffled).samples["futures_mark_price"]
            assert isinstance(first, Column)
            assert isinstance(now, Column)
            assert now.lineup is first.lineup


def test_a_series_that_takes_the_line_of_another_does_so_in_any_order() -> None:
    with small(many=4):
        reader = Exposition()
        lines = [f'up{{symbol="{symbol}"}} 1\n' for symbol in SYMBOLS[:6]]
        reader.parse("".join(lines))
        lines[:2] = lines[1::-1]
        reader.parse("".join(lines))
        lines[0] = lines[1]
        assert outcome(reader, "".join(lines)) == outcome(Exposition(), "".join(lines))


def test_a_series_that_comes_or_goes_is_read() -> None:
    reader = Exposition()
    values: dict[str, object] = dict.fromkeys(SYMBOLS, 1.5)
    reader.parse(body(values))
    del values["T100USDT"]
    values["T900USDT"] = 9.5
    vector = reader.parse(body(values)).samples["futures_mark_price"]
    assert {one.symbol: value for one, value in vector.items()} == values


def test_series_are_made_when_asked_for_and_equal_what_a_line_makes() -> None:
    vector = Exposition().parse(body(dict.fromkeys(SYMBOLS, 1))).samples["futures_mark_price"]
    assert isinstance(vector, Column)
    series = vector.lineup.series
    assert isinstance(series, LateSeries)
    assert series[3] == Series("futures_mark_price", (("symbol", "T003USDT"),))
    assert vector[Series("futures_mark_price", (("symbol", "T199USDT"),))] == 1
    assert vector.lineup.symbols == list(SYMBOLS)
    assert [one.symbol for one in series[-2:]] == ["T198USDT", "T199USDT"]


HEADS = st.lists(st.binary(min_size=1).filter(lambda head: head.split() == [head]))


@given(HEADS)
def test_heads_in_one_text_are_what_they_were(heads: list[bytes]) -> None:
    together = Heads(heads)
    assert [together[place] for place in range(len(heads))] == heads == list(together)


@given(HEADS, st.slices(12))
def test_some_heads_of_a_text_are_those_of_the_list(heads: list[bytes], which: slice) -> None:
    assert Heads(heads)[which] == heads[which]


@pytest.mark.parametrize(
    "others", [[b"a", b"bc"], [b"ab"], [b"ab", b"c", b"d"], [b"ab c"], [b"ab", None], []]
)
def test_heads_are_told_from_others(others: list[bytes | None]) -> None:
    assert Heads([b"ab", b"c"]) != others


def test_heads_take_little_more_room_than_their_text() -> None:
    heads = [b"futures_mark_price{symbol=%b}" % symbol.encode() for symbol in SYMBOLS]
    tracemalloc.start()
    try:
        together = Heads(heads)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 1.5 * len(together.text)


def test_a_label_of_many_series_is_told_without_making_any() -> None:
    lines = "".join(f'm{{feature="{symbol[-4:]}",symbol="{symbol}"}} 1\n' for symbol in SYMBOLS)
    found = alike_lines(lines.encode())
    assert found is not None
    assert list(found.series.values_of("feature")) == [one.label("feature") for one in found.series]
    assert set(found.series.values_of("account")) == {None}


def test_the_lineup_is_the_same_object_for_as_long_as_the_series_are_the_same() -> None:
    reader = Exposition()
    first = reader.parse(body(dict.fromkeys(SYMBOLS, 1))).samples["futures_mark_price"]
    second = reader.parse(body(dict.fromkeys(SYMBOLS, 2)) + "# more\n").samples["futures_mark_price"]
    assert isinstance(first, Column)
    assert isinstance(second, Column)
    assert second.lineup is first.lineup


def test_the_symbol_is_found_whatever_stands_before_it() -> None:
    lines = "".join(f'm{{a="x,=",symbol="{symbol}",xsymbol="no"}} 1\n' for symbol in SYMBOLS)
    found = alike_lines(lines.encode())
    assert found is not None
    assert found.series.symbols == list(SYMBOLS)
    assert found.series[0].labels == (("a", "x,="), ("symbol", "T000USDT"), ("xsymbol", "no"))
    assert found.series.labels == [one.labels for one in found.series]


def test_labels_are_in_order_whatever_order_they_are_written_in() -> None:
    lines = "".join(f'm{{symbol="{symbol}",a="1"}} 1\n' for symbol in SYMBOLS)
    found = alike_lines(lines.encode())
    assert found is not None
    assert found.series.labels == [(("a", "1"), ("symbol", symbol)) for symbol in SYMBOLS]


NUMBERS = st.one_of(st.floats().map(repr), st.integers().map(str), st.sampled_from(["1e400", "+Inf"]))
ODD_WORDS = st.sampled_from(
    ["+1", "1.", ".5", "007", "1_0", "1,2", "[1", "1]", '"1"', "true", "null", "-", "e"]
)


@given(st.lists(NUMBERS | ODD_WORDS, max_size=4))
def test_numbers_read_at_once_are_what_each_of_them_says(words: list[str]) -> None:
    try:
        expected = None if any("_" in word for word in words) else array("d", map(float, words))
    except ValueError:
        expected = None
    found = read_numbers([word.encode() for word in words])
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert list(map(repr, found)) == list(map(repr, expected))


@pytest.mark.parametrize(
    "line",
    [
        'm{symbol="X"} 1 1700000000000\n',
        'm{symbol="X" } 1\n',
        'm{symbol="X"}  1\n',
        'm{symbol="X\\\\"} 1\n',
        'm{symbol=""} 1\n',
        'm{symbol="a b"} 1\n',
        'm{symbol="X",side="LONG"} 1\n',
        'm{symbol="X"} 1_0\n',
        'm{symbol="X"} one\n',
        'm{symbol="T001USDT"} 2\n',
        'other{symbol="X"} 1\n',
        "m 1\n",
        "\n",
    ],
)
@pytest.mark.parametrize("place", [0, 100, 200])
def test_one_line_that_is_otherwise_leaves_all_to_be_read_line_by_line(line: str, place: int) -> None:
    lines = [f'm{{symbol="{symbol}"}} 1\n' for symbol in SYMBOLS]
    assert alike_lines("".join(lines).encode()) is not None
    lines.insert(place, line)
    assert alike_lines("".join(lines).encode()) is None


@pytest.mark.parametrize("labels", ['symbol="A",symbol="{0}"', '__name__="x",symbol="{0}"'])
def test_labels_that_a_line_is_refused_for_are_left_to_be_refused(labels: str) -> None:
    lines = "".join(f"m{{{labels.format(symbol)}}} 1\n" for symbol in SYMBOLS)
    assert alike_lines(lines.encode()) is None
