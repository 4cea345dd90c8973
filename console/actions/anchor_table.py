"""The table of the engine's database that knows heads of the journal: each written once and never changed.

An administrator makes it, as `opsconsole audit anchor-table` prints it, and grants SELECT and INSERT on it
and nothing more: then whoever cuts or edits the journal on the host can't make the table agree.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import BigInteger, Column, Connection, DateTime, MetaData, String, Table, func, insert, select
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.schema import CreateTable

from console.actions.database import Login, UnusableError, connected
from console.audit.anchors import TABLE
from console.audit.errors import AnchorError, NoAnchorError
from console.audit.record import Head

_LONGEST = 180
"""Characters of a journal's name: the key has to fit into every server's index."""
_NO_TABLE = 1146
"""What MySQL and MariaDB call a table that isn't there."""

anchors = Table(
    TABLE,
    MetaData(),
    Column("journal", String(_LONGEST), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("kept_at", DateTime, nullable=False, server_default=func.current_timestamp()),
)


class AnchorTable:
    """An Anchor and a Witness for one journal. Each call connects anew, within the login's time-outs.

    Both raise NoAnchorError where no administrator has made the table.
    """

    def __init__(self, login: Login, host: str, folder: Path) -> None:
        self._login = login
        self._journal = _name_of(host, folder)

    @property
    def name(self) -> str:
        return f"the database's table {TABLE}"

    def keep(self, head: Head) -> None:
        """Insert `head`, which others may have done before; AnchorError also where it is known otherwise."""
        with self._connected() as connection:
            if self._knows(connection, head):
                return
            row = {"journal": self._journal, "sequence": head.sequence, "hash": head.hash}
            try:
                connection.execute(insert(anchors).values(row))
            except IntegrityError:  # another console was first
                self._knows(connection, head)

    def kept(self) -> tuple[Head, ...]:
        wanted = select(anchors.c.sequence, anchors.c.hash).where(anchors.c.journal == self._journal)
        with self._connected() as connection:
            return tuple(Head(int(sequence), str(digest)) for sequence, digest in connection.execute(wanted))

    def _knows(self, connection: Connection, head: Head) -> bool:
        place = (anchors.c.journal == self._journal) & (anchors.c.sequence == head.sequence)
        known = connection.scalar(select(anchors.c.hash).where(place))
        if known is not None and known != head.hash:
            raise AnchorError(
                f"{self.name} knows another record {head.sequence}: the journal is not the same"
            )
        return known is not None

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with connected(self._login) as connection:
                try:
                    yield connection
                except (OperationalError, ProgrammingError) as error:
                    if _is_no_table(error):
                        raise NoAnchorError(
                            f"the database has no table {TABLE}: heads are not kept there"
                        ) from None
                    raise
        except UnusableError as error:
            raise AnchorError(f"{self.name}: {error}") from None


def statement(backend: str) -> str:
    """The SQL that makes the table on `backend`, `mysql` or `sqlite`."""
    dialect = sqlite.dialect() if backend == "sqlite" else mysql.dialect()
    lines = str(CreateTable(anchors).compile(dialect=dialect)).strip().splitlines()
    return "\n".join(line.rstrip().replace("\t", "  ") for line in lines) + ";"


def _name_of(host: str, folder: Path) -> str:
    """A journal's name: its host and folder, with a digest in place of what is too long."""
    name = f"{host}:{folder}"
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{host[:64]}:{digest}"


def _is_no_table(error: OperationalError | ProgrammingError) -> bool:
    said = error.orig.args if error.orig is not None else ()
    return _NO_TABLE in said or any(str(word).startswith("no such table") for word in said)
