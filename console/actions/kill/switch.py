"""The kill switch of one context, as faces use it: to trip it, to know what came of that, and to reset it.

A trip is on the disk when `trip` returns. Everything else goes on behind it: the other actuators, the
journal, the file of the last trip. Standard library only until the flag is written.
"""

import os
import pwd
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from console.actions.durable import DurableError
from console.actions.faults import point
from console.actions.kill.actuator import Actuator, Order, Scope
from console.actions.kill.armament import Surfaces, armament, reserves, surfaces_of
from console.actions.kill.following import Following
from console.actions.kill.last_trip_file import LastTripFile, path_of
from console.actions.kill.record import TripRecord
from console.actions.kill.trip import Trip, in_thread
from console.actions.notify import Notices
from console.domain.clock import Clock, SystemClock
from console.patience import within

if TYPE_CHECKING:
    from console.actions.checkpoint import Operator
    from console.actions.kill.hold import Hold
    from console.actions.kill.reset import Recovered, Resets
    from console.actions.kill.resetting import Reset
    from console.audit.actor import Actor
    from console.audit.journal import Journal
    from console.audit.redaction import Json
    from console.domain.approval import Consent, Deed
    from console.domain.assessment import Assessment
    from console.domain.gate import Gate
    from console.domain.kill_state import Verdict
    from console.domain.last_trip import LastTrip
    from console.domain.reset_gates import Asked
    from console.settings import Settings

DRILL = "kill.drill"
"""The action of the record that says how a drill went."""
RECORDED_WITHIN = 5.0
"""Seconds that a trip's record, which nobody waits for, gives other consoles to finish theirs."""
NAME_DEADLINE = 0.05
"""Seconds that the system has to tell the operator's name."""


class KillSwitch:
    """One per context and process. Making one touches nothing; a trip needs neither arming nor a role.

    `notices` tells people what happens to it; `resetting` is the reset under way, or the last one.
    `recovered` is asked by a reset's gates; without it no recovery is known.
    """

    def __init__(
        self,
        settings: "Settings",
        clock: Clock | None = None,
        environ: Mapping[str, str] = os.environ,
        recovered: "Recovered" = lambda _since: (None, ""),
    ) -> None:
        self._unready = ""
        self._settings = settings
        self._clock = clock or SystemClock()
        self._environ = environ
        self._recovered = recovered
        self._user = ""
        self._known: Surfaces | None = None
        self._trip: Trip | None = None
        self._following: Following | None = None
        self._file = LastTripFile(path_of(settings.state, settings.context), self._clock)
        self._hold: Hold | None = None
        self._noting = threading.Lock()
        self.resetting: Reset | None = None
        self.notices = Notices(settings, self._clock, environ, journal=self._journal, who=self._who)

    @property
    def armed_with(self) -> tuple[Actuator, ...]:
        """What a trip fires now."""
        return armament(self._settings, self._surfaces(), self._clock, self._environ)

    @property
    def latest(self) -> "LastTrip | None":
        """The last trip of this process, as far as its actuators have answered by now."""
        kept = self._file.memory
        return kept if self._following is None else self._following.up_to_date(kept)

    @property
    def fired(self) -> Trip | None:
        """The trip that this process has fired last, be it over or not."""
        return self._trip

    @property
    def under_way(self) -> Trip | None:
        """The trip of which some actuator has neither answered nor passed its deadline."""
        return self._trip if self._trip is not None and self._trip.pending else None

    @property
    def complaint(self) -> str:
        """What `prepare` could not do, and who could not be told what; empty when all is well."""
        return "; ".join(filter(None, (self._unready, self.notices.complaint)))

    def prepare(self) -> None:
        """Make the folders and keep the space that a trip needs, before there is a need.

        The trips of consoles that died on the way are closed in the journal. It may take a while, and for
        ever where a disk hangs: to be called in a thread.
        """
        from console.audit.errors import JournalError  # noqa: PLC0415 (not needed for a trip)
        from console.domain.access import AccessError  # noqa: PLC0415 (as above)

        wrong = []
        self._user = self._user or _user_name()
        surfaces, journal = self._surfaces(), self._journal()
        for reserve in reserves(surfaces):
            try:
                reserve.keep()
            except DurableError as error:
                wrong.append(str(error))
        try:
            self._file.prepare()
            journal.prepare()
            self._reconcile(surfaces)
        except (JournalError, AccessError) as error:
            wrong.append(str(error))
        except OSError as error:
            wrong.append(f"{error.filename}: {(error.strerror or str(error)).lower()}")
        self._unready = "; ".join(wrong)
        self.notices.prepare()

    def trip(self, reason: str, scope: Scope = Scope.ALL, *, drill: bool = False) -> Trip:
        """Fire everything that can stop `scope`. Returns once the flag is durable; `Trip` tells the rest."""
        return self._fire(reason, scope, drill=drill)

    def observed(self, verdict: "Verdict", now: float) -> None:
        """As `note`, without waiting for a disk: what is judged while one is being noted is left."""
        from console.domain.kill_state import KillState  # noqa: PLC0415 (not needed for a trip)

        if verdict.state is not KillState.CLEAR and not self._noting.locked():
            in_thread(lambda: self.note(verdict, now), "kill note")

    def note(self, verdict: "Verdict", now: float) -> None:
        """Note what was judged of the last trip at `now` (seconds since 1970): acknowledged, or lost.

        Where the context says `hold`, an engine that has cleared itself is tripped again, once for each loss.
        """
        with self._noting:
            if self._hold is None:
                self._hold = self._holding()
            self._hold.observed(verdict, now)

    @property
    def reset_phrase(self) -> str:
        """What has to be typed for a reset: environment and context."""
        return f"{self._settings.chosen.environment} {self._settings.context}"

    def reset_deed(self, live: "Assessment", asked: "Asked") -> "Deed":
        """What a reset would do now and on which grounds, for a second person to agree to."""
        return self._resets().deed(live, asked)

    def reset_gates(
        self,
        asked: "Asked",
        who: "Operator",
        live: "Assessment",
        now: "Callable[[], Assessment] | None" = None,
    ) -> "tuple[Gate, ...]":
        """Everything that a reset needs, in order; `now` as for a reset. To be called in a thread."""
        return self._resets().gates(asked, who, live, now)

    def reset(
        self,
        asked: "Asked",
        who: "Operator",
        live: "Assessment",
        *,
        approved: "Callable[[], Consent] | None" = None,
        now: "Callable[[], Assessment] | None" = None,
    ) -> "Reset":
        """Reset it: blocks until that is over, and `resetting` can be watched meanwhile.

        `now` tells how things stand once everything else is looked at, and `approved` takes the second
        person's consent, right before. AccessError, of which RefusedError is one, says why nothing was done.
        """
        done = self._resets().reset(asked, who, live, approved=approved, begun=self._begun, now=now)
        self._tell_reset(done)
        return done

    def drilled(self, timings: "Mapping[str, Json]", *, passed: bool) -> None:
        """Record how a drill went; one that has passed is kept for the overview, too."""
        from console.audit.record import Act as Recorded  # noqa: PLC0415 (not needed for a trip)

        context = self._settings.context
        act = Recorded(
            context, DRILL, context, after="passed" if passed else "failed", evidence=timings, drill=True
        )
        self._journal().note(self._who(), act)
        if passed:
            now = self._clock.wall()
            self._file.change(lambda kept: kept and replace(kept, drilled=now))

    def close(self, seconds: float) -> None:
        """Wait until a trip under way is over, recorded and told, `seconds` at most."""
        until = self._clock.now() + seconds
        if self._following is not None:
            self._following.wait(seconds)
        self.notices.close(max(0.0, until - self._clock.now()))

    def _fire(self, reason: str, scope: Scope, *, drill: bool = False, held: bool = False) -> Trip:
        user = self._user = self._user or _user_name_in_time()
        record = TripRecord(self._settings.context, self._trip_journal, self._who, drill, held)
        trip = Trip(self.armed_with, Order(reason, scope, f"opsconsole {user}"), record, self._clock)
        tell, again = partial(self._tell, drill=drill), partial(self._fire, reason, scope, drill=drill)
        following = Following(trip, user, self._file, self._clock, drill=drill, tell=tell, again=again)
        self._trip, self._following = trip, following  # before it is fired: who is told to end waits for it
        trip.fire()
        following.begin()
        return trip

    def _tell(self, trip: Trip, *, drill: bool) -> None:
        from console.domain.news import Kind  # noqa: PLC0415 (the flag is written before)

        results = ", ".join(f"{result.name} {result.state.value}" for result in trip.results)
        self.notices.tell(Kind.TRIP, trip.order.reason, f"{trip.order.scope.value}: {results}", drill=drill)

    def _tell_lost(self, reason: str) -> None:
        from console.domain.news import Kind  # noqa: PLC0415 (not needed for a trip)

        holds = self._settings.chosen.kill_switch.hold
        self.notices.tell(Kind.LOST, reason, "it is tripped again" if holds else "it is not tripped again")

    def _holding(self) -> "Hold":
        from console.actions.kill.hold import Hold  # noqa: PLC0415 (not needed for a trip)

        holds = self._settings.chosen.kill_switch.hold
        return Hold(self._file, self._trip_again if holds else None, self._tell_lost)

    def _trip_again(self, reason: str, scope: Scope) -> None:
        self._fire(reason, scope, held=True)

    def _resets(self) -> "Resets":
        from console.actions.kill.reset import Resets  # noqa: PLC0415 (not needed for a trip)
        from console.actions.kill.resetting import Books  # noqa: PLC0415 (as above)

        books = Books(self._journal(), self._who(), self._file)
        return Resets(
            self._settings, self._surfaces(), books, self._clock, self._environ, self._fire, self._recovered
        )

    def _begun(self, reset: "Reset") -> None:
        self.resetting = reset

    def _tell_reset(self, reset: "Reset") -> None:
        from console.domain.news import Kind  # noqa: PLC0415 (not needed for a trip)

        results = ", ".join(f"{result.name} {result.state.value}" for result in reset.results)
        left = "; ".join(reset.left)
        detail = f"{results}{f'; left: {left}' if left else ''}"
        kind = Kind.RESET if reset.done else Kind.NOT_RESET
        self.notices.tell(kind, reset.order.reason, detail, drill=reset.drill)

    def _reconcile(self, surfaces: Surfaces) -> None:
        """Close what consoles that died on the way left open in the journal."""
        from console.actions.approvals import approvals_in  # noqa: PLC0415 (not needed for a trip)
        from console.actions.kill.reconcile import Abandoned  # noqa: PLC0415 (as above)

        books = self._journal(), self._who(), self._file
        Abandoned(self._settings, surfaces, *books, self._clock, self._environ).close()
        approvals_in(self._settings, self._clock, self._environ).close_abandoned()

    def _surfaces(self) -> Surfaces:
        """Where the switches are; of an engine.json that is gone, what it said when it was last there."""
        found = surfaces_of(self._settings.chosen)
        if not found.unfound:
            self._known = found
        return self._known or found

    def _journal(self) -> "Journal":
        from console.audit.open import open_journal  # noqa: PLC0415 (the flag is written before)

        return open_journal(self._settings.state, self._clock, point)

    def _trip_journal(self) -> "Journal":
        """The same for a trip: without its outcome it would read as one that broke off."""
        from console.audit.open import open_journal  # noqa: PLC0415 (as above)

        return open_journal(self._settings.state, self._clock, point, wait=RECORDED_WITHIN)

    def _who(self) -> "Actor":
        from console.audit.actor import this_actor  # noqa: PLC0415 (as above)

        return this_actor(self._environ)


def _user_name_in_time() -> str:
    """The operator's name, or number: where users are looked up over a network, that may hang."""
    return within(NAME_DEADLINE, _user_name, "kill operator") or f"uid {os.getuid()}"


def _user_name() -> str:
    """Who the kernel says it is, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
