"""The command `engine`: what it tells, and its exit codes."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.command import run_here
from tests.unit.actions.engine.programs import OBEDIENT, STUBBORN, is_running, pid_file, running

SETTINGS = """\
contexts:
  prod:
    environment: production
    colour: red
    processes: {pid_files: [engine.pid]}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "console.yaml").write_text(SETTINGS)
    return tmp_path


def engine(home: Path, *arguments: str) -> "CompletedProcess[str]":
    given = ("--config", str(home / "console.yaml"), "--state", str(home / "state"))
    return run_here(home, "engine", *arguments, *given)


def test_a_stop_tells_of_each_process_and_that_all_have_ended(home: Path) -> None:
    with running(STUBBORN) as program:
        pid_file(home, program)
        done = engine(home, "stop", "--reason", "a test", "--grace", "100ms")
    told = done.stdout.splitlines()
    assert done.returncode == 0
    assert told[0].startswith(f"forced         process {program.pid} (python")
    assert told[1:] == ["journal        recorded", "STOPPED: every process of the engine has ended"]


def test_a_second_stop_says_that_it_is_over(home: Path) -> None:
    (home / "engine.pid").write_text("4194305\n")
    done = engine(home, "stop")
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        f"over           process 4194305 of {home}/engine.pid has ended",
    )


def test_what_cannot_be_told_has_a_code_of_its_own(home: Path) -> None:
    (home / "engine.pid").write_text("nonsense")
    done = engine(home, "stop", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit_code"], document["done"]) == (3, 3, None)
    assert document["doubts"] == [f"{home}/engine.pid: holds no pid of an engine"]
    assert engine(home, "status").returncode == 3


def test_a_mistake_in_the_settings_stops_no_stop(home: Path) -> None:
    (home / "console.yaml").write_text(f"{SETTINGS}    quiet_after: never\n")
    with running(OBEDIENT) as program:
        pid_file(home, program)
        done = engine(home, "stop")
        assert not is_running(program.pid)
    assert done.returncode == 0
    assert "SETTINGS: " in done.stderr
    assert done.stderr.endswith("Stopped by the rest of them.\n")


def test_the_status_is_a_table(home: Path) -> None:
    with running(OBEDIENT) as program:
        pid_file(home, program)
        told = engine(home, "status").stdout.splitlines()
        document = json.loads(engine(home, "status", "--json").stdout)
    assert told[0].split() == ["WHAT", "PID", "STARTED", "FOR", "USER", "CODE", "KNOWN", "BY"]
    assert told[1].split()[1] == str(program.pid)
    assert told[1].endswith("unknown  pid file engine.pid")
    assert told[2] == "code           unknown: the context names no code"
    assert (document["ended"], document["processes"][0]["pid"]) == (False, program.pid)


@pytest.mark.parametrize("grace", ["soon", "2h", "-1s"])
def test_a_grace_is_a_duration(home: Path, grace: str) -> None:
    done = engine(home, "stop", f"--grace={grace}")
    assert done.returncode == 2
    assert "--grace" in done.stderr
