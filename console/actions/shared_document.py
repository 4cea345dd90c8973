"""A JSON file that all consoles on a host change, one after the other: what people said, in a context.

A damaged file is refused, and never begun anew: it holds somebody's word.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from console.actions.durable import MISSING, digest, replace_file
from console.audit.files import make_folder, mode_in
from console.audit.points import pass_by
from console.domain.clock import Clock
from console.host_lock import host_lock

T = TypeVar("T")

LOCK_DEADLINE = 2.0
"""Seconds to wait for other consoles."""
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SharedDocument(Generic[T]):
    """`empty` stands for a file that isn't there; `parsed` reads a document, or raises ValueError."""

    file: Path
    empty: T
    parsed: Callable[[object], T]
    document: Callable[[T], object]

    def read(self) -> T:
        """What is kept. ValueError, in one line, for what can't be read."""
        return self._value(self._data())

    def change(self, change: Callable[[T], T], clock: Clock) -> T:
        """Change what is kept, and return it; nobody else's change comes between. Waits for the disk.

        Raises what `change` raises, ValueError for a file that can't be read, LockError while another console
        holds it, DurableError or JournalError for what can't be written.
        """
        make_folder(self.file.parent, pass_by)
        with host_lock(self.file.with_suffix(".lock"), deadline=LOCK_DEADLINE, clock=clock):
            before = self._data()
            value = change(self._value(before))
            data = json.dumps(self.document(value)).encode() + b"\n"
            expected = MISSING if before is None else digest(before)
            replace_file(self.file, data, expected=expected, keep_owner=False, mode=mode_in(self.file.parent))
        return value

    def _data(self) -> bytes | None:
        """The file's content; None where there is none."""
        try:
            with self.file.open("rb") as stream:
                return stream.read(_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ValueError(f"{self.file}: {(error.strerror or str(error)).lower()}") from None

    def _value(self, data: bytes | None) -> T:
        if data is None:
            return self.empty
        try:
            return self.parsed(json.loads(data))
        except (ValueError, OverflowError, RecursionError) as error:
            raise ValueError(f"{self.file}: {error}") from None
