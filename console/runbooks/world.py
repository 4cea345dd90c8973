"""What a run is driven with: where it is kept and recorded, and what of the world it asks and changes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.audit.actor import Actor
from console.audit.journal import Journal
from console.audit.points import Point, pass_by
from console.domain.clock import Clock
from console.runbooks.acts import Program
from console.runbooks.model import Ask, Found, Question, Step, filled
from console.runbooks.run import STANDBY, Driver, Run, StepRun
from console.runbooks.store import RunStore

Permit = Callable[[Step, Run, str], str]
"""What is missing, in words, for a step's act that raises the risk; empty where it may be done now.

Asked right before the act, with the id of an approval, or none. What lowers the risk is never asked about.
"""
Override = Callable[[Run], str]
"""Whether this person may leave a step of the run out: what is missing, in words."""


@dataclass(frozen=True, slots=True)
class World:
    """`folder` is where acts leave their outcomes, on this host; `program` is how this program is called.

    `commands` are the settings' argument lists by name; `secrets` never enter what is kept of outputs.
    `point` is passed between any two things that last; `tell` is told every move of a step. `guarded`: what
    may have to be undone isn't begun before somebody stands by for its driver; `stands_in`: this is that.
    `let_go` ends what the checks watch by: a run that is over asks nothing more.
    """

    store: RunStore
    journal: Journal
    actor: Actor
    clock: Clock
    wait: Callable[[float], None]
    folder: Path
    environment: str
    program: Program
    commands: Mapping[str, tuple[str, ...]]
    checks: Mapping[str, Ask]
    permit: Permit
    override: Override
    secrets: Collection[str] = ()
    point: Point = pass_by
    tell: Callable[[StepRun], None] = lambda _step: None
    guarded: bool = True
    stands_in: bool = False
    let_go: Callable[[], None] = lambda: None

    @property
    def driver(self) -> Driver:
        user = self.actor.user + (STANDBY if self.stands_in else "")
        return Driver(user, self.actor.host, self.actor.process)

    def ask(self, question: Question, values: Mapping[str, str]) -> Found:
        """What a check says now."""
        arguments = {name: filled(text, values) for name, text in question.arguments.items()}
        return self.checks[question.check](arguments)
