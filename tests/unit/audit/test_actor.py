"""Who acts, told by the kernel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.audit.actor import process_start, still_runs, this_actor


def test_the_user_is_the_kernels_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = this_actor({})
    for name in ("USER", "LOGNAME", "SUDO_USER", "HOSTNAME"):
        monkeypatch.setenv(name, "mallory")
    assert this_actor(os.environ) == honest
    assert (honest.uid, honest.host) == (os.getuid(), os.uname().nodename)


def test_the_ssh_clients_address_is_kept_as_information() -> None:
    assert this_actor({"SSH_CONNECTION": "fe80::1%eth0 50022 10.0.0.1 22"}).ssh == "fe80::1%eth0"


@pytest.mark.parametrize("claimed", ["", "\x1b[2J 1 2 3", "a" * 61, "mallory.example 1 2 3"])
def test_what_is_no_address_is_left_out(claimed: str) -> None:
    assert this_actor({"SSH_CONNECTION": claimed}).ssh == ""


def test_the_terminal_is_the_one_that_is_open() -> None:
    ours, theirs = os.openpty()
    try:
        code = "from console.audit.actor import this_actor; print(this_actor({}).tty)"
        command = [sys.executable, "-c", code]
        said = subprocess.run(command, stdin=theirs, capture_output=True, text=True, check=True).stdout
        assert said.strip() == os.ttyname(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_process_is_known_by_when_it_began() -> None:
    assert this_actor({}).process == f"{os.getpid()}-{process_start(os.getpid())}"


def test_a_process_that_is_gone_has_no_beginning() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert process_start(gone.pid) is None


def test_a_process_that_has_ended_and_was_not_collected_is_gone() -> None:
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert process_start(ended.pid) is None
    ended.wait()


def test_a_process_runs_until_it_has_ended() -> None:
    sleeper = subprocess.Popen(["sleep", "60"])
    process = f"{sleeper.pid}-{process_start(sleeper.pid)}"
    running = still_runs(process)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert (running, still_runs(process)) == (True, False)
    sleeper.wait()


@pytest.mark.parametrize(("error", "runs"), [(PermissionError, True), (ProcessLookupError, False)])
def test_a_process_that_proc_hides_runs_while_its_number_is_taken(
    monkeypatch: pytest.MonkeyPatch, error: type[OSError], runs: bool
) -> None:
    """As another user sees it, under hidepid=2."""

    def kill(pid: int, signal: int) -> None:
        raise error

    def hidden(file: Path, **kwargs: str) -> str:
        raise FileNotFoundError(file)

    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(Path, "read_text", hidden)
    assert still_runs("4242-17") is runs


@pytest.mark.parametrize("process", ["", "0-0", "-1-5", "12", "9999999999-1", "x-1"])
def test_what_names_no_process_does_not_run(process: str) -> None:
    assert not still_runs(process)
