"""Which processes are an engine's: by pid and start, and never by what they look like."""

import fcntl
import os
import resource
import threading
import time
from pathlib import Path

import pytest

from console.actions.engine import processes
from console.actions.engine.process import HiddenError, start_seen
from console.actions.engine.processes import processes_of
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.engine.programs import (
    OBEDIENT,
    PARENT,
    STUBBORN,
    aged,
    engine_file,
    is_at_work,
    pid_file,
    running,
)

BY_PID_FILE = "processes: {pid_files: [engine.pid]}"


def test_the_process_of_a_pid_file_is_known_by_pid_and_start(tmp_path: Path) -> None:
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        now = processes_of(settings_with(tmp_path, BY_PID_FILE))
        (found,) = now.found
        assert (found.pid, found.known, now.doubts) == (program.pid, ("pid file engine.pid",), ())
        assert abs(found.began - time.time()) < 600
        program.kill()
        program.wait()
        after = processes_of(settings_with(tmp_path, BY_PID_FILE))
    assert (after.found, after.ended) == ((), True)
    assert after.over == (f"process {program.pid} of {tmp_path}/engine.pid has ended",)


def test_one_that_nobody_has_waited_for_has_ended(tmp_path: Path) -> None:
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        program.kill()
        os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
        assert processes_of(settings_with(tmp_path, BY_PID_FILE)).ended is True


def test_a_process_that_was_given_the_number_of_a_stale_pid_file_is_another(tmp_path: Path) -> None:
    with running(OBEDIENT) as program:
        aged(pid_file(tmp_path, program), 60)
        now = processes_of(settings_with(tmp_path, BY_PID_FILE))
    assert (now.found, now.ended) == ((), None)
    assert f"process {program.pid} (python" in now.doubts[0]
    assert "began after it was written, and isn't taken for the engine's" in now.doubts[0]


def test_the_number_of_a_thread_is_no_process(tmp_path: Path) -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        (tmp_path / "engine.pid").write_text(str(thread.native_id))
        assert processes_of(settings_with(tmp_path, BY_PID_FILE)).ended is True
    finally:
        over.set()
        thread.join()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that belongs to somebody else")
def test_a_pid_file_of_somebody_else_proves_nothing(tmp_path: Path) -> None:
    with running(OBEDIENT) as program:
        os.chown(pid_file(tmp_path, program), 12345, 12345)
        now = processes_of(settings_with(tmp_path, BY_PID_FILE))
    assert (now.found, now.ended) == ((), None)
    assert now.doubts[0].endswith(f"belongs to uid 12345, process {program.pid} to root: it proves nothing")


def test_no_pid_file_says_that_none_runs_where_there_is_its_folder(tmp_path: Path) -> None:
    there = processes_of(settings_with(tmp_path, BY_PID_FILE))
    assert (there.ended, there.over) == (True, (f"there is no {tmp_path}/engine.pid",))
    gone = processes_of(settings_with(tmp_path, "processes: {pid_files: [run/engine.pid]}"))
    assert (gone.ended, gone.doubts) == (None, (f"{tmp_path}/run/engine.pid: its folder isn't there",))


@pytest.mark.parametrize("content", ["", "engine\n", "1\n", "-5\n", "99999999999\n"])
def test_a_pid_file_that_holds_no_pid_is_a_doubt(tmp_path: Path, content: str) -> None:
    (tmp_path / "engine.pid").write_text(content)
    now = processes_of(settings_with(tmp_path, BY_PID_FILE))
    assert (now.ended, now.doubts) == (None, (f"{tmp_path}/engine.pid: holds no pid of an engine",))


def test_a_pid_file_that_is_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "engine.pid")
    now = processes_of(settings_with(tmp_path, BY_PID_FILE))
    assert now.doubts == (f"{tmp_path}/engine.pid: holds no pid of an engine",)


def test_a_disk_that_hangs_is_a_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    monkeypatch.setattr(processes, "by_pid_file", lambda _file: str(answers.wait(30)))
    monkeypatch.setattr(processes, "PATIENCE", 0.05)
    now = processes_of(settings_with(tmp_path, BY_PID_FILE))
    answers.set()
    assert (now.ended, now.doubts) == (None, (f"{tmp_path}/engine.pid: no answer within 0.05 s",))


def test_the_process_of_an_engine_file_is_the_one_that_began_when_it_says(tmp_path: Path) -> None:
    with running(OBEDIENT) as program:
        file = engine_file(tmp_path, program.pid)
        (found,) = processes_of(settings_with(tmp_path, f"engine_file: {file}")).found
        assert (found.pid, found.known) == (program.pid, ("engine.json",))
        engine_file(tmp_path, program.pid, began=found.began - 60)
        now = processes_of(settings_with(tmp_path, f"engine_file: {file}"))
    assert (now.ended, now.over) == (True, (f"process {program.pid} of engine.json has ended",))


def test_an_engine_that_has_the_folder_is_known_before_it_writes_its_file(tmp_path: Path) -> None:
    file = tmp_path / "engine.json"
    with (tmp_path / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (found,) = processes_of(settings_with(tmp_path, f"engine_file: {file}")).found
        assert (found.pid, found.known) == (os.getpid(), ("holds engine.lock",))
    assert processes_of(settings_with(tmp_path, f"engine_file: {file}")).ended is True


def test_without_anything_that_tells_nothing_is_known(tmp_path: Path) -> None:
    none = processes_of(settings_with(tmp_path))
    assert none.ended is None
    assert none.doubts == ("no process is known: the context names no engine_file, unit or pid file",)
    silent = processes_of(settings_with(tmp_path, "engine_file: engine.json"))
    assert silent.ended is None
    assert "engine.json: no process is known" in silent.doubts[0]


def test_a_pid_file_tells_where_the_engine_file_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "engine.pid").write_text("4194305\n")
    assert processes_of(settings_with(tmp_path, "engine_file: engine.json", BY_PID_FILE)).ended is True


def test_what_several_name_is_told_once(tmp_path: Path) -> None:
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        file = engine_file(tmp_path, program.pid)
        (found,) = processes_of(settings_with(tmp_path, f"engine_file: {file}", BY_PID_FILE)).found
    assert found.known == ("engine.json", "pid file engine.pid")


def test_what_the_engine_has_started_is_told_but_for_its_exchange(tmp_path: Path) -> None:
    with running(PARENT, STUBBORN) as program:
        assert program.stdout is not None
        child = int(program.stdout.readline())
        assert is_at_work(program)
        file = engine_file(tmp_path, program.pid)
        settings = settings_with(tmp_path, f"engine_file: {file}")
        (found,) = processes_of(settings).children
        assert (found.pid, found.known) == (child, (f"child of {program.pid}",))
        exchange = {"pid": child, "start_time": found.began}
        engine_file(tmp_path, program.pid, exchange_process=exchange)
        assert processes_of(settings).children == ()
        engine_file(tmp_path, program.pid, exchange_process={**exchange, "start_time": found.began - 60})
        assert [each.pid for each in processes_of(settings).children] == [child]
        os.kill(child, 9)


def test_a_process_that_is_there_and_can_t_be_looked_at_has_not_ended() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        with pytest.raises(HiddenError, match="can't be seen: Too many open files"):
            start_seen(os.getpid())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
