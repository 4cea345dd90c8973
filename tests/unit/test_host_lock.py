"""One console at a time: real locks in real processes."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.domain.clock import SystemClock
from console.host_lock import LockError, holder_of, host_lock
from tests.unit.actions.people import as_user, shared_office
from tests.waiting import DEADLINE

CLOCK = SystemClock()

HOLDER = (
    "import sys, time; from pathlib import Path; from console.host_lock import host_lock\n"
    "from console.domain.clock import SystemClock\n"
    "with host_lock(Path(sys.argv[1]), deadline=1, clock=SystemClock()):\n"
    "    sys.stdout.write('held\\n'); sys.stdout.flush(); sys.stdin.read()\n"
)


def test_the_second_console_waits_until_its_deadline_and_is_told_who_holds_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        began = time.monotonic()
        with pytest.raises(LockError) as caught, host_lock(lock, deadline=0.1, clock=CLOCK):
            raise AssertionError
        assert time.monotonic() - began < DEADLINE
        assert str(caught.value) == f"{lock} is locked by process {holder.pid}; waited 0.1 s"
        holder.kill()
        holder.wait()
        with host_lock(lock, deadline=1, clock=CLOCK):
            pass


@pytest.mark.parametrize("tells_all", [True, False])
def test_who_holds_it_is_seen_without_a_try_where_the_kernel_tells_of_all_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tells_all: bool
) -> None:
    tries = []

    def flock(descriptor: int, how: int) -> None:
        tries.append(how)
        fcntl_flock(descriptor, how)

    fcntl_flock, lock = fcntl.flock, tmp_path / "lock"
    monkeypatch.setattr("console.host_lock._tells_all", lambda _descriptor: tells_all)
    with host_lock(lock, deadline=0, clock=CLOCK):
        monkeypatch.setattr(fcntl, "flock", flock)
        assert holder_of(lock) == (True, os.getpid())
        assert tries == []
    tries.clear()
    assert holder_of(lock) == (False, None)
    assert len(tries) == (0 if tells_all else 1)


def test_a_lock_that_the_kernel_has_told_of_only_at_the_second_time_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []

    def read_text(file: Path, encoding: str, errors: str) -> str:
        reads.append(file)
        return whole(file, encoding, errors) if len(reads) > 1 else ""

    whole = Path.read_text
    monkeypatch.setattr("console.host_lock._tells_all", lambda _descriptor: True)
    with host_lock(tmp_path / "lock", deadline=0, clock=CLOCK):
        monkeypatch.setattr(Path, "read_text", read_text)
        assert holder_of(tmp_path / "lock") == (True, os.getpid())


def test_a_child_that_was_forked_meanwhile_does_not_keep_the_lock(tmp_path: Path) -> None:
    go_on, told = os.pipe()
    with host_lock(tmp_path / "lock", deadline=0.1, clock=CLOCK):
        child = os.fork()
        if child == 0:
            os.close(told)
            os.read(go_on, 1)
            os._exit(0)
    try:
        with host_lock(tmp_path / "lock", deadline=0, clock=CLOCK):
            pass
    finally:
        os.close(told)
        os.waitpid(child, 0)
        os.close(go_on)


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), host_lock(tmp_path / "lock", deadline=0.1, clock=CLOCK):
        raise ZeroDivisionError
    with host_lock(tmp_path / "lock", deadline=0, clock=CLOCK):
        pass


def test_a_lock_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(LockError, match=r"no/lock: no such file or directory$"),
        host_lock(tmp_path / "no" / "lock", deadline=0, clock=CLOCK),
    ):
        raise AssertionError


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two people")
def test_who_shares_the_folder_can_take_a_lock_that_anothers_strict_umask_made() -> None:
    def work() -> str:
        try:
            with host_lock(office.state / "kill" / "lock", deadline=0, clock=CLOCK):
                return "had it"
        except LockError as error:
            return str(error)

    with shared_office({}) as office:
        assert [as_user(uid, work, umask=0o077) for uid in (54301, 54302)] == ["had it", "had it"]
