"""The guard as every deed that raises risk passes it: its gates are shown, then it lets the deed through.

What a deed asks for besides, each deed's own gates say.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.actions.guard import Guard, Lack, Need, Risk
from console.actions.machine_load import busy
from console.domain.access import Arming, Standing
from console.domain.approval import Consent, Deed
from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.domain.figures import seconds
from console.domain.foreign import visible
from console.domain.gate import Gate

if TYPE_CHECKING:
    from console.settings import Context


@dataclass(frozen=True, slots=True)
class Operator:
    """Who does it, as they are at this instant; `consent` is what a second person has agreed to."""

    standing: Standing
    arming: Arming | None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The guard of one context. `pinned` is the database server that has to answer, None for any.

    `two_person` are the actions for which a second person has to agree.
    """

    clock: Clock
    pinned: str | None
    two_person: Collection[str]

    def gates(self, deed: Deed, who: Operator, live: Assessment, own: Sequence[Gate]) -> tuple[Gate, ...]:
        """Every gate in the order in which an operator meets them, the deed's `own` in the middle."""
        guard = self._guard(who, live, self.two_person)
        lacks = guard.missing(deed, Risk.RAISES, gates=())
        left = 0.0 if guard.arming is None else guard.arming.left(guard.now)
        return (
            _gate("role", Need.ROLE, lacks, str(guard.standing)),
            self._server(live),
            _gate("armed", Need.ARMED, lacks, f"for {seconds(left)} more"),
            _gate("fresh data", Need.FRESH, lacks, "every source is"),
            *own,
            _second_person(guard, lacks, deed),
        )

    def let_through(
        self,
        deed: Deed,
        who: Operator,
        live: Assessment,
        own: Sequence[Gate],
        approved: Callable[[], Consent] | None,
    ) -> Consent | None:
        """Let it pass, or raise RefusedError; `approved` is called only where nothing else is missing."""
        if approved is not None:
            self._guard(who, live, ()).check(deed, Risk.RAISES, gates=own)
            who = replace(who, consent=approved())
        self._guard(who, live, self.two_person).check(deed, Risk.RAISES, gates=own)
        return who.consent

    def _guard(self, who: Operator, live: Assessment, two_person: Collection[str]) -> Guard:
        return Guard(
            standing=who.standing,
            arming=who.arming,
            sources=live.sources,
            seen=live.at,
            now=self.clock.now(),
            wall=self.clock.wall(),
            server=live.wrong_server,
            two_person=two_person,
            consent=who.consent,
            busy=busy(),
        )

    def _server(self, live: Assessment) -> Gate:
        """Whether the database server that answers is the one that the context pins."""
        if live.wrong_server:
            return Gate("server", False, f"another server answers: {live.wrong_server}")
        if self.pinned is None:
            return Gate("server", True, "no database server is pinned")
        if live.server is None:
            return Gate("server", None, f"whether the pinned one answers, {self.pinned}, isn't known")
        return Gate("server", True, f"database server {visible(live.server.host)} is the pinned one")


def checkpoint_of(context: "Context", clock: Clock, always_two: Collection[str] = ()) -> Checkpoint:
    """The guard of a context as its settings have it; `always_two` need a second person whatever they say."""
    pinned = None if context.database is None else context.database.server
    return Checkpoint(clock, pinned, {*context.access.two_person, *always_two})


def _second_person(guard: Guard, lacks: Sequence[Lack], deed: Deed) -> Gate:
    if deed.action not in guard.two_person:
        words = "this context asks for none"
    elif guard.consent is None:
        words = ""
    else:
        words = f"{'GLASS BROKEN' if guard.consent.broken_glass else 'approved'} by {guard.consent.by}"
    return _gate("second person", Need.APPROVAL, lacks, words)


def _gate(name: str, need: Need, lacks: Sequence[Lack], words: str) -> Gate:
    """The gate that says what of `need` is missing, or `words` where nothing is."""
    missing = "; ".join(lack.words for lack in lacks if lack.need is need)
    return Gate(name, not missing, missing or words)
