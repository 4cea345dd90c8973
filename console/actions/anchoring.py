"""Keeps the journal's head out of reach of those who can write the journal: in the database and in syslog.

Both may hang, so a thread of its own looks at the journal's end and tells them, on nobody's way. Between two
looks several records may come; the last one's hash stands for all before it.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.audit.anchors import TABLE, Anchor, SyslogAnchor
from console.audit.errors import AnchorError, NoAnchorError
from console.audit.open import folder_in
from console.audit.record import BEGINNING, Head
from console.audit.tail import read_tail
from console.domain.clock import Clock, SystemClock

if TYPE_CHECKING:
    from console.actions.anchor_table import AnchorTable
    from console.settings import Database, Settings

EVERY = 1.0
"""Seconds between two looks at the journal's end: for as long a cut end may go unnoticed elsewhere."""
AGAIN = 30.0
"""Seconds after which an anchor that failed is told again."""
TIMEOUT = 2.0
"""Seconds that the database has to connect, and for each statement."""
LAST = 1.0
"""Seconds that leaving waits for the last head to be told, at most."""


class Anchoring:
    """Tells `anchors` each new head of the journal in `folder`. Making one touches nothing.

    It is a Witness too, for who can't wait: it tells from memory what the anchors know, or what is amiss.
    """

    def __init__(
        self, folder: Path, anchors: Sequence[Anchor], clock: Clock, *, every: float = EVERY
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._every = every
        self._kept = [_Kept(anchor) for anchor in anchors]
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._unread = ""

    @property
    def name(self) -> str:
        return " and ".join(kept.anchor.name for kept in self._kept)

    @property
    def complaint(self) -> str:
        """Which anchor fails, and why; empty when all is well."""
        return "; ".join(filter(None, [self._unread, *(kept.complaint for kept in self._kept)]))

    def kept(self) -> tuple[Head, ...]:
        """What the table knew at first, and what the anchors were told; AnchorError is the complaint."""
        if self.complaint:
            raise AnchorError(self.complaint)
        return tuple(head for kept in self._kept for head in kept.known)

    def start(self) -> None:
        """Look from now on, in a thread; without an anchor there is none."""
        if not self._kept:
            return
        thread = threading.Thread(target=self._run, name="anchoring", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._unread = "heads are not anchored: the machine has no thread left"
        else:
            self._thread = thread

    def close(self, seconds: float) -> None:
        """Look a last time and end: leaving waits `seconds` for that at most."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def look(self) -> None:
        """Tell the journal's head to each anchor that doesn't know it and hasn't failed just now."""
        try:
            head = read_tail(self._folder).head
        except OSError as error:
            self._unread = f"heads are not anchored: can't read {self._folder}: {error.strerror}"
            return
        self._unread = ""
        for kept in self._kept:
            kept.tell(head, self._clock)

    def _run(self) -> None:
        closing = False
        while not closing:
            closing = self._closing.wait(self._every)
            self.look()


@dataclass(slots=True, eq=False)
class _Kept:
    """One anchor, the heads that it is known to keep, the last one, and why and when it failed after that."""

    anchor: Anchor
    known: tuple[Head, ...] = ()
    head: Head = BEGINNING
    complaint: str = ""
    failed_at: float | None = None

    def tell(self, head: Head, clock: Clock) -> None:
        waits = self.failed_at is not None and clock.now() - self.failed_at < AGAIN
        if waits or head == self.head:
            return
        try:
            if isinstance(self.anchor, DatabaseAnchor) and not self.known:
                self.known = self.anchor.kept()
            self.anchor.keep(head)
        except NoAnchorError:
            self.complaint, self.failed_at = "", clock.now()
        except AnchorError as error:
            self.complaint, self.failed_at = str(error), clock.now()
        else:
            self.head, self.known = head, (*self.known, head)
            self.complaint, self.failed_at = "", None


class DatabaseAnchor:
    """The AnchorTable of a context's database; its driver is imported, its password read, when it is used."""

    def __init__(self, database: "Database", folder: Path, environ: Mapping[str, str]) -> None:
        self.name = f"the database's table {TABLE}"
        self._database = database
        self._folder = folder
        self._environ = environ

    def keep(self, head: Head) -> None:
        self._table().keep(head)

    def kept(self) -> tuple[Head, ...]:
        return self._table().kept()

    def _table(self) -> "AnchorTable":
        from console.actions.anchor_table import AnchorTable  # noqa: PLC0415 (200 ms of imports)
        from console.actions.database import Login  # noqa: PLC0415 (as above)

        database = self._database
        password = self._environ.get(database.password_env) if database.password_env else None
        if database.password_env and not password:
            raise AnchorError(f"{self.name}: the environment variable {database.password_env} is not set")
        login = Login(database.url, TIMEOUT, password, database.ca_file, database.server)
        return AnchorTable(login, os.uname().nodename, self._folder)


@contextmanager
def anchored(settings: "Settings", environ: Mapping[str, str]) -> Iterator[Anchoring]:
    """While a console is open or a command acts: heads are told, the last one before it is left."""
    anchoring = anchoring_of(settings, SystemClock(), environ)
    anchoring.start()
    try:
        yield anchoring
    finally:
        anchoring.close(LAST)


def anchoring_of(settings: "Settings", clock: Clock, environ: Mapping[str, str]) -> Anchoring:
    """Of the chosen context: its database's table, and syslog where the settings name it."""
    folder, syslog, table = folder_in(settings.state), settings.audit.syslog, table_of(settings, environ)
    log = None if syslog is None else SyslogAnchor(f"{os.uname().nodename}:{folder}", syslog)
    return Anchoring(folder, [anchor for anchor in (log, table) if anchor is not None], clock)


def table_of(settings: "Settings", environ: Mapping[str, str]) -> DatabaseAnchor | None:
    """The table of the chosen context's database; None where the settings name none, or want none.

    A paper engine's database is none: it lies on the disk of the journal itself.
    """
    database = settings.chosen.database
    if database is None or not settings.audit.database:
        return None
    return DatabaseAnchor(database, folder_in(settings.state), environ)
