"""A condition that a deed has to pass, as it is shown to whoever asks for the deed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition of one deed: `passes` None where it can't be told, which is no pass."""

    name: str
    passes: bool | None
    words: str
