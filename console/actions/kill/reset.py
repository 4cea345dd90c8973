"""What a reset needs, gate by gate, and the way to it: everything is refused before anything is done.

The steps themselves are `clearing`, one reset under way is `resetting`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.approvals import in_journal
from console.actions.durable import DurableError
from console.actions.guard import Guard, Lack, Need, Risk
from console.actions.kill.actuator import Order, Scope
from console.actions.kill.armament import Surfaces
from console.actions.kill.clearing import Clearing
from console.actions.kill.last_trip_file import path_of
from console.actions.kill.resetting import ACTION, Books, Reset
from console.actions.removal import Identity, identity_of
from console.audit.errors import JournalError
from console.audit.files import lines
from console.audit.record import RecordError, iso_time, read_line
from console.domain.access import AccessError, Arming, Standing, stated
from console.domain.approval import Consent, Deed
from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.domain.figures import seconds
from console.domain.foreign import visible
from console.domain.gate import Gate
from console.domain.last_trip import LastTrip
from console.domain.reset_gates import Asked, Ground, Tripped, reset_gates
from console.host_lock import LockError, host_lock

if TYPE_CHECKING:
    from console.audit.redaction import Json
    from console.settings import Settings

RECOVERY = "recovery.run"
"""The action of the record that says, with `done`, that a recovery run was completed in a context."""
LOCK_DEADLINE = 0.5
"""Seconds to wait for another console's reset."""


@dataclass(frozen=True, slots=True)
class Resetter:
    """Who resets, as it is at this instant; `consent` is what a second person has agreed to."""

    standing: Standing
    arming: Arming | None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Resets:
    """The resets of one context. `again` trips, should a trip come meanwhile."""

    settings: "Settings"
    surfaces: Surfaces
    books: Books
    clock: Clock
    environ: Mapping[str, str]
    again: Callable[[str, Scope], object]

    @property
    def phrase(self) -> str:
        """What has to be typed."""
        return f"{self.settings.chosen.environment} {self.settings.context}"

    def deed(self, live: Assessment, asked: Asked) -> Deed:
        """What a reset would do now and on which grounds, for a second person to agree to."""
        last, context = live.last_trip, self.settings.context
        whose = "what others have tripped" if _standing(last) is None else _story(last)
        steps = self._clearing(last).steps(Order("", _scope(last)))
        what = (f"reset {whose}", *(f"{step.name}: {step.would}" for step in steps), *_grounds(asked))
        return Deed(context, ACTION, context, what)

    def gates(self, asked: Asked, who: Resetter, live: Assessment) -> tuple[Gate, ...]:
        """Every gate in order, as it stands. Looks through the journal."""
        guard = self._guard(who, live)
        lacks = guard.missing(self.deed(live, asked), Risk.RAISES, gates=())
        own = reset_gates(asked, self._ground(live))
        return (*_first(guard, lacks), *own, _second_person(guard, lacks))

    def reset(
        self,
        asked: Asked,
        who: Resetter,
        live: Assessment,
        *,
        approved: Callable[[], Consent] | None,
        begun: Callable[[Reset], None],
    ) -> Reset:
        """Do it, which takes some seconds; `begun` is told what can be watched meanwhile.

        `approved` takes the second person's consent, right before. Raises AccessError, of which RefusedError
        is one, before anything was done.
        """
        lock = path_of(self.settings.state, self.settings.context).with_suffix(".reset.lock")
        try:
            self.books.file.prepare()
            with host_lock(lock, deadline=LOCK_DEADLINE, clock=self.clock):
                clearing = self._clearing(live.last_trip, self._flag())  # and no later flag
                gates = reset_gates(asked, self._ground(live))
                consent = self._agreed(self.deed(live, asked), who, live, gates, approved)
                reset = self._begin(asked, who, live, clearing)
                begun(reset)
                evidence: Json = {gate.name: gate.words for gate in gates}
                reset.run({"gates": evidence}, None if consent is None else in_journal(consent))
        except (LockError, JournalError, OSError) as error:
            raise AccessError(f"not reset: {error}") from None
        return reset

    def _agreed(
        self,
        deed: Deed,
        who: Resetter,
        live: Assessment,
        gates: tuple[Gate, ...],
        approved: Callable[[], Consent] | None,
    ) -> Consent | None:
        """Let it pass, or raise RefusedError; a consent is taken only where nothing else is missing."""
        if approved is not None:
            self._guard(who, live, asks_second=False).check(deed, Risk.RAISES, gates=gates)
            who = replace(who, consent=approved())
        self._guard(who, live).check(deed, Risk.RAISES, gates=gates)
        return who.consent

    def _begin(self, asked: Asked, who: Resetter, live: Assessment, clearing: Clearing) -> Reset:
        kept = self.books.file.read()
        if _which(kept) != _which(live.last_trip):
            raise AccessError("not reset: another trip was made, or reset, since this was looked at")
        order = Order(stated(asked.reason), _scope(kept), f"opsconsole {who.standing.person.user}")
        return Reset(order, clearing, kept, self.books, self.again)

    def _clearing(self, last: LastTrip | None, flag: Identity | None = None) -> Clearing:
        """What is cleared of `last`, which has only then something of ours when it stands."""
        found = last.found if last is not None and last.stands else ()
        return Clearing(self.settings, self.surfaces, found, flag, self.clock, self.environ)

    def _flag(self) -> Identity | None:
        """The flag that is there now; AccessError where that can't be told."""
        try:
            return None if self.surfaces.flag is None else identity_of(self.surfaces.flag)
        except DurableError as error:
            raise AccessError(f"not reset: {error}") from None

    def _guard(self, who: Resetter, live: Assessment, *, asks_second: bool = True) -> Guard:
        return Guard(
            standing=who.standing,
            arming=who.arming,
            sources=live.sources,
            seen=live.at,
            now=self.clock.now(),
            wall=self.clock.wall(),
            server=live.wrong_server,
            two_person=self.settings.chosen.access.two_person if asks_second else (),
            consent=who.consent,
        )

    def _ground(self, live: Assessment) -> Ground:
        trip = _standing(live.last_trip)
        if trip is None and live.kill.acknowledged:
            since = live.kill_watch.acknowledged
            trip = Tripped(live.at if since is None else since, "tripped by others", ours=False)
        recovered, unread = self._recovered(trip)
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

    def _recovered(self, trip: Tripped | None) -> tuple[float | None, str]:
        """When a recovery run was last completed, and why that can't be told."""
        if trip is None:
            return None, ""
        try:
            return last_recovery(self.books.journal.folder, self.settings.context, trip.since), ""
        except JournalError as error:
            return None, str(error)


def last_recovery(folder: Path, context: str, since: float) -> float | None:
    """When a recovery run was last completed in `context` after `since`, in seconds since 1970, or None."""
    named, last = b'"action":"%b"' % RECOVERY.encode(), None
    for line in lines(folder):
        if named not in line.raw:
            continue
        try:
            record = read_line(line.raw)
        except RecordError:
            continue
        completed = (record.action, record.context, record.done) == (RECOVERY, context, True)
        if completed and record.time >= iso_time(since):
            last = datetime.fromisoformat(record.time).timestamp()
    return last


def _grounds(asked: Asked) -> Iterator[str]:
    """What was said for the reset, as far as anything was."""
    if reason := asked.reason.strip():
        yield f"reason: {visible(reason)}"
    if override := asked.override.strip():
        yield f"WITHOUT a recovery run: {visible(override)}"


def _first(guard: Guard, lacks: tuple[Lack, ...]) -> Iterator[Gate]:
    """What the guard asks of every deed, as gates."""
    arming = guard.arming
    left = 0.0 if arming is None else arming.left(guard.now)
    good = {
        Need.ROLE: ("role", str(guard.standing)),
        Need.SERVER: ("server", "no other than the one that is pinned, if any is"),
        Need.ARMED: ("armed", f"for {seconds(left)} more"),
        Need.FRESH: ("fresh data", "every source is"),
    }
    for need, (name, words) in good.items():
        missing = [lack.words for lack in lacks if lack.need is need]
        yield Gate(name, not missing, "; ".join(missing) or words)


def _second_person(guard: Guard, lacks: tuple[Lack, ...]) -> Gate:
    missing = [lack.words for lack in lacks if lack.need is Need.APPROVAL]
    if ACTION not in guard.two_person:
        words = "this context asks for none"
    elif guard.consent is None:
        words = ""
    else:
        words = f"{'GLASS BROKEN' if guard.consent.broken_glass else 'approved'} by {guard.consent.by}"
    return Gate("second person", not missing, "; ".join(missing) or words)


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
