"""What fires one surface of the kill switch, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Scope(Enum):
    """What a trip stops."""

    ALL = "all"
    USDM = "usdm"
    COIN = "coin"


WHOLE = frozenset({Scope.ALL})
"""The scopes of an actuator that can only stop everything."""
ALL_SCOPES = frozenset(Scope)
ENDING = 2.5
"""Seconds that ending a command which is late takes at most."""


class Act(Enum):
    """What became of an act."""

    DONE = "done"
    FAILED = "failed"
    """Not done, and known not to be."""
    REFUSED = "refused"
    """Not tried, because doing it would do something else than meant."""
    TIMED_OUT = "timed out"
    """Not answered in time: it may or may not be done."""
    UNKNOWN = "unknown"
    """The answer was lost on its way: it may or may not be done."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator asks for. `by` is how others' records name the operator."""

    reason: str
    scope: Scope = Scope.ALL
    by: str = "opsconsole"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an actuator says: `before` and `after` are the surface's value in words, None where not known.

    `found` is what a reset has to put back: what stood under each key that was changed, None for nothing.
    """

    act: Act
    words: str
    before: str | None = None
    after: str | None = None
    found: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """One actuator's answer, with the seconds that it took."""

    name: str
    state: Act
    words: str
    latency: float
    before: str | None = None
    after: str | None = None
    found: Mapping[str, str | None] = field(default_factory=dict)


class Actuator(Protocol):
    """Sets one surface. `deadline` is in seconds; after it the trip goes on without the answer."""

    @property
    def name(self) -> str: ...

    @property
    def deadline(self) -> float: ...

    @property
    def scopes(self) -> frozenset[Scope]:
        """What it can stop: one that stops everything isn't fired for a single account."""

    def fire(self, order: Order) -> Answer:
        """Set the surface and read it back. Expected failures are answers, not exceptions."""


@dataclass(frozen=True, slots=True)
class Unable:
    """Stands for an actuator that can't be made: firing it says why."""

    name: str
    words: str
    deadline: float = 1.0
    scopes: frozenset[Scope] = ALL_SCOPES

    def fire(self, order: Order) -> Answer:
        """FAILED, with why."""
        return Answer(Act.FAILED, self.words)


@dataclass(frozen=True, slots=True)
class Deferred:
    """An actuator that is made, with all that it imports, in the thread that fires it."""

    name: str
    deadline: float
    scopes: frozenset[Scope]
    make: Callable[[], Actuator]

    def fire(self, order: Order) -> Answer:
        """What the actuator itself answers."""
        return self.make().fire(order)
