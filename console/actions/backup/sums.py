"""What the tables of a book hold: how many rows, and a checksum of these.

A checksum is made of each row's MD5, added up, so that it doesn't depend on the rows' order. MD5 is given
nothing that two different rows have in common: what may hold any byte stands behind its length, and nothing
else holds a NUL. It finds what went wrong; that nobody has edited a backup, the digest of its copy tells.
MySQL has no MD5() any more from 9.6 on, unless somebody installs it: there it is made of each row's SHA-256.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from console.actions.backup.errors import BackupError
from console.domain.backup import FORMAT, WITHOUT_MD5, TableSum, column_parts

Tell = Callable[[int], None]
"""Is told how many rows were added up so far, of all tables."""

AT_ONCE = 50_000
"""Rows that the server adds up in one statement, about."""
_LARGEST_ID = (1 << 64) - 1
_ROWS_AT_ONCE = 1000
_HALVES = {1: ((1, 15), (17, 15)), FORMAT: ((1, 15),), WITHOUT_MD5: ((1, 15),)}
"""By a manifest's format, which parts of a digest in hexadecimal are added up, 60 bits each: where each
begins, and its digits. One is enough: it lets one mistake in 10^18 pass, and takes half of the server's time.
"""
_TOO_LARGE = 10**36
"""What a row counts that is too large for the server to put together: more than all others can be."""
_WHOLE = re.compile(r"(?:tiny|small|medium|big)?int\b")
_WITHOUT_NUL = re.compile(r"(?:tiny|small|medium|big)?int\b|decimal|double|date|time|year")
"""The types of MySQL and MariaDB whose values, as text, hold no NUL and are never `N`."""
_NO_FUNCTION = (1305, 1370)
"""What a server says that lacks a function: to whoever may call none of the database's, that it may not."""


def sums_in(
    connection: Connection,
    columns: Mapping[str, Sequence[str]],
    way: int | None = None,
    tell: Tell = lambda _rows: None,
) -> Mapping[str, TableSum]:
    """What each of the tables holds, added up as manifests of the format `way` have it, or `way_of`.

    `columns` is what `columns_in` said. Raises SQLAlchemyError, and BackupError for a row that is too large.
    """
    sums, rows = {}, 0
    way = way_of(connection) if way is None else way
    for table, told_of in columns.items():
        running = sum_of(connection, table, told_of, way)
        while running.go_on():
            tell(rows + running.rows)
        rows += running.rows
        sums[table] = running.done()
    return sums


def way_of(connection: Connection) -> int:
    """The format of a manifest whose checksums this database can make."""
    return FORMAT if connection.dialect.name == "sqlite" or _has_md5(connection) else WITHOUT_MD5


def lacking(connection: Connection, way: int) -> str:
    """What the database lacks for the checksums of a manifest of this format; empty where nothing."""
    if way == WITHOUT_MD5 or way_of(connection) != WITHOUT_MD5:
        return ""
    return (
        "the backup's checksums are MD5s, which this server can't make: have it do"
        " INSTALL COMPONENT 'file://component_classic_hashing', and try again"
    )


def sum_of(connection: Connection, table: str, columns: Sequence[str], way: int) -> "ServerSum | SqliteSum":
    """The sum over a table's rows, which is to be taken in parts."""
    if connection.dialect.name != "sqlite":
        return server_sum(connection, table, columns, way)
    return SqliteSum(connection, table, [column_parts(told)[0] for told in columns], way)


def server_sum(connection: Connection, table: str, columns: Sequence[str], way: int) -> "ServerSum":
    """The same on MySQL and MariaDB. BackupError for a format whose checksums the server can't make."""
    lacks = lacking(connection, way)
    if lacks:
        raise BackupError(lacks)
    connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")  # for TIMESTAMP columns
    return ServerSum(connection, table, [column_parts(told) for told in columns], way)


@dataclass
class ServerSum:
    """A table that the server adds up, so that one of any size is a row here at a time.

    It goes along the ids where these are the primary key, so that nothing holds it up for long, and what is
    written behind its place is added up too. Otherwise the table is one part.
    """

    connection: Connection
    table: str
    columns: Sequence[tuple[str, str]]
    way: int

    def __post_init__(self) -> None:
        quote = self.connection.dialect.identifier_preparer.quote_identifier
        self._quoted = quote(self.table)
        row = _row(self.columns, quote, self.way)
        sums = ", ".join(
            f"SUM(IFNULL(CAST(CONV(SUBSTRING({row}, {begin}, {digits}), 16, 10) AS UNSIGNED), {_TOO_LARGE}))"
            for begin, digits in _HALVES[self.way]
        )
        self._query = f"SELECT COUNT(*), {sums} FROM {self._quoted}"  # noqa: S608 (names, quoted)
        self.in_parts = self._has_ids()
        self.rows, self._sums = 0, [0] * len(_HALVES[self.way])
        self._next: int | None = None
        self._span, self._ended = AT_ONCE, False

    def go_on(self, upto: int | None = None) -> bool:
        """Add up the next part, of a table in parts up to this id; whether there was one."""
        if not self.in_parts:
            first, self._ended = not self._ended, True
            if first:
                self._add("")
            return first
        within = [f"id >= {self._next}"] * (self._next is not None) + [f"id <= {upto}"] * (upto is not None)
        where = f" WHERE {' AND '.join(within)}" if within else ""
        begin = self.connection.exec_driver_sql(f"SELECT MIN(id) FROM {self._quoted}{where}").scalar()  # noqa: S608
        if begin is None:
            return False
        last = min(int(begin) + self._span - 1, _LARGEST_ID if upto is None else upto)
        found = self._add(f" WHERE id BETWEEN {begin} AND {last}")
        self._next = last + 1
        self._span = max(1, int(self._span * min(8.0, max(0.125, AT_ONCE / max(found, 1)))))
        return True

    def newest(self) -> int | None:
        """The largest id that is there now; None without rows."""
        found = self.connection.exec_driver_sql(f"SELECT MAX(id) FROM {self._quoted}").scalar()  # noqa: S608
        return None if found is None else int(found)

    def count(self) -> int:
        """How many rows the table has now, wherever they lie."""
        return int(self.connection.exec_driver_sql(f"SELECT COUNT(*) FROM {self._quoted}").scalar_one())  # noqa: S608

    def done(self) -> TableSum:
        """The sum over all parts."""
        if any(part >= _TOO_LARGE for part in self._sums):
            raise BackupError(f"{self.table}: a row has more bytes than the server's max_allowed_packet")
        return TableSum(self.rows, _written(self._sums))

    def _add(self, where: str) -> int:
        found = self.connection.exec_driver_sql(self._query + where).one()
        self.rows += int(found[0])
        for at, part in enumerate(found[1:]):
            self._sums[at] += int(part or 0)
        return int(found[0])

    def _has_ids(self) -> bool:
        keys = self.connection.exec_driver_sql(f"SHOW KEYS FROM {self._quoted} WHERE Key_name = 'PRIMARY'")
        primary = [str(key.Column_name) for key in keys]
        return primary == ["id"] and any(name == "id" and _WHOLE.match(kind) for name, kind in self.columns)


@dataclass
class SqliteSum:
    """A table of a SQLite file, which is added up here, `upto` an id where one is given."""

    connection: Connection
    table: str
    names: Sequence[str]
    way: int
    upto: int | None = None

    def __post_init__(self) -> None:
        quote = self.connection.dialect.identifier_preparer.quote_identifier
        as_bytes = _exact if self.way > 1 else "CAST({} AS BLOB)".format
        wanted = ", ".join(as_bytes(quote(name)) for name in self.names)
        where = "" if self.upto is None else f" WHERE id <= {self.upto}"
        answer = self.connection.exec_driver_sql(f"SELECT {wanted} FROM {quote(self.table)}{where}")  # noqa: S608
        self._parts = answer.partitions(_ROWS_AT_ONCE)
        self._hash = hashlib.sha256 if self.way == WITHOUT_MD5 else hashlib.md5
        self.rows, self._sums = 0, [0] * len(_HALVES[self.way])

    def go_on(self) -> bool:
        """Add up the next part; whether there was one."""
        part = next(self._parts, None)
        if part is None:
            return False
        for row in part:
            digest = self._hash(_joined(row, self.way), usedforsecurity=False).hexdigest()
            for at, (begin, digits) in enumerate(_HALVES[self.way]):
                self._sums[at] += int(digest[begin - 1 : begin - 1 + digits], 16)
        self.rows += len(part)
        return True

    def done(self) -> TableSum:
        """The sum over all parts."""
        return TableSum(self.rows, _written(self._sums))


def _row(columns: Sequence[tuple[str, str]], quote: Callable[[str], str], way: int) -> str:
    """What the server makes of a row: NULL where that is too large for it."""
    if way == 1:
        joined = ", ".join(f"IFNULL(CONCAT('=', {quote(name)}), '-')" for name, _kind in columns)
        return f"MD5(CONCAT_WS(CHAR(0), {joined}))"
    joined = f"CONCAT({', CHAR(0), '.join(_measured(quote(name), kind) for name, kind in columns)})"
    return f"SHA2({joined}, 256)" if way == WITHOUT_MD5 else f"MD5({joined})"


def _has_md5(connection: Connection) -> bool:
    """Whether the server has that function, by itself or by a component: whatever its version is."""
    try:
        connection.exec_driver_sql("SELECT MD5('')")
    except DBAPIError as error:
        if error.orig is not None and error.orig.args[:1] in {(code,) for code in _NO_FUNCTION}:
            return False
        raise
    return True


def _measured(column: str, kind: str) -> str:
    if _WITHOUT_NUL.match(kind):
        return f"IFNULL({column}, 'N')"
    value = f"CAST({column} AS BINARY)"
    return f"IF({column} IS NULL, 'N', CONCAT(LENGTH({value}), ':', {value}))"


def _exact(column: str) -> str:
    """A value's bytes; SQLite itself writes only 15 digits of a binary float."""
    exact = f"CASE typeof({column}) WHEN 'real' THEN printf('%!.17g', {column}) ELSE {column} END"
    return f"CAST({exact} AS BLOB)"


def _joined(row: Sequence[bytes | None], way: int) -> bytes:
    if way == 1:
        return b"\0".join(b"-" if value is None else b"=" + value for value in row)
    return b"".join(b"N" if value is None else b"%d:%b" % (len(value), value) for value in row)


def _written(halves: Sequence[int]) -> str:
    return "-".join(f"{half:x}" for half in halves)
