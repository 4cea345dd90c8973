"""Files are whole at every instant, keep what isn't content, and are only replaced as they were seen."""

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.actions.durable import (
    MISSING,
    STEPS,
    ChangedError,
    DurableError,
    Reserve,
    digest,
    replace_file,
)
from console.actions.faults import VARIABLE
from console.actions.swap import exchange
from tests.small_disk import fill, make_read_only, small_disk
from tests.waiting import DEADLINE

OLD, NEW = b"a: 1\n", b"a: 2\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.yaml"
    path.write_bytes(OLD)
    return path


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder in which every user may write, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def test_the_content_that_was_seen_is_replaced(file: Path) -> None:
    replace_file(file, NEW, expected=digest(OLD))
    assert file.read_bytes() == NEW
    assert [each.name for each in file.parent.iterdir()] == ["file.yaml"]


def test_content_that_has_changed_is_left_and_shown(file: Path) -> None:
    file.write_bytes(b"theirs")
    with pytest.raises(ChangedError, match="has changed since") as caught:
        replace_file(file, NEW, expected=digest(OLD))
    assert caught.value.found == b"theirs"
    assert file.read_bytes() == b"theirs"
    assert not caught.value.written


def test_a_change_while_the_new_file_was_being_written_is_noticed(file: Path) -> None:
    def interfere(step: str) -> None:
        if step == "after fsync":
            file.write_bytes(b"theirs")

    with pytest.raises(ChangedError):
        replace_file(file, NEW, expected=digest(OLD), point=interfere)
    assert file.read_bytes() == b"theirs"
    assert [each.name for each in file.parent.iterdir()] == ["file.yaml"]


def test_a_change_in_the_last_instant_is_noticed_and_stays(file: Path) -> None:
    def interfere(step: str) -> None:
        if step == "before rename":
            fresh = file.with_name("theirs")
            fresh.write_bytes(b"theirs")
            fresh.replace(file)

    with pytest.raises(ChangedError, match="has changed since") as caught:
        replace_file(file, NEW, expected=digest(OLD), point=interfere)
    assert caught.value.found == b"theirs"
    assert file.read_bytes() == b"theirs"
    assert [each.name for each in file.parent.iterdir()] == ["file.yaml"]


def test_of_two_who_are_faster_one_after_the_other_the_last_one_stays(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def be_faster_again(left: Path, right: Path) -> bool:
        calls.append(1)
        if len(calls) <= 2:
            fresh = file.with_name("fresh")
            fresh.write_bytes(b"theirs" if len(calls) == 1 else b"newest")
            fresh.replace(file)
        return exchange(left, right)

    monkeypatch.setattr("console.actions.swap.exchange", be_faster_again)
    with pytest.raises(ChangedError):
        replace_file(file, NEW, expected=digest(OLD))
    assert file.read_bytes() == b"newest"
    assert [each.name for each in file.parent.iterdir()] == ["file.yaml"]


def test_what_cannot_be_given_back_is_not_thrown_away(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def fail_the_second_time(left: Path, right: Path) -> bool:
        calls.append(1)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        file.write_bytes(b"theirs")
        return exchange(left, right)

    monkeypatch.setattr("console.actions.swap.exchange", fail_the_second_time)
    with pytest.raises(DurableError, match="input/output error"):
        replace_file(file, NEW, expected=digest(OLD))
    assert b"theirs" in [each.read_bytes() for each in file.parent.iterdir()]


def test_where_files_cannot_be_exchanged_they_are_replaced(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.actions.swap.exchange", lambda *_: False)
    replace_file(file, NEW, expected=digest(OLD))
    assert file.read_bytes() == NEW


def test_the_edits_of_an_editor_that_knows_no_lock_are_never_overwritten_unseen(file: Path) -> None:
    done = threading.Event()

    def add() -> None:
        while not done.is_set():
            seen = file.read_bytes()
            with contextlib.suppress(ChangedError):
                replace_file(file, seen[:20] + b"+", expected=digest(seen))

    console = threading.Thread(target=add)
    console.start()
    fresh, lost = file.with_name("fresh"), []
    for number in range(150):
        edit = f"edit {number};".encode()
        fresh.write_bytes(edit)
        fresh.replace(file)
        time.sleep(0.001)
        deadline = time.monotonic() + DEADLINE
        while not file.read_bytes().startswith(edit):  # for an instant it may be exchanged and given back
            if time.monotonic() > deadline:
                lost.append(number)
                break
    done.set()
    console.join()
    assert lost == []


def test_a_file_that_was_not_there_is_made_only_if_it_still_is_not(tmp_path: Path) -> None:
    replace_file(tmp_path / "new", NEW, expected=MISSING)
    assert (tmp_path / "new").read_bytes() == NEW
    with pytest.raises(ChangedError, match="has come into being since"):
        replace_file(tmp_path / "new", OLD, expected=MISSING)


def test_of_two_who_saw_no_file_one_wins(tmp_path: Path) -> None:
    file = tmp_path / "new"

    def be_faster(step: str) -> None:
        if step == "before rename":
            file.write_bytes(b"theirs")

    with pytest.raises(ChangedError, match="has come into being since"):
        replace_file(file, NEW, expected=MISSING, point=be_faster)
    assert file.read_bytes() == b"theirs"


def test_a_file_that_is_gone_is_not_made_again(file: Path) -> None:
    file.unlink()
    with pytest.raises(ChangedError, match="is gone since"):
        replace_file(file, NEW, expected=digest(OLD))
    assert not file.exists()


def test_mode_and_owner_survive(file: Path) -> None:
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 12345, 23456)
    before = file.stat()
    replace_file(file, NEW, expected=None)
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_symlink_stays_and_its_target_changes(tmp_path: Path, file: Path) -> None:
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "flags.yaml"
    link.symlink_to("../file.yaml")
    replace_file(link, NEW, expected=digest(OLD))
    assert link.is_symlink()
    assert file.read_bytes() == NEW


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DurableError, match="is not a regular file"):
        replace_file(tmp_path, NEW, expected=None)


def test_a_folder_that_is_missing_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DurableError) as caught:
        replace_file(tmp_path / "no" / "file", NEW, expected=None)
    assert str(caught.value) == f"{tmp_path}/no/file: no such file or directory"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that belongs to somebody else")
def test_somebody_elses_file_is_not_taken_over_unless_asked(open_folder: Path) -> None:
    file = open_folder / "file"
    file.write_bytes(OLD)
    source = (
        "import os, sys; from pathlib import Path; from console.actions.durable import *\n"
        "os.setgid(54321); os.setuid(54321)\n"
        "try: replace_file(Path(sys.argv[1]), b'x', expected=None, keep_owner=sys.argv[2] == 'keep')\n"
        "except DurableError as error: sys.exit(str(error))\n"
    )
    asked = [sys.executable, "-c", source, str(file)]
    kept = subprocess.run([*asked, "keep"], capture_output=True, text=True, check=False)
    assert kept.stderr == f"{file}: belongs to uid 0, gid 0; only they or root may replace it\n"
    assert file.read_bytes() == OLD
    subprocess.run([*asked, "take"], check=True)
    assert file.read_bytes() == b"x"


def test_what_is_overwritten_at_once_by_another_is_told(file: Path) -> None:
    def interfere(step: str) -> None:
        if step == "after fsync folder":
            file.write_bytes(b"theirs")

    with pytest.raises(ChangedError, match="right after it was written") as caught:
        replace_file(file, NEW, expected=None, point=interfere)
    assert caught.value.written


def test_what_is_there_but_cannot_be_read_back_counts_as_written(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def break_the_disk(step: str) -> None:
        if step == "after fsync folder":
            monkeypatch.setattr(Path, "read_bytes", fail)

    with pytest.raises(DurableError) as caught:
        replace_file(file, NEW, expected=digest(OLD), point=break_the_disk)
    monkeypatch.undo()
    assert str(caught.value) == f"{file}: input/output error: written, but can't be read back"
    assert (caught.value.written, file.read_bytes()) == (True, NEW)


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "file").write_bytes(OLD)
        fill(disk)
        with pytest.raises(DurableError, match="no space left on device") as caught:
            replace_file(disk / "file", NEW, expected=digest(OLD))
        assert caught.value.full
        assert (disk / "file").read_bytes() == OLD
        assert {each.name for each in disk.iterdir()} == {"file", "filler"}


def test_a_disk_that_is_read_only_is_told(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        make_read_only(disk)
        with pytest.raises(DurableError, match="read-only file system"):
            replace_file(disk / "file", NEW, expected=None)


def test_the_reserve_becomes_the_file_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        reserve = Reserve(disk / "reserve")
        reserve.keep()
        fill(disk)
        reserve.become(disk / "flag", b"1")
        assert (disk / "flag").read_bytes() == b"1"
        assert not (disk / "reserve").exists()


def test_a_reserve_that_is_given_up_makes_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        reserve = Reserve(disk / "reserve")
        reserve.keep()
        fill(disk)
        assert reserve.give_up()
        replace_file(disk / "file", NEW, expected=None)
        assert not reserve.give_up()


def test_a_reserve_that_finds_no_space_says_so_and_keeps_none(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=32) as disk:
        with pytest.raises(DurableError, match="no space left on device"):
            Reserve(disk / "reserve", size=1024 * 1024).keep()
        assert not (disk / "reserve").exists()


def test_the_reserve_takes_its_space_once(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve")
    reserve.keep()
    before = reserve.path.stat()
    reserve.keep()
    assert reserve.path.stat().st_mtime_ns == before.st_mtime_ns
    assert before.st_blocks * 512 >= reserve.size


@pytest.mark.parametrize("step", [f"{when} {step}" for step in STEPS for when in ("before", "after")])
def test_killed_at_any_step_the_file_is_old_or_new_and_never_torn(file: Path, step: str) -> None:
    source = (
        "import sys; from pathlib import Path; from console.actions.durable import *\n"
        "from console.actions.faults import points_of\n"
        "replace_file(Path(sys.argv[1]), b'a: 2\\n', expected=None, point=points_of('x'))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", source, str(file)], env={**os.environ, VARIABLE: f"x: {step}"}, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    renamed = step in ("after rename", "before fsync folder", "after fsync folder")
    assert file.read_bytes() == (NEW if renamed else OLD)
    replace_file(file, b"next", expected=None)
    assert file.read_bytes() == b"next"


def test_what_killed_writers_left_is_removed_when_it_is_old(file: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    old, fresh, living = (
        file.with_name(f".file.yaml.opsconsole-{name}")
        for name in (f"{ended.pid}-1", f"{ended.pid}-2", "1-1")
    )
    for left in (old, fresh, living):
        left.write_bytes(b"half")
    for left in (old, living):
        os.utime(left, (time.time() - 3600,) * 2)
    replace_file(file, NEW, expected=None)
    assert {each.name for each in file.parent.iterdir()} == {"file.yaml", fresh.name, living.name}


def test_a_reader_never_sees_a_torn_file(file: Path) -> None:
    contents = [bytes([65 + turn]) * 20_000 for turn in range(8)]
    file.write_bytes(contents[0])
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(file.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(200):
        replace_file(file, contents[turn % 8], expected=None)
    done.set()
    reader.join()
    assert seen <= set(contents)
    assert len(seen) > 1


def test_a_new_file_has_the_mode_that_was_asked_for_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        replace_file(tmp_path / "shared", b"1", expected=None, mode=0o660)
    finally:
        os.umask(before)
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o660


def test_the_mode_of_a_new_file_lets_the_engine_read_it(tmp_path: Path) -> None:
    replace_file(tmp_path / "flag", b"1", expected=None)
    assert stat.S_IMODE((tmp_path / "flag").stat().st_mode) & 0o400
