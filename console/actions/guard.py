"""The guard before every deed that raises risk: it passes, or says in order what is missing.

Deeds that lower risk pass it always: unarmed, without a role, with everything else broken.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from console.domain.access import AccessError, Arming, Role, Standing, believed
from console.domain.approval import Consent, Deed
from console.domain.figures import seconds
from console.domain.gate import Gate
from console.domain.reading import Health
from console.domain.status import SourceStatus


class Risk(Enum):
    """What a deed does to the risk that the engine runs."""

    LOWERS = "lowers"
    RAISES = "raises"


class Need(Enum):
    """What a deed that raises risk needs, in the order in which it is told."""

    ROLE = "role"
    SERVER = "server"
    ARMED = "armed"
    FRESH = "fresh"
    GATE = "gate"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is missing, and in words what."""

    need: Need
    words: str


class RefusedError(AccessError):
    """A deed was refused; `lacks` says everything that was missing."""

    def __init__(self, deed: Deed, lacks: Sequence[Lack]) -> None:
        super().__init__(f"{deed.action} is refused: {'; '.join(lack.words for lack in lacks)}")
        self.lacks = tuple(lacks)


@dataclass(frozen=True, slots=True)
class Guard:
    """All that counts at one instant. `now` is on the console's clock, `wall` the time of day.

    `sources` are all that the context has, as they were at `seen` on the console's clock; `server` says that
    another database server answers than the pinned one; `two_person` are the actions for which the context
    asks for a second person, and `consent` is what that one has agreed to. `busy` says, where it is so, that
    this machine has too much to do for a console to be in time.
    """

    standing: Standing
    arming: Arming | None
    sources: Sequence[SourceStatus]
    seen: float
    now: float
    wall: float
    server: str = ""
    two_person: Collection[str] = ()
    consent: Consent | None = None
    busy: str = ""

    def check(self, deed: Deed, risk: Risk, *, role: Role = Role.OPERATOR, gates: Sequence[Gate]) -> None:
        """Let the deed pass, or raise RefusedError with all that is missing."""
        lacks = self.missing(deed, risk, role=role, gates=gates)
        if lacks:
            raise RefusedError(deed, lacks)

    def missing(
        self, deed: Deed, risk: Risk, *, role: Role = Role.OPERATOR, gates: Sequence[Gate]
    ) -> tuple[Lack, ...]:
        """Everything that `deed` still needs, in order; nothing for one that lowers risk."""
        if risk is Risk.LOWERS:
            return ()
        needs = {
            Need.ROLE: self._role(role),
            Need.SERVER: [self.server] if self.server else [],
            Need.ARMED: self._armed(),
            Need.FRESH: self._fresh(),
            Need.GATE: [_in_words(gate) for gate in gates if gate.passes is not True],
            Need.APPROVAL: self._approval(deed),
        }
        return tuple(Lack(need, words) for need, said in needs.items() for words in said)

    def _role(self, role: Role) -> list[str]:
        return [] if self.standing.role >= role else [f"{self.standing}; it takes {role.word}"]

    def _armed(self) -> list[str]:
        if self.arming is None:
            return ["the console is read-only"]
        return [] if self.arming.left(self.now) > 0 else ["the console is read-only: the arming has ended"]

    def _fresh(self) -> list[str]:
        """Nothing passes on absent data, nor where there is no source at all."""
        asked = [each for each in self.sources if each.health is not Health.OFF]
        if not asked:
            return ["no source is watched"]
        good = believed(asked)
        lacks = [f"{each.name} is {_state(each)}" for each in asked if each.name not in good]
        since = self.now - self.seen
        aged = [each.name for each in asked if each.name in good and _age(each) + since >= each.stale_after]
        if aged:
            late = f"this console is late: it looked at {', '.join(aged)} {seconds(since)} ago"
            lacks.append(f"{late}; ask again, or have this machine do less")
        if lacks and self.busy:
            lacks.append(self.busy)
        return lacks

    def _approval(self, deed: Deed) -> list[str]:
        if deed.action not in self.two_person:
            return []
        if self.consent is None:
            return ["a second person has to approve it"]
        if not self.consent.covers(deed, self.standing.person.uid, self.wall):
            return ["what was approved is something else, or has expired"]
        return []


def _in_words(gate: Gate) -> str:
    unknown = " (unknown)" if gate.passes is None else ""
    return f"{gate.name}{unknown}: {gate.words}"


def _age(source: SourceStatus) -> float:
    return math.inf if source.age is None else source.age


def _state(source: SourceStatus) -> str:
    return f"{source.health.value}: {source.cause}" if source.cause else source.health.value
