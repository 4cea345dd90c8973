"""A run that a drill drives: what a person would give is made up, and nobody waits for ever."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.runbooks.executor import Drive
from console.runbooks.run import MoveError, Standing, State
from console.runbooks.unattended import DRILL, driven
from tests.unit.runbooks.drives import Desk

TEXT = """\
title: Practise it
use: always
risk: lowers
steps:
  - name: note
    text: Write it down.
    manual: What?
  - name: stop
    text: Stop the engine.
    confirm: "{context} stop"
    command: stop
    timeout: 5s
    repeatable: true
    check: stopped
  - name: later
    text: See that it is.
    check: later
"""


def at_once(drive: Drive) -> Drive:
    """The drive, without its pauses."""
    drive.world = replace(drive.world, wait=lambda _seconds: None)
    return drive


def test_it_writes_down_that_it_is_a_drill_and_types_what_is_asked(tmp_path: Path) -> None:
    run = driven(Desk(tmp_path).start(TEXT), patience=5.0)
    assert run.standing is Standing.PASSED
    assert [one.note for one in run.steps] == [DRILL, "typed: paper stop", ""]


def test_what_never_holds_is_given_up_with_what_was_seen(tmp_path: Path) -> None:
    desk = Desk(tmp_path, answers={"later": False})
    run = driven(at_once(desk.start(TEXT)), patience=0.05)
    assert run.standing is Standing.ABORTED
    assert run.step("later").state is State.FAILED
    ended = [one.words for one in desk.world().store.timeline(run.id) if one.state == "aborting"]
    assert "drill: later didn't get there: 1 marks" in ended[0]


def test_what_can_t_be_undone_either_is_left_open_in_one_line(tmp_path: Path) -> None:
    undoing = "check: stopped\n    compensation: {text: Undo it., command: trip_kill_switch, check: later}"
    text = TEXT.replace("check: stopped", undoing)
    desk = Desk(tmp_path, answers={"later": False}, commands={"trip_kill_switch": ("false",)})
    drive = at_once(desk.start(text))
    with pytest.raises(MoveError, match=r"^run \S+ is being undone, and stays open: [^\n]+$"):
        driven(drive, patience=0.05)
    with pytest.raises(MoveError, match=r"is being undone already: opsconsole runbook resume \S+ goes on$"):
        desk.take(drive.run.id, text).abort("once more, please")


def test_what_the_guard_refuses_is_not_done(tmp_path: Path) -> None:
    desk = Desk(tmp_path, no_permit="no operator", commands={"start": ("false",)})
    text = TEXT.replace("command: stop", "command: start").replace("lowers", "raises")
    run = driven(at_once(desk.start(text)), patience=0.05)
    assert (run.standing, run.step("stop").state, desk.times) == (Standing.ABORTED, State.WAITING, 0)
