"""Times as operators write them, within what a record holds."""

from datetime import UTC, datetime

import pytest

from console.history.instants import InstantError, instant, span

BEGIN = datetime(2026, 11, 20, 13, 15, 0, 500_000, UTC).timestamp()
END = datetime(2026, 11, 20, 14, 45, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "hour", "minute", "second"),
    [
        ("14:05", 14, 5, 0),
        ("14:05:30", 14, 5, 30),
        ("2026-11-20T14:05", 14, 5, 0),
        ("2026-11-20 14:05:30", 14, 5, 30),
        ("2026-11-20T16:05+02:00", 14, 5, 0),
        ("2026-11-20T14:05Z", 14, 5, 0),
        ("-10m", 14, 35, 0),
        ("-1h", 13, 45, 0),
        ("-1.5m", 14, 43, 30),
        (" -30s ", 14, 44, 30),
    ],
)
def test_a_time_is_understood(text: str, hour: int, minute: int, second: int) -> None:
    assert datetime.fromtimestamp(instant(text, BEGIN, END), UTC) == datetime(
        2026, 11, 20, hour, minute, second, tzinfo=UTC
    )


def test_the_second_in_which_the_record_begins_is_its_beginning() -> None:
    assert instant("13:15", BEGIN, END) == BEGIN


def test_a_time_of_day_is_the_last_one_in_a_record_of_several_days() -> None:
    two_days_ago = BEGIN - 2 * 86400
    assert datetime.fromtimestamp(instant("15:00", two_days_ago, END), UTC).day == 19


@pytest.mark.parametrize("text", ["14:46", "13:14", "-2h", "2026-11-19T14:00"])
def test_a_time_outside_of_the_record_is_refused_with_what_it_holds(text: str) -> None:
    with pytest.raises(InstantError, match="which holds 2026-11-20 13:15:00 to 14:45:00 UTC"):
        instant(text, BEGIN, END)


@pytest.mark.parametrize("text", ["", "now", "25:00", "14:60", "-10", "-10d", "2026-13-01", "14.05"])
def test_what_is_no_time_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(InstantError, match="is not a time: write 14:05, 14:05:30, 2026-01-02T14:05 or -10m"):
        instant(text, BEGIN, END)


def test_a_record_over_midnight_names_both_days() -> None:
    assert span(BEGIN, END + 86400) == "2026-11-20 13:15:00 to 2026-11-21 14:45:00 UTC"
