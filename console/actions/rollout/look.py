"""The flags file as it was looked at: what a person saw is what a change starts from."""

from dataclasses import dataclass
from hashlib import sha256

from console.domain.surfaces import Flags


@dataclass(frozen=True, slots=True)
class Look:
    """The file's bytes, what they mean, and what messages call the file."""

    content: bytes
    flags: Flags
    path: str

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return digest_of(self.content)


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal, as records and deeds name a state of the file."""
    return sha256(content).hexdigest()
