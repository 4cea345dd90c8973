"""Drills that are broken off: everything is put back all the same, and none counts as passed."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.actions.open_drills import open_drill
from console.paper_client import scenarios
from console.runbooks.run import Standing
from console.sources.engine import is_alive, read_engine_file
from tests.integration.paper_process import PaperProcess
from tests.integration.rollbacks import Operator, operated
from tests.waiting import eventually

PATIENCE = 120.0


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    with (
        PaperProcess(tmp_path / "engine", "--symbols", "2") as engine,
        operated(Operator(engine, tmp_path / "home")) as made,
    ):
        yield made


def broken_off(
    operator: Operator, name: str, scenario: str, step: str, how: signal.Signals
) -> tuple[int, str]:
    """A drill that is sent a signal when this step has been begun: its exit code, and what it said."""
    process = operator.begin("drill", "rollback", name, "--scenario", scenario)
    until = time.monotonic() + PATIENCE
    try:
        while (run := operator.run_of(name)) is None or run.standing.over or run.step(step).attempt == 0:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(how)
        said, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    return process.returncode, said


def assert_as_it_was(operator: Operator, flags: bytes, version: bytes) -> None:
    """Nothing of the drill is left: flags, code, engine, configuration, kill switch, runs."""
    engine = read_engine_file(operator.engine_file)
    assert engine is not None
    assert is_alive(engine)
    assert engine.text("configuration") == "futures"
    assert Path(str(engine.raw["flags_file"])).read_bytes() == flags
    assert (operator.engine_file.parent / "app" / "VERSION").read_bytes() == version
    assert not Path(engine.raw["kill_switch"]["flag"]).exists()  # type: ignore[index]
    assert scenarios(engine)[0] == "calm"
    assert [run.id for run in operator.store.latest("paper") if not run.standing.over] == []
    assert open_drill(operator.state, "paper") is None


def last_drill(operator: Operator, name: str) -> tuple[bool, str]:
    """What is kept of the last drill: whether it passed, and how it ended."""
    kept = json.loads((operator.state / "drills.json").read_text())[name]
    assert kept["seconds"] > 0
    return kept["passed"], kept["words"]


@pytest.mark.campaign
def test_one_that_is_broken_off_puts_everything_back_and_has_not_passed(operator: Operator) -> None:
    flags = Path(operator.engine.file["flags_file"]).read_bytes()
    version = (operator.engine.state / "app" / "VERSION").read_bytes()
    code, said = broken_off(operator, "rollback_shadow", "calm", "lowered", signal.SIGTERM)
    assert code == 1, said
    assert "opsconsole: SIGTERM: the drill is broken off, and everything put back" in said
    passed, words = last_drill(operator, "rollback_shadow")
    assert (passed, words.rpartition(" ")[0]) == (False, "broken off by SIGTERM at the step")
    run = operator.run_of("rollback_shadow")
    assert run is not None
    assert run.standing is Standing.ABORTED
    assert_as_it_was(operator, flags, version)


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("name", "scenario", "step"),
    [
        ("rollback_shadow", "sync-errors", "fills"),
        ("rollback_off", "calm", "off"),
        ("rollback_configuration", "calm", "ended"),
        ("rollback_full", "crash", "release"),
        ("rollback_full", "calm", "stopped"),
        ("rollback_coin_quick", "calm", "removed"),
        ("rollback_coin_full", "calm", "restore"),
        ("rollback_coin_full", "calm", "start"),
    ],
)
def test_what_one_has_left_that_was_killed_is_put_back_by_the_command(
    operator: Operator, name: str, scenario: str, step: str
) -> None:
    flags = Path(operator.engine.file["flags_file"]).read_bytes()
    version = (operator.engine.state / "app" / "VERSION").read_bytes()
    code, said = broken_off(operator, name, scenario, step, signal.SIGKILL)
    assert code == -signal.SIGKILL, said
    ways = json.loads(operator.do("rollback", "list", "--json")[1])["ways"]
    assert [way["drilled"]["passed"] for way in ways if way["runbook"] == name] == [False]
    told = operator.done("drill", "back")
    assert told.rstrip().endswith("everything is as it was before the drill"), told
    assert_as_it_was(operator, flags, version)
    assert last_drill(operator, name)[0] is False
    assert operator.done("drill", "back") == "no drill has left anything\n"


@pytest.mark.campaign
def test_the_next_drill_puts_back_first_what_one_has_left(operator: Operator) -> None:
    broken_off(operator, "rollback_configuration", "calm", "ended", signal.SIGKILL)
    told = json.loads(operator.done("drill", "rollback", "off", "--scenario", "calm", "--json"))
    assert (told["passed"], told["left"]) == (True, [])
    assert last_drill(operator, "rollback_configuration")[0] is False
    eventually(lambda: open_drill(operator.state, "paper") is None)
