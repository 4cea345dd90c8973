"""What a step waits for before it begins: a person's note or confirmation, a check, or the guard."""

from collections.abc import Iterator
from dataclasses import dataclass

from console.runbooks.acts import raises
from console.runbooks.course import Course
from console.runbooks.model import ManualAct, Runbook, Step, filled, span
from console.runbooks.run import MoveError, Run, State, values_of


@dataclass(frozen=True, slots=True)
class Given:
    """What a person has given for a step: a note, the words of its confirmation, the id of an approval."""

    note: str = ""
    confirm: str = ""
    approval: str = ""

    @property
    def told(self) -> str:
        """What is kept of it with the step."""
        return self.note or (f"typed: {self.confirm}" if self.confirm else "")


def lacking(course: Course, step: Step, given: Given) -> str:
    """The first thing that is missing; MoveError where what was typed isn't what was asked for."""
    values = values_of(course.run, course.world.environment, course.world.clock.wall())
    if isinstance(step.act, ManualAct) and not given.note.strip():
        return filled(step.act.asks, values)
    for question in step.preconditions:
        found = course.ask(question, step.name)
        if found.passes is not True:
            return f"before it: {found.expected}; observed: {found.observed}"
    return (
        _unconfirmed(course, step, given.confirm)
        or _unguarded(course, step)
        or _unpermitted(course, step, given.approval)
    )


def phrase(step: Step, run: Run, environment: str) -> str:
    """The words that a person types before the step begins, empty where there are none."""
    return "" if step.confirm is None else filled(step.confirm.words, values_of(run, environment, run.began))


def stale(runbook: Runbook, run: Run, step: Step, now: float) -> Iterator[Step]:
    """The checks before the step that have passed longer ago than it allows.

    Acts aren't done again: what they brought about, a check of its own says.
    """
    recent = span(step.recent, run.values)
    for old in runbook.steps:
        if old.name == step.name or not recent:
            return
        seen = run.step(old.name)
        if old.act is None and seen.state is State.PASSED and now - seen.since > recent:
            yield old


def _unconfirmed(course: Course, step: Step, typed: str) -> str:
    wanted = phrase(step, course.run, course.world.environment)
    if not wanted or typed.strip() == wanted:
        return ""
    if typed:
        raise MoveError(f"step {step.name}: what was typed is not {wanted!r}")
    unless = None if step.confirm is None else step.confirm.unless
    if unless is None:
        return asks_to_type(wanted)
    found = course.ask(unless, step.name)
    if found.passes is True:
        return ""
    return f"{asks_to_type(wanted)}, because {found.expected} doesn't hold; observed: {found.observed}"


def asks_to_type(wanted: str) -> str:
    """How a step's words begin while it waits for a confirmation."""
    return f"type {wanted!r} to go on"


def _unpermitted(course: Course, step: Step, approval: str) -> str:
    return course.world.permit(step, course.run, approval) if raises(step) else ""


def _unguarded(course: Course, step: Step) -> str:
    """What may have to be undone isn't begun where nobody would do that in place of a driver that goes."""
    if not course.world.guarded or not raises(step) or step.compensation is None:
        return ""
    return course.standby.lack(course.world.wait)
