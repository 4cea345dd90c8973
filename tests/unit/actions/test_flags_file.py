"""The flags file is replaced only over what was seen; what lowers risk goes on where nothing else would."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.actions import faults, flags_file
from console.actions.durable import DurableError
from console.actions.flags_file import Conflict, Draft, FlagsFile, Unwritten, Written, reserve_of
from console.domain.clock import SystemClock
from console.host_lock import host_lock
from tests.small_disk import fill, small_disk
from tests.waiting import DEADLINE

SEEN, MINE, THEIRS = b"stage: shadow\r\n", b"stage: canary\r\n", b"stage: production\r\n"
DRAFT = Draft(SEEN, MINE)
CLOCK = SystemClock()


def flags_in(folder: Path, content: bytes = SEEN) -> FlagsFile:
    path = folder / "flags.yaml"
    path.write_bytes(content)
    return FlagsFile(path, folder / "state" / "lock", CLOCK, lock_deadline=0.1)


@pytest.fixture
def file(tmp_path: Path) -> FlagsFile:
    return flags_in(tmp_path)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[FlagsFile]:
    """A flags file with a reserve on a disk that is full; the lock's disk isn't."""
    with small_disk(tmp_path / "disk") as disk:
        file = flags_in(disk)
        reserve_of(file.path).keep()
        fill(disk)
        yield FlagsFile(file.path, tmp_path / "lock", CLOCK)


def interfere(monkeypatch: pytest.MonkeyPatch, file: Path, *contents: bytes) -> None:
    """Have somebody else write each of these contents in the last instant of one write."""
    coming = list(contents)

    def step(name: str) -> None:
        if name == "before rename" and coming:
            fresh = file.with_name("fresh")
            fresh.write_bytes(coming.pop(0))
            fresh.replace(file)

    def points(subject: str) -> faults.Point:
        return step

    monkeypatch.setattr(flags_file, "points_of", points)


def test_what_was_seen_is_replaced(file: FlagsFile) -> None:
    assert file.write(DRAFT, urgent=False) == Written(SEEN, MINE)
    assert file.read() == MINE


def test_symlink_mode_and_owner_survive(file: FlagsFile, tmp_path: Path) -> None:
    file.path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file.path, 12345, 23456)
    before = file.path.stat()
    link = tmp_path / "link.yaml"
    link.symlink_to(file.path)
    FlagsFile(link, file.lock, CLOCK).write(DRAFT, urgent=False)
    after = file.path.stat()
    assert link.is_symlink()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert file.read() == MINE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that belongs to somebody else")
def test_only_less_risk_makes_somebody_elses_file_ours() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to other users
        Path(folder).chmod(0o777)
        file = flags_in(Path(folder))
        source = (
            "import os, sys; from pathlib import Path; from console.domain.clock import SystemClock\n"
            "from console.actions.flags_file import *\n"
            "import ctypes, hashlib, console.actions.swap  # which the other user may not be able to read\n"
            "os.setgid(54321); os.setuid(54321)\n"
            "file = FlagsFile(Path(sys.argv[1]), Path(sys.argv[2]), SystemClock())\n"
            "for urgent in (False, True):\n"
            "    told = file.write(Draft(file.read(), b'mine'), urgent=urgent)\n"
            "    sys.stdout.write(f'{type(told).__name__} {file.path.stat().st_uid}\\n')\n"
            "sys.stdout.write(told.remark)\n"
        )
        asked = [sys.executable, "-c", source, str(file.path), str(file.path.with_name("lock"))]
        told = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == [
        "Unwritten 0",
        "Written 54321",
        f"{file.path} belonged to uid 0, gid 0, now to uid 54321, gid 54321: see that the engine can read it",
    ]


@pytest.mark.parametrize("urgent", [True, False])
def test_a_file_that_has_changed_stays_and_is_told(file: FlagsFile, urgent: bool) -> None:
    file.path.write_bytes(THEIRS)
    told = file.write(DRAFT, urgent=urgent)
    assert told == Conflict(f"{file.path}: has changed since", DRAFT, THEIRS)
    assert file.read() == THEIRS


def test_a_file_that_changes_in_the_last_instant_stays_and_is_told(
    file: FlagsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    interfere(monkeypatch, file.path, THEIRS)
    assert file.write(DRAFT, urgent=False) == Conflict(f"{file.path}: has changed since", DRAFT, THEIRS)
    assert file.read() == THEIRS


def test_a_file_that_was_removed_is_not_made_again(file: FlagsFile) -> None:
    file.path.unlink()
    assert file.write(DRAFT, urgent=True) == Conflict(f"{file.path}: is gone since", DRAFT, None)
    assert not file.path.exists()


def test_a_draft_without_a_change_leaves_the_file_alone(file: FlagsFile) -> None:
    before = file.path.stat()
    assert file.write(Draft(SEEN, SEEN), urgent=False) == Written(SEEN, SEEN)
    after = file.path.stat()
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)  # read it was


def test_a_draft_without_a_change_is_a_conflict_too_where_others_made_one(file: FlagsFile) -> None:
    told = file.write(Draft(THEIRS, THEIRS), urgent=False)
    assert told == Conflict(f"{file.path}: has changed since", Draft(THEIRS, THEIRS), SEEN)


def test_more_risk_waits_for_the_lock_and_less_does_not(file: FlagsFile) -> None:
    file.lock.parent.mkdir()
    with host_lock(file.lock, deadline=1, clock=CLOCK):
        locked = f"{file.lock} is locked by process {os.getpid()}; waited 0.1 s"
        assert file.write(DRAFT, urgent=False) == Unwritten(locked)
        assert file.read() == SEEN
        assert file.write(DRAFT, urgent=True) == Written(SEEN, MINE, f"without the lock: {locked}")
    assert file.read() == MINE


def test_a_lock_on_a_disk_that_hangs_holds_less_risk_up_only_briefly(
    file: FlagsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def hang(_folder: Path, **_options: object) -> None:
        answers.wait(2 * DEADLINE)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", hang)
        silent = f"{file.lock}: its disk has not answered in 0.1 s"
        assert file.write(DRAFT, urgent=False) == Unwritten(silent)
        assert file.write(DRAFT, urgent=True) == Written(SEEN, MINE, f"without the lock: {silent}")
        answers.set()
    assert file.read() == MINE


def test_without_the_lock_others_changes_are_still_not_lost(file: FlagsFile) -> None:
    file.path.write_bytes(THEIRS)
    file.lock.mkdir(parents=True)  # can't be locked for writing
    told = file.write(DRAFT, urgent=True)
    assert isinstance(told, Conflict)
    assert told.why.startswith(f"{file.path}: has changed since; without the lock: {file.lock}: ")
    assert file.read() == THEIRS


def test_on_a_full_disk_more_risk_is_refused(full: FlagsFile) -> None:
    assert full.write(DRAFT, urgent=False) == Unwritten(f"{full.path}: no space left on device")
    assert full.read() == SEEN


def test_on_a_full_disk_less_risk_takes_the_reserve(full: FlagsFile) -> None:
    assert full.write(DRAFT, urgent=True) == Written(SEEN, MINE)
    assert full.read() == MINE


def test_on_a_full_disk_without_a_reserve_the_file_stays_whole(full: FlagsFile) -> None:
    reserve_of(full.path).give_up()
    fill(full.path.parent)
    assert full.write(DRAFT, urgent=True) == Unwritten(f"{full.path}: no space left on device")
    assert full.read() == SEEN


def test_a_reserve_has_room_for_a_large_file_on_the_disk_to_which_a_symlink_leads(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file = flags_in(tmp_path / "there", b"#" * 100_000)
    (tmp_path / "link").symlink_to(file.path)
    reserve_of(tmp_path / "link").keep()
    assert (tmp_path / "there" / ".flags.yaml.reserve").stat().st_size == 200_000


def test_the_reserve_of_a_file_that_cannot_be_looked_at_is_the_least(tmp_path: Path) -> None:
    assert reserve_of(tmp_path / ("x" * 300)).size == 64 * 1024


def test_what_follows_others_is_made_of_what_they_wrote(
    file: FlagsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    interfere(monkeypatch, file.path, SEEN + b"# a\r\n", SEEN + b"# b\r\n")
    told = file.follow(lambda seen: Draft(seen, seen.replace(b"shadow", b"disabled")), urgent=True)
    assert told == Written(SEEN + b"# b\r\n", b"stage: disabled\r\n# b\r\n")
    assert file.read() == b"stage: disabled\r\n# b\r\n"


def test_who_is_never_the_faster_one_is_told_what_stands(
    file: FlagsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = [b"# %d\n" % number for number in range(flags_file.TRIES)]
    interfere(monkeypatch, file.path, *contents)
    told = file.follow(lambda seen: Draft(seen, seen + b"x: 1\n"), urgent=True)
    assert isinstance(told, Conflict)
    assert told.why == f"{file.path}: has changed since, 8 times"
    assert (told.draft.seen, told.theirs) == (contents[-2], contents[-1])


def test_an_editor_that_is_in_the_middle_of_saving_is_waited_for(file: FlagsFile) -> None:
    file.path.write_bytes(b"")
    looks: list[bytes] = []

    def draft_of(seen: bytes) -> Draft:
        looks.append(seen)
        if not seen:
            if len(looks) == 3:
                file.path.write_bytes(SEEN)
            raise ValueError(seen)
        return Draft(seen, MINE)

    assert file.follow(draft_of, urgent=True) == Written(SEEN, MINE)
    assert looks == [b"", b"", b"", SEEN]


def test_a_file_that_cannot_be_read_is_told_in_one_line(file: FlagsFile) -> None:
    file.path.unlink()
    missing = f"{file.path}: no such file or directory"
    with pytest.raises(DurableError, match=missing):
        file.read()
    assert file.follow(lambda seen: Draft(seen, seen), urgent=True) == Unwritten(missing)


def test_what_the_drafter_refuses_reaches_the_caller_and_frees_the_lock(file: FlagsFile) -> None:
    class NotTodayError(Exception):
        pass

    def refuse(seen: bytes) -> Draft:
        raise NotTodayError

    with pytest.raises(NotTodayError):
        file.follow(refuse, urgent=False)
    assert file.write(DRAFT, urgent=False) == Written(SEEN, MINE)


def test_writing_needs_neither_a_database_driver_nor_the_journal() -> None:
    source = (
        "import sys; import console.actions.flags_file, console.actions.rollout.draft\n"
        "sys.exit(sorted({'sqlalchemy', 'pymysql', 'sqlite3', 'console.audit'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
