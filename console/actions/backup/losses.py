"""What would be lost by restoring a backup: the book as it is now against the marks in the manifest."""

from collections.abc import Iterator
from dataclasses import replace

from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup
from console.actions.backup.marks import MARKED, MOST_HOLDINGS, marks_in
from console.actions.backup.tables import columns_in
from console.actions.database import Login, UnusableError, connected
from console.domain.agreement import contract_of
from console.domain.backup import Manifest
from console.domain.book_marks import BookMarks
from console.domain.losses import Losses, contract_gaps, counted_losses, table_losses
from console.domain.surfaces import Exchange

_PATIENCE = 60.0
"""Seconds that one question about all of a table may take."""


def lost_since(backup: Backup, login: Login, at: float, exchange: Exchange | None, doubt: str) -> Losses:
    """What would be lost of the book at a login, which is only read, as of `at`, seconds since 1970.

    `exchange` is what it holds now, None with the `doubt` why that isn't known. What can't be told is named.
    """
    manifest = backup.manifest
    nothing = Losses(backup.name, manifest.made, at)
    try:
        now = _marks_now(login, manifest)
    except (BackupError, UnusableError) as error:
        return replace(nothing, unknown=(f"the book: {error}", *([doubt] if doubt else [])))
    then = manifest.marks
    tables = counted_losses(manifest, now) if then is None else table_losses(then, now)
    told = replace(nothing, tables=tuple(tables), unknown=tuple(_unknown(then, now, exchange, doubt)))
    if exchange is None or (then is None and now.holdings is None):
        return told
    gaps, agree = contract_gaps(exchange, now.holdings, None if then is None else then.holdings)
    return replace(told, contracts=gaps, agree=agree)


def _marks_now(login: Login, manifest: Manifest) -> BookMarks:
    """How far the book is at one instant; what it has beyond the backup's marks counts as newer."""
    beyond = {} if manifest.marks is None else {name: m.last for name, m in manifest.marks.tables.items()}
    with connected(replace(login, timeout=_PATIENCE)) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        return marks_in(connection, columns_in(connection), beyond)


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
