"""How an act is done: as which process, with what beside it. Nothing is begun here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from console.runbooks.acts import action_words, stays
from console.runbooks.course import Course
from console.runbooks.model import ActionAct, CommandAct, Kind, Step
from console.runbooks.order import Order
from console.runbooks.run import values_of

LIVES = 3.0
"""Seconds that a command which may never end has to live."""
STATEMENTS = "sql.json"
"""The file of a transaction in its step's folder."""


@dataclass(frozen=True, slots=True)
class Acting:
    """An order, with the `files` that it reads in the step's folder, by name."""

    order: Order
    files: Mapping[str, str] = field(default_factory=dict)


def acting(course: Course, step: Step, folder: Path, approval: str) -> Acting:
    """What does the step's act in its `folder`; KeyError where the settings have no such command."""
    effect, world = step.effect, course.world
    values = values_of(course.run, world.environment, course.began(step.name))
    if isinstance(effect, CommandAct):
        lives = LIVES if stays(effect) else 0.0
        return Acting(Order(world.commands[effect.name], step.timeout, lives=lives))
    if isinstance(effect, ActionAct):
        words = action_words(effect, values, world.program, approval)
        return Acting(Order(world.program.console(words), step.timeout))
    assert effect is not None  # noqa: S101 (a step without an act is its check alone)
    kinds = {parameter.name: parameter.kind for parameter in course.runbook.parameters}
    bound = {name: [kinds.get(name, Kind.TEXT).value, value] for name, value in values.items()}
    told = {"statements": effect.statements, "values": bound, "timeout": step.timeout}
    return Acting(Order(world.program.sql(folder / STATEMENTS), step.timeout), {STATEMENTS: json.dumps(told)})
