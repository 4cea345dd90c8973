"""A list names what isn't over: where it stands, and the one command that goes on with it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli.runbook_open import open_lines, open_runs
from console.cli.runbook_told import steps_lines
from console.runbooks.model import Runbook
from console.runbooks.run import Driver, Run, Standing, State, steps_of
from console.runbooks.store import own_store
from console.settings import Settings
from console.settings_memory import shipped_configs
from console.wiring.runbooks import runbook_of_run, runbooks_of
from tests.unit.actions.contexts import settings_with

TEXT = (shipped_configs() / "runbooks" / "rollback_off.yaml").read_text()
GONE = Driver("dana", os.uname().nodename, "1-1")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_with(tmp_path)


def kept(settings: Settings, text: str = TEXT, driver: Driver = GONE) -> Run:
    """A run of `rollback_off` whose first step waits for a person."""
    (settings.state / "runs").mkdir(parents=True)
    values = {"feature": "risk_guard"}
    run = Run("rollback_off-1", "rollback_off", "prod", text, values, 1000.0, driver=driver)
    first, *rest = steps_of(runbook_of_run(replace(run, text=TEXT)))
    first = replace(first, state=State.WAITING, words="two words")
    return own_store(settings.state).create(replace(run, steps=(first, *rest)), "dana")


def told(settings: Settings) -> list[str]:
    return list(open_lines(open_runs(settings)))


def test_a_run_that_nobody_drives_is_gone_on_with(settings: Settings) -> None:
    run = kept(settings)
    assert told(settings) == [
        f"OPEN RUN       {run.id}, open, stands at {run.steps[0].name} (waiting: two words)",
        f"go on by       opsconsole runbook resume {run.id}",
    ]


def test_a_run_that_somebody_drives_is_watched(settings: Settings) -> None:
    elsewhere = Driver("ann", "another-host", "1-1")
    run = kept(settings, driver=elsewhere)
    assert told(settings)[0].endswith(", driven by ann@another-host (process 1)")
    assert told(settings)[1] == f"watch by       opsconsole runbook watch {run.id}"


def test_a_runbook_is_shown_by_its_name_with_what_begins_it(settings: Settings) -> None:
    found = runbooks_of(settings)["rollback_off"]
    assert isinstance(found, Runbook)
    lines = list(steps_lines(found))
    assert lines[0] == f"rollback_off: {found.title}, {len(found.steps)} steps, risk: lowers"
    assert [line.split()[0] for line in lines[-len(found.steps) - 1 : -1]] == [s.name for s in found.steps]
    assert lines[-1].endswith("opsconsole runbook run rollback_off --dry-run")


def test_a_run_that_is_over_is_not_named(settings: Settings) -> None:
    run, store = kept(settings), own_store(settings.state)
    store.become(run, Standing.ABORTING, 1001.0, "dana", "no")
    assert told(settings)[0].startswith(f"OPEN RUN       {run.id}, aborting, stands at ")
    store.become(store.find(run.id), Standing.ABORTED, 1002.0, "dana", "undone")
    assert told(settings) == []


def test_one_whose_text_can_t_be_read_is_named_with_what_ends_it(settings: Settings) -> None:
    kept(settings, "title: what an older console took")
    assert "stands at a step that isn't known" in told(settings)[0]
    assert told(settings)[1] == "end it by      opsconsole runbook abort rollback_off-1 --reason REASON"
    found = open_runs(settings)
    assert not isinstance(found, str)
    (document,) = (each.document for each in found)
    assert (document["run"], document["driven"]) == ("rollback_off-1", False)


def test_that_they_can_t_be_read_is_said(settings: Settings) -> None:
    (settings.state / "runs").mkdir(parents=True)
    (settings.state / "runs" / "runs.db").write_text("no database" * 1000)
    assert told(settings)[0].startswith("unknown        open runs: ")
