"""What scrapes say comes in columns, and is evaluated as such: held to what comes of plain mappings."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.metrics import Column, Lineup, Series, column_of
from console.promql.evaluate import EvaluationError, evaluate
from console.promql.query import Query, parse_query
from console.promql.samples import SampleStore

SERIES = [Series("errors", (("side", side), ("symbol", symbol))) for symbol in "ABC" for side in "LS"]
QUERIES = [
    parse_query(text)
    for text in (
        "errors > 0",
        "errors != errors",
        "errors > bool 0",
        "errors > 0 unless errors offset 2s",
        "errors and errors offset 2s > 0",
        "errors > 1 or errors offset 2s",
        "increase(errors[3s]) > 0 or (errors > 0 unless errors offset 2s)",
        "-errors unless errors > 1",
        "errors - errors offset 2s",
        "(errors > 0) * (errors < 2)",
        "errors > errors offset 2s",
        "errors >= bool errors offset 2s",
        "errors and on (symbol) (errors > 1)",
        "errors unless ignoring (side) (errors > 1)",
        "errors > 0 and on () (sum(errors) > 3)",
        "errors unless on () (sum(errors) > 3)",
        "errors or on () vector(1)",
        "sum by (symbol) (errors > 0)",
        "sum(topk(2, errors > 0))",
        "topk(2, errors > 0)",
        "errors * on (symbol) group_left () sum by (symbol) (errors)",
        "errors * on (symbol) (errors > 1)",
        "absent(errors > 1)",
        "timestamp(errors)",
        "errors{side='L'} or errors{symbol='A'}",
    )
]
SCRAPES = st.lists(
    st.dictionaries(st.sampled_from(SERIES), st.sampled_from([0.0, 1.0, 2.0, math.nan, math.inf])),
    min_size=3,
    max_size=7,
)


def told(query: Query, store: SampleStore, at: float) -> dict[Series, str] | None:
    try:
        return {series: repr(value) for series, value in evaluate(query, store, at).items()}
    except EvaluationError:
        return None


@given(SCRAPES, st.booleans())
def test_what_is_scraped_has_the_answers_of_what_is_recorded(
    scrapes: list[dict[Series, float]], alike: bool
) -> None:
    """A recorded metric is evaluated series by series. `alike`: all scrapes have the series of the first."""
    scraped, recorded = SampleStore({"errors"}), SampleStore()
    for at, values in enumerate(scrapes, 1000):
        said = {one: values.get(one, 0.0) for one in scrapes[0]} if alike else values
        scraped.append(at, {"errors": said})
        recorded.record("errors", at, said, by="a rule")
    for query in QUERIES:
        assert told(query, scraped, at) == told(query, recorded, at), query.text


def test_a_part_of_a_column_knows_its_series_as_the_whole_does() -> None:
    whole = column_of({one: float(place) for place, one in enumerate(SERIES)})
    part = whole.where([False, True, True, False, False, True])
    assert dict(part) == {SERIES[place]: float(place) for place in (1, 2, 5)}
    assert [one in part for one in SERIES] == [False, True, True, False, False, True]
    assert [part[SERIES[place]] for place in (1, 2, 5)] == [1, 2, 5]
    with pytest.raises(KeyError):
        part[SERIES[0]]
    smaller = part.where([True, False, True])
    assert list(smaller.lineup.nameless.series) == [Series("", SERIES[place].labels) for place in (1, 5)]
    assert list(smaller.lineup.symbols) == ["A", "C"]


def test_a_filter_that_all_pass_leaves_a_column_as_it_is() -> None:
    whole = column_of(dict.fromkeys(SERIES, 1.0))
    assert whole.where(map(bool, whole.numbers)) is whole
    store = SampleStore()
    store.append(1000, {"errors": whole})
    assert evaluate(parse_query("errors > 0 or errors"), store, 1000) is whole


def test_series_of_different_metrics_are_not_taken_for_each_other() -> None:
    """They stand in another order."""
    other = [Series("other", one.labels) for one in reversed(SERIES)]
    numbers = array("d", range(len(SERIES)))
    store = SampleStore()
    store.append(1000, {"errors": Column(Lineup(SERIES), numbers), "other": Column(Lineup(other), numbers)})
    assert set(evaluate(parse_query("errors + other"), store, 1000).values()) == {5.0}
    assert list(evaluate(parse_query("errors and other > 4"), store, 1000)) == SERIES[:1]
