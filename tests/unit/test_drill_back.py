"""What is put back after a drill: what isn't as before, in an order in which that can be; else it is told."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from console.actions.open_drills import Before, OpenDrill, begin_drill, open_drill_file
from console.audit.actor import this_actor
from console.domain.assessment import Assessment
from console.domain.clock import SystemClock
from console.domain.kill_state import KillState, Verdict
from console.runbooks.run import Run, Standing
from console.sources.engine import EngineFile
from console.wiring.drill_back import PutBack
from console.wiring.drill_ground import DrillError, DrillGround
from console.wiring.drill_runs import DrillRuns
from console.wiring.drill_signals import BrokenOffError
from tests.command import run_here
from tests.unit.actions.contexts import settings_with
from tests.unit.domain.rollouts import ALL_LIVE, at, engine, flags, judged

LIVE = [*judged([at(0, flags("guard: {stage: production}"), engine(ALL_LIVE))])][-1]
BEFORE = Before(7, "futures", "calm", flags="f00", release="r-1")
DRILL = OpenDrill("paper", "rollback_full", "crash", 0.0, 1.0, "dana", "here", ("1-1",), BEFORE)


@dataclass
class Ground(DrillGround):
    """One that writes down what is done to it; `breaks` at what raises the error."""

    configuration: str | None = "futures"
    now: str = "calm"
    release: str = "r-1"
    breaks: Mapping[str, Exception] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    stays: str = ""

    @property
    def folder(self) -> Path:
        return Path("ground")

    def running(self) -> EngineFile | None:
        return (
            None if self.configuration is None else EngineFile(8, 0.0, {"configuration": self.configuration})
        )

    def scenario(self, wanted: str = "") -> str:
        return self.now

    def switch(self, scenario: str) -> None:
        self._do(f"scenario {scenario}")

    def has_release(self, release: str) -> bool:
        return self.release == release

    def release_back(self, release: str) -> None:
        self._do(f"release {release}")

    def start_anew(self, configuration: str) -> None:
        self._do(f"start {configuration}")
        self.configuration = configuration

    def flags_back(self, wanted: str, began: float, ours: Collection[str]) -> str:
        self._do(f"flags {wanted}")
        return self.stays

    def sync(self) -> None:
        self._do("sync")

    def _do(self, what: str, *_: object) -> None:
        error = self.breaks.get(what)
        if error is not None:
            raise error
        self.done.append(what)


@dataclass
class Runs(DrillRuns):
    """Runs of which none is driven: each has ended so."""

    ends: Standing = Standing.PASSED

    def whole(self, name: str, values: Mapping[str, str]) -> Run:
        return Run("run-1", name, "paper", "", values, 0.0, standing=self.ends, driver=None, steps=())

    def end(self, *_: object) -> Iterator[str]:
        yield from ()

    def reasons(self, *_: object) -> Collection[str]:
        return ()


def put_back(
    tmp_path: Path, ground: Ground, *states: KillState, ends: Standing = Standing.PASSED
) -> tuple[tuple[str, ...], list[str]]:
    """What stays otherwise, and what was told; looks find the kill switch in these states, one each."""
    told, left = list[str](), list(states or [KillState.CLEAR])

    def look(*_: str) -> Assessment:
        state = left.pop(0) if len(left) > 1 else left[0]
        return replace(LIVE, kill=Verdict(state, ""))

    runs = Runs(settings_with(tmp_path), None, SystemClock(), {}, told.append, ends=ends)
    return PutBack(ground, runs, look, told.append, lambda _seconds: None).all_of(DRILL), told


def test_where_all_is_as_before_only_the_books_are_synced(tmp_path: Path) -> None:
    ground = Ground()
    left, told = put_back(tmp_path, ground)
    assert (left, ground.done) == ((), ["flags f00", "sync"])
    assert told == [
        "engine         process 8 in place of 7, in the background, until",
        "               opsconsole paper stop --exchange --state ground",
    ]


@pytest.mark.parametrize("found", [Ground(configuration=None), Ground(configuration="spot")])
def test_an_engine_that_is_gone_or_runs_otherwise_is_started_as_it_was(tmp_path: Path, found: Ground) -> None:
    left, _ = put_back(tmp_path, found, KillState.UNKNOWN, KillState.TRIPPED)
    assert (left, found.done) == ((), ["start futures", "flags f00"])  # the recovery has synced the books


def test_code_that_is_put_back_takes_a_start_and_a_scenario_goes_first(tmp_path: Path) -> None:
    ground = Ground(now="sync-errors", release="r-2")
    assert put_back(tmp_path, ground)[0] == ()
    assert ground.done == ["scenario calm", "release r-1", "start futures", "flags f00", "sync"]


def test_what_others_have_changed_of_the_flags_is_told_and_the_rest_is_put_back(tmp_path: Path) -> None:
    ground = Ground(stays="eve has changed guard since, which stays")
    left, told = put_back(tmp_path, ground)
    assert (left, ground.done) == ((), ["flags f00", "sync"])
    assert told[0] == "flags          eve has changed guard since, which stays"


def test_an_engine_that_does_not_answer_is_started_anew(tmp_path: Path) -> None:
    ground = Ground(now="frozen-metrics", breaks={"scenario calm": DrillError("no answer")})
    assert put_back(tmp_path, ground)[0] == ()
    assert ground.done == ["start futures", "flags f00", "sync"]


def test_what_can_t_be_put_back_is_told_with_what_helps_and_nothing_after_it_is_done(tmp_path: Path) -> None:
    ground = Ground(configuration=None, breaks={"start futures": DrillError("it doesn't start\nindeed")})
    left, told = put_back(tmp_path, ground)
    assert left == ("the engine may not be as before: it doesn't start",)
    again = "again          the engine may not be as before: it doesn't start"
    assert (ground.done, told) == ([], [again, again, "engine         none runs: opsconsole paper start"])


def test_what_was_refused_once_is_tried_again(tmp_path: Path) -> None:
    ground = Ground()
    left, told = put_back(tmp_path, ground, KillState.TRIPPED, KillState.CLEAR, ends=Standing.ABORTED)
    assert (left, ground.done) == ((), ["flags f00", "sync"])
    assert told[0] == "again          the kill switch may not be as before: aborted: opsconsole recover"


def test_a_recovery_that_does_not_pass_is_told_with_its_command(tmp_path: Path) -> None:
    ground = Ground()
    left, _ = put_back(tmp_path, ground, KillState.TRIPPED, ends=Standing.ABORTED)
    assert left == ("the kill switch may not be as before: aborted: opsconsole recover",)
    assert ground.done == []


def test_who_breaks_it_off_too_is_told_where(tmp_path: Path) -> None:
    ground = Ground(breaks={"sync": BrokenOffError("Ctrl+C")})
    left, _ = put_back(tmp_path, ground)
    assert left == ("not all may be as before: left by Ctrl+C",)


def test_the_command_says_where_nothing_is_left_and_where_another_is_at_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    told = run_here(tmp_path, "drill", "back", "--state", str(state))
    assert (told.returncode, told.stdout) == (0, "no drill has left anything\n")
    ours = replace(DRILL, host=os.uname().nodename, processes=(this_actor({}).process,))
    begin_drill(state, ours, SystemClock())
    for words in (("back",), ("rollback", "full")):
        refused = run_here(tmp_path, "drill", *words, "--state", str(state))
        assert refused.returncode == 3
        assert refused.stderr == (
            "opsconsole: no drill: the drill of full is under way:"
            f" dana@{ours.host} in process {os.getpid()}\n"
        )


def test_of_one_on_another_host_it_says_what_helps_where_that_is_gone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    begin_drill(state, replace(DRILL, host="elsewhere"), SystemClock())
    refused = run_here(tmp_path, "drill", "back", "--state", str(state))
    assert refused.returncode == 3
    assert refused.stderr.endswith(
        "dana@elsewhere in process 1; if that host is gone, see that all is as it was, and remove"
        f" {open_drill_file(state, 'paper')}\n"
    )


def test_what_no_drill_has_written_is_no_reason_to_change_anything(tmp_path: Path) -> None:
    file = open_drill_file(tmp_path / "state", "paper")
    file.parent.mkdir(parents=True)
    file.write_text("{")
    told = run_here(tmp_path, "drill", "back", "--state", str(tmp_path / "state"))
    assert told.returncode == 3
    assert told.stderr.endswith("not what a drill writes: remove it, once everything is as it was\n")
