"""Runs that a drill has left open: those of its own are ended, or it is said why not."""

import os
from pathlib import Path

import pytest

from console.domain.clock import SystemClock
from console.runbooks.run import STANDBY, Driver, Run, StepRun
from console.runbooks.store import own_store
from console.settings_file import load_settings
from console.wiring.drill_runs import DrillRuns

OLDER = """\
title: Stop it
use: always
risk: lowers
steps:
  - {name: look, text: It can be seen., check: seen_by_an_older_console}
"""
"""A runbook as a console took it that knew another check."""
OURS = "4194304-1"
"""A process that can't be: its number is beyond the largest."""


@pytest.fixture
def runs(tmp_path: Path) -> DrillRuns:
    file = tmp_path / "console.yaml"
    file.write_text("contexts: {paper: {environment: paper, colour: cyan}}")
    settings = load_settings(config=file, state=tmp_path / "state", environ={"HOME": str(tmp_path)})
    return DrillRuns(settings, file, SystemClock(), {}, lambda _line: None)


def leave(runs: DrillRuns, user: str, process: str) -> None:
    """An open run of this driver, begun at 100."""
    driver = Driver(user, os.uname().nodename, process)
    run = Run("run-1", "stop_it", "paper", OLDER, {}, 100.0, driver=driver, steps=(StepRun("look"),))
    own_store(runs.settings.state).create(run, "dana")


def ended(runs: DrillRuns, since: float) -> list[str]:
    return [*runs.end(("stop_it", "recovery"), (OURS,), since, "drill")]


def test_one_that_this_console_cannot_read_is_told_and_breaks_nothing_off(runs: DrillRuns) -> None:
    leave(runs, "dana", OURS)
    (told,) = ended(runs, 50.0)
    assert told.startswith("run run-1 is open: run run-1:5:5: a step has a check")
    assert "\n" not in told
    assert told.endswith(": opsconsole runbook abort run-1 --reason drill")


def test_one_that_a_standby_has_taken_over_since_is_the_drills(runs: DrillRuns) -> None:
    leave(runs, f"dana{STANDBY}", "4194304-2")
    assert ended(runs, 150.0) == []  # it was begun before
    assert len(ended(runs, 50.0)) == 1
    assert runs.reasons((OURS,), 50.0) == {"run run-1"}
    assert runs.reasons((OURS,), 150.0) == set()


def test_one_of_another_is_let_be(runs: DrillRuns) -> None:
    leave(runs, "dana", "4194304-2")
    assert ended(runs, 50.0) == []
