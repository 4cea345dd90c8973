"""What has to hold around an act: needed at all, confirmed, recent, permitted, and for how long it holds."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.audit.files import records
from console.runbooks.deciding import Choice, Decision, in_words, options, resume
from console.runbooks.executor import Drive
from console.runbooks.model import Found
from console.runbooks.run import MoveError, Next, Standing, State, Task
from console.runbooks.store import OvertakenError
from tests.unit.runbooks.drives import STOP, Desk
from tests.waiting import eventually

CONFIRMED = STOP.replace("    command", '    confirm: "{environment} {context}"\n    command')
RAISED = STOP.replace("risk: lowers", "risk: raises").replace("command: stop", "command: restart")
LOOKED = STOP.replace("steps:\n", "steps:\n  - {name: look, text: Look., check: ready}\n").replace(
    "    command", "    recent: 1ms\n    command"
)
"""Its command wants the look before it to be no older than a millisecond."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def is_at(drive: Drive, name: str) -> tuple[State, str]:
    step = drive.run.step(name)
    return step.state, step.words


def test_what_is_so_already_is_not_done_and_was_no_attempt(desk: Desk) -> None:
    desk.answers["stopped"] = True
    drive = desk.start(STOP.replace("    command", "    if_needed: true\n    confirm: go\n    command"))
    assert drive.go_on().standing is Standing.PASSED
    assert (desk.times, drive.run.step("stop").attempt) == (0, 0)
    assert is_at(drive, "stop") == (State.PASSED, "already so: 0 marks")


@pytest.mark.parametrize("by", ["go_on", "begin"])
def test_what_there_is_nothing_for_is_left_out_with_its_reason_and_is_no_pass(desk: Desk, by: str) -> None:
    desk.answers["ready"] = True
    drive = desk.start(STOP.replace("    command", "    unless: ready\n    command"))
    if by == "begin":
        drive.begin("stop")
    assert drive.go_on().step == "see"
    assert (desk.times, is_at(drive, "stop")) == (0, (State.SKIPPED, "0 marks"))


@pytest.mark.parametrize("answer", [False, None])
def test_what_there_may_be_something_for_is_done(desk: Desk, answer: bool | None) -> None:
    desk.answers["ready"] = answer
    desk.start(STOP.replace("    command", "    unless: ready\n    command")).go_on()
    assert desk.times == 1


@pytest.mark.parametrize("so", [True, False])
def test_nobody_is_asked_before_what_is_so_already(desk: Desk, so: bool) -> None:
    desk.answers["stopped"] = so
    drive = desk.start(STOP.replace("    command", "    if_needed: true\n    command"))
    task = drive.go_on(lambda task: task.step == "stop")
    assert task == (Task(Next.END, standing=Standing.PASSED) if so else Task(Next.BEGIN, "stop"))
    assert desk.times == 0


def test_what_is_not_so_yet_is_done(desk: Desk) -> None:
    drive = desk.start(STOP.replace("    command", "    if_needed: true\n    command"))
    assert drive.go_on().standing is Standing.PASSED
    assert desk.times == 1


def test_an_act_waits_until_the_words_are_typed_and_nothing_else_will_do(desk: Desk) -> None:
    drive = desk.start(CONFIRMED)
    assert drive.go_on().next is Next.ASK
    assert is_at(drive, "stop") == (State.WAITING, "type 'paper paper' to go on")
    with pytest.raises(MoveError, match="what was typed is not 'paper paper'"):
        resume(drive, Decision(confirm="paper papr"))
    assert desk.times == 0
    assert resume(drive, Decision(confirm="paper paper")).standing is Standing.PASSED
    assert drive.run.step("stop").note == "typed: paper paper"


@pytest.mark.parametrize(("ready", "times"), [(True, 1), (False, 0), (None, 0)])
def test_words_are_asked_for_only_where_the_check_does_not_pass(
    desk: Desk, ready: bool | None, times: int
) -> None:
    desk.answers["ready"] = ready
    drive = desk.start(CONFIRMED.replace('"{environment} {context}"', "{words: flat, unless: ready}"))
    drive.go_on()
    assert desk.times == times


def test_a_check_that_is_too_old_is_asked_again_before_the_act(desk: Desk) -> None:
    drive = desk.start(LOOKED)
    assert drive.go_on().standing is Standing.PASSED
    looked = [move.state for move in drive.world.store.timeline(drive.run.id) if move.step == "look"]
    assert looked == ["running", "passed", "running", "passed"]


def test_a_check_that_no_longer_passes_stops_the_act(desk: Desk) -> None:
    answers = [True, False]
    drive = desk.start(LOOKED, checks={"ready": lambda _: desk.says("ready", answers.pop(0))})
    task = drive.go_on()
    assert (task.next, task.step, desk.times) == (Next.ASK, "look", 0)
    assert is_at(drive, "stop")[0] is State.PENDING


def test_a_check_that_is_recent_enough_is_not_asked_again(desk: Desk) -> None:
    drive = desk.start(LOOKED.replace("1ms", "10m"))
    drive.go_on()
    assert [step.name for step in desk.told].count("look") == 2


def test_what_raises_the_risk_waits_for_what_the_guard_says(desk: Desk) -> None:
    desk.no_permit = "the console is read-only"
    drive = desk.start(RAISED)
    assert drive.go_on().next is Next.ASK
    assert is_at(drive, "stop") == (State.WAITING, "the console is read-only")
    assert not [one for one in records(drive.world.journal.folder) if one.after == "running"]
    desk.no_permit = ""
    assert resume(drive, Decision(approval="7K3QXM")).standing is Standing.PASSED
    assert (desk.approvals, desk.times) == (["", "7K3QXM"], 1)
    [intent] = [one for one in records(drive.world.journal.folder) if one.after == "running" and one.approval]
    assert (intent.target, intent.approval) == (f"{drive.run.id}/stop", "7K3QXM")


def test_what_lowers_the_risk_is_never_held_up_by_the_guard(desk: Desk) -> None:
    desk.no_permit = "the console is read-only"
    assert desk.start().go_on().standing is Standing.PASSED
    assert desk.approvals == []


def test_a_step_is_left_out_only_by_whoever_may(desk: Desk) -> None:
    desk.command = ("/nowhere",)
    drive = desk.start()
    drive.go_on()
    desk.no_override = "it takes an admin"
    with pytest.raises(MoveError, match="is not left out: it takes an admin"):
        resume(drive, Decision(skip="by hand"))
    assert is_at(drive, "stop")[0] is State.FAILED


def test_what_still_waits_for_the_same_is_not_written_again(desk: Desk) -> None:
    ages = iter(range(10))
    checks = {"ready": lambda _: Found(False, "it is fresh", f"{next(ages)} s old")}
    text = STOP.replace("    command", "    preconditions: [ready]\n    command")
    drive = desk.start(text, checks=checks)
    drive.go_on()
    for _ in range(3):
        assert resume(drive, Decision()).next is Next.ASK
    assert [step.words for step in desk.told] == ["before it: it is fresh; observed: 0 s old"]


def test_a_failed_step_that_has_come_right_by_itself_is_seen_and_not_done_again(desk: Desk) -> None:
    desk.command, desk.answers["stopped"] = ("/bin/false",), False
    drive = desk.start()
    drive.go_on()
    assert resume(drive, Decision(wait=True)).next is Next.ASK
    desk.answers["stopped"] = True
    assert resume(drive, Decision(wait=True)).standing is Standing.PASSED
    assert (drive.run.step("stop").words, drive.run.step("stop").attempt) == ("read back: 0 marks", 1)


def test_a_step_that_is_unknown_a_second_time_is_read_back_a_second_time(desk: Desk) -> None:
    answers = [None, False, None, True]
    drive = desk.start(LOOKED, checks={"ready": lambda _: desk.says("ready", answers.pop(0))})
    assert drive.go_on().next is Next.ASK
    drive.begin("look", asked=True)
    assert drive.run.step("look").state is State.UNKNOWN
    drive.go_on(lambda task: task.next is Next.BEGIN)
    assert is_at(drive, "look") == (State.PASSED, "read back: 0 marks")


def test_what_has_to_hold_fails_at_the_first_answer_that_does_not(desk: Desk) -> None:
    answers = [True, False]
    drive = desk.start(
        STOP.replace("check: stopped\n", "check: ready\n    holds_for: 60s\n", 1).replace("60s", "300ms"),
        checks={"ready": lambda _: desk.says("ready", answers.pop(0))},
    )
    assert drive.go_on().next is Next.ASK
    state, words = is_at(drive, "stop")
    assert state is State.FAILED
    assert words.endswith("s into the watch")


def test_a_check_that_cant_be_told_undoes_the_run_where_a_failure_would(desk: Desk) -> None:
    desk.answers["later"] = None
    undo = "    compensation: {text: Undo it., command: verify_positions, check: ready, timeout: 5s}\n"
    text = STOP.replace("    timeout: 5s\n", "    timeout: 5s\n" + undo)
    drive = desk.start(text[:-1].removesuffix("stopped") + "later\n    on_failure: compensate\n")
    assert drive.go_on().standing is Standing.FAILED
    assert is_at(drive, "see") == (State.FAILED, "still not known: 1 marks")
    assert desk.undone.read_text() == "ran\n"


def test_a_check_knows_the_run_and_when_its_step_was_begun(desk: Desk) -> None:
    asked: list[Mapping[str, str]] = []

    def since(told: Mapping[str, str]) -> Found:
        asked.append(told)
        return desk.says("since", True)

    drive = desk.start(
        STOP.replace("check: stopped\n  - name", 'check: {since: {at: "{began}", run: "{run}"}}\n  - name'),
        checks={"since": since},
    )
    drive.go_on()
    begun = next(step.since for step in desk.told if step.state is State.RUNNING)
    assert asked == [{"at": f"{begun:.3f}", "run": drive.run.id}]


def test_whoever_is_asked_before_each_act_begins_it_by_going_on(desk: Desk) -> None:
    drive = desk.start(LOOKED.replace("1ms", "10m"))

    def acts(task: Task) -> bool:
        return task.next is Next.BEGIN and drive.runbook.step(task.step).effect is not None

    task = drive.go_on(acts)
    assert (task.next, task.step, desk.times) == (Next.BEGIN, "stop", 0)
    with pytest.raises(MoveError, match="the run is at stop by now, not at look"):
        resume(drive, Decision(), acts, at="look")
    assert resume(drive, Decision(), acts, at="stop").standing is Standing.PASSED


def test_a_driver_that_waits_notices_that_the_run_was_ended(desk: Desk) -> None:
    desk.answers["stopped"] = False
    drive, ended = desk.start(STOP.replace("5s", "60s")), []

    def driven() -> None:
        try:
            drive.go_on()
        except OvertakenError as error:
            ended.append(str(error))

    driver = threading.Thread(target=driven)
    driver.start()
    eventually(lambda: desk.times)
    desk.take(drive.run.id).abort("it takes too long")
    driver.join(5)
    assert ended and "another drives run" in ended[0]


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        (STOP, {"stopped": False}, "wait and look again, skip it with a reason, abort"),
        (CONFIRMED, {}, "resume when it holds, confirm with the words, wait and look again"),
        (STOP.replace("command: stop", "manual: Why?"), {}, "write it down with a note, skip it"),
    ],
)
def test_what_may_be_chosen_follows_from_the_step(
    desk: Desk, text: str, answers: dict[str, bool], expected: str
) -> None:
    desk.answers.update(answers)
    drive = desk.start(text.replace("5s", "1ms"))
    task = drive.go_on()
    assert in_words(options(drive.runbook, drive.run, task)).startswith(expected)


def test_every_choice_that_is_not_possible_says_why(desk: Desk) -> None:
    drive = desk.start()
    task = drive.go_on()
    offered = options(drive.runbook, drive.run, task)
    assert [each.choice for each in offered] == list(Choice)
    assert {each.lack for each in offered} == {"the run is passed"}
