"""What the pages of a log hold, whatever is written, rotated and asked for."""

from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.sources.errors import NothingThereError
from console.sources.logs.file import LogFile
from console.sources.logs.lines import LONGEST, Place
from console.sources.logs.pattern import ERRORS, SYNC, line_pattern
from console.sources.logs.reader import LogReader
from console.sources.logs.times import Moment
from tests.examples import examples
from tests.tui.fake import HandClock
from tests.unit.log_reading import NOON, Reading, TickingClock, append, line, message_at, messages


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "futures.log"


@pytest.fixture
def reading(log: Path) -> Iterator[Reading]:
    with closing(Reading(log)) as opened:
        yield opened


def test_the_first_page_has_the_newest_lines(log: Path, reading: Reading) -> None:
    append(log, *(line(n, f"line {n}") for n in range(2000)))
    page = reading.page()
    assert messages(page) == [f"line {n}" for n in range(1700, 2000)]
    assert (page.following, page.complete, page.newest_at) == (True, False, NOON + 1999)
    assert page.size == log.stat().st_size


def test_new_lines_come_to_the_end_and_old_ones_go(log: Path, reading: Reading) -> None:
    append(log, line(0, "first"))
    assert messages(reading.page()) == ["first"]
    append(log, *(line(n, f"line {n}") for n in range(1000)))
    page = reading.page()
    assert messages(page)[-300:] == [f"line {n}" for n in range(700, 1000)]
    assert len(page.lines) <= 600


def test_a_page_never_grows_beyond_some_hundred_lines(log: Path, reading: Reading) -> None:
    for batch in range(20):
        append(log, *(line(batch, f"{batch} {n}") for n in range(100)))
        page = reading.page()
    assert messages(page) == [f"{batch} {n}" for batch in range(14, 20) for n in range(100)]


def test_a_line_being_written_is_shown_as_far_as_it_is(log: Path, reading: Reading) -> None:
    append(log, line(0, "whole"), line(1, "begun")[:-3])
    assert messages(reading.page()) == ["whole", "beg"]
    append(log, "un\n")
    assert messages(reading.page()) == ["whole", "begun"]


def test_lines_without_a_header_have_the_level_of_the_record_above(log: Path, reading: Reading) -> None:
    append(log, line(0, "failed", "ERROR"), "Traceback:\n", "  in sync\n", line(1, "on"))
    lines = reading.page().lines
    assert [line.level for line in lines] == ["ERROR", "ERROR", "ERROR", "INFO"]
    assert [line.begins for line in lines] == [True, False, False, True]
    append(log, "  goes on\n")
    assert reading.page().lines[-1].level == "INFO"


def test_a_traceback_that_is_filtered_out_of_its_record_keeps_its_level(log: Path, reading: Reading) -> None:
    append(log, line(0, "failed", "ERROR"), "one\n", "SyncError\n", line(1, "on"))
    page = reading.page(lambda reader: reader.filter(line_pattern("SyncError"), None))
    assert [(line.text, line.level) for line in page.lines] == [("SyncError", "ERROR")]


def test_a_filter_shows_only_lines_that_match_also_of_those_to_come(log: Path, reading: Reading) -> None:
    append(log, line(0, "a", "ERROR"), line(1, "b"), line(2, "LIQUIDATION c"))
    page = reading.page(lambda reader: reader.filter(line_pattern(ERRORS), None))
    assert messages(page) == ["a", "LIQUIDATION c"]
    append(log, line(3, "d"), line(4, "e", "CRITICAL"))
    assert messages(reading.page()) == ["a", "LIQUIDATION c", "e"]
    assert len(reading.page(lambda reader: reader.filter(None, None)).lines) == 5


def test_standing_on_a_line_keeps_it_whatever_is_written(log: Path, reading: Reading) -> None:
    append(log, *(line(n, f"line {n}") for n in range(1000)))
    place = reading.page().lines[10].begin
    reading.page(lambda reader: reader.stand(place))
    append(log, *(line(n, f"new {n}") for n in range(2000)))
    page = reading.page()
    assert place in [line.begin for line in page.lines]
    assert not page.following
    assert messages(reading.page(lambda reader: reader.follow()))[-1] == "new 1999"


def test_one_can_walk_back_to_the_first_line_through_rotated_files(log: Path, reading: Reading) -> None:
    for number in (2, 1, 0):
        path = log.with_name(f"futures.log.{number}") if number else log
        append(path, *(line(n, f"{number} {n}") for n in range(500)))
    page = reading.page()
    seen = messages(page)
    for _ in range(20):
        if page.complete:
            break
        oldest = page.lines[0].begin
        page = reading.page(lambda reader, place=oldest: reader.stand(place))  # type: ignore[misc]
        seen[:0] = [line.message for line in page.lines if line.begin < oldest]
    assert seen == [f"{number} {n}" for number in (2, 1, 0) for n in range(500)]


def test_the_beginning_is_that_of_the_oldest_file(log: Path, reading: Reading) -> None:
    append(log.with_name("futures.log.1"), line(0, "oldest"))
    append(log, line(1, "new"))
    page = reading.page(lambda reader: reader.to_beginning())
    assert (page.place, page.arrived, messages(page)) == (Place(-1, 0), 1, ["oldest", "new"])


def test_a_search_goes_to_the_next_match_on_either_side_and_marks_all(log: Path, reading: Reading) -> None:
    append(log, *(line(n, f"line {n} {'needle' if n % 1000 == 0 else ''}") for n in range(5000)))
    needle = line_pattern("needle")
    end = reading.page().lines[-1].end
    page = reading.page(lambda reader: reader.search(needle, end, older=True))
    place = page.place
    assert place is not None
    found = next(line for line in page.lines if line.begin == place)
    assert found.text[slice(*found.marks[0])] == "needle"
    assert found.message.startswith("line 4000 ")
    page = reading.page(lambda reader: reader.search(needle, place, older=True))
    older = next(line for line in page.lines if line.begin == page.place)
    assert older.message.startswith("line 3000 ")
    page = reading.page(lambda reader: reader.search(needle, older.end, older=False))
    assert (page.place, page.arrived) == (place, 3)


def test_a_search_without_a_match_says_so_and_stays(log: Path, reading: Reading) -> None:
    append(log, *(line(n, "hay") for n in range(10)))
    end = reading.page().lines[-1].end
    page = reading.page(lambda reader: reader.search(line_pattern("needle"), end, older=True))
    assert (page.note, page.arrived, page.following) == ("no match further up", 0, True)


def test_a_search_looks_only_at_lines_that_the_filter_shows(log: Path, reading: Reading) -> None:
    append(log, line(0, "x", "ERROR"), line(1, "x"), line(2, "y", "ERROR"))
    end = reading.page(lambda reader: reader.filter(line_pattern(ERRORS), None)).lines[-1].end
    page = reading.page(lambda reader: reader.search(line_pattern(": x"), end, older=True))
    assert page.place == Place(0, 0)


def test_a_jump_goes_to_the_first_line_since(log: Path, reading: Reading) -> None:
    append(log, *(line(n * 60, f"minute {n}") for n in range(3000)))
    page = reading.page(lambda reader: reader.go_to(Moment(NOON + 120 * 60 - 5)))
    assert message_at(page) == "minute 120"
    assert (page.following, page.note) == (False, "")


def test_a_jump_to_a_time_after_the_newest_line_goes_to_the_end_and_says_so(
    log: Path, reading: Reading
) -> None:
    append(log, *(line(n * 60, f"minute {n}") for n in range(1000)))
    reading.page(lambda reader: reader.to_beginning())
    page = reading.page(lambda reader: reader.go_to(Moment(NOON + 10 * 86400)))
    assert (page.place, page.arrived, page.following) == (None, 2, True)
    assert messages(page)[-1] == "minute 999"
    assert page.note == "nothing since 2026-01-12 12:00:00, this is the end"


def test_a_jump_to_a_time_before_the_oldest_line_goes_there_and_says_so(log: Path, reading: Reading) -> None:
    append(log.with_name("futures.log.1"), line(-600, "oldest"))
    append(log, line(0, "new"))
    page = reading.page(lambda reader: reader.go_to(Moment(NOON - 3600)))
    assert (message_at(page), page.note) == ("oldest", "nothing before 11:50:00")
    page = reading.page(lambda reader: reader.go_to(Moment(NOON - 600)))
    assert (message_at(page), page.note) == ("oldest", "")


@pytest.mark.parametrize(("oldest", "found"), [(-86400, "yesterday"), (-3600, None)])
def test_a_time_still_to_come_is_yesterdays_only_where_the_log_goes_back_that_far(
    oldest: float, found: str | None, log: Path, reading: Reading
) -> None:
    append(log, line(oldest, "oldest"), line(max(oldest, 7200 - 86400), "yesterday"), line(0, "newest"))
    moment = Moment(NOON + 7200, yesterday=NOON + 7200 - 86400)
    page = reading.page(lambda reader: reader.go_to(moment))
    assert message_at(page) == found
    assert page.note == ("" if found else "nothing since 14:00:00, this is the end")


def test_a_rare_pattern_shows_how_far_it_was_looked_for_and_can_be_given_up(log: Path) -> None:
    append(log, line(0, "needle"), *(line(n, "hay" * 30) for n in range(20_000)))
    with closing(Reading(log, TickingClock(NOON))) as reading:
        reading.page()
        page = reading.turn(lambda reader: reader.filter(line_pattern("needle"), None))
        assert page.progress is not None
        assert page.progress.older
        assert 0 < page.progress.left < log.stat().st_size
        assert page.progress.at is not None
        page = reading.turn(lambda reader: reader.give_up())
        assert (page.progress, page.note, page.lines) == (None, "stopped looking", ())
        append(log, line(20_001, "a new needle"))
        assert messages(reading.page()) == ["a new needle"]


def test_while_a_pattern_is_looked_for_the_log_is_followed(log: Path) -> None:
    append(log, *(line(n, "hay" * 30) for n in range(20_000)))
    with closing(Reading(log, TickingClock(NOON))) as reading:
        reading.page()
        reading.turn(lambda reader: reader.filter(line_pattern("needle"), None))
        append(log, line(20_001, "needle"))
        page = reading.turn()
        assert page.progress is not None
        assert messages(page) == ["needle"]


def test_a_pattern_that_never_ends_is_dropped_with_a_word(log: Path, reading: Reading) -> None:
    append(log, line(0, "a" * 80))
    page = reading.page(lambda reader: reader.filter(line_pattern(r"(a+)+\$"), None))
    page = reading.page()
    assert page.note.startswith("given up: (a+)+\\$ takes too long")
    assert (page.pattern, len(page.lines)) == (None, 1)


def test_a_very_long_line_is_cut_and_says_by_how_much(log: Path, reading: Reading) -> None:
    append(log, line(0, "x" * 300_000), line(1, "y" * 100_000), line(2, "after"))
    lines = reading.page().lines
    assert [len(line.text) for line in lines[:2]] == [LONGEST, LONGEST]
    assert lines[0].cut == len(line(0, "")) - 1 + 300_000 - LONGEST
    assert lines[1].cut == len(line(0, "")) - 1 + 100_000 - LONGEST
    assert lines[2].cut == 0


def test_bytes_that_are_no_text_and_windows_line_ends_do_no_harm(log: Path, reading: Reading) -> None:
    log.write_bytes(b"\xff\xfe\x00\n" + line(0, "windows").encode().replace(b"\n", b"\r\n"))
    assert messages(reading.page()) == ["��\x00", "windows"]


def test_a_log_that_is_not_there_says_so_until_it_is(log: Path, reading: Reading) -> None:
    page = reading.page()
    assert (page.note, page.unread, page.lines) == (f"there is no {log}", True, ())
    append(log, line(0, "there"))
    page = reading.page()
    assert (page.note, page.unread, messages(page)) == ("", False, ["there"])


def test_since_when_a_log_can_not_be_read_is_said_only_where_it_could_be_before(
    log: Path, reading: Reading
) -> None:
    assert reading.page().gone_since is None
    append(log, line(0, "there"))
    reading.page()
    reading.reader.lose("told to")
    log.unlink()
    page = reading.page()
    assert (page.note, page.gone_since) == (f"there is no {log}", NOON)


def test_a_removed_log_still_shows_its_lines_and_since_when_it_is_gone(log: Path, reading: Reading) -> None:
    append(log, line(0, "last"))
    reading.page()
    log.unlink()
    page = reading.page()
    assert (page.gone_since, messages(page)) == (NOON, ["last"])
    append(log, line(1, "again"))
    page = reading.page()
    assert (page.gone_since, messages(page)) == (None, ["last", "again"])


def test_what_is_asked_for_before_there_is_a_log_is_done_then(log: Path, reading: Reading) -> None:
    reading.turn(lambda reader: reader.filter(line_pattern(SYNC), None))
    append(log, line(0, "x"), line(1, "y", logger="position_sync"))
    assert messages(reading.page()) == ["y"]


def test_an_engine_that_starts_again_elsewhere_is_followed_there(log: Path, reading: Reading) -> None:
    append(log, line(0, "here"))
    reading.page()
    reading.log = log.with_name("elsewhere.log")
    append(reading.log, line(0, "there"))
    for _ in range(20):
        page = reading.page()
    assert (messages(page), page.path) == (["there"], str(reading.log))


def test_a_log_whose_place_nobody_knows_says_why(log: Path) -> None:
    def nowhere() -> Path:
        raise NothingThereError("no engine runs")

    reader = LogReader(LogFile("engine", nowhere), HandClock(NOON))
    reader.turn(deque())
    assert reader.page.note == "no engine runs"


def test_lines_are_counted_by_the_second(log: Path) -> None:
    clock = HandClock(NOON)
    append(log, line(0, "x"))
    with closing(Reading(log, clock)) as reading:
        for second in range(4):
            append(log, *(line(second, "x") for _ in range(100)))
            clock.at = NOON + second
            page = reading.page()
    assert page.rate == 100


@given(events=st.lists(st.one_of(st.integers(1, 900), st.sampled_from(["rotate", "look"])), max_size=12))
@settings(max_examples=examples(20, 40))
def test_the_newest_page_is_the_end_of_what_was_written(
    events: list[int | str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("log") / "futures.log"
    append(log, line(0, "0"))
    written = 1
    with closing(Reading(log)) as reading:
        reading.page()
        for event in events:
            if isinstance(event, int):
                append(log, *(line(0, str(n)) for n in range(written, written + event)))
                written += event
            elif event == "rotate" and log.exists():
                numbers = sorted(int(path.suffix[1:]) for path in log.parent.glob("futures.log.*"))
                for number in reversed(numbers):
                    log.with_name(f"{log.name}.{number}").rename(log.with_name(f"{log.name}.{number + 1}"))
                log.rename(log.with_name(f"{log.name}.1"))
            else:
                reading.page()
        append(log, line(0, str(written)))
        shown = messages(reading.page())
    assert len(shown) >= min(300, written + 1)
    assert shown == [str(n) for n in range(written + 1 - len(shown), written + 1)]
