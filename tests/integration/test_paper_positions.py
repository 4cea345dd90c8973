"""The paper engine's commands that real engines have scripts for, on a real engine."""

import select
import subprocess
from pathlib import Path

from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import run, start
from tests.waiting import DEADLINE, eventually


def paper(state: Path, command: str) -> "subprocess.CompletedProcess[str]":
    return run_here(state, "paper", command, "--state", str(state))


def test_the_books_are_verified_and_synced_with_the_exchange(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with PaperProcess(state, "--scenario", "sync-errors") as engine:
        eventually(lambda: paper(state, "verify-positions").returncode == 1, every=0.5)
        engine.post("/control/kill", reason="they differ")
        synced = paper(state, "sync-positions")
        assert synced.stdout.splitlines()[-1] == "every position agrees"
        assert "synced ADAUSDT: books" in synced.stdout
        again = paper(state, "sync-positions")
        assert (again.returncode, again.stdout) == (0, "every position agrees\n")
        assert engine.stop() == 0
    gone = paper(state, "verify-positions")
    assert (gone.returncode, "no paper engine runs here" in gone.stderr) == (2, True)


def test_an_engine_is_stopped_and_started_as_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with PaperProcess(state, "--symbols", "3", "--seed", "7") as engine:
        stopped = paper(state, "stop")
        assert (stopped.returncode, stopped.stdout) == (
            0,
            f"stopped: process {engine.process.pid} has ended\n",
        )
    with start(tmp_path, "paper", "start", "--state", str(state)) as again:
        try:
            eventually(lambda: "started: 11 symbols, seed 7" in engine.log().splitlines()[-1])
            assert again.stdout is not None
            assert select.select([again.stdout], [], [], DEADLINE)[0], "it says nothing"
            runs, _, ends = again.stdout.readline().partition("; ")
            assert runs.startswith(f"paper engine runs: process {again.pid}, metrics at http://127.0.0.1:")
            assert f"opsconsole paper stop --state {state} the engine only" in ends
        finally:
            again.terminate()
            again.wait(DEADLINE)
            ended = run(tmp_path, "paper", "stop", "--exchange", "--state", str(state))
    assert (ended.returncode, ended.stdout) == (0, "the exchange has ended\n")
