"""Runbooks' files: all mistakes are found at once, in a line `file:line:column: what, what is allowed` each.

Nothing in a runbook is a shell's: commands are names of the settings' argument lists.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from console.domain import triggers
from console.runbooks.model import (
    PLACEHOLDER,
    CommandAct,
    Compensation,
    Kind,
    ManualAct,
    OnFailure,
    Parameter,
    Question,
    Risk,
    Runbook,
    Step,
)
from console.yaml_file import Document, Path_, YamlError, parse_document

E = TypeVar("E", bound=Enum)

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
ENVIRONMENTS = ("paper", "development", "staging", "production")
LONGEST_TIMEOUT = 3600.0
"""Seconds that a step's command may take at most."""
LONGEST = 15_000
"""Characters of a runbook: every run keeps the whole text with it."""
COMMANDS = {"stop": Risk.LOWERS, "verify_positions": Risk.NONE}
"""The settings' commands that a runbook may run, with what each does to the risk."""


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
    reading = _Reading(document, known)
    runbook = reading.runbook(name, text)
    if reading.problems:
        ordered = sorted(reading.problems, key=lambda found: (found[0].line, found[0].column))
        raise RunbookError(tuple(f"{shown}:{place}: {problem}" for place, problem in ordered))
    return runbook


_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SECONDS = re.compile(r"(\d{1,6})(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}

_TOP = (
    "title", "use", "alerts", "triggers", "environments", "risk", "parameters", "steps",
)  # fmt: skip
_PARAMETER = ("text", "type", "choices", "default")
_STEP = (
    "name", "text", "preconditions", "command", "manual", "check", "timeout", "on_failure", "compensation",
    "repeatable",
)  # fmt: skip
_COMPENSATION = ("text", "command", "check", "timeout")


class _Reading:
    """A document on its way to a runbook, and what was found wrong in it so far."""

    def __init__(self, document: Document, known: Known) -> None:
        self._document = document
        self._known = known
        self._parameters: tuple[Parameter, ...] = ()
        self.problems = [(place, f"{key!r} appears twice") for key, place in document.duplicates]

    def runbook(self, name: str, text: str) -> Runbook:
        top = self._mapping((), self._document.data, _TOP, "a runbook")
        if not _NAME.fullmatch(name):
            self._wrong((), f"the file's name {name!r} is the runbook's: lower-case letters, digits, _ and -")
        self._parameters = tuple(self._parameters_in(top.get("parameters")))
        risk = self._choice((), top, "risk", Risk, None)
        runbook = Runbook(
            name=name,
            title=self._text((), top, "title"),
            use=self._text((), top, "use"),
            alerts=self._words((), top, "alerts", None),
            triggers=self._words((), top, "triggers", TRIGGERS),
            environments=self._words((), top, "environments", ENVIRONMENTS) or ENVIRONMENTS,
            risk=risk,
            parameters=self._parameters,
            steps=tuple(self._steps(top.get("steps"))),
            text=text,
        )
        self._check_risk(runbook)
        return runbook

    def _parameters_in(self, entries: object) -> Iterator[Parameter]:
        if entries is None:
            return
        if not isinstance(entries, dict):
            self._wrong(("parameters",), "parameters are a mapping of names to what is asked for")
            return
        for name, entry in entries.items():
            at: Path_ = ("parameters", str(name))
            if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
                self._wrong(at, f"{name!r} is no name: lower-case letters, digits and _", key=True)
                continue
            yield self._parameter(at, name, self._mapping(at, entry, _PARAMETER, "a parameter"))

    def _parameter(self, at: Path_, name: str, entry: Mapping[str, object]) -> Parameter:
        kind = self._choice(at, entry, "type", Kind, Kind.TEXT)
        choices = self._words(at, entry, "choices", None)
        if (kind is Kind.CHOICE) != bool(choices):
            self._wrong((*at, "choices"), "choices are what a parameter of the type choice has, and no other")
        default = entry.get("default")
        parameter = Parameter(name, self._text(at, entry, "text"), kind, choices)
        if default is None:
            return parameter
        try:
            value = parameter.checked(str(default))
        except ValueError as error:
            self._wrong((*at, "default"), str(error))
            return parameter
        return Parameter(name, parameter.text, kind, choices, value)

    def _steps(self, entries: object) -> Iterator[Step]:
        if not isinstance(entries, list) or not entries:
            self._wrong(("steps",), "a runbook has a list of steps under 'steps'")
            return
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            at: Path_ = ("steps", index)
            step = self._step(at, self._mapping(at, entry, _STEP, "a step"))
            if step.name in seen:
                self._wrong((*at, "name"), f"a second step {step.name!r}: a step's name is its own")
            seen.add(step.name)
            yield step

    def _step(self, at: Path_, entry: Mapping[str, object]) -> Step:
        name = self._text(at, entry, "name")
        if name and (not _NAME.fullmatch(name) or name.startswith("undo-")):
            self._wrong((*at, "name"), f"{name!r} is no step's name: lower-case letters, digits, _ and -")
        act, check = self._act(at, entry), self._question((*at, "check"), entry.get("check"))
        if check is None and not isinstance(act, ManualAct):
            self._wrong(
                at, "a step has a check that is independent of its act; only a manual one may have none"
            )
        compensation = self._compensation((*at, "compensation"), entry.get("compensation"))
        on_failure = self._choice(at, entry, "on_failure", OnFailure, OnFailure.ASK)
        repeatable = entry.get("repeatable", False)
        if not isinstance(repeatable, bool):
            self._wrong((*at, "repeatable"), "allowed: true or false")
        return Step(
            name=name,
            text=self._told(at, entry, "text"),
            act=act,
            check=check,
            timeout=self._timeout(at, entry),
            preconditions=tuple(self._questions((*at, "preconditions"), entry.get("preconditions"))),
            on_failure=on_failure,
            compensation=compensation,
            repeatable=repeatable is True,
        )

    def _act(self, at: Path_, entry: Mapping[str, object]) -> CommandAct | ManualAct | None:
        if "command" in entry and "manual" in entry:
            self._wrong((*at, "manual"), "a step has one act: either a command or a manual one", key=True)
        if "command" in entry:
            return self._command(at, entry)
        return ManualAct(self._told(at, entry, "manual")) if "manual" in entry else None

    def _command(self, at: Path_, entry: Mapping[str, object]) -> CommandAct:
        name = entry.get("command")
        if not isinstance(name, str) or name not in COMMANDS:
            self._wrong(
                (*at, "command"), f"{name!r} is no command that a runbook may run; {_allowed(COMMANDS)}"
            )
        return CommandAct(str(name))

    def _compensation(self, at: Path_, entry: object) -> Compensation | None:
        if entry is None:
            return None
        told = self._mapping(at, entry, _COMPENSATION, "a compensation")
        check = self._question((*at, "check"), told.get("check"))
        if check is None:
            self._wrong(at, "a compensation has a check")
            return None
        text = self._told(at, told, "text")
        return Compensation(text, self._command(at, told), check, self._timeout(at, told))

    def _questions(self, at: Path_, entries: object) -> Iterator[Question]:
        if entries is None:
            return
        if not isinstance(entries, list):
            self._wrong(at, "preconditions are a list of checks")
            return
        for index, entry in enumerate(entries):
            question = self._question((*at, index), entry)
            if question is not None:
                yield question

    def _question(self, at: Path_, entry: object) -> Question | None:
        """`name`, or `{name: {argument: value}}`."""
        if entry is None:
            return None
        if isinstance(entry, str):
            entry = {entry: {}}
        if not isinstance(entry, dict) or len(entry) != 1:
            self._wrong(at, "a check is its name, or its name with a mapping of arguments")
            return None
        (name, arguments), *_ = entry.items()
        if name not in self._known.checks:
            self._wrong(at, f"{name!r} is no check; {_allowed(self._known.checks)}")
            return None
        known = self._known.checks[name]
        told = self._mapping((*at, name), arguments or {}, known, f"the check {name}")
        for argument in known:
            self._check_argument((*at, name, argument), told.get(argument), known[argument])
        return Question(name, {argument: str(value) for argument, value in told.items()})

    def _check_argument(self, at: Path_, value: object, allowed: Collection[str]) -> None:
        if not isinstance(value, str):
            self._wrong(at, f"{at[-1]} is missing, as text; {_allowed(allowed or ['any text'])}")
        elif PLACEHOLDER.search(value):
            self._check_placeholders(at, value)
        elif allowed and value not in allowed:
            self._wrong(at, f"{at[-1]}: {_allowed(allowed)}, not {value!r}")

    def _check_risk(self, runbook: Runbook) -> None:
        """A runbook that says `none` runs no command that does something."""
        for index, step in enumerate(runbook.steps):
            at: Path_ = ("steps", index)
            self._check_act((*at, "command"), step.act, runbook.risk)
            if step.compensation is not None:
                self._check_act((*at, "compensation", "command"), step.compensation.act, runbook.risk)

    def _check_act(self, at: Path_, act: CommandAct | ManualAct | None, risk: Risk) -> None:
        if isinstance(act, CommandAct) and risk is Risk.NONE and COMMANDS.get(act.name, risk) is not risk:
            self._wrong(at, f"{act.name} {COMMANDS[act.name].value} the risk, and the runbook says none")

    def _check_placeholders(self, at: Path_, text: str) -> None:
        known = [parameter.name for parameter in self._parameters]
        for name in PLACEHOLDER.findall(text):
            if name not in known:
                self._wrong(at, f"{{{name}}} is no parameter of this runbook; {_allowed(known)}")

    def _timeout(self, at: Path_, entry: Mapping[str, object]) -> float:
        told = entry.get("timeout", "60s")
        match = None if isinstance(told, bool) else _SECONDS.fullmatch(str(told))
        found = 0.0 if match is None else int(match[1]) * _UNITS[match[2]]
        if not 0 < found <= LONGEST_TIMEOUT:
            self._wrong((*at, "timeout"), f"{told!r} is no time-out: such as 500ms, 30s or 5m, at most 1h")
        return found

    def _told(self, at: Path_, entry: Mapping[str, object], key: str) -> str:
        """Text for the operator, in which parameters are named."""
        text = self._text(at, entry, key)
        self._check_placeholders((*at, key), text)
        return text

    def _text(self, at: Path_, entry: Mapping[str, object], key: str) -> str:
        text = entry.get(key)
        if not isinstance(text, str) or not text.strip():
            self._wrong((*at, key), f"{key} is missing, as text")
            return ""
        return " ".join(text.split())

    def _words(
        self, at: Path_, entry: Mapping[str, object], key: str, allowed: Collection[str] | None
    ) -> tuple[str, ...]:
        told = entry.get(key)
        if told is None:
            return ()
        if not isinstance(told, list) or not all(isinstance(each, str) for each in told):
            self._wrong((*at, key), f"{key} are a list of words")
            return ()
        for index, word in enumerate(told):
            if allowed is not None and word not in allowed:
                self._wrong((*at, key, index), f"{word!r} is none of the {key}; {_allowed(allowed)}")
        return tuple(told)

    def _choice(
        self, at: Path_, entry: Mapping[str, object], key: str, kind: type[E], default: E | None
    ) -> E:
        told = entry.get(key, None if default is None else default.value)
        for each in kind:
            if told == each.value:
                return each
        self._wrong((*at, key), f"{key}: {_allowed([each.value for each in kind])}, not {told!r}")
        return next(iter(kind))

    def _mapping(self, at: Path_, entry: object, known: Collection[str], what: str) -> Mapping[str, object]:
        if not isinstance(entry, dict):
            self._wrong(at, f"{what} is a mapping; {_allowed(known)}")
            return {}
        for key in entry:
            if key not in known:
                self._wrong((*at, str(key)), f"{key!r} is not known in {what}; {_allowed(known)}", key=True)
        return {str(key): value for key, value in entry.items()}

    def _wrong(self, at: Path_, problem: str, *, key: bool = False) -> None:
        self.problems.append((self._document.place(at, key=key), " ".join(problem.split())))


def _allowed(words: Collection[str]) -> str:
    return f"allowed: {', '.join(words) or 'none'}"
