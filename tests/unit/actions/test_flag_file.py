"""The engine's two files, written in its own format under every kind of disk."""

import json
import os
from pathlib import Path

import pytest

from console.actions.durable import DurableError, Reserve
from console.actions.kill.actuator import Act, Answer, Order
from console.actions.kill.flag_file import FlagFile, StateFile, is_of_trips
from console.actions.removal import Identity, identity_of
from tests.small_disk import fill, make_read_only, small_disk

ORDER = Order("test")
ENGINE = (
    '{"counters":{"rest":3,"ws":0,"duplicates":0,"stale":1},"last_ts":{"rest":1763600000.123},"tripped":%s}\n'
)


def there(flag: Path) -> Identity:
    found = identity_of(flag)
    assert found is not None
    return found


def first_flag(flag: Path) -> dict[str, str | None]:
    """What the trip has found that wrote the flag which is there, where there was none."""
    return {f"flag {there(flag)}": None}


def test_the_flag_holds_what_engines_write(tmp_path: Path) -> None:
    flag = tmp_path / "f"
    assert FlagFile(flag).fire(ORDER) == Answer(Act.DONE, "set", "not set", "set", first_flag(flag))
    assert (tmp_path / "f").read_bytes() == b"1"


def test_a_flag_that_is_set_is_written_anew(tmp_path: Path) -> None:
    flag = tmp_path / "f"
    flag.write_bytes(b"1")
    before = flag.stat().st_ino
    held = flag.open("rb")  # keeps the old inode's number from being used again
    assert FlagFile(flag).fire(ORDER).words == "was set already"
    assert flag.stat().st_ino != before
    held.close()


def test_a_flag_is_of_trips_however_often_they_write_it_anew(tmp_path: Path) -> None:
    found: dict[str, str | None] = {}
    for _ in range(3):
        found |= FlagFile(tmp_path / "f").fire(ORDER).found
    assert is_of_trips(there(tmp_path / "f"), found)


def test_a_flag_that_others_had_set_before_the_first_trip_is_none_of_trips(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    found = FlagFile(tmp_path / "f").fire(ORDER).found
    assert not is_of_trips(there(tmp_path / "f"), found)


def test_a_flag_that_others_have_written_since_is_none_of_trips(tmp_path: Path) -> None:
    found = FlagFile(tmp_path / "f").fire(ORDER).found
    (tmp_path / "f").unlink()
    (tmp_path / "f").write_bytes(b"1")
    os.utime(tmp_path / "f", (2e9, 2e9))
    assert not is_of_trips(there(tmp_path / "f"), found)


def test_a_flag_on_a_full_disk_that_was_there_before_is_none_of_the_trip_s(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "f").write_bytes(b"1")
        fill(disk)
        assert FlagFile(disk / "f").fire(ORDER).found == {}


def test_a_flag_that_cannot_be_looked_for_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(_path: Path) -> Identity:
        raise DurableError("stale file handle")

    monkeypatch.setattr("console.actions.kill.flag_file.identity_of", stale)
    assert FlagFile(tmp_path / "f").fire(ORDER) == Answer(Act.DONE, "set", "unreadable", "unreadable")
    assert (tmp_path / "f").read_bytes() == b"1"


def test_an_engine_of_another_user_can_read_what_is_new_whatever_the_umask(tmp_path: Path) -> None:
    flag, state = tmp_path / "f", tmp_path / "s.json"
    before = os.umask(0o077)
    try:
        FlagFile(flag).fire(ORDER)
        StateFile(state).fire(ORDER)
    finally:
        os.umask(before)
    assert [file.stat().st_mode & 0o777 for file in (flag, state)] == [0o644, 0o644]


def test_a_folder_that_is_missing_is_not_made(tmp_path: Path) -> None:
    answer = FlagFile(tmp_path / "no" / "f").fire(ORDER)
    assert answer == Answer(Act.FAILED, f"{tmp_path}/no/f: no such file or directory", "not set", "not set")


def test_a_full_disk_is_met_with_the_reserve(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        reserve = Reserve(disk / "reserve")
        reserve.keep()
        fill(disk)
        answer = FlagFile(disk / "f", reserve).fire(ORDER)
        words = "set; the disk is full, the reserve was used"
        assert answer == Answer(Act.DONE, words, "not set", "set", first_flag(disk / "f"))
        assert (disk / "f").read_bytes() == b"1"


def test_a_full_disk_without_a_reserve_gets_an_empty_flag(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        fill(disk)
        answer = FlagFile(disk / "f", Reserve(disk / "gone")).fire(ORDER)
        words = "set; the disk is full, so the flag may be empty"
        assert answer == Answer(Act.DONE, words, "not set", "set", first_flag(disk / "f"))
        assert (disk / "f").exists()


def test_a_reserve_that_cannot_become_the_flag_is_given_up(tmp_path: Path) -> None:
    elsewhere = Reserve(tmp_path / "reserve")
    elsewhere.keep()
    with small_disk(tmp_path / "disk") as disk:
        fill(disk)
        assert FlagFile(disk / "f", elsewhere).fire(ORDER).act is Act.DONE
    assert not elsewhere.path.exists()


def test_a_disk_without_free_inodes_is_met_with_the_reserve(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", inodes=8) as disk:
        reserve = Reserve(disk / "reserve")
        reserve.keep()
        _use_up_inodes(disk)
        assert FlagFile(disk / "f", reserve).fire(ORDER).act is Act.DONE
        assert (disk / "f").read_bytes() == b"1"


def test_a_folder_that_is_read_only_is_told(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        make_read_only(disk)
        answer = FlagFile(disk / "f").fire(ORDER)
        assert answer == Answer(Act.FAILED, f"{disk}/f: read-only file system", "not set", "not set")


def test_a_flag_that_is_set_in_a_folder_that_is_read_only_is_a_trip_all_the_same(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "f").write_bytes(b"1")
        make_read_only(disk)
        answer = FlagFile(disk / "f").fire(ORDER)
        assert answer == Answer(Act.DONE, f"{disk}/f: read-only file system", "set", "set")


def test_a_flag_that_somebody_removes_at_once_is_not_called_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = tmp_path / "f"

    def remove(step: str) -> None:
        if step == "after fsync folder":
            flag.unlink()

    monkeypatch.setattr("console.actions.kill.flag_file.points_of", lambda _subject: remove)
    answer = FlagFile(flag).fire(ORDER)
    assert (answer.act, answer.after) == (Act.FAILED, "not set")


def test_an_engine_that_writes_over_its_state_at_once_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "s.json"
    state.write_text(ENGINE % "false")

    def write_over(step: str) -> None:
        if step == "after fsync folder":
            state.write_text(ENGINE % "false")

    monkeypatch.setattr("console.actions.kill.flag_file.points_of", lambda _subject: write_over)
    assert StateFile(state).fire(ORDER) == Answer(Act.FAILED, "was written over at once", "clear", "clear")


def test_a_state_that_is_tripped_is_left(tmp_path: Path) -> None:
    state = tmp_path / "s.json"
    state.write_text(ENGINE % "true")
    before = state.stat().st_ino
    assert StateFile(state).fire(ORDER) == Answer(Act.DONE, "was tripped already", "tripped", "tripped")
    assert state.stat().st_ino == before


def test_the_state_keeps_every_other_field_to_the_byte(tmp_path: Path) -> None:
    state = tmp_path / "s.json"
    state.write_text(ENGINE % "false")
    assert StateFile(state).fire(ORDER) == Answer(Act.DONE, "set", "clear", "tripped", {"tripped": "clear"})
    assert state.read_text() == ENGINE % "true"


def test_a_state_that_is_missing_is_made_as_engines_make_it(tmp_path: Path) -> None:
    assert StateFile(tmp_path / "s.json").fire(ORDER).before == "missing"
    assert (tmp_path / "s.json").read_text() == (
        '{"counters":{"rest":0,"ws":0,"duplicates":0,"stale":0},"last_ts":{},"tripped":true}\n'
    )


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_a_state_that_is_none_is_written_anew(tmp_path: Path, content: bytes) -> None:
    state = tmp_path / "s.json"
    state.write_bytes(content)
    answer = StateFile(state).fire(ORDER)
    assert (answer.act, answer.before) == (Act.DONE, "unreadable")
    assert answer.words == "was no engine's state, so it was written anew"
    assert json.loads(state.read_bytes())["tripped"] is True


def test_the_state_on_a_full_disk_takes_the_reserve(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        reserve = Reserve(disk / "reserve")
        reserve.keep()
        (disk / "s.json").write_text(ENGINE % "false")
        fill(disk)
        assert StateFile(disk / "s.json", reserve).fire(ORDER).act is Act.DONE
        assert (disk / "s.json").read_text() == ENGINE % "true"


def test_the_state_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    answer = StateFile(tmp_path / "no" / "s.json").fire(ORDER)
    assert (answer.act, answer.words) == (Act.FAILED, f"{tmp_path}/no/s.json: no such file or directory")


def _use_up_inodes(folder: Path) -> None:
    for number in range(100):
        try:
            os.close(os.open(folder / f"inode-{number}", os.O_CREAT | os.O_WRONLY))
        except OSError:
            return
