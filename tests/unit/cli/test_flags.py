"""What the commands of the flags file say of a change, and that what they offer is a command."""

import shlex
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner

from console.actions.flags_file import Conflict, Outcome, Unwritten, Written
from console.actions.rollout.acknowledgement import Heard
from console.actions.rollout.draft import drafted
from console.actions.rollout.record import Applied
from console.cli import flags_change
from console.cli.flags import flags
from console.cli.flags_told import Outcome as Told
from console.cli.flags_told import command_of
from console.domain.rollout.operations import (
    CanaryOnly,
    Demote,
    Disable,
    Enable,
    Operation,
    Promote,
    SetStage,
)
from console.domain.rollout.plan import Plan
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import PAPER, Stage
from console.sources.flags import parse_flags

SEEN = b"features:\n  guard:\n    stage: canary\n    canary_symbols: [BTCUSDT]\n"
PLAN = planned(parse_flags(SEEN, "flags.yaml"), Disable("guard"), {"BTCUSDT": None}, PAPER)
assert isinstance(PLAN, Plan)
DRAFT = drafted(SEEN, PLAN.edits, PLAN.after, "flags.yaml")


def told(outcome: Outcome, unrecorded: str = "") -> Told:
    assert isinstance(PLAN, Plan)
    return Told("paper", PLAN, applied=Applied(PLAN, outcome, 0.0, unrecorded, None if unrecorded else 7))


def test_of_a_change_that_others_were_faster_than_both_sides_are_shown() -> None:
    theirs = SEEN.replace(b"canary\n", b"shadow\n")
    said = told(Conflict("flags.yaml: has changed since", DRAFT, theirs))
    assert said.code == 3
    assert list(said.as_text()) == [
        "conflict       flags.yaml: has changed since",
        "           1   features:",
        "           2     guard:",
        "mine         +     enabled: false",
        "theirs     3 -     stage: canary",
        "theirs       +     stage: shadow",
        "           4       canary_symbols: [BTCUSDT]",
        "journal        change 7",
        "NOT WRITTEN",
    ]


def test_what_could_not_be_written_or_recorded_says_why() -> None:
    said = told(Unwritten("flags.yaml: read-only file system"), "the disk is full")
    assert (said.code, list(said.as_text())) == (
        3,
        [
            "failed         flags.yaml: read-only file system",
            "journal        NOT RECORDED: the disk is full",
            "NOT WRITTEN",
        ],
    )


def test_what_was_not_as_it_should_be_is_told_of_what_was_written() -> None:
    written = told(Written(DRAFT.seen, DRAFT.mine, "without the lock: another holds it"))
    said = replace(written, heard=Heard(None, "the engine doesn't say what it has loaded"))
    *_, remark, journal, last = said.as_text()
    assert (said.code, remark) == (1, "remark         without the lock: another holds it")
    assert journal == "journal        change 7"
    assert last == "UNCONFIRMED: the engine doesn't say what it has loaded"


@pytest.mark.parametrize(
    "operation",
    [
        SetStage("guard", Stage.SHADOW),
        SetStage("two words", Stage.CANARY, ("BTC/USD", "ETHUSDT")),
        CanaryOnly("guard", ("BTCUSDT",)),
        Promote("guard"),
        Promote("guard", ("BTCUSDT",)),
        Demote("guard", ("it's",)),
        Disable("guard"),
        Enable("guard"),
        Enable("guard", Stage.CANARY),
    ],
    ids=str,
)
def test_what_is_offered_is_a_command_that_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    asked: list[Operation] = []

    def change(_: object, operation_of: Callable[[object], Operation], **given: object) -> None:
        asked.append(operation_of(None))

    monkeypatch.setattr(flags_change, "_change", change)
    program, group, *words = shlex.split(command_of(operation))
    done = CliRunner().invoke(flags, words)
    assert (program, group, done.output, asked) == ("opsconsole", "flags", "", [operation])
