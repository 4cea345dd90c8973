"""A drill that breaks off is kept as not passed, and everything is put back; else it stays written down."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.drills import drills_file
from console.actions.open_drills import Before, OpenDrill, begin_drill, open_drill
from console.domain.assessment import Assessment
from console.domain.clock import SystemClock
from console.domain.kill_state import KillState, Verdict
from console.runbooks.run import Run, Standing
from console.runbooks.store import StoreError
from console.settings_file import load_settings
from console.sources.engine import EngineFile
from console.wiring.drill_back import PutBack
from console.wiring.drill_ground import DrillError, DrillGround
from console.wiring.drill_runs import DrillRuns
from console.wiring.drill_signals import BrokenOffError
from console.wiring.drills import Drill
from tests.unit.domain.rollouts import ALL_LIVE, at, engine, flags, judged

LIVE = [*judged([at(0, flags("guard: {stage: production}"), engine(ALL_LIVE))])][-1]
CLEAR = replace(LIVE, kill=Verdict(KillState.CLEAR, ""))


@pytest.fixture
def drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drill:
    """One of an engine that answers, and is CLEAR; nothing of it is changed."""
    file = tmp_path / "console.yaml"
    file.write_text("contexts: {paper: {environment: paper, colour: cyan, engine_file: engine.json}}")
    monkeypatch.setattr(DrillGround, "engine", lambda _: EngineFile(7, 0.0, {}))
    monkeypatch.setattr(DrillGround, "scenario", lambda *_: "calm")
    monkeypatch.setattr(DrillGround, "switch", lambda *_: None)
    monkeypatch.setattr(PutBack, "known", lambda _: CLEAR)
    settings = load_settings(config=file, state=tmp_path / "state", environ={"HOME": str(tmp_path)})
    return Drill(settings, lambda _line: None)


def breaking(monkeypatch: pytest.MonkeyPatch, error: Exception, left: tuple[str, ...]) -> list[OpenDrill]:
    """Have the run break off at its second step, and this be left; what is put back is in the list."""
    seen = list[OpenDrill]()

    def whole(runs: DrillRuns, _name: str, _values: Mapping[str, str]) -> Run:
        runs.latest, runs.at = "run-1", "ended"
        raise error

    def all_of(_: PutBack, of: OpenDrill) -> tuple[str, ...]:
        seen.append(of)
        return left

    monkeypatch.setattr(DrillRuns, "whole", whole)
    monkeypatch.setattr(PutBack, "all_of", all_of)
    return seen


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BrokenOffError("Ctrl+C"), "broken off by Ctrl+C at the step ended"),
        (StoreError("the disk is full\nindeed"), "broken off at the step ended: the disk is full"),
    ],
)
def test_it_has_not_passed_and_everything_is_put_back(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    seen = breaking(monkeypatch, error, ())
    done = drill.practise("rollback_configuration")
    assert (done.run, done.drilled.passed, done.drilled.words, done.left) == ("run-1", False, words, ())
    kept = json.loads(drills_file(tmp_path / "state").read_text())["rollback_configuration"]
    assert (kept["passed"], kept["words"], kept["seconds"] >= 0) == (False, words, True)
    assert [(one.before.configuration, one.ended) for one in seen] == [("futures", True)]
    assert open_drill(tmp_path / "state", "paper") is None


def test_what_is_left_is_told_and_put_back_by_whoever_comes_next(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch, BrokenOffError("Ctrl+C"), ("the engine may not be as before: it hangs",))
    done = drill.practise("rollback_configuration")
    assert done.left == ("the engine may not be as before: it hangs",)
    left = open_drill(tmp_path / "state", "paper")
    assert left is not None
    assert left.ended
    monkeypatch.setattr(OpenDrill, "is_driven", False)
    seen = breaking(monkeypatch, BrokenOffError(""), ())
    assert drill.put_back() == ()
    assert seen[0].processes == (*left.processes, *left.processes)
    assert open_drill(tmp_path / "state", "paper") is None
    assert drill.put_back() is None


def test_what_cannot_be_kept_stays_open_and_is_told(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Assessment:
        raise OSError("no space left")

    breaking(monkeypatch, BrokenOffError("Ctrl+C"), ())
    monkeypatch.setattr("console.wiring.drills.keep_drill", full)
    assert drill.practise("rollback_configuration").left == ("how it ended isn't kept: no space left",)
    left = open_drill(tmp_path / "state", "paper")
    assert left is not None
    assert not left.ended


def test_one_that_passed_and_could_not_be_put_back_is_kept_as_not_passed(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch, BrokenOffError(""), ("the books may not be as before: no answer",))
    passed = Run("run-1", "", "paper", "", {}, 0.0, Standing.PASSED)
    monkeypatch.setattr(DrillRuns, "whole", lambda *_: passed)
    done = drill.practise("rollback_configuration")
    words = "passed, but the books may not be as before: no answer"
    assert (done.drilled.passed, done.drilled.words) == (False, words)
    kept = json.loads(drills_file(tmp_path / "state").read_text())["rollback_configuration"]
    assert (kept["passed"], kept["words"]) == (False, words)


def test_what_an_old_one_has_left_is_put_back_where_a_person_says_so_only(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = breaking(monkeypatch, BrokenOffError("Ctrl+C"), ())
    clock, host = SystemClock(), os.uname().nodename
    last, before = clock.wall() - 7200, Before(7, "futures", "calm", flags="f00", release="r-1")
    old = OpenDrill("paper", "rollback_full", "crash", last, last, "dana", host, ("4194304-1",), before)
    begin_drill(tmp_path / "state", old, clock)
    left = (
        "may have left the scenario (calm), the engine's configuration (futures), the flags file, the code "
        "(release r-1), the kill switch changed: opsconsole drill back"
    )
    with pytest.raises(DrillError) as refused:
        drill.practise("rollback_configuration")
    assert str(refused.value).endswith(left)
    assert (seen, open_drill(tmp_path / "state", "paper")) == ([], old)
    assert drill.put_back() == ()
    assert [one.runbook for one in seen] == ["rollback_full"]
