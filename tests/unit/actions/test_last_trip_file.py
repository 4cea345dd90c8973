"""The last trip is kept for others: whole, private, and without losing what several consoles note of it."""

import contextlib
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.kill.last_trip_file import LastTripFile, path_of
from console.domain.clock import SystemClock
from console.domain.kill_state import Written
from console.domain.last_trip import LastTrip, last_trip_from
from console.host_lock import host_lock
from tests.waiting import DEADLINE, eventually

CLOCK = SystemClock()
TRIP = LastTrip(
    at=1000.0, by="alice", reason="margin", scope="all", written=(Written("flag file", True, "set"),)
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return path_of(tmp_path / "state", "prod")


@pytest.fixture
def file(path: Path) -> LastTripFile:
    return LastTripFile(path, CLOCK)


def on_disk(path: Path) -> LastTrip:
    return last_trip_from(json.loads(path.read_bytes()))


def let_go(fifo: Path) -> None:
    """Let those go on who wait for the fifo in the file's place, once somebody does; then it is free."""
    opened: list[int] = []

    def somebody_waits() -> bool:
        with contextlib.suppress(OSError):
            opened.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return bool(opened)

    eventually(somebody_waits)
    fifo.rename(fifo.with_suffix(".gone"))
    os.close(opened[0])


def test_a_trip_is_kept_for_others(file: LastTripFile, path: Path) -> None:
    file.begin(TRIP)
    assert on_disk(path) == TRIP
    assert LastTripFile(path, CLOCK).read() == TRIP


def test_only_the_owner_may_read_it(file: LastTripFile, path: Path) -> None:
    file.begin(TRIP)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_in_a_folder_made_for_a_group_the_group_may_read_and_write_it(file: LastTripFile, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o2770)
    file.begin(TRIP)
    assert path.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "prod eu", "päper", "a\0b"])
def test_every_contexts_file_lies_in_the_folder(tmp_path: Path, name: str) -> None:
    file = LastTripFile(path_of(tmp_path, name), CLOCK)
    file.begin(TRIP)
    assert file.complaint == ""
    assert [each.suffix for each in (tmp_path / "kill").iterdir() if each.suffix != ".lock"] == [".json"]


def test_nothing_is_read_where_nothing_was_tripped(file: LastTripFile) -> None:
    assert file.read() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 99}', "[" * 100_000])
def test_a_file_that_is_none_is_written_anew(file: LastTripFile, path: Path, content: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert file.read() is None
    file.begin(TRIP)
    assert on_disk(path) == TRIP


def test_a_file_that_cannot_be_written_is_told_and_the_process_remembers(
    file: LastTripFile, path: Path
) -> None:
    path.parent.parent.mkdir()
    path.parent.write_text("in the way")
    file.begin(TRIP)
    assert file.read() == TRIP
    assert file.complaint.startswith(f"{path.parent}")
    path.parent.unlink()
    file.change(lambda kept: TRIP if kept is None else kept)
    assert (file.complaint, on_disk(path)) == ("", TRIP)


def test_a_trip_of_one_account_does_not_hide_one_of_everything(file: LastTripFile, path: Path) -> None:
    LastTripFile(path, CLOCK).begin(TRIP)
    file.begin(replace(TRIP, at=2000.0, scope="coin"))
    assert (on_disk(path), file.memory) == (replace(TRIP, renewed=2000.0), None)


def test_a_trip_of_one_account_is_kept_after_a_reset(file: LastTripFile, path: Path) -> None:
    LastTripFile(path, CLOCK).begin(replace(TRIP, reset=1500.0))
    narrow = replace(TRIP, at=2000.0, scope="coin")
    file.begin(narrow)
    assert on_disk(path) == narrow


def test_a_trip_on_a_disk_that_hangs_is_remembered_all_the_same(file: LastTripFile, path: Path) -> None:
    path.parent.mkdir(parents=True)
    os.mkfifo(path)  # whoever opens it waits
    hanging = threading.Thread(target=file.begin, args=(TRIP,), daemon=True)
    hanging.start()
    eventually(lambda: file.memory == TRIP)
    assert hanging.is_alive()
    let_go(path)
    hanging.join(DEADLINE)
    assert on_disk(path) == TRIP


def test_a_trip_that_a_disk_takes_late_does_not_hide_the_next_one(file: LastTripFile, path: Path) -> None:
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    next_one = replace(TRIP, at=2000.0)
    hanging = [threading.Thread(target=file.begin, args=(trip,), daemon=True) for trip in (TRIP, next_one)]
    for thread, trip in zip(hanging, (TRIP, next_one), strict=True):
        thread.start()
        eventually(lambda trip=trip: file.memory == trip)  # type: ignore[misc]
    let_go(path)
    for thread in hanging:
        thread.join(DEADLINE)
    assert file.memory == on_disk(path) == next_one


def test_a_new_trip_of_everything_takes_the_place_of_the_one_before(file: LastTripFile, path: Path) -> None:
    file.begin(TRIP)
    file.begin(replace(TRIP, at=500.0))  # by a clock that was set back meanwhile
    assert on_disk(path).at == 500.0


def test_notes_that_two_consoles_make_at_once_are_both_kept(path: Path) -> None:
    LastTripFile(path, CLOCK).begin(replace(TRIP, written=()))

    def add(name: str) -> None:
        def added(kept: LastTrip | None) -> LastTrip | None:
            return kept and replace(kept, written=(*kept.written, Written(name, True)))

        LastTripFile(path, CLOCK).change(added)

    threads = [threading.Thread(target=add, args=(f"{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert {each.name for each in on_disk(path).written} == {f"{number}" for number in range(6)}


def test_a_lock_that_is_never_let_go_stops_nobody(file: LastTripFile, path: Path) -> None:
    file.prepare()
    with host_lock(path.with_suffix(".lock"), deadline=1, clock=CLOCK):
        file.begin(TRIP)
    assert on_disk(path) == TRIP
