"""One source's answer and what its age makes of it."""

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from console.domain.figures import seconds

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Dated(Generic[T_co]):
    """A value with the instant that it speaks of, on the console's clock; None: when it was asked for.

    `took` is how many seconds the answer itself took, where that isn't the whole of the reading.
    """

    value: T_co
    data_at: float | None = None
    took: float | None = None


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """One attempt to read a source: a value or an error, never both.

    `asked_at` is when the question was asked, `fetched_at` when the answer was complete, and `data_at` the
    instant that the value says it speaks of: the engine's last heartbeat, say, which can be far older than
    the scrape that carried it. All are seconds on the console's clock; `latency` is in seconds.
    """

    source: str
    fetched_at: float
    latency: float
    value: T_co | None = None
    error: str | None = None
    data_at: float | None = None
    asked_at: float | None = None

    def age(self, now: float) -> float:
        """Seconds since the instant that the value speaks of: when it doesn't say, since it was asked for."""
        instants = (self.data_at, self.asked_at, self.fetched_at)
        return max(0.0, now - next(at for at in instants if at is not None))


class Health(Enum):
    """What a source is good for right now."""

    FRESH = "fresh"
    FAILING = "failing"
    """The newest poll failed, but the value before it is still inside its limit."""
    STALE = "stale"
    """There is a value, older than its limit."""
    DOWN = "down"
    """There never was a value, and the newest poll failed."""
    WAITING = "waiting"
    """Nothing has answered yet."""
    OFF = "off"
    """Not configured in this context."""


@dataclass(frozen=True, slots=True)
class SourceState(Generic[T_co]):
    """Everything known of one source: its newest answer, and its newest good one."""

    name: str
    stale_after: float
    last: Reading[T_co] | None = None
    good: Reading[T_co] | None = None
    configured: bool = True

    def age(self, now: float) -> float | None:
        """Seconds that the newest good value is old; None when there never was one."""
        return None if self.good is None else self.good.age(now)

    def health(self, now: float) -> Health:
        if not self.configured:
            return Health.OFF
        failed = self.last is not None and self.last.error is not None
        if self.good is None:
            return Health.DOWN if failed else Health.WAITING
        if self.good.age(now) >= self.stale_after:
            return Health.STALE
        return Health.FAILING if failed else Health.FRESH

    @property
    def value(self) -> T_co | None:
        """The newest good value, whatever its age."""
        return None if self.good is None else self.good.value

    def fresh(self, now: float) -> T_co | None:
        """The newest good value while it is inside its limit: what may be shown as true."""
        return self.value if self.usable(now) else None

    def usable(self, now: float) -> bool:
        """Whether the value may be shown as true: it is inside its limit."""
        return self.health(now) in (Health.FRESH, Health.FAILING)

    def stale_at(self) -> float | None:
        """When the newest good value passes its limit."""
        if self.good is None:
            return None
        return self.good.fetched_at - self.good.age(self.good.fetched_at) + self.stale_after

    def cause(self, now: float) -> str | None:
        """Why the source isn't fresh, in words; None when it is, or isn't configured."""
        health = self.health(now)
        if health in (Health.FRESH, Health.OFF):
            return None
        if self.last is not None and self.last.error is not None:
            return self.last.error
        if health is Health.WAITING:
            return "no answer yet"
        silent = now - self.last.fetched_at if self.last is not None else 0.0
        if silent < self.stale_after and self.last is not None and self.last.data_at is not None:
            return "answers, but its data stands still"
        return f"no answer for {seconds(silent)}"

    def doubt(self, now: float) -> str:
        """Why the value isn't known, with its age: the words beside every grey value."""
        age = self.age(now)
        cause = self.cause(now) or "not configured"
        return cause if age is None else f"stale for {seconds(age)}: {cause}"
