"""Where a figure is going: which way, and the time to the next threshold."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.severity import Severity
from console.domain.trend import FARTHEST, Direction, Outlook, direction, outlook, time_to_next
from tests.unit.domain.worlds import FUNDING, MARGIN, SYNC


def rounded(coming: tuple[Severity, float] | None) -> tuple[Severity, float] | None:
    return None if coming is None else (coming[0], round(coming[1], 6))


@pytest.mark.parametrize(
    ("change", "value", "expected"),
    [
        (-0.001, 1.3, Direction.FALLING),
        (0.001, 1.3, Direction.RISING),
        (0.00001, 1.3, Direction.STEADY),
        (None, 1.3, Direction.STEADY),
        (0.0, 0.0, Direction.STEADY),
    ],
)
def test_a_figure_that_hardly_moves_is_steady(
    change: float | None, value: float, expected: Direction
) -> None:
    assert direction(change, value) is expected


@pytest.mark.parametrize(
    ("value", "change", "expected"),
    [
        (1.8, -0.01, (Severity.WARNING, 30.0)),
        (1.3, -0.01, (Severity.HIGH, 10.0)),
        (1.1, -0.01, (Severity.CRITICAL, 5.0)),
        (1.0, -0.01, None),  # it can't get worse
        (1.8, 0.01, None),  # it gets better
        (1.8, 0.0, None),
        (1.8, -0.3 / (FARTHEST + 60), None),
        (math.nan, -0.01, None),
    ],
)
def test_a_falling_margin_ratio_nears_the_next_bound_below(
    value: float, change: float, expected: tuple[Severity, float] | None
) -> None:
    assert rounded(time_to_next(MARGIN, value, change)) == expected


@pytest.mark.parametrize(
    ("value", "change", "expected"),
    [
        (0.00005, 1e-6, (Severity.WARNING, 50.0)),
        (-0.00005, -1e-6, (Severity.WARNING, 50.0)),
        (-0.00005, 1e-6, None),
        (0.0, -1e-6, (Severity.WARNING, 100.0)),
        (0.0004, 1e-6, (Severity.CRITICAL, 100.0)),
    ],
)
def test_a_funding_rate_nears_a_bound_on_either_side_of_zero(
    value: float, change: float, expected: tuple[Severity, float] | None
) -> None:
    assert rounded(time_to_next(FUNDING, value, change)) == expected


def test_a_panel_without_a_ladder_has_no_next_threshold() -> None:
    assert time_to_next(SYNC, 0.0, 1.0) is None


@given(st.floats(0.5, 3), st.floats(-0.1, 0.1))
def test_after_the_time_told_the_value_has_the_severity_told(value: float, change: float) -> None:
    coming = time_to_next(MARGIN, value, change)
    if coming is not None:
        severity, seconds = coming
        assert MARGIN.judge(value + change * (seconds + 1e-3) - 1e-9) >= severity > MARGIN.judge(value)


def test_a_steady_figure_has_no_time_to_anything() -> None:
    assert outlook(MARGIN, 1.501, -0.000001) == Outlook(Direction.STEADY, -0.000001)


def test_an_outlook_says_what_comes_and_when() -> None:
    coming = outlook(MARGIN, 1.75, -0.0078125)
    assert coming == Outlook(Direction.FALLING, -0.0078125, Severity.WARNING, 32.0)
