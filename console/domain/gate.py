"""A condition that a deed has to pass, as it is shown to whoever asks for the deed."""

from dataclasses import dataclass

from console.domain.access import AccessError, stated


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition of one deed: `passes` None where it can't be told, which is no pass."""

    name: str
    passes: bool | None
    words: str


def reason_gate(reason: str) -> Gate:
    """Whether a reason is stated that others can read in the journal."""
    try:
        return Gate("reason", True, stated(reason))
    except AccessError as error:
        return Gate("reason", False, str(error))
