"""Runbooks as data: what one is made of. Their files are read by `console.runbooks.reading`."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum


@dataclass(frozen=True, slots=True)
class Found:
    """What a check saw, in words; `passes` is None where it can't be told, which is no pass.

    `details` are further lines to keep with it, such as the rows that are wrong.
    """

    passes: bool | None
    expected: str
    observed: str
    details: tuple[str, ...] = ()


def found_in(evidence: str) -> Found | None:
    """What a check saw, as it is kept with a step or in the journal; None for nothing, or what can't be read.

    A secret that was taken out of it may have been a part of how it is written, and a newer console may have
    written it.
    """
    try:
        told = json.loads(evidence)
        passes = told["passes"] if isinstance(told["passes"], bool) else None
        return Found(passes, str(told["expected"]), str(told["observed"]), tuple(map(str, told["details"])))
    except (ValueError, KeyError, TypeError):
        return None


Ask = Callable[[Mapping[str, str]], Found]
"""A check: asks the world, with its arguments, and changes nothing."""


class Risk(Enum):
    """What a run, or one act of it, does to the risk that the engine runs."""

    NONE = "none"
    LOWERS = "lowers"
    RAISES = "raises"


class OnFailure(Enum):
    """What follows when a step has failed."""

    STOP = "stop"
    """The run ends there, as failed."""
    ASK = "ask"
    """A person decides: again, skip, or abort."""
    COMPENSATE = "compensate"
    """What was done is undone, the last first, and the run ends as failed."""


class Kind(Enum):
    """The type of a parameter."""

    TEXT = "text"
    WHOLE = "whole"
    AMOUNT = "amount"
    DURATION = "duration"
    CHOICE = "choice"
    BACKUP = "backup"
    """The name of a backup; where none is given, the newest that was restored equal before."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is asked for before a run begins; without a `default` it has to be given."""

    name: str
    text: str
    kind: Kind
    choices: tuple[str, ...] = ()
    default: str | None = None

    def checked(self, given: str) -> str:
        """The value as it is put into texts and arguments; ValueError says what is allowed."""
        value = given.strip()
        if self.kind is Kind.CHOICE and value not in self.choices:
            raise ValueError(f"{self.name}: allowed: {', '.join(self.choices)}")
        if self.kind is Kind.WHOLE and not (value.isascii() and value.removeprefix("-").isdigit()):
            raise ValueError(f"{self.name}: a whole number, not {given!r}")
        if self.kind is Kind.AMOUNT and not _is_amount(value):
            raise ValueError(f"{self.name}: a number, not {given!r}")
        if self.kind is Kind.DURATION and not 0 < (seconds_in(value) or 0.0) <= LONGEST:
            raise ValueError(f"{self.name}: a time such as 500ms, 30s or 5m, at most 1h, not {given!r}")
        if not value:
            raise ValueError(f"{self.name}: {self.text}")
        return value


@dataclass(frozen=True, slots=True)
class Question:
    """A check by its name, with arguments in which `{parameter}` is replaced."""

    check: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CommandAct:
    """Run a command of the context's settings, by its name there."""

    name: str


@dataclass(frozen=True, slots=True)
class ActionAct:
    """An action of `console.runbooks.acts`, with arguments in which `{parameter}` is replaced."""

    name: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SqlAct:
    """One transaction on the context's database; what a `{parameter}` stands for is bound, not spliced."""

    statements: tuple[str, ...]


Effect = CommandAct | ActionAct | SqlAct
"""What changes the world, and is done by a process of its own."""


@dataclass(frozen=True, slots=True)
class ManualAct:
    """Something that a person does, or finds out; `asks` is what they are to write down of it."""

    asks: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Words that a person types before the act begins, unless the check `unless` passes."""

    words: str
    unless: Question | None = None


@dataclass(frozen=True, slots=True)
class Compensation:
    """What undoes a step, and how to see that it did. `repeatable` is one that lowers the risk."""

    text: str
    act: Effect
    check: Question
    timeout: float
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `timeout` is how long its act may take, in seconds.

    Every act that changes the world has a `check` that is independent of it; a step without an act is its
    check alone. `if_needed`: where the check passes before, the act isn't done. `recent` is how long ago the
    checks of the steps before may have been asked, `holds_for` how long the own check has to pass in the end:
    durations, or a `{parameter}` that is one, empty for neither. `second_person`: somebody else agrees to the
    act, whatever the settings say. `repeatable`: the act may be done again without being asked for. `unless`:
    where this passes there is nothing that the step could be about, and it is skipped with what was seen.
    """

    name: str
    text: str
    act: Effect | ManualAct | None
    check: Question | None
    timeout: float
    preconditions: tuple[Question, ...] = ()
    on_failure: OnFailure = OnFailure.ASK
    compensation: Compensation | None = None
    repeatable: bool = False
    if_needed: bool = False
    confirm: Confirmation | None = None
    recent: str = ""
    holds_for: str = ""
    second_person: bool = False
    unless: Question | None = None

    @property
    def effect(self) -> Effect | None:
        """What it does to the world; None where it is a check, or a person's."""
        return None if isinstance(self.act, ManualAct) else self.act


@dataclass(frozen=True, slots=True)
class Rollback:
    """Of a runbook that leads back: what it undoes and what it can't, in words; what it `needs`, by name."""

    undoes: tuple[str, ...]
    cannot: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Runbook:
    """`alerts` and `triggers` name what it is for; `text` is the file that it was read from.

    `rollback` is None of one that is no rollback.
    """

    name: str
    title: str
    use: str
    alerts: tuple[str, ...]
    triggers: tuple[str, ...]
    environments: tuple[str, ...]
    risk: Risk
    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    text: str
    rollback: Rollback | None = None

    def step(self, name: str) -> Step:
        """The step, or what undoes it as a step of its own; KeyError where there is none."""
        for step in self.steps:
            if step.name == name:
                return step
            if step.compensation is not None and undo_of(step.name) == name:
                undo = step.compensation
                return Step(name, undo.text, undo.act, undo.check, undo.timeout, repeatable=undo.repeatable)
        raise KeyError(name)

    def values(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Every parameter's value; ValueError, a line for each mistake in what is `given`."""
        known = {parameter.name: parameter for parameter in self.parameters}
        problems = [f"{name}: no parameter of {self.name}" for name in given if name not in known]
        values = {}
        for name, parameter in known.items():
            told = given.get(name, parameter.default)
            try:
                values[name] = parameter.checked("" if told is None else told)
            except ValueError as error:
                problems.append(str(error))
        if problems:
            raise ValueError("\n".join(problems))
        return values


def undo_of(step: str) -> str:
    """The name of the step that undoes `step`."""
    return f"undo-{step}"


PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""Where a parameter's value goes."""
BUILT_IN = ("context", "environment", "run", "began")
"""What stands beside the parameters in every text and argument; `began` is when the step was begun, in
seconds since 1970."""


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with every `{parameter}` replaced, all at once: a value that looks like one stays as it is."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


LONGEST = 3600.0
"""Seconds that a duration has at most."""


def seconds_in(text: str) -> float | None:
    """The seconds that a duration such as 500ms, 30s, 5m or 1h has; None for what is none."""
    match = _DURATION.fullmatch(text)
    return None if match is None else int(match[1]) * _UNITS[match[2]]


def span(text: str, values: Mapping[str, str]) -> float:
    """The seconds of a step's `recent` or `holds_for`, 0 where it has none."""
    return seconds_in(filled(text, values)) or 0.0


_DURATION = re.compile(r"(\d{1,6})(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def _is_amount(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
