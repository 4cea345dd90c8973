"""Metrics whose samples come one by one, and what a store keeps for queries that look back."""

import pytest

from console.domain.metrics import Series
from console.promql.evaluate import EvaluationError, evaluate, evaluate_any, evaluate_steps
from console.promql.query import parse_query
from console.promql.samples import SampleStore
from console.promql.vectors import Ranges

A, B = (Series("rule:worst", (("symbol", symbol),)) for symbol in "AB")
UP = Series("up", ())


def test_a_recorded_series_is_there_between_two_evaluations() -> None:
    store = SampleStore()
    store.recording("rule:worst").say(60_000, {A: 1.0})
    for at in range(1, 100):
        store.append(at, {"up": {UP: 1.0}})
    assert evaluate(parse_query("rule:worst"), store, 99) == {A: 1.0}
    assert evaluate(parse_query("count_over_time(rule:worst[1m])"), store, 99) == {Series("", A.labels): 1.0}


def test_a_series_that_a_rule_no_longer_finds_has_ended() -> None:
    store = SampleStore()
    store.recording("rule:worst").say(60_000, {A: 1.0, B: 2.0})
    store.recording("rule:worst").say(120_000, {B: 2.0})
    assert evaluate(parse_query("rule:worst"), store, 130) == {B: 2.0}
    assert evaluate(parse_query("rule:worst"), store, 110) == {A: 1.0, B: 2.0}


def test_a_recorded_sample_stands_for_less_than_five_minutes() -> None:
    store = SampleStore()
    store.recording("rule:worst").say(60_000, {A: 1.0})
    assert evaluate(parse_query("rule:worst"), store, 359.999) == {A: 1.0}
    assert evaluate(parse_query("rule:worst"), store, 360) == {}


def test_recorded_samples_come_in_order_of_time() -> None:
    store = SampleStore()
    store.recording("rule:worst").say(60_000, {A: 1.0})
    with pytest.raises(ValueError, match="comes after"):
        store.recording("rule:worst").say(60_000, {A: 1.0})


def test_rules_that_record_the_same_metric_do_not_end_each_others_series() -> None:
    store = SampleStore()
    for at in (1000, 1060):
        store.record("rule:worst", at, {A: 1.0}, by="one")
        store.record("rule:worst", at, {B: 2.0}, by="other")
        assert evaluate(parse_query("rule:worst"), store, at) == {A: 1.0, B: 2.0}
    store.record("rule:worst", 1120, {}, by="one")
    assert evaluate(parse_query("rule:worst"), store, 1120) == {B: 2.0}


@pytest.mark.parametrize("order", [("one", "other"), ("other", "one")])
def test_a_series_goes_on_that_another_rule_records_from_now_on(order: tuple[str, str]) -> None:
    store = SampleStore()
    store.record("rule:worst", 1000, {A: 1.0}, by="one")
    for by in order:
        store.record("rule:worst", 1060, {A: 2.0} if by == "other" else {}, by=by)
    assert evaluate(parse_query("rule:worst"), store, 1060) == {A: 2.0}


def test_of_what_two_rules_say_of_a_series_the_first_counts() -> None:
    store = SampleStore()
    store.record("rule:worst", 1000, {A: 1.0}, by="one")
    store.record("rule:worst", 1000, {A: 2.0}, by="other")
    store.record("rule:worst", 1060, {}, by="one")
    assert evaluate(parse_query("rule:worst"), store, 1060) == {A: 1.0}


def test_recorded_samples_are_forgotten_with_the_retention() -> None:
    store = SampleStore(retention=100)
    for at in range(1, 1000):
        store.record("rule:worst", at, {A: 1.0} if at < 500 else {B: 1.0}, by="a rule")
    answer = evaluate_any(parse_query("rule:worst[1h]"), store, 999)
    assert isinstance(answer, Ranges)
    assert answer.samples.keys() == {B}
    assert 100 <= len(answer.samples[B].times) <= 161


def test_the_past_of_metrics_is_kept_by_what_their_names_are_like() -> None:
    query = parse_query("increase({__name__=~'err.*'}[1m])")
    store = SampleStore(query.ranged, ranged_like=query.ranged_like)
    for at in range(1, 11):
        store.append(at, {"errors": {Series("errors", ()): 100.0 + at}, "up": {UP: 1.0}})
    assert list(evaluate(query, store, 10).values()) == [pytest.approx(9.5)]
    with pytest.raises(EvaluationError, match="the past of up is not kept"):
        evaluate(parse_query("increase(up[1m])"), store, 10)


def test_a_past_that_is_kept_by_its_name_outlives_the_console() -> None:
    query = parse_query("increase({__name__=~'err.*'}[1m])")
    one, other = (SampleStore(query.ranged, ranged_like=query.ranged_like) for _ in range(2))
    for at in range(1, 11):
        one.append(at, {"errors": {Series("errors", ()): 100.0 + at}, "up": {UP: 1.0}})
    other.continue_from(one.past())
    assert evaluate(query, other, 10) == evaluate(query, one, 10) != {}


@pytest.mark.parametrize("every", [1.0, 1.7])
def test_an_instant_as_long_ago_as_is_looked_back_is_still_known(every: float) -> None:
    query = parse_query("errors offset 5m")
    store = SampleStore(query.ranged)
    store.look_back({"errors": query.window})
    for scrape in range(1000):
        at = 1000 + scrape * every
        store.append(at, {"errors": {Series("errors", ()): float(scrape)}})
        if at > 1301:
            assert evaluate(query, store, at) == {Series("errors", ()): float((at - 300 - 1000) // every)}


def test_a_scraped_series_tells_when_its_sample_was_taken() -> None:
    store = SampleStore()
    store.append(10, {"up": {UP: 1.0}})
    assert list(evaluate(parse_query("timestamp(up)"), store, 10.7).values()) == [10.0]
    assert list(evaluate(parse_query("timestamp(-up)"), store, 10.7).values()) == [10.7]


def test_a_range_of_answers_knows_its_ends() -> None:
    answers = evaluate_steps(parse_query("vector(time()) + scalar(up @ end())"), SampleStore(), 10, 12, 1)
    assert [at for at, _ in answers] == [10, 11, 12]


@pytest.mark.parametrize(("text", "kind"), [("'up'", "text"), ("up[5m]", "range"), ("up[5m:1m]", "range")])
def test_what_is_no_vector_is_an_error_where_one_is_wanted(text: str, kind: str) -> None:
    with pytest.raises(EvaluationError, match=f"answers a {kind}"):
        evaluate(parse_query(text), SampleStore(), 0)
