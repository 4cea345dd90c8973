"""Runs that may have to be undone, and who stands by for their drivers, for tests."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from console.audit.open_intents import open_intents
from console.audit.verify import verify
from console.runbooks import standing_by, watching
from console.runbooks.order import identity
from console.runbooks.run import Run, Standing, State
from console.runbooks.standing_by import Post
from console.runbooks.world import World
from tests.unit.runbooks.drives import Desk, dies_at, in_a_process, runbook

BOOK = """\
title: Start it
use: always
risk: raises
steps:
  - name: resume
    text: Let it trade.
    command: sync_positions
    timeout: 60s
    check: ready
    compensation: {text: Stop it., command: stop, check: stopped, timeout: 60s}
  - {name: beats, text: See that it lives., check: ready, on_failure: compensate}
  - {name: watch, text: Look on., check: later, on_failure: compensate, holds_for: 10m}
"""
STANDS = """\
import os, pathlib, sys, time
pid = os.getpid()
start = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
for file in pathlib.Path(sys.argv[1]).glob("runs/*-1"):
    (file / "standby").write_text(f"{pid}-{start}")
while os.getppid() == int(sys.argv[2]):
    time.sleep(0.05)
"""


def quick_desk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at which looks follow one another at once."""
    monkeypatch.setattr(watching, "BETWEEN_WATCHES", 0.02)
    monkeypatch.setattr(watching, "BETWEEN_LOOKS", 0.02)
    monkeypatch.setattr(standing_by, "EVERY", 0.02)
    return Desk(folder)


def post(desk: Desk, run: Run) -> Post:
    """Where this process stands by for the run's driver."""
    world = desk.world()
    folder = world.folder / run.id
    folder.mkdir(parents=True, exist_ok=True)
    own = identity(os.getpid())
    return Post(
        world.store,
        folder,
        own,
        world.actor.host,
        lambda: standing(desk),
        lambda run: runbook(run.text),
        time.sleep,
        world.clock,
    )


def standing(desk: Desk) -> World:
    """What one drives with who stands in."""
    return replace(desk.world(), stands_in=True)


def die_in_the_watch(desk: Desk, text: str = BOOK, at: str = "running") -> Run:
    """The run as a driver leaves it that was killed while all was well, or as the watch was `at` a point."""
    at_watch = [0]

    def dies(name: str) -> None:
        at_watch[0] += name == at
        if at_watch[0] == 3:
            dies_at(at)(name)

    in_a_process(lambda: desk.start(text, point=dies).go_on())
    assert desk.run().step("watch").attempt == 1
    assert not desk.run().standing.over
    return desk.run()


def assert_undone_once(desk: Desk) -> None:
    assert (desk.run().standing, desk.times) == (Standing.FAILED, 1)
    assert desk.run().step("undo-resume").state is State.PASSED
    assert not open_intents(desk.folder / "audit")
    assert verify(desk.folder / "audit").sound
