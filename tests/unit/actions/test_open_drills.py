"""A drill that is under way is written down before it changes anything: whoever is killed leaves a trace."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.drills import drills_in, is_late, keep_drill
from console.actions.open_drills import (
    Before,
    OpenDrill,
    begin_drill,
    end_drill,
    keep_open,
    open_drill,
    open_drill_file,
)
from console.audit.actor import this_actor
from console.domain.clock import SystemClock
from console.domain.rollback import Drilled

CLOCK = SystemClock()
PASSED = Drilled(900.0, 12.5, passed=True, scenario="crash", words="passed")
GONE = "4194304-1"
"""A process that can't be: its number is beyond the largest."""
DRILL = OpenDrill(
    context="paper/1",
    runbook="rollback_full",
    scenario="crash",
    began=1000.0,
    last=1007.5,
    user="dana",
    host=os.uname().nodename,
    processes=(this_actor({}).process,),
    before=Before(7, "futures", "calm", release="r-1"),
)


def test_one_whose_process_was_killed_counts_and_not_the_one_that_passed_before_it(tmp_path: Path) -> None:
    keep_drill(tmp_path, DRILL.runbook, PASSED, CLOCK)
    begin_drill(tmp_path, DRILL, CLOCK)
    assert drills_in(tmp_path) == {DRILL.runbook: PASSED}  # it is under way
    keep_open(tmp_path, DRILL, replace(DRILL, processes=(GONE,)), CLOCK)
    broken = drills_in(tmp_path)[DRILL.runbook]
    assert (broken.at, broken.seconds, broken.passed, broken.scenario) == (1000.0, 7.5, False, "crash")
    assert broken.words == (
        "broken off: its process ended without a word; opsconsole drill back puts back what it has left"
    )
    assert is_late(broken, 1001.0, within=1e9)


def test_one_of_another_host_may_be_under_way_there(tmp_path: Path) -> None:
    begin_drill(tmp_path, replace(DRILL, processes=(GONE,), host="elsewhere"), CLOCK)
    assert drills_in(tmp_path) == {}


def test_one_that_has_ended_is_told_as_it_was_kept_whatever_it_has_left(tmp_path: Path) -> None:
    begin_drill(tmp_path, replace(DRILL, processes=(GONE,), ended=True), CLOCK)
    later = replace(PASSED, at=1001.0)
    keep_drill(tmp_path, DRILL.runbook, later, CLOCK)
    assert drills_in(tmp_path) == {DRILL.runbook: later}


def test_of_two_who_begin_or_put_back_one_is_told_so(tmp_path: Path) -> None:
    begin_drill(tmp_path, DRILL, CLOCK)
    assert open_drill(tmp_path, DRILL.context) == DRILL
    with pytest.raises(OSError, match="another drill is under way"):
        begin_drill(tmp_path, DRILL, CLOCK)
    ours = keep_open(tmp_path, DRILL, replace(DRILL, processes=(GONE, *DRILL.processes)), CLOCK)
    with pytest.raises(OSError, match="another puts back what one has left"):
        keep_open(tmp_path, DRILL, replace(DRILL, user="eve"), CLOCK)
    assert open_drill(tmp_path, DRILL.context) == ours
    end_drill(tmp_path, DRILL.context)
    assert open_drill(tmp_path, DRILL.context) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"processes": [], "before": {}}'])
def test_what_no_drill_has_written_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    file = open_drill_file(tmp_path, "paper")
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(ValueError, match=r"not what a drill writes$"):
        open_drill(tmp_path, "paper")
    with pytest.raises(ValueError, match=r"not what a drill writes$"):
        drills_in(tmp_path)
