"""What would be lost by restoring a backup: the book as it is now against the marks in the manifest.

Rows that were there already are compared as a whole, by the manifest's checksums. That reads all of them,
which takes seconds for a million: whoever looks again and again keeps it for a while, in a `Comparisons`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection

from console import schema
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup
from console.actions.backup.marks import MARKED, MOST_HOLDINGS, marks_in
from console.actions.backup.sums import SqliteSum, server_sum
from console.actions.backup.tables import columns_in
from console.actions.database import Login, UnusableError, connected
from console.domain.agreement import contract_of
from console.domain.backup import Manifest, TableSum, column_parts
from console.domain.book_marks import BookMarks
from console.domain.losses import (
    BalanceLoss,
    Compared,
    Losses,
    balance_losses,
    contract_gaps,
    counted_losses,
    table_losses,
)
from console.domain.surfaces import Exchange

COMPARED_STANDS = 300.0
"""Seconds for which rows that were compared aren't read again by whoever keeps that."""
_PATIENCE = 60.0
"""Seconds that one question about all of a table may take."""


class Comparisons:
    """The latest comparison of a book's rows with a backup's, for whoever looks every few seconds."""

    def __init__(self) -> None:
        self._kept: tuple[str, Compared] | None = None

    def of(self, digest: str, at: float, find: Callable[[], Compared]) -> Compared:
        """That with the manifest of this digest, from a while before `at` at most; else it is found now."""
        kept = self._kept
        if kept is None or kept[0] != digest or not 0 <= at - kept[1].at <= COMPARED_STANDS:
            kept = self._kept = digest, find()
        return kept[1]


def lost_since(
    backup: Backup,
    login: Login,
    at: float,
    exchange: Exchange | None,
    doubt: str,
    *,
    compared: Comparisons | None = None,
) -> Losses:
    """What would be lost of the book at a login, which is only read, as of `at`, seconds since 1970.

    `exchange` is what it holds now, None with the `doubt` why that isn't known. What can't be told is named.
    """
    manifest = backup.manifest
    nothing = Losses(backup.name, manifest.made, at)
    compared = compared or Comparisons()
    try:
        with _instant(login) as connection:
            columns = columns_in(connection)
            now = marks_in(connection, columns, _beyond(manifest))
            same = compared.of(backup.digest, at, lambda: _compared(connection, columns, manifest, at))
    except (BackupError, UnusableError) as error:
        return replace(nothing, unknown=(f"the book: {error}", *([doubt] if doubt else [])))
    then = manifest.marks
    tables = tuple(counted_losses(manifest, now) if then is None else table_losses(then, now))
    balances = tuple(balance_losses(None if then is None else then.balances, now.balances))
    told = replace(
        nothing,
        tables=tables,
        balances=balances,
        compared=_besides(same, balances),
        unknown=(*_unknown(then, now, exchange, doubt), *same.unknown),
    )
    if exchange is None or (then is None and now.holdings is None):
        return told
    gaps, agree = contract_gaps(exchange, now.holdings, None if then is None else then.holdings)
    return replace(told, contracts=gaps, agree=agree)


@contextmanager
def _instant(login: Login) -> Iterator[Connection]:
    """A connection that sees the book at one instant."""
    with connected(replace(login, timeout=_PATIENCE)) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield connection


def _beyond(manifest: Manifest) -> Mapping[str, int]:
    """The largest id of each table at the backup: what lies beyond is newer."""
    return {} if manifest.marks is None else {name: m.last for name, m in manifest.marks.tables.items()}


def _compared(
    connection: Connection, columns: Mapping[str, Sequence[str]], manifest: Manifest, at: float
) -> Compared:
    """Compare what was there at the backup, table by table."""
    changed, unknown, beyond = [], [], _beyond(manifest)
    for name in (schema.accounts.name, *MARKED):
        wanted, told = manifest.tables.get(name), manifest.columns.get(name, ())
        if wanted is None or name not in columns:
            continue
        if set(columns[name]) != set(told):
            unknown.append(f"whether rows of {name} were changed: its columns are others than the backup's")
            continue
        found, is_all = _sum(connection, name, told, manifest.format, beyond.get(name))
        if is_all and found.rows != wanted.rows and name in MARKED:  # what is newer was added up with it
            if manifest.marks is not None:
                unknown.append(f"whether rows of {name} were changed: it has no ids to go by")
        elif found != wanted:
            changed.append(name)
    return Compared(at, tuple(changed), tuple(unknown))


def _sum(
    connection: Connection, table: str, columns: Sequence[str], way: int, upto: int | None
) -> tuple[TableSum, bool]:
    """What the table holds up to that id, and whether it was all of it instead."""
    if connection.dialect.name == "sqlite":
        running = SqliteSum(connection, table, [column_parts(told)[0] for told in columns], way, upto)
        while running.go_on():
            pass
        return running.done(), upto is None
    parts = server_sum(connection, table, columns, way)
    while parts.go_on(upto):
        pass
    return parts.done(), upto is None or not parts.in_parts


def _besides(compared: Compared, balances: Sequence[BalanceLoss]) -> Compared:
    """The comparison without the accounts where their balances tell the difference."""
    if not balances:
        return compared
    return replace(compared, changed=tuple(each for each in compared.changed if each != schema.accounts.name))


def _unknown(then: BookMarks | None, now: BookMarks, exchange: Exchange | None, doubt: str) -> Iterator[str]:
    if then is None:
        yield "amounts and positions: the backup is of a version that kept none"
    else:
        for side, marks in (("the backup", then), ("the book", now)):
            yield from (f"{name}: {side} has no such table" for name in MARKED if name not in marks.tables)
            if marks.holdings is None:
                yield f"positions: {side} tells none, or has more than {MOST_HOLDINGS:,} kinds of them"
    if doubt:
        yield doubt
    if exchange is not None:
        yield from (
            f"what {venue.market} holds: no keys for it"
            for venue in exchange.venues
            if venue.positions is None
        )
        yield from (
            f"what {market} holds: the exchange isn't asked for it"
            for market in _not_asked(exchange, then, now)
        )


def _not_asked(exchange: Exchange, *books: BookMarks | None) -> list[str]:
    """The markets in which the books hold something, and of which the exchange says nothing at all."""
    holdings = [each for book in books if book is not None for each in book.holdings or ()]
    return sorted(
        {contract_of(each.symbol, each.coin_margin)[0] for each in holdings}
        - {venue.market for venue in exchange.venues}
    )
