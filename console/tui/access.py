"""What raising risk from the screen takes: the safety catch, the second person, and what can be reset."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from console.domain.access import AccessError, Arming, Disarmed, Role, Standing, stated
from console.domain.reset_gates import Asked
from console.tui.watched import TripUnderWay

if TYPE_CHECKING:
    from console.actions.checkpoint import Operator
    from console.domain.approval import Consent, Deed, Request
    from console.domain.assessment import Assessment
    from console.domain.gate import Gate
    from console.domain.status import SourceStatus


class HoldsCatch(Protocol):
    """The safety catch of this console."""

    @property
    def standing(self) -> Standing: ...

    @property
    def complaint(self) -> str:
        """Why the end of an arming could not be recorded; empty when it could."""

    @property
    def arming(self) -> Arming | None: ...

    def arm(self, reason: str, sources: "Iterable[SourceStatus]", *, server: str = "") -> Arming:
        """Waits for the journal. AccessError says why not."""

    def touch(self) -> None: ...

    def observe(self, sources: "Iterable[SourceStatus]", server: str = "") -> Arming | Disarmed:
        """What is left of it now that the sources are so."""

    def disarm(self) -> None: ...


class AsksOthers(Protocol):
    """The requests for a second person. All of it waits for the disk, and raises AccessError."""

    def ask(self, deed: "Deed", reason: str, *, lasting: float) -> "Request": ...

    def waiting(self) -> "tuple[tuple[Request, ...], tuple[str, ...]]":
        """What can still be agreed to, and why a file isn't among that."""

    def approve(self, seen: "Request") -> "Request": ...

    def consent(self, asked: "Request") -> "Consent": ...

    def use(self, asked: "Request") -> "Consent": ...

    def break_glass(self, deed: "Deed", reason: str, *, lasting: float) -> "Consent": ...


class ResetUnderWay(TripUnderWay, Protocol):
    """A reset whose steps are being done, or have been."""

    @property
    def left(self) -> tuple[str, ...]:
        """What is set all the same, each in words."""

    @property
    def done(self) -> bool | None: ...

    @property
    def overtaken(self) -> bool:
        """Whether a trip came meanwhile, which stands."""


class ResetsKillSwitch(Protocol):
    """The kill switch of a context, as a screen resets it. All but the phrase waits for the disk."""

    @property
    def reset_phrase(self) -> str:
        """What has to be typed."""

    @property
    def resetting(self) -> ResetUnderWay | None:
        """The reset that is under way, or was the last."""

    def reset_deed(self, live: "Assessment", asked: "Asked") -> "Deed":
        """What exactly it would do, and on which grounds."""

    def reset_gates(
        self,
        asked: "Asked",
        who: "Operator",
        live: "Assessment",
        now: "Callable[[], Assessment] | None" = None,
    ) -> "tuple[Gate, ...]":
        """Every gate; `now` tells how things stand once all is looked at that takes a while."""

    def reset(
        self,
        asked: "Asked",
        who: "Operator",
        live: "Assessment",
        *,
        approved: "Callable[[], Consent] | None" = None,
        now: "Callable[[], Assessment] | None" = None,
    ) -> ResetUnderWay:
        """Comes back when it is over; AccessError before anything was done. `now` as above."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for this person, and who made it."""

    request: "Request"
    who: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What was said for a reset and not used yet; `glass` is the consent that was had by breaking it."""

    asked: Asked = field(default_factory=Asked)
    glass: "Consent | None" = None


@dataclass(frozen=True, slots=True)
class Access:
    """One person's at one console; a request for a second one counts for `lasting` seconds.

    `name_of` says who a uid is, which may take the system a while. `drafts` of resets are kept for as long as
    the console is open, by when their trip was made or last added to; None is one of others.
    """

    catch: HoldsCatch
    others: AsksOthers
    kill: ResetsKillSwitch
    lasting: float
    name_of: Callable[[int], str]
    drafts: dict[float | None, Draft] = field(default_factory=dict)

    def waiting(self, context: str) -> tuple[Waiting, ...]:
        """What waits in `context` for this person, the oldest first; AccessError as of `others`."""
        person, role = self.catch.standing.person, self.catch.standing.role
        if role < Role.OPERATOR:
            return ()
        found = (one for one in self.others.waiting()[0] if one.deed.context == context)
        return tuple(
            Waiting(one, self.name_of(one.uid))
            for one in found
            if person.uid not in {one.uid, *(approval.uid for approval in one.approvals)}
        )


def lack_of(reason: str) -> str:
    """Why `reason` isn't taken for one; empty where it is."""
    try:
        stated(reason)
    except AccessError as error:
        return str(error)
    return ""
