"""The engine's two files, written in its own format under every kind of disk."""

import errno
import json
import os
from pathlib import Path

import pytest

from console.actions.durable import Reserve
from console.actions.kill.actuator import Act, Answer, Order
from console.actions.kill.flag_file import FlagFile, StateFile
from tests.small_disk import fill, make_read_only, small_disk

ORDER = Order("test")
ENGINE = (
    '{"counters":{"rest":3,"ws":0,"duplicates":0,"stale":1},"last_ts":{"rest":1763600000.123},"tripped":%s}\n'
)


def test_the_flag_holds_what_engines_write(tmp_path: Path) -> None:
    assert FlagFile(tmp_path / "f").fire(ORDER) == Answer(Act.DONE, "set", "not set", "set", {"flag": None})
    assert (tmp_path / "f").read_bytes() == b"1"


def test_a_flag_that_is_set_is_written_anew(tmp_path: Path) -> None:
    flag = tmp_path / "f"
    flag.write_bytes(b"1")
    before = flag.stat().st_ino
    held = flag.open("rb")  # keeps the old inode's number from being used again
    assert FlagFile(flag).fire(ORDER).words == "was set already"
    assert flag.stat().st_ino != before
    held.close()


def test_a_flag_that_cannot_be_looked_for_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(_path: Path) -> bool:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(Path, "exists", stale)
    assert FlagFile(tmp_path / "f").fire(ORDER) == Answer(Act.DONE, "set", "unreadable", "unreadable")
    assert (tmp_path / "f").read_bytes() == b"1"


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
        assert answer == Answer(Act.DONE, words, "not set", "set", {"flag": None})
        assert (disk / "f").read_bytes() == b"1"


def test_a_full_disk_without_a_reserve_gets_an_empty_flag(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        fill(disk)
        answer = FlagFile(disk / "f", Reserve(disk / "gone")).fire(ORDER)
        words = "set; the disk is full, so the flag may be empty"
        assert answer == Answer(Act.DONE, words, "not set", "set", {"flag": None})
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
