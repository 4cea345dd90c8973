"""Which run ends a deployment that can be signed off."""

from dataclasses import replace

import pytest

from console.runbooks.model import Runbook
from console.runbooks.reading import Known, runbook_of
from console.runbooks.run import MoveError, Run, State, StepRun
from console.runbooks.sign_off import deployed_by
from console.runbooks.store import Moved

TEXT = """\
title: Deploy
use: always
risk: raises
steps:
  - {name: start, text: Start it., command: start, check: runs}
  - {name: issues, text: Write them down., manual: which?}
  - {name: sign-off, text: Sign., check: {signed_off: {run: "{run}"}}}
"""
KNOWN = Known({"runs": {}, "signed_off": {"run": ()}})
RUN = Run(
    "deploy-1",
    "deploy",
    "prod",
    TEXT,
    {},
    100.0,
    steps=(
        StepRun("start", State.PASSED, since=200.0),
        StepRun("issues", State.PASSED, since=300.0),
        StepRun("sign-off", State.WAITING, since=301.0),
    ),
)
MOVES = tuple(
    Moved("start", 1, "passed", 200.0, by, "", "")
    for by in ("alice@host (process 1)", "bob@host (process 2)", "alice@host (process 3)")
)


def runbook(text: str = TEXT) -> Runbook:
    return runbook_of(text, "deploy.yaml", "deploy", KNOWN)


def test_it_was_deployed_when_the_last_act_was_done_by_all_who_drove_it() -> None:
    deployed = deployed_by(runbook(), RUN, MOVES)
    assert (deployed.run, deployed.at, deployed.drivers) == ("deploy-1", 200.0, frozenset({"alice", "bob"}))


@pytest.mark.parametrize("state", [State.WAITING, State.FAILED, State.UNKNOWN, State.RUNNING])
def test_nothing_is_signed_off_before_every_step_is_done(state: State) -> None:
    early = RUN.with_step(replace(RUN.step("issues"), state=state))
    with pytest.raises(MoveError, match=f"run deploy-1: step issues is {state.value}"):
        deployed_by(runbook(), early, MOVES)


def test_what_was_left_out_with_a_reason_stands_in_nobodys_way() -> None:
    left = RUN.with_step(replace(RUN.step("issues"), state=State.SKIPPED))
    assert deployed_by(runbook(), left, MOVES).at == 200.0


def test_a_runbook_without_a_sign_off_is_no_deployment() -> None:
    text = TEXT[: TEXT.index("  - {name: sign-off")]
    with pytest.raises(MoveError, match="deploy is no deployment"):
        deployed_by(runbook(text), RUN, MOVES)
