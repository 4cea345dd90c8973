"""What a store is asked to keep, and how far back it says that it has watched."""

import orjson
import pytest

from console.domain.metrics import Series
from console.promql.evaluate import EvaluationError, evaluate
from console.promql.query import parse_query
from console.promql.samples import SampleStore, as_json

ERRORS, FILLS = Series("errors", ()), Series("fills", ())
GROWN = parse_query("increase(errors[1m])")


def watched(store: SampleStore, first: int, last: int) -> SampleStore:
    """The store with a scrape in each of these seconds, in which both counters grow."""
    for at in range(first, last):
        store.append(at, {"errors": {ERRORS: float(at)}, "fills": {FILLS: float(at)}})
    return store


def test_what_is_asked_for_later_is_kept_from_then_on() -> None:
    store = watched(SampleStore(), 1000, 1100)
    with pytest.raises(EvaluationError, match="the past of errors is not kept"):
        evaluate(GROWN, store, 1099)
    store.keep([GROWN])
    watched(store, 1100, 1110)
    assert store.covered_by(GROWN, 1109) == 9
    assert list(evaluate(GROWN, store, 1109).values()) == [pytest.approx(9.5)]
    watched(store, 1110, 1200)
    assert store.covered_by(GROWN, 1199) == GROWN.window == 60


def test_what_nobody_asks_for_any_more_is_dropped() -> None:
    store = watched(SampleStore({"errors", "fills"}), 1000, 1100)
    store.keep([parse_query("rate(fills[1m])")])
    assert store.tracks("fills").size > 0
    with pytest.raises(EvaluationError, match="the past of errors is not kept"):
        store.tracks("errors")


def test_what_was_kept_already_goes_on_without_a_gap() -> None:
    store = watched(SampleStore({"errors"}), 1000, 1100)
    store.keep([GROWN])
    assert store.covered_by(GROWN, 1099) == 60


def test_each_metric_is_kept_for_as_long_as_the_longest_look_at_it() -> None:
    store = SampleStore()
    store.keep([parse_query("rate(errors[10m])"), parse_query("rate(errors[5m])"), parse_query("fills[5m]")])
    watched(store, 0, 2000)
    assert 600 * 17 < store.tracks("errors").size < 700 * 17
    assert 300 * 17 < store.tracks("fills").size < 400 * 17


def test_what_is_kept_by_its_name_counts_from_when_that_was_asked() -> None:
    query = parse_query("rate({__name__=~'err.*'}[1m])")
    store = watched(SampleStore(), 1000, 1100)
    store.keep([query])
    watched(store, 1100, 1110)
    assert store.covered_by(query, 1109) == 9
    store.keep([query, GROWN])
    watched(store, 1110, 1120)
    assert store.covered_by(query, 1119) == 19


def test_a_metric_that_is_missing_was_watched_all_the_same() -> None:
    store = watched(SampleStore({"nothing"}), 1000, 1100)
    assert store.covered_by(parse_query("rate(nothing[1m])"), 1099) == 60
    assert store.covered_by(parse_query("rate(nothing[5m])"), 1099) == 99


def test_a_query_of_the_present_needs_nothing() -> None:
    assert SampleStore().covered_by(parse_query("errors > 0"), 1000) == 0 == parse_query("errors > 0").window


def test_a_recorded_metric_was_watched_since_it_was_recorded_first() -> None:
    store = watched(SampleStore(), 1000, 1100)
    store.record("worst", 1080, {}, by="a rule")
    assert store.covered_by(parse_query("max_over_time(worst[1m])"), 1099) == 19


def test_before_anybody_says_what_is_wanted_all_of_an_earlier_past_is_taken_up() -> None:
    past = orjson.loads(as_json(watched(SampleStore({"errors", "fills"}), 1000, 1100).past()))
    early, late = SampleStore(), SampleStore()
    early.continue_from(past)
    early.keep([GROWN])
    late.keep([GROWN])
    late.continue_from(past)
    for store in (early, late):
        assert store.covered_by(GROWN, 1099) == 60
        with pytest.raises(EvaluationError, match="the past of fills is not kept"):
            store.tracks("fills")


def test_what_an_earlier_past_does_not_tell_counts_from_now() -> None:
    past = watched(SampleStore({"fills"}), 1000, 1100).past()
    store = SampleStore({"errors"})
    store.continue_from(past)
    assert store.covered_by(GROWN, 1099) == 0
    watched(store, 1100, 1110)
    assert store.covered_by(GROWN, 1109) == 9


def test_a_store_says_whether_it_has_begun() -> None:
    store = SampleStore()
    assert not store.begun
    store.fail(1000)
    assert not store.begun
    store.append(1001, {})
    assert store.begun


@pytest.mark.parametrize("ahead", [600.0, -600.0])
def test_the_time_of_day_goes_with_the_systems_clock(ahead: float) -> None:
    """The store's clock doesn't step; what an engine says of the time of day does."""
    store, beat = SampleStore({"errors", "beat"}), Series("beat", ())
    store.append(100_000, {"beat": {beat: 100_000 + ahead}})
    store.ahead = ahead
    assert evaluate(parse_query("time() - beat"), store, 100_003) == {Series("", ()): 3.0}
    assert evaluate(parse_query("timestamp(beat)"), store, 100_003) == {Series("", ()): 100_000 + ahead}
    assert evaluate(parse_query("timestamp(-beat)"), store, 100_003) == {Series("", ()): 100_003 + ahead}
    assert evaluate(parse_query("minute()"), store, 100_003) == {Series("", ()): 56.0 if ahead > 0 else 36.0}
    assert evaluate(parse_query(f"beat @ {100_001 + ahead}"), store, 100_003) == {beat: 100_000 + ahead}


def test_what_the_console_measured_itself_outlives_it_with_times_of_its_own() -> None:
    query, failures = parse_query("increase(failures[1m])"), Series("failures", ())
    one, other = SampleStore({"failures", "errors"}), SampleStore({"failures", "errors"})
    for at in range(1000, 1100):
        if at % 2:
            one.fail(at)
        else:
            one.append(at, {"errors": {ERRORS: float(at)}})
        one.measure(at, {"failures": {failures: float(at)}})
    other.continue_from(orjson.loads(as_json(one.past())))
    for asked in (query, GROWN):
        assert evaluate(asked, other, 1099) == evaluate(asked, one, 1099) != {}


def test_the_consoles_own_counters_do_not_outlive_it_since_the_next_one_counts_from_0() -> None:
    query = parse_query("max_over_time(failures_total[1h]) - min_over_time(failures_total[1h])")
    series = Series("failures_total", ())
    one, other = SampleStore({"failures_total"}), SampleStore({"failures_total"})
    one.measure(1000, {"failures_total": {series: 100.0}})
    one.append(1000, {})
    other.continue_from(orjson.loads(as_json(one.past())))
    other.measure(1010, {"failures_total": {series: 0.0}})
    assert list(evaluate(query, other, 1010).values()) == [0.0]
