"""The record keeps to its bounds, and a disk that fails costs the record, not the console."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.snapshot import Snapshot
from console.history import tape as tape_module
from console.history.ring import Bounds
from console.history.segment import find_segments, read_segment, segment_files
from console.history.tape import TRIED_AGAIN, Tape
from tests.unit.domain.worlds import NOW, healthy, metrics, of
from tests.unit.history.records import (
    DAY,
    HEADER,
    HandClock,
    falling_margin,
    only_file,
    recorded,
    with_metrics,
)


def busy(steps: int, every: float = 1.0) -> Iterator[Snapshot]:
    """Steps of about 3 kB each, in which everything changes."""
    for step in range(steps):
        values = {f"S{n:03}": 1.0 + ((n * 7919 + step * 104729) % 9973) / 7.0 for n in range(400)}
        yield with_metrics(healthy(), NOW + step * every, metrics(margin=of("", **values)))


def sizes(folder: Path) -> list[int]:
    return [file.stat().st_size for file in folder.glob("*.rec")]


def test_a_file_that_no_console_has_named_is_no_part_of_the_record(tmp_path: Path) -> None:
    named = ("20261121T234355Z-17.rec", "20261121T234356Z-17-1.rec")
    for name in (
        *named,
        "20261121-17.rec",
        "20261121T234355+0000.rec",
        "2026-11-21T23:43:55Z.rec",
        "own.rec",
    ):
        (tmp_path / name).touch()
    found = sorted(segment_files(tmp_path))
    assert [(began, file.name) for began, file in found] == [(1795304635, named[0]), (1795304636, named[1])]


def test_the_files_together_never_take_more_than_their_size(tmp_path: Path) -> None:
    bounds = Bounds(keep=86400, size=240_000)
    clock, largest = HandClock(), 0
    tape = Tape(tmp_path, HEADER, bounds, clock)
    for snapshot in busy(400):
        clock.at = snapshot.at
        tape.step(snapshot, 1.0)
        largest = max(largest, sum(sizes(tmp_path)))
    tape.close()
    assert tape.bytes > 2 * bounds.size
    assert bounds.size / 2 < largest <= bounds.size


def test_the_newest_steps_are_those_that_are_kept(tmp_path: Path) -> None:
    steps = list(busy(400))
    recorded(tmp_path, steps, bounds=Bounds(keep=86400, size=240_000))
    assert find_segments(tmp_path)[-1].end == steps[-1].at


def test_files_older_than_what_is_kept_go(tmp_path: Path) -> None:
    old = only_file(recorded(tmp_path, falling_margin(3)))
    recorded(tmp_path, falling_margin(3, begin=NOW + DAY.keep + 3601))
    assert old not in set(tmp_path.glob("*.rec"))


def test_a_new_file_is_begun_in_time_for_the_old_ones_to_go(tmp_path: Path) -> None:
    recorded(tmp_path, falling_margin(1300), bounds=Bounds(keep=4800, size=DAY.size))
    assert len(list(tmp_path.glob("*.rec"))) == 3


def test_only_their_owner_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "history" / "paper"
    file = only_file(recorded(folder, falling_margin(2)))
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, folder)]
    assert modes == [0o600, 0o700]


def test_two_consoles_write_into_files_of_their_own(tmp_path: Path) -> None:
    clock = HandClock()
    one, other = (Tape(tmp_path, HEADER, DAY, clock) for _ in range(2))
    for snapshot in falling_margin(3):
        clock.at = snapshot.at
        one.step(snapshot, 1.0)
        other.step(snapshot, 1.0)
    one.close()
    other.close()
    assert [len(read_segment(file).steps) for file in tmp_path.glob("*.rec")] == [3, 3]


def test_a_folder_that_cannot_be_made_is_told_and_nothing_is_raised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tape = Tape(tmp_path / "file" / "paper", HEADER, DAY, HandClock())
    tape.step(healthy(), 1.0)
    assert tape.note == f"history is not recorded: {tmp_path}/file/paper: Not a directory"


def test_a_full_disk_is_told_and_recording_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = {"bytes": 10**9}
    monkeypatch.setattr(tape_module, "free_space", lambda _folder: room["bytes"])
    clock = HandClock()
    tape = Tape(tmp_path, HEADER, DAY, clock)
    steps = falling_margin(100)
    tape.step(steps[0], 1.0)
    room["bytes"] = 99_000_000
    clock.at = steps[1].at
    tape.step(steps[1], 1.0)
    assert tape.note == f"history is not recorded: {tmp_path}: less than 100 MB free"
    room["bytes"] = 10**9
    clock.at = steps[1].at + TRIED_AGAIN
    tape.step(steps[50], 1.0)
    assert tape.note == ""
    tape.close()
    assert [segment.end for segment in find_segments(tmp_path)] == [steps[0].at, steps[50].at]


def test_a_write_that_fails_half_way_leaves_a_sound_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, write = HandClock(), os.write
    tape = Tape(tmp_path, HEADER, DAY, clock)
    steps = falling_margin(3)
    tape.step(steps[0], 1.0)

    def short(file: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return write(file, data[: len(data) // 2])

    monkeypatch.setattr("console.history.segment.os.write", short)
    clock.at = steps[1].at
    tape.step(steps[1], 1.0)
    monkeypatch.undo()
    assert "No space left" in tape.note
    segment = read_segment(only_file(tmp_path))
    assert (len(segment.steps), segment.path.stat().st_size) == (1, _end(segment.path))


def _end(file: Path) -> int:
    last = read_segment(file).steps[-1]
    return last.offset + last.length


def test_a_record_whose_file_was_removed_goes_on_in_a_new_one(tmp_path: Path) -> None:
    clock = HandClock()
    tape = Tape(tmp_path, HEADER, DAY, clock)
    for snapshot in falling_margin(300):
        clock.at = snapshot.at
        tape.step(snapshot, 1.0)
        if snapshot.at == NOW + 10:
            only_file(tmp_path).unlink()
    tape.close()
    assert read_segment(only_file(tmp_path)).end == NOW + 299


def test_keys_are_kept_with_their_instants(tmp_path: Path) -> None:
    clock = HandClock()
    tape = Tape(tmp_path, HEADER, DAY, clock)
    for snapshot in falling_margin(3):
        clock.at = snapshot.at
        tape.step(snapshot, 1.0)
        clock.at += 0.25
        tape.key("4")
    tape.close()
    assert [key.now - NOW for key in read_segment(only_file(tmp_path)).keys] == [0.25, 1.25, 2.25]
