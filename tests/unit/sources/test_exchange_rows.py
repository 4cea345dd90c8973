"""The exchange's lists, in parts: no more and no less than all of them at once would say."""

import itertools
from collections.abc import Iterator
from decimal import Decimal

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.sources import exchange_rows
from console.sources.exchange_rows import amounts, names, parts_of
from tests.examples import examples

TEXTS = st.sampled_from(["BTCUSDT", "},{", "[{", '"', "\\", "}]", "é", ""])
VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)


@pytest.fixture(scope="module", autouse=True)
def short_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange_rows, "_PART", 4)
        yield


@settings(max_examples=examples(20, 40))
@given(st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), max_size=8))
def test_the_parts_of_a_list_of_objects_say_what_it_says(rows: list[dict[str, object]]) -> None:
    parts = list(parts_of(orjson.dumps(rows)))
    assert list(itertools.chain.from_iterable(parts)) == rows  # type: ignore[arg-type]


def test_a_list_of_many_objects_comes_in_several_parts() -> None:
    assert len(list(parts_of(orjson.dumps([{"symbol": "BTCUSDT"}] * 5)))) == 5


@pytest.mark.parametrize("value", [None, 4, "text", [], [1, {}], [{}, 1], [[{}]], {"symbols": [{}]}])
def test_anything_else_comes_at_once(value: object) -> None:
    assert list(parts_of(orjson.dumps(value))) == [value]


@settings(max_examples=examples(20, 40))
@given(st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), min_size=1, max_size=6), st.data())
def test_a_list_that_is_cut_off_is_refused(rows: list[dict[str, object]], data: st.DataObject) -> None:
    body = orjson.dumps(rows)
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(ValueError, match=r"."):
        list(parts_of(body[:cut]))


def test_an_amount_is_a_finite_decimal_string_and_nothing_else() -> None:
    said = ["41.50", "-0.1", "", "NaN", "Infinity", "four", 4, None]
    rows = [{"markPrice": value} for value in said] + [{}]
    assert amounts(rows, "markPrice") == [Decimal("41.50"), Decimal("-0.1"), *[None] * 7]


def test_names_that_are_the_same_are_the_same_object() -> None:
    first, second = names([{"symbol": "BTC" + "USDT"}, *orjson.loads(b'[{"symbol":"BTCUSDT"}]')], "symbol")
    assert first is second


def test_rows_that_say_the_same_share_it_as_written() -> None:
    first, other, again = amounts([{"held": "0.00"}, {"held": "0"}, {"held": "0.00"}], "held")
    assert first is again
    assert (str(first), str(other)) == ("0.00", "0")
