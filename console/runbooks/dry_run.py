"""A runbook walked without doing anything: every check is asked, no act is done, nothing is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.runbooks.model import Ask, CommandAct, Found, ManualAct, Question, Runbook, Step, filled


@dataclass(frozen=True, slots=True)
class Walked:
    """A step as it would be: `act` says what would be done; `before` and `after` what its checks say now."""

    step: Step
    text: str
    act: str
    before: tuple[Found, ...]
    after: Found | None


def walked(
    runbook: Runbook,
    values: Mapping[str, str],
    commands: Mapping[str, tuple[str, ...]],
    checks: Mapping[str, Ask],
) -> Iterator[Walked]:
    """Every step in order; a check of what an act would bring about may well fail now."""

    def ask(question: Question) -> Found:
        return checks[question.check](
            {name: filled(text, values) for name, text in question.arguments.items()}
        )

    for step in runbook.steps:
        yield Walked(
            step,
            filled(step.text, values),
            _act(step, values, commands),
            tuple(ask(question) for question in step.preconditions),
            None if step.check is None else ask(step.check),
        )


def _act(step: Step, values: Mapping[str, str], commands: Mapping[str, tuple[str, ...]]) -> str:
    if isinstance(step.act, CommandAct):
        arguments = commands.get(step.act.name)
        return f"would run {step.act.name}: {list(arguments) if arguments else 'NOT IN THE SETTINGS'}"
    if isinstance(step.act, ManualAct):
        return f"would ask: {filled(step.act.asks, values)}"
    return "nothing is done"
