"""Scrapes that fail: every series ends there, and comes back with the next one that doesn't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.metrics import Series, Vector
from console.promql.evaluate import evaluate
from console.promql.query import parse_query
from console.promql.samples import LOOKBACK, SampleStore

A, B = (Series("errors", (("symbol", symbol),)) for symbol in "AB")
UP = Series("opsconsole_up", ())
QUERIES = [
    parse_query(text)
    for text in (
        "errors",
        "absent(errors)",
        "errors offset 3s",
        "timestamp(errors)",
        "errors unless errors offset 2s",
        "count_over_time(errors[6s])",
        "increase(errors[6s])",
        "rate(errors{symbol='A'}[4s] offset 2s)",
        "delta(errors[5s])",
    )
]


def told(store: SampleStore, at: float) -> list[dict[Series, str]]:
    return [
        {series: f"{value:.9f}" for series, value in evaluate(query, store, at).items()} for query in QUERIES
    ]


@given(st.lists(st.sampled_from([None, (0.0, 0.0), (1.0, 0.0), (2.0, 5.0)]), min_size=1, max_size=14))
def test_a_failed_scrape_is_like_one_that_has_no_series(scrapes: list[tuple[float, float] | None]) -> None:
    one, other = SampleStore({"errors"}), SampleStore({"errors"})
    for at, said in enumerate(scrapes, 1000):
        vector: Vector = {} if said is None else dict(zip((A, B), said, strict=True))
        other.append(at, {"errors": vector})
        if said is None:
            one.fail(at)
        else:
            one.append(at, {"errors": vector})
        assert told(one, at + 0.5) == told(other, at + 0.5)


def test_what_the_console_measures_itself_goes_on_when_a_scrape_fails() -> None:
    store = SampleStore({"errors", "opsconsole_up"})
    for at in range(1000, 1010):
        if at < 1005:
            store.append(at, {"errors": {A: 1.0}})
        else:
            store.fail(at)
        store.measure(at, {"opsconsole_up": {UP: float(at < 1005)}})
    assert evaluate(parse_query("errors"), store, 1009) == {}
    assert evaluate(parse_query("opsconsole_up"), store, 1009) == {UP: 0.0}
    assert evaluate(parse_query("opsconsole_up offset 5s"), store, 1009) == {UP: 1.0}
    assert evaluate(parse_query("sum_over_time(opsconsole_up[10s])"), store, 1009) == {Series("", ()): 5.0}
    assert evaluate(parse_query("changes(opsconsole_up[10s])"), store, 1009) == {Series("", ()): 1.0}


def test_a_counter_that_comes_back_after_failed_scrapes_is_not_born() -> None:
    store = SampleStore({"errors"})
    for at in range(1000, 1020):
        if 1005 <= at < 1010:
            store.fail(at)
        else:
            store.append(at, {"errors": {A: 7.0}})
    assert evaluate(parse_query("increase(errors[12s])"), store, 1019) == {Series("", A.labels): 0.0}


def test_scrapes_that_keep_failing_take_no_room_in_the_past() -> None:
    store = SampleStore({"errors"})
    many = {Series("errors", (("symbol", f"S{n}"),)): 1.0 for n in range(100)}
    store.append(0, {"errors": many})
    size = store.size
    for at in range(1, 4000, 2):
        store.append(at, {"errors": many})
        store.fail(at + 1)
    assert store.size == size


def test_while_scrapes_fail_it_is_watched_all_the_same() -> None:
    store = SampleStore({"errors"})
    store.append(1000, {"errors": {A: 1.0}})
    for at in range(1100, 2000, 100):
        store.fail(at)
        assert store.covered(at) == at - 1000
    store.append(2000, {"errors": {A: 1.0}})
    assert store.covered(2000) == 1000
    assert store.covered(2000 + LOOKBACK + 1) == 0


@pytest.mark.parametrize("again", ["append", "fail"])
def test_scrapes_come_in_order_of_time_whether_they_fail_or_not(again: str) -> None:
    store = SampleStore()
    store.fail(2)
    with pytest.raises(ValueError, match="comes after"):
        store.append(2, {}) if again == "append" else store.fail(2)


def test_what_is_measured_again_at_the_same_time_is_left_alone() -> None:
    store = SampleStore()
    for value in (1.0, 2.0):
        store.measure(1000, {"opsconsole_up": {UP: value}})
    assert evaluate(parse_query("opsconsole_up"), store, 1000) == {UP: 1.0}
