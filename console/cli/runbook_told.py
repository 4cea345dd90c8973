"""What the commands of runbooks say of a run, of its steps and of runbooks, as lines of text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from console.domain.figures import seconds
from console.runbooks.deciding import Choice, in_words, options
from console.runbooks.dry_run import Walked
from console.runbooks.model import Found, Runbook, filled, found_in
from console.runbooks.relevance import Wrong, by_relevance, relevance
from console.runbooks.run import Run, State, StepRun, Task, UnreadRun, told_steps, values_of
from console.runbooks.store import Moved
from console.runbooks.times import lasting

_NAME, _STATE = 20, 8
"""Cells of a step's name and state."""
_RUN = 40
"""Cells of a run's id."""
_MOST_OUTPUT = 10
"""Lines of what a command wrote, the last ones."""
_GIVEN = {
    Choice.AGAIN: "--again",
    Choice.NOTE: "--note TEXT",
    Choice.CONFIRM: "--confirm WORDS",
    Choice.WAIT: "--wait",
    Choice.OVERRIDE: "--skip REASON",
}
"""What a choice is called on the command line."""


def runbook_lines(runbooks: Iterable[Runbook], wrong: Wrong) -> Iterator[str]:
    """The runbooks, those for what is wrong now first, with the reason."""
    for one in by_relevance(runbooks, wrong):
        why = ", ".join(relevance(one, wrong))
        yield f"{one.name:<24} {one.title}. {one.use}{f' NOW: {why}' if why else ''}"


def steps_lines(runbook: Runbook) -> Iterator[str]:
    """One runbook: what it is for, what it asks for up front, and each step; and what says more."""
    yield f"{runbook.name}: {runbook.title}, {len(runbook.steps)} steps, risk: {runbook.risk.value}"
    yield runbook.use
    for one in runbook.parameters:
        default = "" if one.default is None else f", {one.default} where none is given"
        yield f"{'':<{_NAME}} --set {one.name}=…: {one.text}{default}"
    yield from (f"{step.name:<{_NAME}} {' '.join(step.text.split())}" for step in runbook.steps)
    yield f"what it would do now: opsconsole runbook run {runbook.name} --dry-run"


def listed_lines(runs: Iterable[Run], unread: Iterable[UnreadRun]) -> Iterator[str]:
    """A line for each run: how it stands, or why nobody here can tell."""
    yield from (f"{run.id:<{_RUN}} {run.standing.value}" for run in runs)
    yield from (f"{one.id:<{_RUN}} {'open, ' if one.is_open else ''}unread: {one.why}" for one in unread)


def run_lines(
    run: Run, usual: Mapping[str, float], now: float, output: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Where a run stands at `now` (seconds since 1970); `output` is what steps that are running write."""
    yield f"{run.id}  {run.standing.value}, driven by {run.driver}, began {instant(run.began)}"
    for step in told_steps(run):
        yield step_line(step, usual, now)
        written = output.get(step.name, step.output.splitlines())
        yield from (f"{'':<{_NAME}} {line}" for line in (*_kept(step), *_end_of(written)))


def step_line(step: StepRun, usual: Mapping[str, float], now: float) -> str:
    """One step: its state, and what was seen, or for how long it has been running."""
    return _line(step, lasting(step, now, usual) if step.state is State.RUNNING else step.words)


def move_line(step: StepRun, usual: Mapping[str, float]) -> str:
    """A step that has just come into its state; where it begins, what it usually takes."""
    known = usual.get(step.name) if step.state is State.RUNNING else None
    return _line(step, step.words if known is None else f"usually {seconds(known)}")


def asking_lines(runbook: Runbook, run: Run, task: Task, environment: str) -> Iterator[str]:
    """What a person is asked at the step where a run stands."""
    step = run.step(task.step)
    yield filled(runbook.step(task.step).text, values_of(run, environment, step.since))
    if step.words:
        yield f"{step.state.value}: {step.words}"
    offered = options(runbook, run, task)
    yield f"A PERSON IS NEEDED at {task.step}: {in_words(offered)}"
    given = [_GIVEN[one.choice] for one in offered if one.choice in _GIVEN and not one.lack]
    yield f"go on by       opsconsole runbook resume {run.id} {' | '.join(given)}".rstrip()


def timeline_lines(timeline: Iterable[Moved]) -> Iterator[str]:
    """Every move: when, what, why, by whom, and the evidence's digest."""
    for move in timeline:
        what = f"{move.step or 'the run'} {move.state}"
        yield f"{instant(move.at)} {what:<28} {move.words} ({move.by}) {move.digest}".rstrip()


def walked_lines(steps: Iterable[Walked]) -> Iterator[str]:
    """What a dry run saw at each step, between two lines that say that it was one."""
    yield "DRY RUN: nothing is done; every check is only asked how it stands now"
    for one in steps:
        yield f"{one.step.name:<{_NAME}} {one.text}"
        yield f"{'':<{_NAME}} {one.act}"
        for found in one.before:
            yield f"{'':<{_NAME}} before it: {_looked(found, 'has to be by then')}"
        if one.after is not None:
            missing = "waited for after it" if one.awaited else "the run stops here unless it is by then"
            yield f"{'':<{_NAME}} check: {_looked(one.after, missing)}"
    yield "DRY RUN: nothing was done, nothing was written"


def instant(at: float) -> str:
    """Seconds since 1970 in UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(step: StepRun, words: str) -> str:
    return f"{step.name:<{_NAME}} {step.state.value:<{_STATE}} {words}".rstrip()


def _looked(found: Found, missing: str) -> str:
    """What a check says now; `missing` says what comes of it where that isn't so."""
    if found.passes:
        return f"holds now: {found.expected}; observed {found.observed}"
    word = "can't be told now" if found.passes is None else f"not so now, {missing}"
    return f"{word}: {found.expected}; observed {found.observed}"


def _kept(step: StepRun) -> Iterator[str]:
    """The note, and the check's expectation and details."""
    if step.note:
        yield f"note: {step.note}"
    found = found_in(step.evidence)
    if found is not None:
        yield f"expected: {found.expected}"
        yield from found.details


def _end_of(output: Sequence[str]) -> Iterator[str]:
    return (f"| {line}" for line in output[-_MOST_OUTPUT:])
