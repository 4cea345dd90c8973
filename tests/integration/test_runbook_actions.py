"""A run's actions are this program's own commands: with their guards, and recorded as they always are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.audit.files import records
from console.audit.verify import verify
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import PATIENT

TRIP = """\
title: Trip it
use: always
risk: lowers
steps:
  - name: trip
    text: Trip the kill switch.
    action: {trip_kill_switch: {scope: all, reason: "run {run}"}}
    check: {kill_switch: {is: tripped}}
  - name: feature
    text: Switch a feature off.
    action: {feature_off: {feature: "{feature}"}}
    check: {kill_switch: {is: tripped}}
parameters:
  feature: {text: which, default: no_such_feature}
"""
RESET = """\
title: Reset it
use: always
risk: raises
steps:
  - name: reset
    text: Reset the kill switch.
    confirm: "{environment} {context}"
    action: {reset_kill_switch: {reason: "run {run}"}}
    check: {kill_switch: {is: clear}}
    timeout: 30s
"""


class Desk:
    """A home and an engine; answers exit code and output of `opsconsole runbook …`."""

    def __init__(self, home: Path, state: Path) -> None:
        self.home, self.state = home, state

    def __call__(self, *words: str) -> tuple[int, str]:
        done = run_here(self.home, "runbook", *words, "--state", str(self.state), more=PATIENT)
        return done.returncode, done.stdout + done.stderr

    def book(self, name: str, text: str) -> str:
        file = self.home / name
        file.write_text(text)
        return str(file)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("actions")
    state = folder / "state"
    with PaperProcess(state, "--seed", "7"):
        yield Desk(folder, state)


def test_actions_trip_by_the_command_and_a_refusal_is_no_attempt(desk: Desk) -> None:
    code, told = desk("run", desk.book("trip.yaml", TRIP))
    run = told.split()[1]
    assert "trip                 passed" in told
    assert "nothing was done: " in told
    assert code == 3
    tripped = [one for one in records(desk.state / "audit") if one.action == "kill.trip"]
    assert tripped[0].reason == f"run {run}"
    assert desk("abort", run, "--reason", "seen")[0] == 1


def test_a_reset_is_confirmed_and_then_refused_by_its_own_gates(desk: Desk) -> None:
    code, told = desk("run", desk.book("reset.yaml", RESET))
    run = told.split()[1]
    assert (code, "type 'paper paper' to go on" in told) == (3, True)
    code, told = desk("resume", run, "--confirm", "paper paper")
    assert code == 3
    assert "nothing was done: NOT RESET" in told
    assert "recovery: no " in desk("show", run)[1]
    assert verify(desk.state / "audit").sound
