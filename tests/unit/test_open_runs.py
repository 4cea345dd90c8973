"""Open runs as the overview reads them: in whose hands each is, and nothing made where there are none."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.open_drills import Before, OpenDrill, begin_drill, end_drill, keep_open
from console.audit.actor import this_actor
from console.domain.clock import SystemClock
from console.runbooks.run import Driver, Run, Standing, StepRun
from console.runbooks.seen import Hands
from console.runbooks.store import own_store
from console.settings import Settings
from console.settings_file import load_settings
from console.wiring.open_runs import OpenRuns


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "console.yaml"
    file.write_text("contexts: {paper: {environment: paper, colour: cyan}}")
    return load_settings(config=file, state=tmp_path / "state", environ={"HOME": str(tmp_path)})


@pytest.fixture
def open_runs(settings: Settings) -> OpenRuns:
    return OpenRuns(settings, SystemClock(), {})


def keep(settings: Settings, name: str, driver: Driver, context: str = "paper") -> Run:
    run = Run(f"{name}-1", name, context, "steps: []", {}, 100.0, driver=driver, steps=(StepRun("look"),))
    return own_store(settings.state).create(run, "dana")


def test_where_runs_were_never_kept_nothing_is_made(settings: Settings, open_runs: OpenRuns) -> None:
    assert open_runs.found() == ()
    assert not (settings.state / "runs").exists()


def test_each_run_that_is_not_over_is_told_with_whose_hands_it_is_in(
    settings: Settings, open_runs: OpenRuns
) -> None:
    me = this_actor({})
    here = Driver(me.user, me.host, me.process)
    keep(settings, "own", here)
    keep(settings, "gone", replace(here, process="4194304-1"))  # a number that no process has
    keep(settings, "elsewhere", replace(here, host="desk-2"))
    keep(settings, "of_another_context", here, "prod")
    over = keep(settings, "over", here)
    own_store(settings.state).become(over, Standing.PASSED, 200.0, "dana", "no more")
    found = open_runs.found()
    assert not isinstance(found, str)
    assert {run.runbook: hands for run, hands in found} == {
        "own": Hands.OWN,
        "gone": Hands.NOBODY,
        "elsewhere": Hands.OTHERS,
    }
    assert all(run.step("look") for run, _ in found)


def test_what_cannot_be_read_is_said_in_one_line(settings: Settings, open_runs: OpenRuns) -> None:
    (settings.state / "runs").mkdir(parents=True)
    (settings.state / "runs" / "runs.db").write_bytes(b"no database" * 100)
    found = open_runs.found()
    assert isinstance(found, str)
    assert "the runs can't be kept" in found
    assert "\n" not in found


def test_a_run_as_only_a_newer_console_knows_it_is_said_too(settings: Settings, open_runs: OpenRuns) -> None:
    keep(settings, "own", Driver("dana", "desk-2", "1-1"))
    with closing(sqlite3.connect(settings.state / "runs" / "runs.db")) as rows, rows:
        rows.execute("UPDATE opsconsole_runs SET standing = 'later'")
    why = "run own-1 can't be read: 'later' is not a valid Standing; a newer console may have kept it"
    assert open_runs.found() == why
    keep(settings, "known", Driver("dana", "desk-2", "1-1"))
    found = open_runs.found()
    assert not isinstance(found, str)
    assert [run.id for run, _ in found] == ["known-1"]  # and is no reason to hide another
    with closing(sqlite3.connect(settings.state / "runs" / "runs.db")) as rows, rows:
        rows.execute("DELETE FROM opsconsole_runs WHERE id = 'known-1'")
        rows.execute("UPDATE opsconsole_runs SET open_as = NULL")
    assert open_runs.found() == ()


def test_a_drill_is_told_for_as_long_as_it_may_have_changed_something(
    settings: Settings, open_runs: OpenRuns
) -> None:
    assert open_runs.drill() == ""
    me, clock = this_actor({}), SystemClock()
    before = Before(1, "futures", "calm")
    drill = OpenDrill("paper", "rollback_full", "crash", 1.0, 1.0, "bob", me.host, (me.process,), before)
    begin_drill(settings.state, drill, clock)
    assert open_runs.drill() == "rollback full under crash, by bob"
    keep_open(settings.state, drill, replace(drill, processes=("4194304-1",)), clock)
    assert open_runs.drill().endswith("BROKEN OFF, opsconsole drill back puts back what it has left")
    end_drill(settings.state, "paper")
    assert open_runs.drill() == ""
