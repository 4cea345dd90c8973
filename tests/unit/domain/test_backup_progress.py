"""How far a long piece of work is, in words: exact, in few cells, and no end that was passed already."""

import pytest

from console.domain.backup_progress import Pace, Progress


def told(*looks: tuple[float, Progress]) -> str:
    pace = Pace()
    return [pace.words(at, progress) for at, progress in looks][-1]


def loading(done: int, total: int | None = 1_000_000) -> Progress:
    return Progress("loading", done, total)


def test_rows_rate_and_time_left_are_told_once_they_can_be() -> None:
    assert told((0.0, loading(0))) == "loading  0 %  0 of 1,000,000 rows"
    assert told((0.0, loading(0)), (0.5, loading(20_000))) == "loading  2 %  20,000 of 1,000,000 rows"
    assert told((0.0, loading(0)), (5.0, loading(250_000))) == (
        "loading  25 %  250,000 of 1,000,000 rows  50,000 rows/s  15 s left"
    )


def test_the_rate_is_that_of_the_last_seconds() -> None:
    looks = [(float(at), loading(1000 * at if at < 50 else 49_000 + 10_000 * (at - 49))) for at in range(80)]
    assert "  10,000 rows/s  " in told(*looks)


def test_what_is_done_next_begins_anew() -> None:
    done = (Progress("reading", 10_000_000, None, "bytes"), loading(5))
    assert told((0.0, done[0]), (3.0, done[0]), (3.1, done[1])) == "loading  0 %  5 of 1,000,000 rows"


def test_bytes_are_told_where_rows_are_not_known() -> None:
    looks = [(at, Progress("reading", round(at * 2_000_000), 10_000_000, "bytes")) for at in (0.0, 2.0)]
    assert told(*looks) == "reading  40 %  4 MB of 10 MB  2 MB/s  3 s left"


@pytest.mark.parametrize("total", [None, 10])
def test_a_total_that_is_not_known_or_was_passed_tells_no_end(total: int | None) -> None:
    assert told((0.0, loading(0, total)), (2.0, loading(20, total))) == "loading  20 rows  10 rows/s"


def test_what_stands_still_has_no_time_left_and_nothing_is_divided_by_nothing() -> None:
    assert told((0.0, loading(5)), (2.0, loading(5))) == "loading  0 %  5 of 1,000,000 rows  0 rows/s"
    assert told((0.0, loading(0, 0))) == "loading  100 %  0 of 0 rows"


def test_a_line_fits_a_terminal() -> None:
    large = Progress("comparing", 99_999_998, 99_999_999)
    assert len(told((0.0, Progress("comparing", 0, 99_999_999)), (10.0, large))) <= 78
