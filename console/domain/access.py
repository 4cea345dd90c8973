"""Who may do what, and for how long: roles, and the arming that ends by itself.

Reading needs a role at most, raising risk needs one and an armed console. Lowering risk needs neither.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum

from console.domain.figures import seconds
from console.domain.reading import Health
from console.domain.status import SourceStatus

SHORTEST_REASON = 3
"""Letters and digits."""
LONGEST_REASON = 500
"""Characters; a reason is a sentence, not a report."""


class AccessError(Exception):
    """Why somebody may not do something, as one line."""


class Role(IntEnum):
    """Ordered by what it allows."""

    NONE = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """As a sentence has it: `an operator`."""
        return _WORDS[self]


_WORDS = {
    Role.NONE: "nobody here",
    Role.VIEWER: "a viewer",
    Role.OPERATOR: "an operator",
    Role.ADMIN: "an admin",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the kernel knows it: `groups` are the numbers of all its groups."""

    uid: int
    user: str
    groups: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return f"{self.user} (uid {self.uid})"


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the settings name for a role: each number with the word that stands there for it."""

    users: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)

    def why(self, person: Person) -> str:
        """By what `person` is meant, in words; empty when it isn't."""
        if person.uid in self.users:
            return f"named as user {self.users[person.uid]}"
        shared = sorted(person.groups & self.groups.keys())
        return f"in the group {self.groups[shared[0]]}" if shared else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The role of a person in a context; `why` says by which rule."""

    person: Person
    role: Role
    why: str

    def __str__(self) -> str:
        return f"{self.person} is {self.role.word}: {self.why}"


def standing_of(person: Person, named: Mapping[Role, Named], environment: str) -> Standing:
    """The highest role under which `person` is named; `named` has the roles that the settings give.

    Where they give none, everyone is admin of a paper context and viewer elsewhere.
    """
    if not named:
        role = Role.ADMIN if environment == "paper" else Role.VIEWER
        return Standing(person, role, f"no roles are given, and everyone is that in a {environment} context")
    for role in sorted(named, reverse=True):
        why = named[role].why(person)
        if why:
            return Standing(person, role, why)
    if Role.VIEWER in named:
        return Standing(person, Role.NONE, "named under no role")
    return Standing(person, Role.VIEWER, "named under no role, and whoever isn't is that")


def stated(reason: str) -> str:
    """`reason` without blanks around it; AccessError when it says nothing, or too much."""
    said = reason.strip()
    if sum(character.isalnum() for character in said) < SHORTEST_REASON:
        least = f"at least {SHORTEST_REASON} letters or digits"
        raise AccessError(f"a reason is asked for: {least}, for others to read")
    if len(said) > LONGEST_REASON:
        raise AccessError(f"a reason has at most {LONGEST_REASON} characters, not {len(said)}")
    return said


class Ending(Enum):
    """What ended an arming."""

    BY_HAND = "by hand"
    TIME = "its time is up"
    IDLE = "no key"
    TERMINAL = "the terminal is gone"
    DATA = "data was lost"
    SERVER = "another server answers"


@dataclass(frozen=True, slots=True)
class Disarmed:
    """Read-only. `at` is when that began, on the console's clock; None: from the start."""

    at: float | None = None
    ending: Ending | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Arming:
    """Leave to raise risk, from `since` until `until` at most, on the console's clock in seconds.

    It ends `idle` seconds after the last key, which was at `touched`. `grounds` are the sources that could be
    believed when it began.
    """

    since: float
    until: float
    reason: str
    idle: float
    touched: float
    grounds: frozenset[str] = frozenset()

    def left(self, now: float) -> float:
        """Seconds until it ends if no key is pressed; 0 once it has ended, or on a clock from before it."""
        if now < self.since:
            return 0.0
        return max(0.0, min(self.until, self.touched + self.idle) - now)

    def touch(self, now: float) -> "Arming":
        """The same after a key at `now`. An arming that has ended stays ended."""
        return replace(self, touched=now) if self.left(now) > 0 and now > self.touched else self

    def ended(
        self, now: float, believed: frozenset[str], *, terminal: bool, server: str = ""
    ) -> Disarmed | None:
        """What has ended it by `now`; None while it lasts.

        `believed` are the sources that can be believed now, `terminal` whether the operator still has one;
        `server` says what is wrong with the one that answers.
        """
        if not terminal:
            return Disarmed(now, Ending.TERMINAL, "the terminal is gone")
        if server:
            return Disarmed(now, Ending.SERVER, server)
        lost = sorted(self.grounds - believed)
        if lost:
            return Disarmed(now, Ending.DATA, f"data was lost: {', '.join(lost)}")
        if not self.since <= now < self.until:
            return Disarmed(now, Ending.TIME, f"its {seconds(self.until - self.since)} are up")
        if self.left(now) == 0:
            return Disarmed(now, Ending.IDLE, f"no key for {seconds(self.idle)}")
        return None


def arm(reason: str, now: float, *, lasting: float, idle: float, believed: frozenset[str]) -> Arming:
    """An arming of `lasting` seconds that begins now; AccessError when the reason says nothing."""
    return Arming(now, now + lasting, stated(reason), idle, now, believed)


def believed(sources: Iterable[SourceStatus]) -> frozenset[str]:
    """The names of the sources whose values may be taken as true."""
    return frozenset(each.name for each in sources if each.health in (Health.FRESH, Health.FAILING))
