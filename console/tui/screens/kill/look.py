"""What a reset stands on, looked at from disk: its gates, what it would do, and the second person's word."""

from collections.abc import Callable
from dataclasses import dataclass

from console.domain.approval import Consent, Deed, Request
from console.domain.assessment import Assessment
from console.domain.gate import Gate
from console.domain.reset_gates import Asked
from console.tui.access import Access, Draft, ResetUnderWay
from console.tui.screens.second_person import Word, missing_of, operator_of, use_of, word_on


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at `at`, on the console's clock, for what the operator had said by then.

    `request` is the operator's own for this very deed, `consent` what somebody has agreed to, and `said` why
    there is none.
    """

    at: float
    draft: Draft
    deed: Deed
    gates: tuple[Gate, ...]
    request: Request | None = None
    consent: Consent | None = None
    said: str = ""

    @property
    def word(self) -> Word:
        """The second person's."""
        return self.request, self.consent, self.said

    @property
    def missing(self) -> tuple[Gate, ...]:
        """The gates that don't pass, without the confirmation."""
        return missing_of(self.gates)


def look(access: Access, draft: Draft, live: Assessment, now: Callable[[], Assessment]) -> Look:
    """Look at everything, which waits for the disk; `now` is how things stand once that has been."""
    deed = access.kill.reset_deed(live, draft.asked)
    request, consent, said = word_on(access, deed, draft.glass)
    gates = access.kill.reset_gates(draft.asked, operator_of(access, consent), live, now)
    return Look(live.at, draft, deed, gates, request, consent, said)


def reset(
    access: Access, asked: Asked, found: Look, live: Assessment, now: Callable[[], Assessment]
) -> ResetUnderWay:
    """Reset, with the consent that was found; AccessError before anything was done. `now` as above."""
    approved = use_of(access, found.request, found.consent)
    return access.kill.reset(asked, operator_of(access, None), live, approved=approved, now=now)
