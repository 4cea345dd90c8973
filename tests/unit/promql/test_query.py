"""What a query may use, and what is refused when it is loaded."""

import math

import pytest

from console.domain.metrics import Series
from console.domain.thresholds import KEY_METRICS, KeyMetric
from console.promql.evaluate import evaluate
from console.promql.query import UnsupportedQuery, parse_query, query_within
from console.promql.samples import SampleStore
from console.promql.tree import Matcher, Selector


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("sum(up[5m:1m])", "expected type"),
        ("limitk(2, up)", "limitk()"),
        ("mad_over_time(up[5m])", "mad_over_time()"),
        ("double_exponential_smoothing(up[5m], 0.5, 0.5)", "double_exponential_smoothing()"),
        ("sort_by_label(up, 'symbol')", "sort_by_label()"),
        ("histogram_count(up)", "histogram_count()"),
        ("info(up)", "info()"),
        ("up + fill(0) down", "fill()"),
        ("up @ -10", "@ with a time before 1970"),
        ('{a="1" or b="2"}', "'or' between matchers"),
        ("up{", "up{"),
        ("no_such_function(up)", "no_such_function"),
        ("label_replace(up, '', 'a', 'b', 'c')", "destination label"),
        ("label_replace(up, 'a', 'b', 'c', '(')", "the regular expression '('"),
        ("1 > 2", "bool"),
    ],
)
def test_what_is_not_known_is_refused_by_name(text: str, what: str) -> None:
    with pytest.raises(UnsupportedQuery) as caught:
        parse_query(text)
    assert what.lower() in str(caught.value).lower()
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("metric", KEY_METRICS, ids=lambda metric: metric.name)
def test_the_key_metrics_can_be_evaluated(metric: KeyMetric) -> None:
    parse_query(metric.query)


def test_a_query_names_the_metrics_whose_past_it_needs() -> None:
    query = parse_query("histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m]))) > 2 * 3")
    assert query.ranged == {"a_bucket"}
    assert parse_query("-sum(increase(b[1h])) + 1").ranged == {"b"}
    assert parse_query("c > 1").ranged == set()
    assert parse_query("c offset 1m + d @ 5 + sum_over_time((e)[1m:])").ranged == {"c", "d", "e"}
    assert parse_query("rate({symbol='A', __name__=~'a.*'}[5m])").ranged_like == (
        (Matcher("__name__", "=~", "a.*"),),
    )


@pytest.mark.parametrize(
    ("matcher", "value", "accepted"),
    [
        (Matcher("a", "=", "x"), "x", True),
        (Matcher("a", "!=", "x"), "", True),
        (Matcher("a", "=~", "x"), "xx", False),
        (Matcher("a", "=~", "x|y"), "y", True),
        (Matcher("a", "!~", "x.*"), "xyz", False),
        (Matcher("a", "=~", ".+"), "", False),
        (Matcher("a", "=~", "a.b"), "a\nb", True),
    ],
)
def test_a_matcher_is_anchored_at_both_ends(matcher: Matcher, value: str, accepted: bool) -> None:
    assert matcher.accepts(value) is accepted


def test_a_label_that_is_missing_counts_as_empty() -> None:
    assert Selector("up", (Matcher("side", "=", ""),)).accepts(Series("up", ()))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("up", 0),
        ("rate(a[5m])", 300),
        ("rate(a[1h30m])", 5400),
        ("increase(a[500ms])", 0.5),
        ("increase(a[1w])", 604_800),
        ("histogram_quantile(0.9, sum by (le) (rate(a{b='[9d]'}[5m]))) > 3", 300),
        ("a offset 1m", 60),
        ("a offset -1m", 0),
        ("rate(a[5m] offset 1h)", 3900),
        ("max_over_time(rate(a[5m])[1h:1m] offset 1m)", 3960),
        ("a @ 10", math.inf),
    ],
)
def test_a_query_tells_how_far_it_looks_back(text: str, seconds: float) -> None:
    assert parse_query(text).window == seconds


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a" * 10_001, "longer than 10000 characters"),
        ("(" * 4_000 + "1" + ")" * 4_000, "nested deeper than 100 levels"),
        ("(" * 101 + "1" + ")" * 101, "nested deeper than 100 levels"),
        ("1+" * 4_999 + "1", "more than 500 operators"),
        ("a or " * 1_999 + "a", "more than 500 operators"),
        ("1+" * 450 + "1", "nested deeper than 100 levels"),
        ("1+" * 101 + "1", "nested deeper than 100 levels"),
        ("max_over_time(a[1h:100ms])", "a subquery of more than 11000 steps"),
        ("max_over_time(a[12000m:])", "a subquery of more than 11000 steps"),
        ("max_over_time(a[1m:0.0001])", "a subquery of more than 11000 steps"),
    ],
)
def test_a_query_beyond_all_measure_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UnsupportedQuery, match=problem):
        parse_query(text)


def test_a_deep_query_is_evaluated() -> None:
    query = parse_query("(" * 99 + "1" + "+1" * 98 + ")" * 99)
    assert list(evaluate(query, SampleStore(), 0).values()) == [99.0]


def test_brackets_in_text_are_no_nesting() -> None:
    parse_query("up{a='" + "(" * 200 + "'} # " + "[" * 200)


def test_a_query_that_looks_back_further_than_samples_are_kept_is_refused() -> None:
    assert query_within("rate(errors[1h])", 3600).window == 3600
    with pytest.raises(UnsupportedQuery, match="looks back 3900 s, but samples are kept for 3600 s"):
        query_within("rate(errors[1h] offset 5m)", 3600)
    with pytest.raises(UnsupportedQuery, match="looks back to a pinned time"):
        query_within("errors @ 1000", 3600)
