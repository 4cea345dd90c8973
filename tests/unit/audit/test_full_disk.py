"""A disk that is full to the last block, or read-only: what is kept in reserve carries the next records."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.audit.errors import JournalError
from console.audit.files import RESERVE, records
from console.audit.reserve import SIZE, SLICE
from console.audit.verify import verify
from tests.small_disk import fill, make_read_only, small_disk
from tests.unit.audit.journals import ALICE, TRIP, anchor_in, arming, in_child, journal_in, killer


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, with a journal of one record on it."""
    with small_disk(tmp_path / "disk", kilobytes=1024) as folder:
        journal_in(folder).note(ALICE, arming(0))
        yield folder


def kept(disk: Path) -> int:
    return (disk / "audit" / RESERVE).stat().st_blocks * 512


def test_space_is_really_kept(disk: Path) -> None:
    assert kept(disk) == SIZE


def test_an_intent_and_its_outcome_are_written_on_a_full_disk(disk: Path) -> None:
    fill(disk)
    journal = journal_in(disk)
    longer_than_a_page = "x" * 5000
    intent = journal.intent(ALICE, replace(TRIP, evidence=longer_than_a_page))
    journal.outcome(ALICE, intent, True, evidence=longer_than_a_page)
    assert [record.action for record in records(disk / "audit")] == ["arm", "kill.trip", "kill.trip"]
    assert verify(disk / "audit").sound


def test_whoever_fills_the_disk_again_at_once_does_not_stop_the_next_records(disk: Path) -> None:
    journal = journal_in(disk)
    for number in range(SIZE // SLICE):
        fill(disk)
        journal.note(ALICE, arming(number, "x" * 3000))
    assert verify(disk / "audit").records == 1 + SIZE // SLICE


def test_without_a_reserve_a_full_disk_is_one_clear_line(disk: Path) -> None:
    (disk / "audit" / RESERVE).unlink()
    fill(disk)
    with pytest.raises(JournalError) as refused:
        for number in range(100):
            journal_in(disk).note(ALICE, arming(number))
    assert str(refused.value) == f"the journal in {disk}/audit can't be written: No space left on device"


def test_a_line_that_the_full_disk_cut_is_sealed_once_there_is_space(disk: Path) -> None:
    (disk / "audit" / RESERVE).unlink()
    fill(disk)
    with pytest.raises(JournalError):
        journal_in(disk).note(ALICE, arming(1, "x" * 5000))
    (disk / "filler").unlink()
    journal_in(disk).note(ALICE, arming(2))
    verdict = verify(disk / "audit")
    assert (verdict.sound, verdict.records) == (True, 3)


def test_the_reserve_is_kept_again_once_there_is_space(disk: Path) -> None:
    fill(disk)
    journal_in(disk).note(ALICE, arming(1, "x" * 5000))
    assert kept(disk) < SIZE
    (disk / "filler").unlink()
    journal_in(disk).note(ALICE, arming(2))
    assert kept(disk) == SIZE


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_console_killed_while_it_gives_up_space_leaves_a_journal_that_goes_on(
    disk: Path, side: str
) -> None:
    fill(disk)
    doomed = journal_in(disk, killer(f"reserve.shrink.{side}"))
    assert in_child(lambda: doomed.note(ALICE, arming(1, "x" * 5000))) == -signal.SIGKILL
    journal_in(disk).note(ALICE, arming(2))
    assert verify(disk / "audit", [anchor_in(disk)]).sound


def test_a_folder_that_can_only_be_read_is_one_clear_line(disk: Path) -> None:
    make_read_only(disk)
    with pytest.raises(JournalError) as refused:
        journal_in(disk).intent(ALICE, TRIP)
    assert str(refused.value) == f"the journal in {disk}/audit can't be written: Read-only file system"


def test_a_journal_that_can_only_be_read_is_verified(disk: Path) -> None:
    make_read_only(disk)
    assert verify(disk / "audit", [anchor_in(disk)]).sound
