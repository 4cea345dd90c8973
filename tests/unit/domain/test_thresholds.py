import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.severity import Severity, worst
from console.domain.thresholds import KEY_METRICS, Condition, Ladder, Panel, parse_condition
from tests.unit.domain.worlds import FUNDING, MARGIN, SYNC


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        (math.inf, Severity.OK),
        (1.5, Severity.OK),
        (1.4999999, Severity.WARNING),
        (1.2, Severity.WARNING),
        (1.1999999, Severity.HIGH),
        (1.05, Severity.HIGH),
        (1.0499999, Severity.CRITICAL),
        (-math.inf, Severity.CRITICAL),
        (math.nan, Severity.UNKNOWN),
        (None, Severity.UNKNOWN),
    ],
)
def test_a_margin_ratio_is_worse_the_lower_it_is(value: float | None, severity: Severity) -> None:
    assert MARGIN.judge(value) is severity


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("magnitude", "severity"),
    [
        (0.0, Severity.OK),
        (0.0001, Severity.OK),
        (0.0002, Severity.WARNING),
        (0.0003, Severity.WARNING),
        (0.0005, Severity.HIGH),
        (0.00051, Severity.CRITICAL),
        (math.inf, Severity.CRITICAL),
    ],
)
def test_a_funding_rate_is_worse_the_further_from_zero(
    magnitude: float, severity: Severity, sign: int
) -> None:
    assert FUNDING.judge(sign * magnitude) is severity


BOUNDS = [0.0, -0.0, 1.05, 1.2, 1.5, 0.0001, 0.0003, 0.0005, -0.0005, math.inf, -math.inf, math.nan]


@given(st.lists(st.floats() | st.sampled_from(BOUNDS), max_size=8))
def test_many_values_are_judged_as_each_of_them_is(values: list[float]) -> None:
    coarse = Ladder(((2.0, Severity.OK), (1.0, Severity.OK), (0.5, Severity.HIGH)))
    for panel in (
        MARGIN,
        FUNDING,
        SYNC,
        Panel("coarse", "up", coarse),
        Panel("low", "up", Condition("<", 1.2)),
    ):
        assert list(panel.judge_all(values)) == [panel.judge(value) for value in values]


@given(st.floats(allow_nan=True, allow_infinity=True) | st.none())
def test_every_float_has_a_severity_and_only_the_unknowable_is_unknown(value: float | None) -> None:
    for panel in (MARGIN, FUNDING, SYNC):
        unknowable = value is None or math.isnan(value)
        assert (panel.judge(value) is Severity.UNKNOWN) == unknowable
    for metric in KEY_METRICS:
        assert (metric.judge(value) is Severity.UNKNOWN) == unknowable


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_lower_margin_is_never_judged_better(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert MARGIN.judge(low) >= MARGIN.judge(high)


def test_an_alert_condition_that_holds_is_high() -> None:
    assert (SYNC.judge(0.0), SYNC.judge(1e-9)) == (Severity.OK, Severity.HIGH)


@pytest.mark.parametrize(
    "steps",
    [
        (),
        ((1.0, Severity.OK),),
        ((1.0, Severity.OK), (1.0, Severity.HIGH)),
        ((1.0, Severity.OK), (3.0, Severity.WARNING), (2.0, Severity.HIGH)),
        ((1.0, Severity.HIGH), (2.0, Severity.OK)),
        ((math.nan, Severity.OK), (2.0, Severity.HIGH)),
    ],
)
def test_a_ladder_without_a_clear_direction_is_refused(steps: tuple[tuple[float, Severity], ...]) -> None:
    with pytest.raises(ValueError, match=r"threshold|colours"):
        Ladder(steps)


@pytest.mark.parametrize(
    ("text", "condition"),
    [("> 0", Condition(">", 0)), ("<=1.5", Condition("<=", 1.5)), (" == -1e-3 ", Condition("==", -0.001))],
)
def test_conditions_are_read(text: str, condition: Condition) -> None:
    assert parse_condition(text) == condition


@pytest.mark.parametrize("text", ["", ">", "0", "=> 1", "> one", "> nan", "> 1 or 2"])
def test_anything_else_is_no_condition(text: str) -> None:
    with pytest.raises(ValueError, match="is not a condition"):
        parse_condition(text)


def test_a_key_metric_between_target_and_alert_is_a_warning() -> None:
    fill_rate = KEY_METRICS[0]
    severities = [fill_rate.judge(value) for value in (0.96, 0.95, 0.90, 0.89)]
    assert severities == [Severity.OK, Severity.WARNING, Severity.WARNING, Severity.HIGH]


def test_exit_codes_follow_the_plugin_convention() -> None:
    assert [s.exit_code for s in (Severity.OK, Severity.WARNING, Severity.CRITICAL, Severity.UNKNOWN)] == [
        0,
        1,
        2,
        3,
    ]


def test_nothing_seen_is_unknown() -> None:
    assert worst([]) is Severity.UNKNOWN
