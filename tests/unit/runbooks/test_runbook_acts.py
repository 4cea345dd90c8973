"""The registry of acts: what each does to the risk, and that this program's own are words it takes."""

from dataclasses import replace
from pathlib import Path

import click
import pytest

from console.cli import cli
from console.runbooks.acts import ACTIONS, COMMANDS, Program, action_words, risk_of
from console.runbooks.concluding import concluded
from console.runbooks.model import ActionAct, CommandAct, Effect, Risk, SqlAct
from console.runbooks.order import Outcome
from console.runbooks.run import State
from console.runbooks.step_process import Fate, Look
from console.settings import Commands

PROGRAM = Program("futures-prod", Path("/state"), Path("/etc/console.yaml"))
VALUES = {"environment": "production", "context": "futures-prod", "run": "recovery-1", "why": "--now"}
ARGUMENTS = {"scope": "all", "reason": "{why}: {context}", "feature": "--risk", "backup": "-20261121"}
TAKEN_AS = {"backup": "name"}
"""What the command line calls an argument otherwise."""


def act(name: str) -> ActionAct:
    return ActionAct(name, {key: ARGUMENTS[key] for key in ACTIONS[name].arguments})


def parsed(words: tuple[str, ...]) -> dict[str, object]:
    """What this program's command line makes of the words, without doing it."""
    group, name, *rest = words
    commands = cli.get_command(click.Context(cli), group)
    assert isinstance(commands, click.Group)
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    return command.make_context(name, rest).params


@pytest.mark.parametrize("name", ACTIONS)
def test_an_actions_words_are_taken_by_the_command_line_whatever_its_arguments_hold(name: str) -> None:
    given = parsed(action_words(act(name), VALUES, PROGRAM, ""))
    for key in ACTIONS[name].arguments:
        expected = {**ARGUMENTS, "reason": "--now: futures-prod"}[key]
        assert given[TAKEN_AS.get(key, key)] == expected


def test_a_reset_is_confirmed_for_this_context_and_no_other() -> None:
    given = parsed(action_words(act("reset_kill_switch"), VALUES, PROGRAM, ""))
    assert (given["confirm"], given["cause_acknowledged"]) == ("production futures-prod", True)


def test_what_is_deployed_is_recorded_as_the_version_that_the_run_was_begun_with() -> None:
    record = ActionAct("record_release", {})
    given = parsed(action_words(record, {**VALUES, "version": "--v2"}, PROGRAM, ""))
    assert (given["called"], given["run"], given["deployed"]) == ("--v2", "recovery-1", True)
    assert parsed(action_words(record, VALUES, PROGRAM, ""))["called"] == ""


def test_a_second_person_is_asked_for_where_the_settings_want_one_and_the_approval_is_handed_on() -> None:
    two = Program("futures-prod", Path("/state"), two_person=("kill.reset",))
    words = [action_words(act("reset_kill_switch"), VALUES, *more) for more in ((two, ""), (two, "7K3QXM"))]
    assert [parsed(each)["ask"] for each in words] == [True, False]
    assert parsed(words[1])["approval"] == "7K3QXM"
    assert action_words(act("trip_kill_switch"), VALUES, two, "") == (
        "kill", "trip", "--scope=all", "--reason=--now: futures-prod",
    )  # fmt: skip


def test_the_program_is_called_for_the_same_context() -> None:
    assert PROGRAM.console(("status",))[1:] == (
        "-m", "console", "--config", "/etc/console.yaml", "--context", "futures-prod", "--state", "/state",
        "status",
    )  # fmt: skip


def test_every_command_of_the_settings_has_its_risk() -> None:
    assert set(COMMANDS) == set(Commands.model_fields)


@pytest.mark.parametrize(
    ("effect", "risk"),
    [
        (CommandAct("stop"), Risk.LOWERS),
        (CommandAct("start"), Risk.RAISES),
        (CommandAct("sync_positions"), Risk.RAISES),
        (CommandAct("verify_positions"), Risk.NONE),
        (act("trip_kill_switch"), Risk.LOWERS),
        (act("reset_kill_switch"), Risk.RAISES),
        (act("feature_off"), Risk.LOWERS),
        (act("stop_engine"), Risk.LOWERS),
        (act("remove_coin"), Risk.LOWERS),
        (act("release_back"), Risk.RAISES),
        (act("restore_backup"), Risk.RAISES),
        (act("backup"), Risk.NONE),
        (CommandAct("start_spot"), Risk.RAISES),
        (SqlAct(("UPDATE x",)), Risk.RAISES),
    ],
)
def test_the_risk_of_an_act_is_known(effect: Effect, risk: Risk) -> None:
    assert risk_of(effect) is risk


def ended(code: int | None = 0, *, ended: str = "", lives: bool = False, error: str = "") -> Look:
    return Look(Fate.ENDED, Outcome(code, error, ended, 1.0, lives=lives), "first\nlast words\n")


COMMAND, ACTION, SQL = CommandAct("stop"), act("trip_kill_switch"), SqlAct(("UPDATE x",))


@pytest.mark.parametrize(
    ("effect", "seen", "state", "begun", "words"),
    [
        (COMMAND, ended(4), State.FAILED, True, "its command ended with exit code 4"),
        (COMMAND, ended(-9), State.UNKNOWN, True, "its command was ended by signal 9, after 1.0 s"),
        (COMMAND, ended(ended="abort"), State.UNKNOWN, True, "its command was ended at the abort, after"),
        (COMMAND, ended(None, error="x: no file"), State.FAILED, False, "could not be begun: x: no file"),
        (COMMAND, Look(Fate.NEVER_BEGUN), State.FAILED, False, "its command was never begun"),
        (COMMAND, Look(Fate.LOST), State.UNKNOWN, True, f"its command {Fate.LOST.value}"),
        (ACTION, ended(2), State.FAILED, False, "nothing was done: last words"),
        (ACTION, ended(3), State.FAILED, False, "nothing was done: last words"),
        (SQL, ended(3), State.FAILED, False, "nothing was done: last words"),
        (SQL, ended(1), State.UNKNOWN, True, "whether it was done isn't known: last words"),
    ],
)  # fmt: skip
def test_the_end_of_an_act_says_what_has_become_of_the_step(
    effect: Effect, seen: Look, state: State, begun: bool, words: str
) -> None:
    told = concluded(effect, seen)
    assert told is not None
    assert (told.state, told.begun) == (state, begun)
    assert told.words.startswith(words)


@pytest.mark.parametrize(
    ("effect", "seen"),
    [
        (COMMAND, ended()),
        (ACTION, ended()),
        (ACTION, ended(1)),
        (SQL, ended()),
        (COMMAND, ended(None, lives=True)),
    ],
)
def test_what_may_have_been_done_the_check_decides(effect: Effect, seen: Look) -> None:
    assert concluded(effect, seen) is None


def test_a_refusal_says_what_is_missing_and_leaves_out_the_commands_own_options() -> None:
    output = (
        "would          reset the trip\n"
        "refused        recovery: tripped again: --override REASON\n"
        "unknown        fresh data: metrics is old\n"
        "NOT RESET: recovery, fresh data\n"
    )
    told = concluded(ACTION, replace(ended(3), output=output))
    assert told is not None
    assert told.words == (
        "nothing was done: NOT RESET: recovery, fresh data; recovery: tripped again; "
        "fresh data: metrics is old"
    )
