"""What a reset stands on, looked at from disk: its gates, what it would do, and the second person's word."""

from collections.abc import Callable
from dataclasses import dataclass

from console.actions.kill.reset import Resetter
from console.domain.access import AccessError
from console.domain.approval import Consent, Deed, Request
from console.domain.assessment import Assessment
from console.domain.gate import Gate
from console.domain.reset_gates import Asked
from console.tui.access import Access, ResetUnderWay

CONFIRMATION = "confirmation"
"""The gate that passes last: what has to be typed, in a dialog of its own."""
SECOND_PERSON = "second person"
OLD = 3.0
"""Seconds after which what was found no longer counts."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at `at`, on the console's clock, for what the operator had `asked` by then.

    `request` is the operator's own for this very deed, `consent` what somebody has agreed to, and `said` why
    there is none.
    """

    at: float
    asked: Asked
    deed: Deed
    gates: tuple[Gate, ...]
    request: Request | None = None
    consent: Consent | None = None
    said: str = ""

    @property
    def missing(self) -> tuple[Gate, ...]:
        """The gates that don't pass, without the confirmation."""
        return tuple(gate for gate in self.gates if gate.passes is not True and gate.name != CONFIRMATION)


def look(access: Access, asked: Asked, glass: Consent | None, live: Assessment) -> Look:
    """Look at everything, which waits for the disk; `glass` is consent that was had by breaking it."""
    deed = access.kill.reset_deed(live, asked)
    request, consent, said = (None, glass, "") if glass is not None else _second_person(access, deed)
    gates = access.kill.reset_gates(asked, _who(access, consent), live)
    return Look(live.at, asked, deed, gates, request, consent, said)


def reset(access: Access, asked: Asked, found: Look, live: Assessment) -> ResetUnderWay:
    """Reset, with the consent that was found; AccessError before anything was done."""
    return access.kill.reset(asked, _who(access, None), live, approved=_approved(access, found))


def ask_others(access: Access, asked: Asked, live: Assessment) -> Request:
    """Ask for a second person, for what would be done on just these grounds; AccessError."""
    deed = access.kill.reset_deed(live, asked)
    return access.others.ask(deed, asked.reason, lasting=access.lasting)


def break_glass(access: Access, asked: Asked, live: Assessment, reason: str) -> Consent:
    """Do without one for `reason`, for the same; AccessError."""
    return access.others.break_glass(access.kill.reset_deed(live, asked), reason, lasting=access.lasting)


def _approved(access: Access, found: Look) -> Callable[[], Consent] | None:
    request, consent = found.request, found.consent
    if consent is None:
        return None
    return (lambda: consent) if request is None else (lambda: access.others.use(request))


def _who(access: Access, consent: Consent | None) -> Resetter:
    return Resetter(access.catch.standing, access.catch.arming, consent)


def _second_person(access: Access, deed: Deed) -> tuple[Request | None, Consent | None, str]:
    """The newest request of one's own for `deed`, and what it is worth."""
    uid = access.catch.standing.person.uid
    try:
        own = [one for one in access.others.waiting()[0] if one.uid == uid and one.deed == deed]
        return (own[-1], access.others.consent(own[-1]), "") if own else (None, None, "")
    except AccessError as error:
        return (own[-1] if own else None), None, str(error)
