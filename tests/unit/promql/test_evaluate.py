"""Evaluation by worked examples of Prometheus 3's rules; the integration tests hold it to a real server."""

import itertools
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.metrics import Column, Lineup, Series, Vector, column_of
from console.promql.evaluate import EvaluationError, evaluate
from console.promql.query import parse_query
from console.promql.samples import SampleStore

A, B = (Series("errors", (("symbol", symbol),)) for symbol in "AB")


def value(text: str, store: SampleStore, at: float) -> float:
    ((_, number),) = evaluate(parse_query(text), store, at).items()
    return number


def history(values: list[float | None], every: float = 10.0) -> SampleStore:
    """One series with a sample every 10 s from 1000 s on; None where it was not scraped."""
    store = SampleStore({"errors"})
    for number, one in enumerate(values):
        store.append(1000 + number * every, {} if one is None else {"errors": {A: one}})
    return store


def now(**metrics: Vector) -> SampleStore:
    store = SampleStore()
    store.append(1000, metrics)
    return store


def columns(scrapes: list[tuple[float | None, float | None]], *, as_columns: bool) -> SampleStore:
    """Two series' scrapes, one second apart, as columns that are kept while they are the same, or plain."""
    store = SampleStore({"errors"})
    lineups: dict[tuple[Series, ...], Lineup] = {}
    before: Vector = {}
    for at, pair in enumerate(scrapes, 1000):
        vector = {one: value for one, value in zip((A, B), pair, strict=True) if value is not None}
        if as_columns and vector != before:
            lineup = lineups.setdefault(tuple(vector), Lineup(vector))
            before = column_of(vector, lineup)
        store.append(at, {"errors": before if as_columns else vector})
    return store


@pytest.mark.parametrize("function", ["topk(2, ", "bottomk(2, ", "sort(", "sort_desc("])
def test_equal_samples_come_by_their_labels_whatever_order_they_were_scraped_in(function: str) -> None:
    series = [Series("errors", (("symbol", symbol),)) for symbol in "ABCD"]
    answers = {
        tuple(evaluate(parse_query(f"{function}errors)"), now(errors=dict.fromkeys(order, number)), 1000))
        for order in itertools.permutations(series)
        for number in (1.0, math.nan)
    }
    assert answers == {tuple(series[: 2 if "k(" in function else 4])}


@given(
    st.lists(
        st.tuples(*[st.sampled_from([None, 0.0, 0.0, 1.0, 2.0, math.nan])] * 2), min_size=1, max_size=12
    ),
    st.integers(1, 14),
    st.integers(0, 4),
)
def test_a_metric_that_comes_in_columns_has_the_answer_of_one_that_does_not(
    scrapes: list[tuple[float | None, float | None]], seconds: int, later: int
) -> None:
    query, at = parse_query(f"increase(errors[{seconds}s])"), 999 + len(scrapes) + later
    plain, bulk = (evaluate(query, columns(scrapes, as_columns=kind), at) for kind in (False, True))
    assert {one: repr(value) for one, value in plain.items()} == {
        one: repr(value) for one, value in bulk.items()
    }


def test_a_metric_that_does_not_change_keeps_the_series_of_its_answer() -> None:
    store, query = columns([(1.0, 2.0)] * 5, as_columns=True), parse_query("rate(errors[4s])")
    first, second = (evaluate(query, store, at) for at in (1004, 1004.5))
    assert isinstance(first, Column)
    assert isinstance(second, Column)
    assert first.lineup is second.lineup


def number(text: str) -> float:
    return value(text, SampleStore(), 0)


def test_a_range_has_no_left_bound() -> None:
    # 1000 is left out: 100 to 130 in the 20 s from 1010 to 1030, and half an interval towards the start
    assert value("increase(errors[30s])", history([0, 100, 115, 130]), 1030) == pytest.approx(30 * 30 / 20)


def test_growth_goes_on_to_a_near_bound() -> None:
    assert value("increase(errors[40s])", history([100, 110, 120, 130]), 1035) == pytest.approx(40)


def test_growth_goes_on_for_half_an_interval_towards_a_far_bound() -> None:
    assert value("increase(errors[100s])", history([100, 110, 120, 130]), 1030) == pytest.approx(35)


def test_a_start_further_than_a_tenth_over_an_interval_is_far() -> None:
    # the first sample lies 12 s after the start, the samples 10 s apart
    assert value("increase(errors[42s])", history([100, 110, 120, 130]), 1030) == pytest.approx(35)


def test_growth_does_not_begin_below_zero() -> None:
    # the counter was 0 two seconds before its first sample
    assert value("increase(errors[100s])", history([2, 12, 22, 32]), 1030) == pytest.approx(32)


def test_zero_is_not_looked_for_beyond_half_an_interval() -> None:
    # 0 would be 8 s before the first sample, which is nearer than 1.1 intervals: Prometheus 2 went there
    assert value("increase(errors[100s])", history([8, 18, 28, 38]), 1030) == pytest.approx(35)


def test_a_smaller_value_is_a_restart_from_zero() -> None:
    store = history([100, 110, 5, 15])
    assert value("increase(errors[30s])", store, 1030) == pytest.approx((15 - 110 + 110) * 30 / 20)


def test_rate_is_increase_per_second() -> None:
    assert value("rate(errors[40s])", history([100, 110, 120, 130]), 1035) == pytest.approx(1)


def test_one_sample_is_no_increase() -> None:
    assert evaluate(parse_query("increase(errors[10s])"), history([1, 2, 3]), 1020) == {}


def test_a_gap_holds_no_samples() -> None:
    store = history([100, None, None, 130])
    assert value("increase(errors[40s])", store, 1035) == pytest.approx(30 * (30 + 5 + 5) / 30)


def test_a_counter_that_stands_still_increases_by_zero() -> None:
    assert value("increase(errors[1h])", history([7] * 20), 1190) == 0


def test_a_counter_born_at_one_is_no_increase() -> None:
    assert value("increase(errors[1h])", history([None, None, 1, 1, 1]), 1040) == 0


@given(
    st.lists(
        st.one_of(st.none(), st.sampled_from([0.0, 1.0, 5.0, 5.0, 9.0, math.nan])), min_size=1, max_size=25
    ),
    st.integers(1, 300),
    st.floats(0, 40),
)
def test_increase_is_what_the_samples_one_by_one_say(
    values: list[float | None], seconds: int, later: float
) -> None:
    store = history(values)
    at = round(1000 + 10 * (len(values) - 1) + later, 3)
    samples = [(1000 + 10 * n, one) for n, one in enumerate(values) if one is not None]
    inside = [(time, one) for time, one in samples if at - seconds < time <= at]
    found = evaluate(parse_query(f"increase(errors[{seconds}s])"), store, at)
    if len(inside) < 2:
        assert found == {}
    else:
        assert list(found.values()) == [pytest.approx(by_hand(inside, at - seconds, at), nan_ok=True)]


def by_hand(samples: list[tuple[int, float]], start: float, end: float) -> float:
    """The increase over all samples of a range, in the order in which Prometheus 3 does it."""
    (first_time, first), (last_time, last) = samples[0], samples[-1]
    grown = last - first
    for (_, before), (_, after) in itertools.pairwise(samples):
        if after < before:
            grown += before
    sampled = last_time - first_time
    average = sampled / (len(samples) - 1)
    to_start = first_time - start if first_time - start < average * 1.1 else average / 2
    to_end = end - last_time if end - last_time < average * 1.1 else average / 2
    if grown > 0 and first >= 0:
        to_start = min(to_start, sampled * (first / grown))
    return grown * (sampled + to_start + to_end) / sampled


def test_a_series_that_left_still_has_an_increase_but_no_instant() -> None:
    store = history([100, 110, 120, None])
    assert value("increase(errors[1m])", store, 1030) > 0
    assert evaluate(parse_query("errors"), store, 1030) == {}


def test_functions_drop_the_name_and_filters_keep_it() -> None:
    store = now(errors={A: 1.0})
    assert evaluate(parse_query("errors > 0"), store, 1000) == {A: 1.0}
    assert evaluate(parse_query("errors > bool 0"), store, 1000) == {Series("", A.labels): 1.0}
    assert evaluate(parse_query("-errors"), store, 1000) == {Series("", A.labels): -1.0}


def test_a_plain_selector_answers_the_scrape_itself() -> None:
    scraped = column_of({A: 1.0, B: 2.0})
    assert evaluate(parse_query("errors{symbol=~'.*'}"), now(errors=scraped), 1000) is scraped


def test_a_filter_keeps_the_vectors_value_on_either_side() -> None:
    assert evaluate(parse_query("2 > errors"), now(errors={A: 1.0, B: 3.0}), 1000) == {A: 1.0}


def test_nan_passes_no_filter_but_unequal() -> None:
    store = now(errors={A: math.nan})
    assert evaluate(parse_query("errors > 0"), store, 1000) == {}
    assert evaluate(parse_query("errors <= 0"), store, 1000) == {}
    assert len(evaluate(parse_query("errors != 0"), store, 1000)) == 1


@pytest.mark.parametrize(("function", "expected"), [("min", 1.0), ("max", 1.0), ("count", 2.0)])
def test_nan_is_no_extreme_but_counts(function: str, expected: float) -> None:
    assert value(f"{function}(errors)", now(errors={A: math.nan, B: 1.0}), 1000) == expected


@pytest.mark.parametrize("function", ["min", "max", "sum", "avg"])
def test_an_aggregate_of_nothing_but_nan_is_nan(function: str) -> None:
    assert math.isnan(value(f"{function}(errors)", now(errors={A: math.nan}), 1000))


def test_groups_are_told_apart_by_the_labels_named() -> None:
    other = Series("losses", A.labels)
    store = now(errors={A: 1.0, B: 2.0}, losses={other: 4.0})
    assert evaluate(parse_query("sum by (symbol) ({symbol!=''})"), store, 1000) == {
        Series("", A.labels): 5.0,
        Series("", B.labels): 2.0,
    }
    assert evaluate(parse_query("sum by (__name__) ({symbol!=''})"), store, 1000) == {
        Series("errors", ()): 3.0,
        Series("losses", ()): 4.0,
    }


def test_an_equality_with_a_pattern_is_no_pattern() -> None:
    assert evaluate(parse_query("errors{symbol='.*'}"), now(errors={A: 1.0}), 1000) == {}


def test_an_aggregate_of_nothing_is_nothing() -> None:
    assert evaluate(parse_query("sum(errors)"), now(), 1000) == {}


def test_a_sum_does_not_lose_small_values_among_large_ones() -> None:
    many = {Series("errors", (("n", str(n)),)): x for n, x in enumerate([1e100, 1.0, -1e100])}
    assert value("sum(errors)", now(errors=many), 1000) == 1


def test_a_sum_may_be_infinite() -> None:
    assert value("sum(errors)", now(errors={A: 1e308, B: 1e308}), 1000) == math.inf
    assert math.isnan(value("sum(errors)", now(errors={A: math.inf, B: -math.inf}), 1000))


def test_a_mean_of_large_numbers_is_finite() -> None:
    assert value("avg(errors)", now(errors={A: 1e308, B: 1.5e308}), 1000) == pytest.approx(1.25e308)


def test_series_that_become_the_same_are_an_error() -> None:
    store = now(errors={A: 1.0}, losses={Series("losses", A.labels): 1.0})
    with pytest.raises(EvaluationError, match="same labelset"):
        evaluate(parse_query("-{symbol='A'}"), store, 1000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("errors + on () losses", "multiple matches for labels: many-to-one matching must be explicit"),
        (
            "losses + on () errors",
            "found duplicate series for the match group {} on the right hand-side of the operation: "
            '[{__name__="errors", symbol="A"}, {__name__="errors", symbol="B"}];many-to-many matching',
        ),
        ("errors + on () group_left (symbol) losses", "grouping labels must ensure unique matches"),
    ],
)
def test_series_that_match_several_are_an_error_in_prometheus_words(text: str, message: str) -> None:
    store = now(errors={A: 1.0, B: 2.0}, losses={Series("losses", ()): 1.0})
    with pytest.raises(EvaluationError, match=re.escape(message)):
        evaluate(parse_query(text), store, 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 / 0", math.inf),
        ("-1 / 0", -math.inf),
        ("0 ^ -1", math.inf),
        ("(-8) ^ 3", -512),
        ("10 ^ 999", math.inf),
    ],
)
def test_arithmetic_is_that_of_floats(text: str, expected: float) -> None:
    assert number(text) == expected


@pytest.mark.parametrize("text", ["stddev(errors)", "stddev_over_time(errors[1m])"])
def test_a_deviation_beyond_all_numbers_is_no_failure(text: str) -> None:
    store = SampleStore({"errors"})
    store.append(1000, {"errors": {A: 1e308, B: -1e308}})
    store.append(1010, {"errors": {A: -1e308, B: 1e308}})
    assert not any(map(math.isfinite, evaluate(parse_query(text), store, 1010).values()))


def test_a_line_that_is_foretold_from_too_far_away_is_no_failure() -> None:
    value("predict_linear(errors[1m] @ 1010, 0)", history([1, 2]), 4e9)


@pytest.mark.parametrize("text", ["0 / 0", "5 % 0", "Inf % 2", "(-8) ^ 0.5", "NaN / 0"])
def test_arithmetic_without_a_result_is_nan(text: str) -> None:
    assert math.isnan(number(text))


def buckets(*counts: tuple[str, float]) -> SampleStore:
    return now(h={Series("h", (("le", bound),)): count for bound, count in counts})


@pytest.mark.parametrize(
    ("quantile", "expected"),
    [("0.5", 1.5), ("0.1", 0.4), ("1", 2), ("0", 0), ("-1", -math.inf), ("1.1", math.inf)],
)
def test_a_quantile_is_linear_within_its_bucket(quantile: str, expected: float) -> None:
    store = buckets(("1", 10), ("2", 30), ("+Inf", 40))
    assert value(f"histogram_quantile({quantile}, h)", store, 1000) == pytest.approx(expected)


@pytest.mark.parametrize("counts", [[("1", 5.0), ("2", 6.0)], [("+Inf", 5.0)], [("1", 0.0), ("+Inf", 0.0)]])
def test_a_histogram_that_tells_nothing_is_nan(counts: list[tuple[str, float]]) -> None:
    assert math.isnan(value("histogram_quantile(0.5, h)", buckets(*counts), 1000))


def test_a_bucket_that_falls_is_levelled() -> None:
    store = buckets(("1", 5), ("2", 3), ("3", 10), ("+Inf", 10))
    assert value("histogram_quantile(0.6, h)", store, 1000) == pytest.approx(2.2)


def test_a_rank_that_a_bucket_just_reaches_lies_in_it() -> None:
    store = buckets(("1", 10), ("2", 10), ("3", 20), ("+Inf", 20))
    assert value("histogram_quantile(0.5, h)", store, 1000) == 1


def test_a_first_bucket_below_zero_answers_its_bound() -> None:
    assert value("histogram_quantile(0.2, h)", buckets(("-1", 5), ("1", 10), ("+Inf", 10)), 1000) == -1


def test_the_highest_bucket_answers_the_bound_below_it() -> None:
    assert value("histogram_quantile(0.99, h)", buckets(("1", 1), ("2", 2), ("+Inf", 100)), 1000) == 2
