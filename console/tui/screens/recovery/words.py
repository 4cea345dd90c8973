"""How runs and steps read on screen 5: each state's sign, word and tone, who drives, since when."""

import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from console.domain.severity import Severity
from console.runbooks.model import Runbook, undo_of
from console.runbooks.run import Driver, Run, Standing, State, StepRun
from console.runbooks.seen import Hands
from console.tui.theme import Glyphs, Tone


class Sign(NamedTuple):
    """A state at a glance."""

    glyph: str
    word: str
    tone: Tone


def step_sign(state: State, glyphs: Glyphs) -> Sign:
    """What has become of a step; what nobody has begun has no word."""
    return {
        State.PENDING: Sign(glyphs.stages[0], "", Tone.DIM),
        State.RUNNING: Sign(glyphs.stages[2], "running", Tone.ACCENT),
        State.WAITING: Sign(glyphs.warning, "waiting", Tone.WARNING),
        State.PASSED: Sign(glyphs.ok, "passed", Tone.OK),
        State.FAILED: Sign(glyphs.critical, "FAILED", Tone.CRITICAL),
        State.SKIPPED: Sign(glyphs.none, "skipped", Tone.HIGH),
        State.UNKNOWN: Sign(glyphs.unknown, "UNKNOWN", Tone.UNKNOWN),
    }[state]


def answer_of(passes: bool | None, glyphs: Glyphs) -> tuple[str, Tone]:
    """Whether something holds, as a sign and its tone; None: nobody knows."""
    return {
        True: (glyphs.ok, Tone.OK),
        False: (glyphs.critical, Tone.CRITICAL),
        None: (glyphs.unknown, Tone.UNKNOWN),
    }[passes]


def run_sign(run: Run, glyphs: Glyphs) -> Sign:
    """How a run stands: what is over, else what its current step is."""
    over = {
        Standing.PASSED: Sign(glyphs.ok, "passed", Tone.OK),
        Standing.FAILED: Sign(glyphs.critical, "failed", Tone.CRITICAL),
        Standing.ABORTED: Sign(glyphs.none, "aborted", Tone.DIM),
    }
    if run.standing in over:
        return over[run.standing]
    step = current(run)
    if step is None or step.state is State.PENDING:
        return Sign(glyphs.stages[1], "open", Tone.ACCENT)
    return step_sign(step.state, glyphs)


def severity_of(run: Run) -> Severity:
    """How loud a run is to be: one that is over, or runs, asks nothing of anybody."""
    step = None if run.standing.over else current(run)
    if step is None:
        return Severity.OK
    return {
        State.WAITING: Severity.WARNING,
        State.FAILED: Severity.CRITICAL,
        State.UNKNOWN: Severity.UNKNOWN,
    }.get(step.state, Severity.OK)


def current(run: Run) -> StepRun | None:
    """The step at which a run is: what runs or is unknown comes first, then what isn't done yet."""
    steps = shown_steps(run)
    for wanted in (State.RUNNING, State.UNKNOWN):
        for step in steps:
            if step.state is wanted:
                return step
    done = (State.PASSED, State.SKIPPED)
    left = [step for step in steps if step.state not in done]
    if is_undone(run):
        left = [step for step in left if step.name.startswith(_UNDO)]
    return left[0] if left else None


def shown_steps(run: Run) -> tuple[StepRun, ...]:
    """The steps, with those that undo only where the run is undone, or was: of what was done before."""
    begun = {undo_of(step.name) for step in run.steps if step.attempt}
    return tuple(
        step
        for step in run.steps
        if not step.name.startswith(_UNDO)
        or step.state is not State.PENDING
        or (is_undone(run) and step.name in begun)
    )


def is_undone(run: Run) -> bool:
    """Whether what was done is being undone."""
    return run.standing in (Standing.ABORTING, Standing.FAILING)


def progress(run: Run) -> str:
    """How far a run is: `step 3 of 9`."""
    steps, step = shown_steps(run), current(run)
    if step is None:
        return "1 step" if len(steps) == 1 else f"{len(steps)} steps"
    return f"step {steps.index(step) + 1} of {len(steps)}"


def who(driver: Driver | None, hands: Hands) -> str:
    """Who drives, in words."""
    if hands is Hands.OWN:
        return "you drive"
    if driver is None or hands is Hands.NOBODY:
        return "nobody drives"
    return f"{driver.user}@{driver.host} drives"


def clock(wall: float) -> str:
    """A time of day, local."""
    return time.strftime("%H:%M:%S", time.localtime(wall))


def in_part(text: str) -> tuple[str, str]:
    """The part of a runbook that a step's text begins with, such as `1 ASSESS`, and the text without it."""
    found = _PART.fullmatch(text)
    return ("", text) if found is None else (found[1], found[2])


def part_heads(runbook: Runbook) -> Mapping[str, str]:
    """The parts of a runbook, by the name of the first step of each."""
    heads, last = dict[str, str](), ""
    for step in runbook.steps:
        part = in_part(step.text)[0]
        if part and part != last:
            heads[step.name] = part
        last = part
    return heads


_PART = re.compile(r"(\d+ [A-Z][A-Z ]*)\. (.+)", re.DOTALL)
_UNDO = undo_of("")
