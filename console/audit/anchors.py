"""Anchors: where the head of the journal is kept besides the journal, so that a cut end is noticed.

The anchor file is written with every record. A database table and syslog may hang, so they are told by
whoever has time to wait, never on the way of an act.
"""

import os
import re
from pathlib import Path
from typing import Protocol

from console.audit.errors import AnchorError
from console.audit.files import make_folder, open_file
from console.audit.points import Point, around, pass_by
from console.audit.record import Head

TABLE = "opsconsole_audit_anchors"
"""The table of a database that keeps heads, where an administrator has made it."""
DEV_LOG = Path("/dev/log")
SYSLOG_TIMEOUT = 0.5
"""Seconds for which a syslog that doesn't read may hold up the one who tells it."""
_PRIORITY = 10 << 3 | 6
"""Facility authpriv, severity info, as RFC 5424 numbers them."""

_KEPT = re.compile(rb"^(\d{1,18}) ([0-9a-f]{64})$", re.MULTILINE)


class Anchor(Protocol):
    """Keeps heads. `name` is what messages call it."""

    @property
    def name(self) -> str: ...

    def keep(self, head: Head) -> None:
        """Remember that the journal had this head; AnchorError when that isn't possible."""


class Witness(Protocol):
    """Tells which heads were kept. A database table is an Anchor and a Witness; syslog is only an Anchor.

    A table's implementation is made for one journal (host and folder) and only ever inserts (sequence, hash).
    """

    @property
    def name(self) -> str: ...

    def kept(self) -> tuple[Head, ...]:
        """All heads that were kept, in any order; AnchorError when they can't be read."""


class AnchorFile:
    """An Anchor and Witness: a line `SEQUENCE HASH` for every head, in a file of another folder.

    It isn't fsynced: what a power cut takes from it makes it lag, which is no contradiction.
    """

    def __init__(self, file: Path, point: Point = pass_by) -> None:
        self._file = file
        self._point = point

    @property
    def name(self) -> str:
        return str(self._file)

    def keep(self, head: Head) -> None:
        # The newline stands first, so that a torn line before it costs no more than itself.
        entry = f"\n{head.sequence} {head.hash}".encode("ascii")
        try:
            make_folder(self._file.parent, self._point)
            with around(self._point, "anchor.write"):
                descriptor = open_file(self._file, os.O_WRONLY | os.O_APPEND)
                try:
                    os.write(descriptor, entry)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise AnchorError(f"can't write {self._file}: {error.strerror}") from error

    def kept(self) -> tuple[Head, ...]:
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise AnchorError(f"can't read {self._file}: {error.strerror}") from error
        return tuple(Head(int(sequence), digest.decode()) for sequence, digest in _KEPT.findall(data))


class SyslogAnchor:
    """An Anchor: one line per head to the system's log, which often leaves the host at once.

    Said by hand: logging's handler sends again on a socket without a time-out, and would wait for ever.
    """

    def __init__(self, journal: str, address: Path = DEV_LOG) -> None:
        self._journal = journal
        self._address = address

    @property
    def name(self) -> str:
        return f"syslog at {self._address}"

    def keep(self, head: Head) -> None:
        import socket  # noqa: PLC0415 (the kill switch, which needs none, is in a hurry)

        said = f"<{_PRIORITY}>opsconsole: journal {self._journal} head {head.sequence} {head.hash}"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
                log.settimeout(SYSLOG_TIMEOUT)
                log.connect(str(self._address))
                log.send(said.encode())
        except OSError as error:
            raise AnchorError(f"can't tell {self.name}: {error.strerror or error}") from error


def keep_all(head: Head, anchors: tuple[Anchor, ...]) -> tuple[str, ...]:
    """Tell every anchor; the complaints of those that could not keep it."""
    complaints = []
    for anchor in anchors:
        try:
            anchor.keep(head)
        except AnchorError as error:
            complaints.append(str(error))
    return tuple(complaints)
