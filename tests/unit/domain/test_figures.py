import math

import pytest

from console.domain.figures import breach, condition, figure_of, key_metric_value, number
from console.domain.thresholds import KEY_METRICS, Condition, Panel
from tests.unit.domain.worlds import FUNDING, MARGIN, SYNC


def test_a_breach_names_the_limit_that_was_passed_in_the_columns_unit() -> None:
    assert (breach(MARGIN, 1.1), breach(MARGIN, 1.0), breach(MARGIN, 2)) == ("below 1.2", "below 1.05", "")
    assert (breach(FUNDING, -0.0004), breach(FUNDING, 0.0006)) == ("beyond 0.03%", "beyond 0.05%")
    assert breach(SYNC, 0.02) == "> 0"
    assert figure_of(SYNC).say(0.02) == "1.20/min"


def test_a_panel_is_written_in_the_unit_that_people_speak_of() -> None:
    written = [
        figure_of(panel).write(value) for panel, value in ((MARGIN, 1.1), (FUNDING, 8e-4), (SYNC, 0.02))
    ]
    assert written == ["1.100", "0.0800%", "1.20"]


@pytest.mark.parametrize(
    ("value", "shown"), [(40e-6, "40 µs"), (999e-6, "999 µs"), (30.04e-3, "30.0 ms"), (None, "unknown")]
)
def test_long_latencies_are_written_in_milliseconds(value: float | None, shown: str) -> None:
    assert key_metric_value(KEY_METRICS[4], value, "unknown") == shown


def test_what_counts_is_written_whole_and_never_as_nothing_where_there_is_something() -> None:
    liquidations = figure_of(Panel("Liquidation Count", "increase(x[1h])", Condition(">", 0)))
    assert [liquidations.write(value) for value in (0.0, 0.3, 1.0, 1.02, 12.0)] == ["0", "<1", "1", "1", "12"]


def test_targets_are_written_in_the_metrics_unit() -> None:
    fill_rate, latency = KEY_METRICS[0], KEY_METRICS[5]
    assert condition(fill_rate.target, fill_rate.scale, fill_rate.unit) == "> 95%"
    assert condition(latency.alert, latency.scale, latency.unit) == "> 2 ms"


def test_a_number_that_is_too_long_is_written_shorter_and_never_cut() -> None:
    assert (number(1.23456, 3, 8), number(12345678901.5, 3, 8)) == ("1.235", "1.23e+10")
    assert (number(math.nan, 3, 8), number(math.inf, 3, 8)) == ("NaN", "inf")
