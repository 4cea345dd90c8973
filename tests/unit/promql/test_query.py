"""What a query may use, and what is refused when it is loaded."""

import pytest

from console.domain.metrics import Series
from console.domain.thresholds import KEY_METRICS, KeyMetric
from console.promql.query import Matcher, Selector, UnsupportedQuery, parse_query


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("up offset 5m", "offset"),
        ("up @ 10", "@"),
        ("up[5m]", "a range outside rate() and increase()"),
        ("rate(up[5m:1m])", "rate() of a subquery"),
        ("sum(up[5m:1m])", "expected type"),
        ("irate(up[5m])", "irate()"),
        ("absent(up)", "absent()"),
        ("time()", "time()"),
        ("topk(2, up)", "topk()"),
        ("up and down", "the operator 'and'"),
        ("up / down", "'/' between two vectors"),
        ("up atan2 1", "the operator 'atan2'"),
        ("'up'", "a string"),
        ('{a="1" or b="2"}', "'or' between matchers"),
        ("rate({symbol='A'}[5m])", "rate() without a metric's name"),
        ("up{", "up{"),
        ("no_such_function(up)", "no_such_function"),
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
