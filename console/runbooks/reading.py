"""Runbooks' files: all mistakes are found at once, in a line `file:line:column: what, what is allowed` each.

Nothing in a runbook is a shell's: commands are names of the settings' argument lists.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain import triggers
from console.runbooks.acts import risk_of
from console.runbooks.fields import Fields
from console.runbooks.model import (
    BUILT_IN,
    ActionAct,
    Effect,
    Kind,
    Parameter,
    Risk,
    Rollback,
    Runbook,
    SqlAct,
    Step,
)
from console.runbooks.step_reading import NAME, NAME_WORDS, StepReading
from console.yaml_file import Path_, YamlError, parse_document

TRIGGERS = tuple(
    trigger.key
    for trigger in (
        triggers.LIQUIDATION,
        triggers.SYNC_ERRORS,
        triggers.SLIPPAGE,
        triggers.MARGIN_CALLED,
        triggers.CRASH,
    )
)
"""What a runbook's `triggers` may name."""
NEEDS = (
    "flags", "exchange", "processes", "start", "start_previous", "start_spot", "release", "coin_files",
    "backup",
)  # fmt: skip
"""What a rollback may need, by name: what each is, the wiring says."""
ENVIRONMENTS = ("paper", "development", "staging", "production")
LONGEST = 15_000
"""Characters of a runbook: every run keeps the whole text with it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a runbook may name: `checks`, with the values that their arguments may have (none: any)."""

    checks: Mapping[str, Mapping[str, Collection[str]]]


class RunbookError(ValueError):
    """Mistakes in a runbook, a line for each, in the file's order."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_runbook(file: Path, known: Known) -> Runbook:
    """Read `file`. Raises RunbookError for all mistakes at once, and for a file that can't be read."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RunbookError((f"{file}:1:1: byte {error.start} is not UTF-8",)) from None
    except OSError as error:
        raise RunbookError((f"{file}: {(error.strerror or str(error)).lower()}",)) from None
    if len(text) > LONGEST:
        raise RunbookError((f"{file}:1:1: longer than {LONGEST} characters",))
    return runbook_of(text, str(file), file.stem, known)


def runbook_of(text: str, shown: str, name: str, known: Known) -> Runbook:
    """The runbook `name` that `text` is, the content of what messages call `shown`."""
    try:
        document = parse_document(text, shown)
    except YamlError as error:
        raise RunbookError((str(error),)) from None
    fields = Fields(document)
    runbook = _runbook(fields, fields.mapping((), document.data, _TOP, "a runbook"), name, text, known)
    if fields.problems:
        ordered = sorted(fields.problems, key=lambda found: (found[0].line, found[0].column))
        raise RunbookError(tuple(f"{shown}:{place}: {problem}" for place, problem in ordered))
    return runbook


_TOP = (
    "title", "use", "alerts", "triggers", "environments", "risk", "rollback", "parameters", "steps",
)  # fmt: skip
_ROLLBACK = ("undoes", "cannot", "needs")
_PARAMETER = ("text", "type", "choices", "default")


def _runbook(fields: Fields, top: Mapping[str, object], name: str, text: str, known: Known) -> Runbook:
    if not NAME.fullmatch(name):
        fields.wrong((), f"the file's name {name!r} is the runbook's: {NAME_WORDS}")
    parameters = tuple(_parameters(fields, top.get("parameters")))
    risk = fields.choice((), top, "risk", Risk, None)
    steps = tuple(_steps(fields, StepReading(fields, known.checks, parameters), top.get("steps")))
    _check_risk(fields, steps, risk)
    return Runbook(
        name=name,
        title=fields.text((), top, "title"),
        use=fields.text((), top, "use"),
        alerts=fields.words((), top, "alerts", None),
        triggers=fields.words((), top, "triggers", TRIGGERS),
        environments=fields.words((), top, "environments", ENVIRONMENTS) or ENVIRONMENTS,
        risk=risk,
        parameters=parameters,
        steps=steps,
        text=text,
        rollback=_rollback(fields, top.get("rollback")),
    )


def _rollback(fields: Fields, entry: object) -> Rollback | None:
    if entry is None:
        return None
    at: Path_ = ("rollback",)
    told = fields.mapping(at, entry, _ROLLBACK, "a rollback")
    return Rollback(
        undoes=fields.words(at, told, "undoes", None),
        cannot=fields.words(at, told, "cannot", None),
        needs=fields.words(at, told, "needs", NEEDS),
    )


def _parameters(fields: Fields, entries: object) -> Iterator[Parameter]:
    if entries is None:
        return
    if not isinstance(entries, dict):
        fields.wrong(("parameters",), "parameters are a mapping of names to what is asked for")
        return
    for name, entry in entries.items():
        at: Path_ = ("parameters", str(name))
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
            fields.wrong(at, f"{name!r} is no name: lower-case letters, digits and _", key=True)
        elif name in BUILT_IN:
            fields.wrong(
                at, f"{name!r} is a value that every runbook has: the parameter needs another", key=True
            )
        else:
            yield _parameter(fields, at, name, fields.mapping(at, entry, _PARAMETER, "a parameter"))


def _parameter(fields: Fields, at: Path_, name: str, entry: Mapping[str, object]) -> Parameter:
    kind = fields.choice(at, entry, "type", Kind, Kind.TEXT)
    choices = fields.words(at, entry, "choices", None)
    if (kind is Kind.CHOICE) != bool(choices):
        fields.wrong((*at, "choices"), "choices are what a parameter of the type choice has, and no other")
    default = entry.get("default")
    parameter = Parameter(name, fields.text(at, entry, "text"), kind, choices)
    if default is None:
        return parameter
    try:
        value = parameter.checked(str(default))
    except ValueError as error:
        fields.wrong((*at, "default"), str(error))
        return parameter
    return Parameter(name, parameter.text, kind, choices, value)


def _steps(fields: Fields, reading: StepReading, entries: object) -> Iterator[Step]:
    if not isinstance(entries, list) or not entries:
        fields.wrong(("steps",), "a runbook has a list of steps under 'steps'")
        return
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        at: Path_ = ("steps", index)
        step = reading.step(at, entry)
        if step.name in seen:
            fields.wrong((*at, "name"), f"a second step {step.name!r}: a step's name is its own")
        seen.add(step.name)
        yield step


def _check_risk(fields: Fields, steps: tuple[Step, ...], risk: Risk) -> None:
    """A runbook does no more to the risk than it says."""
    for index, step in enumerate(steps):
        at: Path_ = ("steps", index)
        _check_effect(fields, at, step.effect, risk)
        if step.compensation is not None:
            _check_effect(fields, (*at, "compensation"), step.compensation.act, risk)


def _check_effect(fields: Fields, at: Path_, effect: Effect | None, risk: Risk) -> None:
    ranks = list(Risk)
    if effect is None or ranks.index(risk_of(effect)) <= ranks.index(risk):
        return
    if isinstance(effect, SqlAct):
        key, name = "sql", "sql"
    else:
        key, name = "action" if isinstance(effect, ActionAct) else "command", effect.name
    does = risk_of(effect).value
    fields.wrong((*at, key), f"{name} {does} the risk, and the runbook says {risk.value}")
