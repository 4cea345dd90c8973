"""`opsconsole kill`, as it is run on a broken evening, against real engines."""

import errno
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from console.actions.kill.switch import KillSwitch
from console.audit.files import records
from console.audit.record import Phase
from console.cli.kill import _code_of, is_proven, kill
from console.domain.kill_state import KillState, Verdict
from console.domain.last_trip import last_trip_from
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import COMMAND, PATIENT, environment, run
from tests.unit.actions.contexts import settings_with
from tests.waiting import DEADLINE, eventually

PROVEN = Verdict(KillState.TRIPPED, "", acknowledged=True, confirmed=True)
HEAD = "contexts:\n  prod:\n    environment: production\n    colour: red\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the settings of an engine that has nothing but files."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "flags.yaml").write_text("global_kill_switch: false  # all\nfeatures: {}\n")
    lines = (
        "    kill_switch: {flag: engine/flag, state: engine/state.json}\n    flags_file: engine/flags.yaml\n"
    )
    (tmp_path / "console.yaml").write_text(HEAD + lines)
    return tmp_path


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path_factory.mktemp("paper") / "state") as running:
        yield running


def trip(
    home: Path, *arguments: str, more: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return run_here(home, "kill", "trip", *_files(home), *arguments, more=more)


def _files(home: Path) -> list[str]:
    return ["--config", str(home / "console.yaml"), "--state", str(home / "state"), "--reason", "margin call"]


def test_a_trip_that_the_engine_acknowledges_is_zero_and_then_status_is_too(
    engine: PaperProcess, tmp_path: Path
) -> None:
    state = str(engine.state)
    assert _status(tmp_path, state) == (3, "clear", None)
    words = ("--state", state, "--reason", "margin call", "--wait", "60")
    done = run(tmp_path, "kill", "trip", *words, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"], told["acknowledged"]) == (0, "tripped", True)
    assert {each["name"]: each["state"] for each in told["actuators"]} == dict.fromkeys(
        ("flag file", "state file", "http", "feature flags", "database"), "done"
    )
    assert engine.tripped()
    assert _status(tmp_path, state) == (0, "tripped", "margin call")


def test_when_the_engine_acknowledged_it_is_kept_for_the_next_login(
    engine: PaperProcess, tmp_path: Path
) -> None:
    engine.post("/control/kill")
    eventually(engine.tripped)
    again = ("--state", str(engine.state), "--reason", "once more", "--wait", "60")
    done = run_here(tmp_path, "kill", "trip", *again)
    assert done.returncode == 0
    last = last_trip_from(json.loads((engine.state / "kill" / "paper.json").read_text()))
    assert last.acknowledged is not None
    assert last.acknowledged >= last.at


def test_what_the_engine_said_before_the_trip_or_of_another_one_proves_nothing() -> None:
    assert not is_proven(Verdict(KillState.TRIPPED, "", acknowledged=True, trip=5.0), 5.0)
    assert not is_proven(replace(PROVEN, trip=4.0), 5.0)
    assert not is_proven(replace(PROVEN, trip=None), 5.0)
    assert is_proven(replace(PROVEN, trip=5.0), 5.0)


def test_an_engine_that_does_not_listen_is_one_with_the_cause(tmp_path: Path) -> None:
    with PaperProcess(tmp_path / "state") as deaf:
        deaf.scenario("deaf")
        eventually(lambda: "scenario deaf" in deaf.log())
        state = str(deaf.state)
        done = run_here(
            tmp_path, "kill", "trip", "--state", state, "--reason", "margin call", "--wait", "1.5"
        )
    assert done.returncode == 1
    assert "the engine says that it is clear" in done.stdout.splitlines()[-1]


def test_what_is_only_written_is_one(home: Path) -> None:
    done = trip(home, "--wait", "0")
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "flag", "state", "feature", "journal", "WRITTEN:",
    ]  # fmt: skip
    assert (home / "engine" / "flag").read_bytes() == b"1"


def test_where_nothing_can_be_written_it_is_three_and_says_why(home: Path) -> None:
    for file in (home / "engine").iterdir():
        file.unlink()
    (home / "engine").rmdir()
    done = trip(home)
    assert done.returncode == 3
    assert f"{home}/engine/flag: no such file or directory" in done.stdout
    assert done.stdout.endswith("NOTHING WRITTEN\n")


def test_what_cannot_stop_one_account_alone_says_so(home: Path) -> None:
    done = trip(home, "--scope", "coin")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        3,
        "NOTHING WRITTEN: the context names nothing that stops this",
    )


@pytest.mark.parametrize("arguments", [[], ["--reason", " "], ["--reason", "x", "--scope", "all of it"]])
def test_a_trip_without_a_reason_or_with_another_scope_is_bad_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(kill, ["trip", *arguments]).exit_code == 2


def test_a_mistake_in_the_settings_does_not_stop_a_trip_where_they_were_valid_before(home: Path) -> None:
    assert run_here(home, "kill", "status", *_files(home)[:4]).stderr == ""
    with (home / "console.yaml").open("a") as file:
        file.write("  other: {environment: production, colour: rad}\n")
    done = trip(home, "--wait", "0")
    assert done.returncode == 1
    assert (home / "engine" / "flag").read_bytes() == b"1"
    assert done.stderr.startswith(f"opsconsole: SETTINGS: {home}/console.yaml:7:44: ")
    assert done.stderr.endswith(" Tripped by those that were last found valid.\n")


def test_a_settings_file_on_a_disk_that_hangs_does_not_stop_a_trip(home: Path) -> None:
    assert run(home, "kill", "status", *_files(home)[:4]).stderr == ""
    (home / "console.yaml").unlink()
    os.mkfifo(home / "console.yaml")  # whoever opens it waits
    done = run(home, "kill", "trip", *_files(home), "--wait", "0")
    assert (done.returncode, (home / "engine" / "flag").read_bytes()) == (1, b"1")
    assert done.stderr == (
        f"opsconsole: SETTINGS: {home}/console.yaml: no answer within 0.2 s. "
        "Tripped by those that were last found valid.\n"
    )


@pytest.mark.parametrize("variable", ["OPSCONSOLE_POLL__METRICS__INTERVAL", "OPSCONSOLE_POLL__NOTHING"])
def test_a_variable_that_no_trip_needs_does_not_stop_one(home: Path, variable: str) -> None:
    done = trip(home, "--wait", "0", more={variable: "soon"})
    assert (done.returncode, (home / "engine" / "flag").read_bytes()) == (1, b"1")
    assert done.stderr.startswith(f"opsconsole: SETTINGS: {variable}: ")
    assert done.stderr.endswith(" Tripped without such variables.\n")


def test_a_mistake_in_settings_that_never_were_valid_is_three(home: Path) -> None:
    (home / "console.yaml").write_text("contexts: {")
    done = trip(home)
    assert done.returncode == 3
    assert done.stderr.endswith("; nothing is tripped: no settings were found valid before\n")


@pytest.mark.parametrize(("flag", "code"), [("engine/flag", 1), ("nowhere/flag", 3)])
def test_what_breaks_down_after_a_trip_is_never_bad_usage(
    flag: str, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr("console.cli.kill._follow", lost)
    monkeypatch.setenv("HOME", str(home))
    (home / "console.yaml").write_text(f"{HEAD}    kill_switch: {{flag: {flag}}}\n")
    done = CliRunner().invoke(kill, ["trip", *_files(home)])
    assert (done.exit_code, (home / "engine" / "flag").exists()) == (code, code == 1)
    assert "what comes after it broke down: [Errno 5] Input/output error" in done.stderr


def test_zero_needs_an_engine_that_has_said_it_after_the_trip(home: Path) -> None:
    fired = KillSwitch(settings_with(home, "kill_switch: {flag: engine/flag}")).trip("margin")
    assert _code_of(fired, replace(PROVEN, confirmed=False, trip=fired.at)) == 1
    assert _code_of(fired, replace(PROVEN, trip=fired.at)) == 0


def test_a_terminal_that_is_lost_mid_way_does_not_end_a_trip(home: Path) -> None:
    text = (home / "console.yaml").read_text()
    stop = f"commands: {{trip_kill_switch: [sh, -c, 'sleep 0.3; echo done > {home}/engine/stopped']}}"
    (home / "console.yaml").write_text(f"{text}    {stop}\n")
    with subprocess.Popen(
        [*COMMAND, "kill", "trip", *_files(home), "--wait", "0"],
        env=environment(home),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        eventually((home / "engine" / "flag").exists)
        process.stdout.close()
        process.send_signal(signal.SIGHUP)
        assert process.wait(DEADLINE) == 1
    assert (home / "engine" / "stopped").exists()
    assert [each.phase for each in records(home / "state" / "audit")] == [Phase.INTENT, Phase.OUTCOME]


def test_a_full_pipe_that_nobody_reads_does_not_hold_up_a_trip(home: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while os.write(writing, bytes(4096)):
            pass
    os.set_blocking(writing, True)
    command = [*COMMAND, "kill", "trip", *_files(home), "--wait", "0"]
    with subprocess.Popen(command, env=environment(home), stdout=writing, stderr=writing) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(DEADLINE)
        process.kill()
    assert process.returncode == 1
    assert (home / "engine" / "flag").read_bytes() == b"1"
    assert [each.phase for each in records(home / "state" / "audit")] == [Phase.INTENT, Phase.OUTCOME]
    os.close(reading)
    os.close(writing)


def _status(home: Path, state: str) -> tuple[int, str, str | None]:
    done = run_here(home, "kill", "status", "--state", state, "--json", more=PATIENT)
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["engine"]["age"] is not None
    return done.returncode, told["state"], told["trip"] and told["trip"]["reason"]
