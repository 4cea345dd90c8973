"""Actuators and journals that hang, fail or wait to be let go."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from console.actions.kill.actuator import ALL_SCOPES, Act, Answer, Order, Result, Scope


@dataclass
class Held:
    """An actuator that answers when it is let go."""

    name: str = "held"
    deadline: float = 0.2
    scopes: frozenset[Scope] = ALL_SCOPES
    go: threading.Event = field(default_factory=threading.Event)
    called: threading.Event = field(default_factory=threading.Event)

    def fire(self, order: Order) -> Answer:
        self.called.set()
        self.go.wait(60)
        return Answer(Act.DONE, "set at last")


@dataclass
class Quick:
    """An actuator that is done at once."""

    name: str = "quick"
    deadline: float = 1.0
    scopes: frozenset[Scope] = ALL_SCOPES
    orders: list[Order] = field(default_factory=list)

    def fire(self, order: Order) -> Answer:
        self.orders.append(order)
        return Answer(Act.DONE, "set", "1", "0")


@dataclass
class Broken:
    """An actuator with a fault in it."""

    name: str = "broken"
    deadline: float = 1.0
    scopes: frozenset[Scope] = ALL_SCOPES

    def fire(self, order: Order) -> Answer:
        raise KeyError("password=hunter2")


@dataclass
class Notes:
    """A journal that remembers, and holds up or fails where told."""

    failure: str = ""
    hold: threading.Event | None = None
    intents: list[tuple[str, ...]] = field(default_factory=list)
    outcomes: list[tuple[Result, ...]] = field(default_factory=list)

    def intent(self, order: Order, actuators: Sequence[str]) -> None:
        if self.hold is not None:
            self.hold.wait(60)
        if self.failure:
            raise OSError(self.failure)
        self.intents.append(tuple(actuators))

    def outcome(self, order: Order, results: Sequence[Result]) -> None:
        self.outcomes.append(tuple(results))
