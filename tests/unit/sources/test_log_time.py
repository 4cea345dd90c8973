"""Times as they are typed, and where they are in a log."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.sources.logs.chain import LogChain
from console.sources.logs.lines import Place, read_line, split
from console.sources.logs.times import Moment, first_since, parse_moment

NOW = datetime(2026, 1, 2, 14, 30, 15).timestamp()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("14:05", datetime(2026, 1, 2, 14, 5)),
        ("14:05:30", datetime(2026, 1, 2, 14, 5, 30)),
        ("2026-01-02 03:04", datetime(2026, 1, 2, 3, 4)),
        ("2025-12-31 23:59:59", datetime(2025, 12, 31, 23, 59, 59)),
        ("-10m", datetime(2026, 1, 2, 14, 20, 15)),
        (" -2h ", datetime(2026, 1, 2, 12, 30, 15)),
    ],
)
def test_a_time_is_local(text: str, meant: datetime) -> None:
    assert parse_moment(text, NOW) == Moment(meant.timestamp())


def test_a_time_that_is_still_to_come_today_may_be_yesterdays() -> None:
    today, yesterday = datetime(2026, 1, 2, 14, 31), datetime(2026, 1, 1, 14, 31)
    assert parse_moment("14:31", NOW) == Moment(today.timestamp(), yesterday.timestamp())


@pytest.mark.parametrize("text", ["", "noon", "25:00", "14:60", "2026-13-01 00:00", "10m", "-10", "١٤:٠٥"])
def test_bad_input_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed: 14:05, 14:05:30, 2026-01-02 03:04 or -10m"):
        parse_moment(text, NOW)


def written(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M:%S},000 [INFO] engine: x\n  that goes on\n"


def line_at(chain: LogChain, place: Place) -> str:
    chunk = chain.after(place)
    assert chunk is not None
    return read_line(split(chunk)[0]).text


@given(seconds=st.integers(-10, 4010))
def test_the_first_line_since_a_time_is_found_by_halving(
    seconds: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.getbasetemp() / "halved.log"
    if not log.exists():
        older = log.with_name("halved.log.1")
        older.write_text("".join(written(NOW + 2 * n) for n in range(1000)))
        log.write_text("".join(written(NOW + 2 * n) for n in range(1000, 2000)))
    with closing(LogChain(log)) as chain:
        place = first_since(chain, NOW + seconds)
        if seconds > 3998:
            assert place == chain.end
        else:
            expected = NOW + max(0, seconds + seconds % 2)
            assert line_at(chain, place) == written(expected).split("\n", maxsplit=1)[0]


def test_a_log_without_any_time_has_none_to_be_found(tmp_path: Path) -> None:
    log = tmp_path / "plain.log"
    log.write_text("no time\n" * 50_000)
    with closing(LogChain(log)) as chain:
        assert first_since(chain, NOW) == chain.end
