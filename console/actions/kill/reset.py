"""What a reset needs, gate by gate, and the way to it: everything is refused before anything is done.

The steps themselves are `clearing`, one reset under way is `resetting`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from console.actions.approvals import in_journal
from console.actions.checkpoint import Checkpoint, Operator, checkpoint_of
from console.actions.durable import DurableError
from console.actions.kill.actuator import Order, Scope
from console.actions.kill.armament import Surfaces
from console.actions.kill.clearing import Clearing
from console.actions.kill.last_trip_file import path_of
from console.actions.kill.resetting import ACTION, Books, Reset
from console.actions.removal import Identity, identity_of
from console.audit.errors import JournalError
from console.audit.record import iso_time
from console.domain.access import AccessError, stated
from console.domain.approval import Consent, Deed
from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.domain.foreign import visible
from console.domain.gate import Gate
from console.domain.last_trip import LastTrip
from console.domain.reset_gates import Asked, Ground, Tripped, reset_gates
from console.host_lock import LockError, host_lock

if TYPE_CHECKING:
    from console.audit.redaction import Json
    from console.settings import Settings

Recovered = Callable[[float], tuple[float | None, str]]
"""When a recovery has last verified the state after an instant, both in seconds since 1970.

None where none has, or it can't be told, and then why.
"""
LOCK_DEADLINE = 0.5
"""Seconds to wait for another console's reset."""


@dataclass(frozen=True, slots=True)
class Resets:
    """The resets of one context. `again` trips, should a trip come meanwhile."""

    settings: "Settings"
    surfaces: Surfaces
    books: Books
    clock: Clock
    environ: Mapping[str, str]
    again: Callable[[str, Scope], object]
    recovered: Recovered

    @property
    def phrase(self) -> str:
        """What has to be typed."""
        return f"{self.settings.chosen.environment} {self.settings.context}"

    def deed(self, live: Assessment, asked: Asked) -> Deed:
        """What a reset would do now and on which grounds, for a second person to agree to. AccessError."""
        return self._deed(live, asked, self._clearing(live.last_trip))

    def gates(
        self, asked: Asked, who: Operator, live: Assessment, now: Callable[[], Assessment] | None = None
    ) -> tuple[Gate, ...]:
        """Every gate in order, as it stands. Looks through the runs; `now` as for a reset."""
        deed, (live, ground) = self.deed(live, asked), self._looked(live, now)
        return self._checkpoint().gates(deed, who, live, reset_gates(asked, ground))

    def reset(
        self,
        asked: Asked,
        who: Operator,
        live: Assessment,
        *,
        approved: Callable[[], Consent] | None,
        begun: Callable[[Reset], None],
        now: Callable[[], Assessment] | None = None,
    ) -> Reset:
        """Do it, which takes some seconds; `begun` is told what can be watched meanwhile.

        `now` tells how things stand once all is looked at that takes a while, as `live` grows old meanwhile.
        `approved` takes the second person's consent, right before. Raises AccessError, of which RefusedError
        is one, before anything was done.
        """
        lock = path_of(self.settings.state, self.settings.context).with_suffix(".reset.lock")
        try:
            self.books.file.prepare()
            with host_lock(lock, deadline=LOCK_DEADLINE, clock=self.clock):
                clearing = self._clearing(live.last_trip)  # with the flag that is there now, and no later one
                live, ground = self._looked(live, now)
                gates, deed = reset_gates(asked, ground), self._deed(live, asked, clearing)
                consent = self._checkpoint().let_through(deed, who, live, gates, approved)
                reset = self._begin(asked, who, live, clearing)
                begun(reset)
                evidence: Json = {gate.name: gate.words for gate in gates}
                reset.run({"gates": evidence}, None if consent is None else in_journal(consent))
        except (LockError, JournalError, OSError) as error:
            raise AccessError(f"not reset: {error}") from None
        return reset

    def _deed(self, live: Assessment, asked: Asked, clearing: Clearing) -> Deed:
        last, context = live.last_trip, self.settings.context
        order = Order("", _scope(last))
        whose = "what others have tripped" if _standing(last) is None else _story(last)
        steps = (f"{step.name}: {step.would}" for step in clearing.steps(order))
        left = (f"{name}: LEFT: {why}" for name, why in clearing.left(order).items())
        return Deed(context, ACTION, context, (f"reset {whose}", *steps, *left, *_grounds(asked)))

    def _begin(self, asked: Asked, who: Operator, live: Assessment, clearing: Clearing) -> Reset:
        kept = self.books.file.read()
        if _which(kept) != _which(live.last_trip):
            raise AccessError("not reset: another trip was made, or reset, since this was looked at")
        order = Order(stated(asked.reason), _scope(kept), f"opsconsole {who.standing.person.user}")
        return Reset(order, clearing, kept, self.books, self.again)

    def _clearing(self, last: LastTrip | None) -> Clearing:
        """What is cleared now of `last`, which has only then something of ours when it stands."""
        found = last.found if last is not None and last.stands else ()
        return Clearing(self.settings, self.surfaces, found, self._flag(), self.clock, self.environ)

    def _flag(self) -> Identity | None:
        """The flag that is there now; AccessError where that can't be told."""
        try:
            return None if self.surfaces.flag is None else identity_of(self.surfaces.flag)
        except DurableError as error:
            raise AccessError(f"not reset: {error}") from None

    def _checkpoint(self) -> Checkpoint:
        return checkpoint_of(self.settings.chosen, self.clock)

    def _looked(self, live: Assessment, now: Callable[[], Assessment] | None) -> tuple[Assessment, Ground]:
        """How things stand after the runs were asked, and what a reset stands on then.

        Where there is another trip by then it stays at what was seen, which is refused.
        """
        asked = cache(self.recovered)
        ground = self._ground(live, asked)
        newest = live if now is None else now()
        if newest is live or _which(newest.last_trip) != _which(live.last_trip):
            return live, ground
        return newest, self._ground(newest, asked)

    def _ground(self, live: Assessment, asked: Recovered) -> Ground:
        trip = _standing(live.last_trip)
        if trip is None and live.kill.acknowledged:
            since = live.kill_watch.acknowledged
            trip = Tripped(live.at if since is None else since, "tripped by others", ours=False)
        recovered, unread = (None, "") if trip is None else asked(trip.since)
        return Ground(
            trip=trip,
            engine=live.kill.acknowledged,
            alerts=live.alerts,
            recovered=recovered,
            cool_down=self.settings.chosen.kill_switch.cool_down,
            phrase=self.phrase,
            wall=self.clock.wall(),
            unread=unread,
        )


def _grounds(asked: Asked) -> Iterator[str]:
    """What was said for the reset, as far as anything was."""
    if reason := asked.reason.strip():
        yield f"reason: {visible(reason)}"
    if override := asked.override.strip():
        yield f"WITHOUT a recovery run: {visible(override)}"


def _standing(last: LastTrip | None) -> Tripped | None:
    if last is None or not last.stands:
        return None
    return Tripped(last.newest, f"{last.reason} (by {last.by})", last.drill)


def _scope(last: LastTrip | None) -> Scope:
    return Scope.ALL if last is None or not last.stands else Scope(last.scope)


def _story(last: LastTrip | None) -> str:
    if last is None:
        return ""
    drill = "drill" if last.drill else "trip"
    return f"the {drill} of {iso_time(last.newest)[:19]}Z by {last.by} ({last.scope}): {last.reason}"


def _which(last: LastTrip | None) -> tuple[float | None, ...]:
    """What tells one trip from another, and from what has become of it."""
    return () if last is None else (last.at, last.renewed, last.reset)
