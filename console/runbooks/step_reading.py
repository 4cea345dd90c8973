"""One step of a runbook's file: what it asks, what it does, and what has to hold around that."""

import re
from collections.abc import Collection, Iterator, Mapping

from console.runbooks.acts import ACTIONS, COMMANDS, risk_of
from console.runbooks.fields import Fields, allowed
from console.runbooks.model import (
    BUILT_IN,
    LONGEST,
    PLACEHOLDER,
    ActionAct,
    CommandAct,
    Compensation,
    Confirmation,
    Effect,
    Kind,
    ManualAct,
    OnFailure,
    Parameter,
    Question,
    Risk,
    SqlAct,
    Step,
    seconds_in,
)
from console.yaml_file import Path_

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""A runbook's and a step's name."""
NAME_WORDS = "at most 40 lower-case letters, digits, _ and -, a letter first"
_EFFECTS = ("command", "action", "sql")
_STEP = (
    "name", "text", "if_needed", "confirm", "recent", "second_person", "preconditions", *_EFFECTS, "manual",
    "check", "holds_for", "timeout", "on_failure", "compensation", "repeatable", "unless",
)  # fmt: skip
_COMPENSATION = ("text", *_EFFECTS, "check", "timeout")
_CONFIRMATION = ("words", "unless")
_DDL = re.compile(r"(alter|create|drop|rename|truncate)\b", re.IGNORECASE)
"""How a statement begins that commits whatever was done before it."""


class StepReading:
    """Reads steps; `checks` and `parameters` are what one may name."""

    def __init__(
        self,
        fields: Fields,
        checks: Mapping[str, Mapping[str, Collection[str]]],
        parameters: tuple[Parameter, ...],
    ) -> None:
        self._fields = fields
        self._checks = checks
        self._values = (*(parameter.name for parameter in parameters), *BUILT_IN)
        self._durations = [each.name for each in parameters if each.kind is Kind.DURATION]

    def step(self, at: Path_, told: object) -> Step:
        """The step that `told` says; what is wrong with it is noted."""
        fields = self._fields
        entry = fields.mapping(at, told, _STEP, "a step")
        name = fields.text(at, entry, "name")
        if name and (not NAME.fullmatch(name) or name.startswith("undo-")):
            fields.wrong((*at, "name"), f"{name!r} is no step's name: {NAME_WORDS}")
        step = Step(
            name=name,
            text=self._told(at, entry, "text"),
            act=self._act(at, entry),
            check=self._question((*at, "check"), entry.get("check")),
            timeout=self._timeout(at, entry),
            preconditions=tuple(self._questions((*at, "preconditions"), entry.get("preconditions"))),
            on_failure=fields.choice(at, entry, "on_failure", OnFailure, OnFailure.ASK),
            compensation=self._compensation((*at, "compensation"), entry.get("compensation")),
            repeatable=fields.flag(at, entry, "repeatable"),
            if_needed=fields.flag(at, entry, "if_needed"),
            confirm=self._confirmation((*at, "confirm"), entry.get("confirm")),
            recent=self._span(at, entry, "recent"),
            holds_for=self._span(at, entry, "holds_for"),
            second_person=fields.flag(at, entry, "second_person"),
            unless=self._question((*at, "unless"), entry.get("unless")),
        )
        self._check_whole(at, step)
        return step

    def _check_whole(self, at: Path_, step: Step) -> None:
        """Note what doesn't go together."""
        fields = self._fields
        if step.check is None and not isinstance(step.act, ManualAct):
            fields.wrong(
                at, "a step has a check that is independent of its act; only a manual one may have none"
            )
        if step.check is None and (step.if_needed or step.holds_for):
            fields.wrong(at, "if_needed and holds_for are about the step's check, and it has none")
        if step.if_needed and step.act is None:
            fields.wrong((*at, "if_needed"), "if_needed is about an act, and the step has none")
        if step.second_person and not isinstance(step.act, CommandAct | SqlAct):
            fields.wrong((*at, "second_person"), "a second person agrees to a command or to sql")

    def _act(self, at: Path_, entry: Mapping[str, object]) -> Effect | ManualAct | None:
        given = [key for key in (*_EFFECTS, "manual") if key in entry]
        if len(given) > 1:
            self._fields.wrong((*at, given[-1]), f"a step has one act, not {' and '.join(given)}", key=True)
        if given == ["manual"]:
            return ManualAct(self._told(at, entry, "manual"))
        return self._effect(at, entry) if given else None

    def _effect(self, at: Path_, entry: Mapping[str, object]) -> Effect:
        if "sql" in entry:
            return self._sql((*at, "sql"), entry["sql"])
        if "action" in entry:
            return self._action((*at, "action"), entry["action"])
        name = entry.get("command")
        if not isinstance(name, str) or name not in COMMANDS:
            self._fields.wrong(
                (*at, "command"), f"{name!r} is no command that a runbook may run; {allowed(COMMANDS)}"
            )
            return CommandAct("verify_positions")
        return CommandAct(name)

    def _action(self, at: Path_, entry: object) -> Effect:
        name, arguments = self._named(at, entry, "an action")
        if name not in ACTIONS:
            self._fields.wrong(at, f"{name!r} is no action; {allowed(ACTIONS)}")
            return CommandAct("verify_positions")
        known = ACTIONS[name].arguments
        return ActionAct(name, self._arguments((*at, name), arguments, known, f"the action {name}"))

    def _sql(self, at: Path_, entry: object) -> SqlAct:
        if not isinstance(entry, list) or not entry or not all(isinstance(one, str) for one in entry):
            self._fields.wrong(at, "sql is a list of statements")
            return SqlAct(())
        for index, statement in enumerate(entry):
            self._check_placeholders((*at, index), statement)
            if len(entry) > 1 and _DDL.match(statement.strip()):
                self._fields.wrong((*at, index), "it commits what was done before: it is a step of its own")
            if any(statement[: each.start()].count("'") % 2 for each in PLACEHOLDER.finditer(statement)):
                self._fields.wrong((*at, index), "a value is bound, and stands in no quotes")
        return SqlAct(tuple(" ".join(statement.split()) for statement in entry))

    def _compensation(self, at: Path_, entry: object) -> Compensation | None:
        if entry is None:
            return None
        told = self._fields.mapping(at, entry, _COMPENSATION, "a compensation")
        check = self._question((*at, "check"), told.get("check"))
        if check is None:
            self._fields.wrong(at, "a compensation has a check")
            return None
        act = self._effect(at, told)
        return Compensation(
            self._told(at, told, "text"), act, check, self._timeout(at, told), risk_of(act) is Risk.LOWERS
        )

    def _confirmation(self, at: Path_, entry: object) -> Confirmation | None:
        if entry is None:
            return None
        if isinstance(entry, str):
            entry = {"words": entry}
        told = self._fields.mapping(at, entry, _CONFIRMATION, "a confirmation")
        return Confirmation(
            self._told(at, told, "words"), self._question((*at, "unless"), told.get("unless"))
        )

    def _questions(self, at: Path_, entries: object) -> Iterator[Question]:
        if entries is None:
            return
        if not isinstance(entries, list):
            self._fields.wrong(at, "preconditions are a list of checks")
            return
        for index, entry in enumerate(entries):
            question = self._question((*at, index), entry)
            if question is not None:
                yield question

    def _question(self, at: Path_, entry: object) -> Question | None:
        if entry is None:
            return None
        name, arguments = self._named(at, entry, "a check")
        if name not in self._checks:
            self._fields.wrong(at, f"{name!r} is no check; {allowed(self._checks)}")
            return None
        known = self._checks[name]
        return Question(name, self._arguments((*at, name), arguments, known, f"the check {name}"))

    def _named(self, at: Path_, entry: object, what: str) -> tuple[str, object]:
        """`name`, or `{name: {argument: value}}`."""
        if isinstance(entry, str):
            return entry, {}
        if not isinstance(entry, dict) or len(entry) != 1:
            self._fields.wrong(at, f"{what} is its name, or its name with a mapping of arguments")
            return "", {}
        (name, arguments), *_ = entry.items()
        return str(name), arguments or {}

    def _arguments(
        self, at: Path_, entry: object, known: Mapping[str, Collection[str]], what: str
    ) -> Mapping[str, str]:
        told = self._fields.mapping(at, entry, known, what)
        for argument in known:
            self._check_argument((*at, argument), told.get(argument), known[argument])
        return {argument: str(value) for argument, value in told.items()}

    def _check_argument(self, at: Path_, value: object, known: Collection[str]) -> None:
        if not isinstance(value, str):
            self._fields.wrong(at, f"{at[-1]} is missing, as text; {allowed(known or ['any text'])}")
        elif PLACEHOLDER.search(value):
            self._check_placeholders(at, value)
        elif known and value not in known:
            self._fields.wrong(at, f"{at[-1]}: {allowed(known)}, not {value!r}")

    def _check_placeholders(self, at: Path_, text: str) -> None:
        for name in PLACEHOLDER.findall(text):
            if name not in self._values:
                self._fields.wrong(at, f"{{{name}}} is no parameter of this runbook; {allowed(self._values)}")

    def _span(self, at: Path_, entry: Mapping[str, object], key: str) -> str:
        """A duration, or the parameter that is one."""
        told = str(entry.get(key, ""))
        if told and told not in [f"{{{name}}}" for name in self._durations] and not _is_span(told):
            self._fields.wrong(
                (*at, key), f"{told!r} is no duration: such as 30s, 15m, at most 1h, or a parameter"
            )
        return told

    def _timeout(self, at: Path_, entry: Mapping[str, object]) -> float:
        told = str(entry.get("timeout", "60s"))
        if not _is_span(told):
            self._fields.wrong(
                (*at, "timeout"), f"{told!r} is no time-out: such as 500ms, 30s or 5m, at most 1h"
            )
        return seconds_in(told) or 0.0

    def _told(self, at: Path_, entry: Mapping[str, object], key: str) -> str:
        """Text for the operator, in which parameters are named."""
        text = self._fields.text(at, entry, key)
        self._check_placeholders((*at, key), text)
        return text


def _is_span(text: str) -> bool:
    return 0 < (seconds_in(text) or 0.0) <= LONGEST
