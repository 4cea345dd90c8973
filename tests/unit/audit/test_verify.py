"""Whatever is done to a journal behind the console's back is found, and what a crash does is told apart."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.audit.anchors import AnchorFile
from console.audit.errors import JournalError
from console.audit.files import journal_file, journal_files
from console.audit.record import BEGINNING, Draft, Head, Phase, chained, read_line
from console.audit.verify import Finding, Verdict, verify
from tests.unit.audit.journals import (
    ALICE,
    anchor_in,
    arming,
    in_child,
    journal_in,
    tear,
    write_quickly,
)

TORN = b'{"sequence":11,"ti'
NOBODY = 65534
"""A uid that owns nothing: root may read whatever the modes say."""


@dataclass(frozen=True)
class Original:
    """A journal of three files, with a torn line in it, and its anchor file; to be copied and damaged."""

    names: tuple[str, ...]
    contents: tuple[bytes, ...]
    anchors: bytes

    def damaged(self, contents: tuple[bytes, ...]) -> Verdict:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "audit").mkdir()
            for name, data in zip(self.names, contents, strict=True):
                (Path(folder) / "audit" / name).write_bytes(data)
            (Path(folder) / "anchor").write_bytes(self.anchors)
            return verify(Path(folder) / "audit", [AnchorFile(Path(folder) / "anchor")])

    def with_lines(self, lines: list[tuple[int, bytes]]) -> Verdict:
        """`lines`, each with the number of its file."""
        return self.damaged(
            tuple(b"".join(line for of, line in lines if of == file) for file in range(len(self.names)))
        )

    @property
    def lines(self) -> list[tuple[int, bytes]]:
        return [
            (file, line) for file, data in enumerate(self.contents) for line in data.splitlines(keepends=True)
        ]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    folder = tmp_path_factory.mktemp("original")
    journal = journal_in(folder, largest=3300)
    for number in range(18):
        if number == 9:
            tear(folder, TORN)
        journal.note(ALICE, arming(number))
    files = journal_files(folder / "audit")
    assert len(files) == 3
    yield Original(
        names=tuple(file.name for file in files),
        contents=tuple(file.read_bytes() for file in files),
        anchors=(folder / "anchors" / "audit").read_bytes(),
    )
    shutil.rmtree(folder)


def test_an_untouched_journal_is_sound_and_says_where_it_was_torn(original: Original) -> None:
    verdict = original.damaged(original.contents)
    assert (verdict.sound, verdict.records) == (True, 18 + 2 + 1)
    assert [note.partition(": ")[2] for note in verdict.notes] == ["torn by a crash, sealed by record 11"]


class Writer:
    """Somebody whose record is wholly there at the second look."""

    name = "writer"

    def __init__(self, file: Path, whole: bytes) -> None:
        self._file, self._whole, self._looks = file, whole, 0

    def kept(self) -> tuple[Head, ...]:
        self._looks += 1
        if self._looks == 2:
            self._file.write_bytes(self._whole)
        return ()


def test_a_line_that_is_being_written_is_no_finding(original: Original, tmp_path: Path) -> None:
    for name, data in zip(original.names, original.contents, strict=True):
        (tmp_path / name).write_bytes(data)
    last, whole = tmp_path / original.names[-1], original.contents[-1]
    last.write_bytes(whole[:-200] + bytes(199) + b"\n")
    assert verify(tmp_path, [Writer(last, whole)]).sound


@given(data=st.data())
def test_any_edited_byte_is_found_on_its_line(original: Original, data: st.DataObject) -> None:
    file = data.draw(st.integers(0, 2))
    content = original.contents[file]
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[at]))
    edited = content[:at] + bytes([byte]) + content[at + 1 :]
    finding = original.damaged((*original.contents[:file], edited, *original.contents[file + 1 :])).finding
    assert finding is not None
    line = content[:at].count(b"\n") + 1
    if content.splitlines()[line - 2 : line - 1] == [TORN]:
        line -= 1  # what seals a torn line is gone, so that the torn line is the first that isn't in order
    assert finding.place == f"{original.names[file]}:{line}"


@pytest.mark.campaign
def test_every_flipped_bit_is_found(original: Original) -> None:
    for file, content in enumerate(original.contents):
        for bit in range(8 * len(content)):
            flipped = bytearray(content)
            flipped[bit // 8] ^= 1 << bit % 8
            damaged = list(original.contents)
            damaged[file] = bytes(flipped)
            assert not original.damaged(tuple(damaged)).sound, (file, bit)


@given(data=st.data())
def test_any_dropped_line_is_found(original: Original, data: st.DataObject) -> None:
    lines = original.lines
    dropped = data.draw(st.integers(0, len(lines) - 1))
    assert not original.with_lines(lines[:dropped] + lines[dropped + 1 :]).sound


@given(data=st.data())
def test_any_two_swapped_lines_are_found(original: Original, data: st.DataObject) -> None:
    lines = original.lines
    first, second = sorted(data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=2, max_size=2)))
    swapped = list(lines)
    swapped[first] = (lines[first][0], lines[second][1])
    swapped[second] = (lines[second][0], lines[first][1])
    assert not original.with_lines(swapped).sound


@given(data=st.data())
def test_any_repeated_line_is_found(original: Original, data: st.DataObject) -> None:
    lines = original.lines
    place = data.draw(st.integers(0, len(lines) - 1))
    assert not original.with_lines(lines[: place + 1] + lines[place:]).sound


@given(data=st.data())
def test_any_cut_at_the_end_is_found_whether_in_a_line_or_between_two(
    original: Original, data: st.DataObject
) -> None:
    whole = sum(map(len, original.contents))
    left = data.draw(st.integers(0, whole - 1))
    kept = []
    for content in original.contents:
        kept.append(content[: max(0, left)])
        left -= len(content)
    assert not original.damaged(tuple(kept)).sound


def test_a_file_that_is_gone_is_found(original: Original) -> None:
    for gone in range(3):
        contents = tuple(b"" if file == gone else data for file, data in enumerate(original.contents))
        assert not original.damaged(contents).sound


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    """A journal of ten records that no anchor knows."""
    write_quickly(tmp_path, 10)
    return journal_file(tmp_path / "audit", 1)


def changed(file: Path, change: Callable[[list[bytes]], list[bytes]]) -> Finding | None:
    file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))
    return verify(file.parent).finding


def test_an_edited_record_is_named(ten: Path) -> None:
    finding = changed(ten, lambda lines: [line.replace(b"console 3", b"console 8") for line in lines])
    assert finding == Finding("journal-000001.jsonl:4", 4, "is not what was written: edited")


def test_an_edited_record_whose_hash_was_made_anew_breaks_the_chain_at_the_next(ten: Path) -> None:
    def forge(lines: list[bytes]) -> list[bytes]:
        third = read_line(lines[2].strip())
        forged = chained(
            Draft(ALICE, arming(77), Phase.OUTCOME, done=True), Head(3, third.hash), 1.8e9, secrets=()
        )
        return [*lines[:3], forged.line + b"\n", *lines[4:]]

    finding = changed(ten, forge)
    assert finding == Finding("journal-000001.jsonl:5", 5, "does not follow record 4 as it stands: edited")


def test_dropped_records_are_named(ten: Path) -> None:
    finding = changed(ten, lambda lines: lines[:3] + lines[5:])
    assert finding == Finding("journal-000001.jsonl:4", 4, "to 5 are missing before record 6: dropped")


def test_a_dropped_beginning_is_named(ten: Path) -> None:
    finding = changed(ten, lambda lines: lines[1:])
    assert finding == Finding("journal-000001.jsonl:1", 1, "is missing before record 2: dropped")


def test_reordered_records_are_named(ten: Path) -> None:
    finding = changed(ten, lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]])
    assert finding == Finding("journal-000001.jsonl:4", 4, "stands after record 5: reordered")


def test_a_record_that_stands_twice_is_named(ten: Path) -> None:
    finding = changed(ten, lambda lines: [*lines[:4], lines[1], *lines[4:]])
    assert finding == Finding("journal-000001.jsonl:5", 5, "is not here but record 2 once more: reordered")


def test_a_cut_end_is_named_by_who_knows_of_it(ten: Path) -> None:
    journal_in(ten.parent.parent).note(ALICE, arming(11))
    anchor = anchor_in(ten.parent.parent)
    ten.write_bytes(b"".join(ten.read_bytes().splitlines(keepends=True)[:8]))
    finding = verify(ten.parent, [anchor]).finding
    assert finding == Finding(
        "journal-000001.jsonl:8", 9, f"is missing, and {anchor.name} knows record 11: cut off"
    )


def test_a_cut_end_is_found_even_after_the_console_has_gone_on(ten: Path) -> None:
    journal = journal_in(ten.parent.parent)
    journal.note(ALICE, arming(11))
    ten.write_bytes(b"".join(ten.read_bytes().splitlines(keepends=True)[:-1]))
    journal.note(ALICE, arming(12))
    finding = verify(ten.parent, [anchor_in(ten.parent.parent)]).finding
    assert finding is not None
    assert (finding.sequence, finding.place) == (11, "journal-000001.jsonl:11")


def test_a_journal_that_was_written_anew_is_found(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    for number in range(3):
        journal.note(ALICE, arming(number))
    shutil.rmtree(tmp_path / "audit")
    write_quickly(tmp_path, 5)
    finding = verify(tmp_path / "audit", [anchor_in(tmp_path)]).finding
    assert finding is not None
    assert (finding.place, finding.sequence) == ("journal-000001.jsonl:1", 1)


def test_a_journal_that_is_gone_is_found(tmp_path: Path) -> None:
    journal_in(tmp_path).note(ALICE, arming(1))
    shutil.rmtree(tmp_path / "audit")
    finding = verify(tmp_path / "audit", [anchor_in(tmp_path)]).finding
    assert finding is not None
    assert (finding.place, finding.sequence) == ("no file", 1)


def test_an_end_torn_by_a_crash_is_no_finding_but_a_note(tmp_path: Path) -> None:
    journal_in(tmp_path).note(ALICE, arming(1))
    tear(tmp_path)
    verdict = verify(tmp_path / "audit", [anchor_in(tmp_path)])
    assert verdict.sound
    assert verdict.notes == (
        "journal-000001.jsonl:2: unfinished, as after a crash; the next record seals it",
    )


def test_the_last_newline_is_missed_by_who_knows_the_record(tmp_path: Path) -> None:
    journal_in(tmp_path).note(ALICE, arming(1))
    file = journal_file(tmp_path / "audit", 1)
    file.write_bytes(file.read_bytes()[:-1])
    finding = verify(tmp_path / "audit", [anchor_in(tmp_path)]).finding
    assert finding is not None
    assert (finding.sequence, finding.why.startswith("has lost its newline")) == (1, True)


def test_a_record_that_the_anchor_has_not_heard_of_yet_is_no_finding(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.note(ALICE, arming(1))
    known = (tmp_path / "anchors" / "audit").read_bytes()
    journal.note(ALICE, arming(2))
    (tmp_path / "anchors" / "audit").write_bytes(known)
    assert verify(tmp_path / "audit", [anchor_in(tmp_path)]).sound


def test_without_an_anchor_the_verdict_says_what_it_can_not_see(ten: Path) -> None:
    assert verify(ten.parent).notes == ("no anchor knows this journal: a cut end would not be noticed",)


def test_an_anchor_that_can_not_be_read_is_a_note(ten: Path) -> None:
    (ten.parent.parent / "anchors" / "audit").mkdir(parents=True)
    verdict = verify(ten.parent, [anchor_in(ten.parent.parent)])
    assert verdict.sound
    assert verdict.notes[0].startswith("can't read ")


def test_a_newline_cut_from_a_file_that_another_follows_is_found(original: Original) -> None:
    first, *others = original.contents
    finding = original.damaged((first[:-1], *others)).finding
    assert finding is not None
    assert finding.why == "has lost its newline: cut off"


def test_a_folder_that_may_not_be_read_is_an_error_and_no_empty_journal(ten: Path) -> None:
    def look() -> None:
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        with pytest.raises(JournalError, match=r"can't read .*: Permission denied"):
            verify(ten.parent)

    ten.parent.chmod(0)
    try:
        assert in_child(look) == 0
    finally:
        ten.parent.chmod(0o700)


def test_a_file_that_can_not_be_read_is_an_error(ten: Path) -> None:
    journal_file(ten.parent, 2).mkdir()
    with pytest.raises(JournalError, match=r"can't read .*journal-000002\.jsonl: Is a directory"):
        verify(ten.parent)


def test_an_empty_journal_is_sound(tmp_path: Path) -> None:
    verdict = verify(tmp_path / "audit")
    assert (verdict.sound, verdict.records, verdict.head) == (True, 0, BEGINNING)


def test_ten_thousand_records_are_verified_in_under_a_second(tmp_path: Path) -> None:
    write_quickly(tmp_path, 10_000)
    begun = time.process_time()
    assert verify(tmp_path / "audit").records == 10_000
    assert time.process_time() - begun < 1
