"""The sample store: what it keeps, what it forgets, and that thinning loses nothing."""

import math
import tracemalloc

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.metrics import Series, Vector, column_of
from console.promql.samples import FORGET_EVERY, SampleStore, as_json
from console.promql.tracks import Track
from console.promql.vectors import EvaluationError

UP = Series("up", ())
A, B = (Series("errors", (("symbol", symbol),)) for symbol in "AB")


def kept(track: Track, scrapes: int) -> dict[int, float]:
    """The samples of a track, one by one."""
    return {
        scrape: value
        for first, last, value in track.runs(0, scrapes - 1)
        for scrape in range(first, last + 1)
    }


@given(st.lists(st.sampled_from([None, 0.0, 1.0, 2.0]), max_size=30))
def test_every_sample_can_be_had_back(values: list[float | None]) -> None:
    store = SampleStore({"errors"})
    for at, value in enumerate(values, 1):
        store.append(at, {} if value is None else {"errors": {A: value}})
    tracks = store.tracks("errors")
    expected = {scrape: value for scrape, value in enumerate(values) if value is not None}
    assert (kept(tracks[A], len(values)) if A in tracks else {}) == expected


def test_a_series_that_left_a_scrape_is_gone_at_once() -> None:
    store = SampleStore()
    store.append(1, {"errors": {A: 1.0, B: 2.0}})
    store.append(2, {"errors": {B: 2.0}})
    assert store.instant("errors", 2.5) == {B: 2.0}


def test_a_failed_scrape_ends_every_series() -> None:
    store = SampleStore()
    store.append(1, {"up": {UP: 1.0}})
    store.append(2, {})
    assert store.instant("up", 2) == {}


def test_a_sample_stands_for_less_than_five_minutes() -> None:
    store = SampleStore()
    store.append(1000, {"up": {UP: 1.0}})
    assert store.instant("up", 1299.999) == {UP: 1.0}
    assert store.instant("up", 1300) == {}


def test_the_past_of_a_ranged_metric_can_be_looked_at() -> None:
    store = SampleStore({"errors"})
    for at in (1, 2, 3):
        store.append(at, {"errors": {A: float(at)}})
    assert store.instant("errors", 2.9) == {A: 2.0}


def test_before_the_first_scrape_there_is_nothing() -> None:
    store = SampleStore()
    store.append(10, {"up": {UP: 1.0}})
    assert store.instant("up", 9.999) == {}


def test_a_past_that_is_not_kept_is_an_error_and_not_emptiness() -> None:
    store = SampleStore()
    store.append(1, {"up": {UP: 1.0}})
    store.append(2, {"up": {UP: 1.0}})
    with pytest.raises(EvaluationError, match="the past of up is not kept"):
        store.instant("up", 1.5)


def test_a_range_has_its_right_bound_and_not_its_left_one() -> None:
    store = SampleStore({"errors"})
    for at in range(1, 6):
        store.append(at, {"errors": {A: 1.0}})
    window = store.window(4, 2)
    assert window is not None
    assert (window.first, window.last) == (2, 3)  # the scrapes of 3 and 4


def test_scrapes_come_in_order_of_time() -> None:
    store = SampleStore()
    store.append(2, {})
    with pytest.raises(ValueError, match="comes after"):
        store.append(2, {})


def test_what_is_older_than_the_retention_is_forgotten() -> None:
    store = SampleStore({"errors"}, retention=10)
    for at in range(1, 1001):
        store.append(at, {"errors": {A: float(at), B: 0.0} if at < 900 else {B: 0.0}})
    assert 9 <= store.covered(1000) < 12
    assert store.tracks("errors").keys() == {B}


def test_a_range_within_the_retention_survives_the_forgetting() -> None:
    store = SampleStore({"errors"}, retention=10)
    for at in range(1, 101):
        store.append(at, {"errors": {A: float(at // 4)}})
    window = store.window(100, 10)
    assert window is not None
    runs, times = list(store.tracks("errors")[A].runs(window.first, window.last)), store.scrapes("errors")
    assert [(times.time(first), times.time(last), value) for first, last, value in runs] == [
        (91_000, 91_000, 22.0),
        (92_000, 95_000, 23.0),
        (96_000, 99_000, 24.0),
        (100_000, 100_000, 25.0),
    ]


def test_nothing_is_covered_before_the_first_scrape() -> None:
    assert SampleStore().covered(5) == 0


@pytest.mark.parametrize(
    ("scrapes", "at", "covered"),
    [
        ((100, 101, 102), 102, 2),
        ((100, 400, 700), 1000, 900),
        ((100, 101, 3000, 3000.25), 3000.5, 0.5),
        ((100, 101), 500, 0),
        ((100, 101, 200), 150, 50),
    ],
)
def test_what_is_covered_ends_at_a_gap(scrapes: tuple[float, ...], at: float, covered: float) -> None:
    store = SampleStore(retention=3900)
    for scrape in scrapes:
        store.append(scrape, {"up": {UP: 1.0}})
    assert store.covered(at) == covered


def counters(*values: float, name: str = "errors") -> dict[str, Vector]:
    """A scrape that has a counter of each of these values."""
    return {name: {Series(name, (("symbol", f"S{number}"),)): one for number, one in enumerate(values)}}


def kept_changes(store: SampleStore) -> int:
    """How many changes the store remembers: what its memory is spent on."""
    return sum(
        len(since) for told in store.past()["metrics"].values() for _, (since, _, _) in told["changes"]
    )


def test_series_that_never_change_take_no_room_in_the_past() -> None:
    store = SampleStore({"errors"})
    for at in range(1, 100):
        store.append(at, counters(*range(1000)))
    assert kept_changes(store) == 0


def test_of_a_counter_that_moves_only_what_is_looked_back_on_is_kept() -> None:
    store = SampleStore({"errors"}, retention=3900)
    store.look_back({"errors": 300.0})
    for at in range(1, 3600):
        store.append(at, counters(at, 0.0))
    assert kept_changes(store) <= 300 + FORGET_EVERY + 1


def test_nothing_is_kept_longer_than_the_retention() -> None:
    store = SampleStore({"errors"}, retention=400)
    store.look_back({"errors": 3600.0})
    for at in range(1, 1000):
        store.append(at, counters(at))
    assert kept_changes(store) <= 400 + FORGET_EVERY + 1


def test_a_counter_that_rests_again_takes_no_room_any_more() -> None:
    store = SampleStore({"errors"}, retention=100)
    for at in range(1, 1000):
        store.append(at, counters(min(at, 50)))
    assert kept_changes(store) == 0
    assert store.tracks("errors")[Series("errors", (("symbol", "S0"),))].runs(900, 998) == [(900, 998, 50.0)]


@given(
    st.lists(st.lists(st.sampled_from([None, 0.0, 1.0, 2.0]), min_size=3, max_size=3), max_size=30),
    st.integers(0, 30),
)
def test_a_past_that_was_told_goes_on_as_if_nothing_had_been(
    scrapes: list[list[float | None]], pause: int
) -> None:
    series = [Series("errors", (("symbol", symbol),)) for symbol in "ABC"]
    one, other = SampleStore({"errors"}), SampleStore({"errors"})
    for at, values in enumerate(scrapes, 1):
        said = {name: value for name, value in zip(series, values, strict=True) if value is not None}
        if at == pause:
            other.continue_from(orjson.loads(as_json(other.past())))
        for store in (one, other):
            store.append(at, {"errors": column_of(said)})
    assert {name: kept(track, len(scrapes)) for name, track in one.tracks("errors").items()} == {
        name: kept(track, len(scrapes)) for name, track in other.tracks("errors").items()
    }
    for scrape in range(len(scrapes)):
        changed = [
            list(map(str, (s for s, _ in store.changed_after("errors", scrape)))) for store in (one, other)
        ]
        assert sorted(changed[0]) == sorted(changed[1])


def test_a_value_that_is_no_number_is_told_as_one() -> None:
    one, other = SampleStore({"errors"}), SampleStore({"errors"})
    one.append(1, {"errors": column_of({A: 1.0, B: math.nan})})
    one.append(2, {"errors": column_of({A: math.nan, B: math.nan})})
    other.continue_from(orjson.loads(as_json(one.past())))
    for store in (one, other):
        assert all(math.isnan(value) for value in store.instant("errors", 2).values())


def test_after_a_past_that_was_told_only_what_differs_has_changed() -> None:
    one, other = SampleStore({"errors"}), SampleStore({"errors"})
    one.append(1, {"errors": column_of({A: 1.0, B: 1.0})})
    other.continue_from(orjson.loads(as_json(one.past())))
    other.append(2, {"errors": column_of({A: 1.0, B: 2.0})})
    assert [series for series, _ in other.changed_after("errors", 0)] == [B]


def test_to_be_written_down_a_past_takes_no_more_room_than_what_is_written() -> None:
    store = SampleStore({"errors"})
    series = [Series("errors", (("symbol", f"S{number}"),)) for number in range(50)]
    for at in range(1, 400):
        store.append(at, {"errors": column_of(dict.fromkeys(series, at + 1 / 3))})
    tracemalloc.start()
    try:
        written = as_json(store.past())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(written) > 400_000
    assert most < 4 * len(written)
