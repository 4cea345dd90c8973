"""The second person's word on a deed that raises risk, as a screen looks for it and takes it."""

from collections.abc import Callable, Sequence

from console.actions.checkpoint import Operator
from console.domain.access import AccessError
from console.domain.approval import Consent, Deed, Request
from console.domain.gate import Gate
from console.tui.access import Access

CONFIRMATION = "confirmation"
"""The gate that passes last: what has to be typed, in a dialog of its own."""
SECOND_PERSON = "second person"

Word = tuple[Request | None, Consent | None, str]
"""The request for it, what somebody has agreed to, and why there is no such thing."""


def operator_of(access: Access, consent: Consent | None) -> Operator:
    """Who is at this console now, with what a second person has agreed to."""
    return Operator(access.catch.standing, access.catch.arming, consent)


def missing_of(gates: Sequence[Gate]) -> tuple[Gate, ...]:
    """The gates that don't pass, without the confirmation."""
    return tuple(gate for gate in gates if gate.passes is not True and gate.name != CONFIRMATION)


def word_on(access: Access, deed: Deed, glass: Consent | None) -> Word:
    """The newest request of one's own for `deed`, and what it is worth; `glass` is the consent without one.

    Waits for the disk.
    """
    if glass is not None:
        return None, glass, ""
    uid, own = access.catch.standing.person.uid, list[Request]()
    try:
        own = [one for one in access.others.waiting()[0] if one.uid == uid and one.deed == deed]
        return (own[-1], access.others.consent(own[-1]), "") if own else (None, None, "")
    except AccessError as error:
        return (own[-1] if own else None), None, str(error)


def use_of(access: Access, request: Request | None, consent: Consent | None) -> Callable[[], Consent] | None:
    """What takes the consent that was found, right before the deed; None without one."""
    if consent is None:
        return None
    return (lambda: consent) if request is None else (lambda: access.others.use(request))
