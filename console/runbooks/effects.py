"""What a step's act does: it is begun, waited for, settled by whoever comes back, and concluded from."""

from dataclasses import replace
from pathlib import Path

from console.audit.redaction import redacted_text
from console.runbooks import step_process
from console.runbooks.acting import acting
from console.runbooks.acts import comes_later, stays
from console.runbooks.concluding import STATES, Conclusion, concluded
from console.runbooks.course import Course, in_json, needs_record
from console.runbooks.model import Step
from console.runbooks.run import State, is_abandoned
from console.runbooks.step_process import Fate, Look

_SLACK = 15.0
"""Seconds beyond a command's time-out in which its supervisor has to tell what came of it."""
_SHOWS_WITHIN = 120.0
"""Seconds in which it shows what an act has brought about, however long the act itself may take."""
_TOLD_WITHIN = 10.0
"""Seconds in which it can be told what an act has done that does all of it before it ends."""
_TICK = 0.05
"""Seconds between two looks at a command."""


def carry_out(course: Course, step: Step, approval: str) -> None:
    """Do the act of a step that is running, and conclude from what came of it."""
    folder = course.folder(course.run.step(step.name))
    try:
        told = acting(course, step, folder, approval)
        step_process.begin(folder, told.order, told.files)
    except OSError as error:
        words = f"it could not be begun: {(error.strerror or str(error)).lower()}"
        conclude(course, step, Conclusion(State.FAILED, words, begun=False))
        return
    course.world.point("begun")
    _wait_for(course, step, folder)


def settle(course: Course, step: Step) -> None:
    """Find out what has become of a step that was being done when its driver went."""
    before = course.run.step(step.name)
    if step.effect is None and is_abandoned(course.runbook, course.run, step.name):
        words = f"it is asked no more: the run is {course.run.standing.value}"
        conclude(course, step, Conclusion(State.PENDING, words, begun=False))
    elif step.effect is None:
        conclude_by_check(course, step)
    elif before.host != course.world.actor.host:
        words = f"it was begun on {before.host}, which alone knows its outcome"
        conclude(course, step, Conclusion(State.UNKNOWN, words))
    else:
        folder = course.folder(before)
        if step_process.settled(folder).fate is Fate.NEVER_BEGUN:
            conclude(course, step, Conclusion(State.PENDING, "its command was never begun", begun=False))
        else:
            _wait_for(course, step, folder)


def look_back(course: Course, step: Step) -> None:
    """Read back what a step has done that is unknown or has failed; what can't be told stays as it is."""
    before = course.run.step(step.name)
    if _is_under_way(course, step):
        return
    found = course.answer(step)
    if found is None or found.passes is None or STATES[found.passes] is before.state:
        return
    evidence = in_json(found)
    after = replace(
        before, state=STATES[found.passes], words=f"read back: {found.observed}", evidence=evidence
    )
    course.note(step.name, "runbook.read_back", after.state, evidence=evidence, needed=needs_record(step))
    course.move(after)


def conclude_by_check(
    course: Course, step: Step, output: str = "", *, patience: float = 0.0, settled: bool = False
) -> None:
    """Conclude from what the step's check says, once it passes, or after `patience` seconds.

    `settled` as `Course.answer` has it.
    """
    found = course.answer(step, patience, settled=settled)
    if found is None:
        conclude(course, step, Conclusion(State.PASSED, "written down", output))
    else:
        conclude(course, step, Conclusion(STATES[found.passes], found.observed, output, found))


def conclude(course: Course, step: Step, told: Conclusion) -> None:
    """Close the journal's intent, and move on from RUNNING."""
    before, recording = course.run.step(step.name), course.recording
    evidence = in_json(told.found)
    if before.host == course.world.actor.host:  # another host's journal has it otherwise
        recording.outcome(
            before.intent,
            None if told.state is State.UNKNOWN else told.state is State.PASSED,
            after=told.state.value,
            evidence={"words": told.words, "check": evidence},
            needed=needs_record(step),
        )
    course.world.point("outcome")
    course.move(
        replace(
            before,
            state=told.state,
            attempt=before.attempt - (not told.begun),
            words="; ".join(each for each in (told.words, recording.taken_complaint()) if each),
            output=told.output,
            evidence=evidence,
        )
    )
    course.world.point("concluded")


def _wait_for(course: Course, step: Step, folder: Path) -> None:
    """Wait until an act's process has ended, and conclude from how."""
    clock = course.world.clock
    deadline = clock.now() + step.timeout + _SLACK
    seen = step_process.look(folder)
    while seen.fate is Fate.RUNNING and clock.now() < deadline:
        course.pause(_TICK)
        seen = step_process.look(folder)
    course.world.point("ended")
    seen = step_process.settled(folder) if seen.fate is Fate.RUNNING else seen
    _conclude_by(course, step, replace(seen, output=redacted_text(seen.output, course.world.secrets)))


def _conclude_by(course: Course, step: Step, seen: Look) -> None:
    assert step.effect is not None  # noqa: S101 (its process is looked at)
    told = concluded(step.effect, seen)
    if told is None:
        complains = seen.outcome is not None and bool(seen.outcome.code)
        settled = not comes_later(step.effect)
        patience = min(step.timeout, _TOLD_WITHIN if settled else _SHOWS_WITHIN)
        if settled and complains:
            patience = 0.0
        conclude_by_check(course, step, seen.output, patience=patience, settled=settled)
    else:
        conclude(course, step, told)


def _is_under_way(course: Course, step: Step) -> bool:
    """Whether the step's act may still be done, so that what is read back now isn't the end of it."""
    begun = course.run.step(step.name)
    if step.effect is None or begun.host != course.world.actor.host:
        return False
    fate = step_process.look(course.folder(begun)).fate
    return fate is Fate.RUNNING or (fate is Fate.UNWATCHED and not stays(step.effect))
