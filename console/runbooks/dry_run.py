"""A runbook walked without doing anything: every check is asked, no act is done, nothing is written."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.runbooks.acts import Program, action_words
from console.runbooks.model import (
    ActionAct,
    Ask,
    CommandAct,
    Found,
    ManualAct,
    Question,
    Runbook,
    Step,
    filled,
)
from console.runbooks.run import Run, values_of


@dataclass(frozen=True, slots=True)
class Walked:
    """A step as it would be: `act` says what would be done; `before` and `after` what its checks say now."""

    step: Step
    text: str
    act: str
    before: tuple[Found, ...]
    after: Found | None

    @property
    def awaited(self) -> bool:
        """Whether what its check asks for isn't so yet, and the step itself is what would bring it about."""
        return self.step.act is not None and self.after is not None and self.after.passes is False


def walked(
    runbook: Runbook,
    given: Mapping[str, str],
    checks: Mapping[str, Ask],
    *,
    commands: Mapping[str, tuple[str, ...]],
    program: Program,
    environment: str,
    now: float,
) -> Iterator[Walked]:
    """Every step in order, with the parameters that are `given`, at the wall time `now`.

    A check of what an act would bring about may well fail now.
    """
    run = Run("dry-run", runbook.name, program.context, runbook.text, given, now)
    values = values_of(run, environment, now)

    def ask(question: Question) -> Found:
        arguments = {name: filled(text, values) for name, text in question.arguments.items()}
        return checks[question.check](arguments)

    for step in runbook.steps:
        does = would(step, values, commands=commands, program=program)
        without = None if step.unless is None else ask(step.unless)
        if without is not None and without.passes is True:
            yield Walked(step, filled(step.text, values), f"would be skipped: {without.observed}", (), None)
            continue
        yield Walked(
            step,
            filled(step.text, values),
            f"would {does}" if does else "would only look",
            tuple(ask(question) for question in step.preconditions),
            None if step.check is None else ask(step.check),
        )


def would(
    step: Step, values: Mapping[str, str], *, commands: Mapping[str, tuple[str, ...]], program: Program
) -> str:
    """What the step's act does, in words; empty where it has none."""
    act = step.act
    if isinstance(act, ManualAct):
        return f"ask: {filled(act.asks, values)}"
    if isinstance(act, CommandAct):
        arguments = commands.get(act.name)
        return f"run {act.name}: {shlex.join(arguments) if arguments else 'NOT IN THE SETTINGS'}"
    if isinstance(act, ActionAct):
        return f"run: opsconsole {shlex.join(action_words(act, values, program, ''))}"
    return "" if act is None else f"do in one transaction: {filled('; '.join(act.statements), values)}"
