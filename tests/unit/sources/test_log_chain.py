"""A log read from any place, in blocks, through whatever happens to its files."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.sources.errors import NothingThereError, SourceError
from console.sources.logs import blocks as log_blocks
from console.sources.logs import rotation as log_rotation
from console.sources.logs.chain import LogChain
from console.sources.logs.lines import LONGEST, Chunk, Place, split
from tests.examples import examples


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "futures.log"


@pytest.fixture
def chain(log: Path) -> Iterator[Callable[[], LogChain]]:
    opened: list[LogChain] = []

    def open_chain() -> LogChain:
        opened.append(LogChain(log))
        return opened[-1]

    yield open_chain
    for each in opened:
        each.close()


def texts(chunks: Iterator[Chunk] | list[Chunk]) -> list[bytes]:
    return [line.data for chunk in chunks for line in split(chunk)]


def backwards(chain: LogChain, place: Place | None = None) -> list[bytes]:
    """Every line before the place, oldest first, read from there to the log's beginning."""
    place = chain.end if place is None else place
    found: list[bytes] = []
    while (chunk := chain.before(place)) is not None:
        assert chunk.begin < place
        found[:0] = [line.data for line in split(chunk)]
        place = chunk.begin
    return found


def forwards(chain: LogChain, place: Place) -> list[bytes]:
    found: list[bytes] = []
    while (chunk := chain.after(place)) is not None:
        assert chunk.end > place
        found += [line.data for line in split(chunk)]
        place = chunk.end
    return found


def append(log: Path, text: bytes) -> None:
    with log.open("ab") as stream:
        stream.write(text)


def rotate(log: Path) -> None:
    """As logging's own handlers do: every number one up, and the log itself is `.1`."""
    if not log.exists():
        return
    number = 1
    while log.with_name(f"{log.name}.{number}").exists():
        number += 1
    for older in range(number - 1, 0, -1):
        log.with_name(f"{log.name}.{older}").rename(log.with_name(f"{log.name}.{older + 1}"))
    log.rename(log.with_name(f"{log.name}.1"))


def copy_and_truncate(log: Path) -> None:
    if log.exists():
        rotate(log)
        with log.with_name(f"{log.name}.1").open("rb") as old:
            content = old.read()
        copy = log.with_name("copy")
        copy.write_bytes(content)
        log.with_name(f"{log.name}.1").rename(log)
        copy.rename(log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def test_lines_come_in_order_both_ways_whatever_the_blocks(
    log: Path, chain: Callable[[], LogChain], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_blocks, "BLOCK", 50)
    lines = [b"line %d %s" % (number, b"x" * (number % 90)) for number in range(200)]
    log.write_bytes(b"\n".join(lines) + b"\n")
    assert backwards(chain()) == lines
    assert forwards(chain(), Place(0, 0)) == lines


def test_only_what_has_come_since_is_followed(log: Path, chain: Callable[[], LogChain]) -> None:
    log.write_bytes(b"old\n")
    followed = chain()
    append(log, b"one\ntwo\n")
    assert texts(followed.advance()) == [b"one", b"two"]
    assert texts(followed.advance()) == []


def test_a_line_is_given_out_once_it_is_whole(log: Path, chain: Callable[[], LogChain]) -> None:
    log.write_bytes(b"")
    followed = chain()
    append(log, b"hal")
    assert texts(followed.advance()) == []
    unfinished = followed.unfinished()
    assert unfinished is not None
    assert unfinished.data == b"hal"
    append(log, b"f\n")
    assert texts(followed.advance()) == [b"half"]
    assert followed.unfinished() is None


def test_the_rest_of_a_renamed_file_is_read_to_its_end_first(
    log: Path, chain: Callable[[], LogChain]
) -> None:
    log.write_bytes(b"old\n")
    followed = chain()
    append(log, b"the rest\nwithout an end")
    rotate(log)
    append(log, b"new\n")
    assert texts(followed.advance()) == [b"the rest", b"without an end", b"new"]


def test_several_rotations_between_two_looks_lose_nothing(log: Path, chain: Callable[[], LogChain]) -> None:
    log.write_bytes(b"0\n")
    followed = chain()
    for number in range(1, 6):
        rotate(log)
        append(log, b"%d\n" % number)
    assert texts(followed.advance()) == [b"1", b"2", b"3", b"4", b"5"]
    assert backwards(followed) == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_a_rotation_between_two_looks_at_the_names_repeats_nothing(
    log: Path, chain: Callable[[], LogChain], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write_bytes(b"0\n")
    followed = chain()
    rotate(log)
    append(log, b"1\n")

    class RotatedWhenOpened(log_blocks.OpenFile):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            if path == log:
                rotate(log)
                append(log, b"2\n")

    with monkeypatch.context() as rotating:
        rotating.setattr(log_rotation, "OpenFile", RotatedWhenOpened)
        found = texts(islice(followed.advance(), 1))
    assert [*found, *texts(followed.advance())] == [b"1", b"2"]


def test_an_empty_new_file_leaves_the_old_one_followed(log: Path, chain: Callable[[], LogChain]) -> None:
    log.write_bytes(b"0\n")
    followed = chain()
    rotate(log)
    log.touch()
    assert texts(followed.advance()) == []
    append(log.with_name("futures.log.1"), b"still the old writer\n")
    assert texts(followed.advance()) == [b"still the old writer"]


def test_a_copied_and_truncated_log_is_followed_without_a_loss(
    log: Path, chain: Callable[[], LogChain]
) -> None:
    log.write_bytes(b"0\n")
    followed = chain()
    append(log, b"1\n")
    copy_and_truncate(log)
    append(log, b"2\n")
    assert texts(followed.advance()) == [b"1", b"2"]
    assert backwards(followed) == [b"0", b"1", b"2"]


def test_a_truncated_log_that_has_grown_past_where_it_was_is_noticed(
    log: Path, chain: Callable[[], LogChain]
) -> None:
    log.write_bytes(b"0\n")
    followed = chain()
    log.write_bytes(b"a much longer line\nand another\n")
    assert texts(followed.advance()) == [b"a much longer line", b"and another"]


def test_a_removed_log_is_gone_until_it_is_made_anew(log: Path, chain: Callable[[], LogChain]) -> None:
    log.write_bytes(b"0\n")
    followed = chain()
    append(log, b"1\n")
    log.unlink()
    assert texts(followed.advance()) == [b"1"]
    assert followed.gone
    log.write_bytes(b"2\n")
    assert texts(followed.advance()) == [b"2"]
    assert not followed.gone


def test_numbered_files_of_before_the_start_are_read_backwards(
    log: Path, chain: Callable[[], LogChain]
) -> None:
    for number in range(6, 0, -1):
        log.with_name(f"{log.name}.{number}").write_bytes(b"%d\n" % number)
    log.write_bytes(b"0\n")
    followed = chain()
    assert backwards(followed) == [b"6", b"5", b"4", b"3", b"2", b"1", b"0"]
    assert forwards(followed, Place(-6, 0)) == [b"6", b"5", b"4", b"3", b"2", b"1", b"0"]


def test_a_very_long_line_comes_alone_and_cut(log: Path, chain: Callable[[], LogChain]) -> None:
    long = b"x" * 1_000_000
    log.write_bytes(b"before\n" + long + b"\nafter\n")
    for found in (backwards(chain()), forwards(chain(), Place(0, 0))):
        assert found == [b"before", long[:LONGEST], b"after"]


def test_few_files_are_open_however_far_back_one_reads(log: Path, chain: Callable[[], LogChain]) -> None:
    for number in range(12, 0, -1):
        log.with_name(f"{log.name}.{number}").write_bytes(b"%d\n" % number)
    log.write_bytes(b"0\n")
    before = len(list(Path("/proc/self/fd").iterdir()))
    followed = chain()
    assert len(backwards(followed)) == 13
    assert len(list(Path("/proc/self/fd").iterdir())) - before <= 4
    assert len(forwards(followed, Place(-12, 0))) == 13


def test_a_log_that_is_not_there_is_one_sentence(log: Path) -> None:
    with pytest.raises(NothingThereError, match=r"there is no .*futures\.log"):
        LogChain(log)


def test_a_folder_is_no_log(log: Path) -> None:
    log.mkdir()
    with pytest.raises(SourceError, match="Is a directory"):
        LogChain(log)


EVENTS = st.lists(
    st.one_of(
        st.integers(0, 40),
        st.sampled_from(["rotate", "copy and truncate", "remove", "half a line", "look"]),
    ),
    max_size=25,
)


class Writer:
    """Writes numbered lines, and does to the log what is done to logs."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.written = bytearray()
        self._number = 0

    def line(self, end: bytes = b"\n") -> None:
        self._number += 1
        text = b"line %d%s" % (self._number, end)
        self.written += text
        append(self.log, text)

    def does(self, event: int | str, look: Callable[[], None]) -> None:
        match event:
            case int():
                for _ in range(event):
                    self.line()
            case "half a line":
                self.line(end=b", ")
            case "rotate":
                rotate(self.log)
            case "copy and truncate":
                copy_and_truncate(self.log)
                self.line()
            case "remove":
                look()
                self.log.unlink(missing_ok=True)
                self.line()
                look()
            case _:
                look()


@given(events=EVENTS)
@settings(max_examples=examples(60, 150))
def test_followed_lines_are_the_written_ones_whatever_happens(
    events: list[int | str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("log")
    writer = Writer(folder / "futures.log")
    writer.line()
    followed, got = LogChain(writer.log), bytearray(writer.written)

    def look() -> None:
        for chunk in followed.advance():
            got.extend(chunk.data)

    for event in events:
        writer.does(event, look)
    writer.line()
    look()
    followed.close()
    shutil.rmtree(folder)
    # A file that ends within a line ends that line: only ends of lines may come to it.
    assert bytes(got).replace(b"\n", b"") == bytes(writer.written).replace(b"\n", b"")
