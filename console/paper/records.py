"""The rows behind the ledger's values: accounts, positions and trading switches, read and written."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.dialects import mysql

from console.paper import arithmetic
from console.paper.ledger import Account, Position
from console.schema import TRADING_SWITCHES, accounts, positions, settings

OPEN_STATUSES = ("open", "building")

_ACCOUNT_NAMES = [field.name for field in fields(Account)]
_POSITION_NAMES = [field.name for field in fields(Position)]
_ACCOUNT_COLUMNS = [accounts.c[name] for name in _ACCOUNT_NAMES]
_POSITION_COLUMNS = [positions.c[name] for name in _POSITION_NAMES]
_IMMUTABLE = {"id", "account_id", "symbol", "position_side", "leverage", "coin_margin", "open_time"}
_MARKS = ("mark_price", "unrealized_pnl", "unrealized_pnl_pct", "last_update_time")
_REQUIRED = (
    "id",
    "account_id",
    "symbol",
    "position_side",
    "quantity",
    "notional_value",
    "margin",
    "entry_price",
)

_is_open = positions.c.status.in_(OPEN_STATUSES)


def locked_account(connection: Connection, account_id: int) -> Account | None:
    """The account, its row locked until the transaction ends; None when there is none."""
    row = connection.execute(
        select(*_ACCOUNT_COLUMNS).where(accounts.c.id == account_id).with_for_update()
    ).one_or_none()
    return None if row is None else Account(*tuple(row))


def locked_accounts(connection: Connection) -> dict[int, Account]:
    """All accounts by id, locked in the order of their ids."""
    rows = connection.execute(select(*_ACCOUNT_COLUMNS).order_by(accounts.c.id).with_for_update())
    return {row.id: Account(*tuple(row)) for row in rows}


def save_account(connection: Connection, account: Account, now: datetime) -> None:
    """Write the balances, the counters and what derives from them."""
    values = {name: getattr(account, name) for name in _ACCOUNT_NAMES} | {
        "total_equity": account.total_equity,
        "total_profit_loss": account.total_profit_loss,
        "total_profit_loss_pct": account.total_profit_loss_pct,
        "win_rate": account.win_rate,
        "updated_at": now,
    }
    del values["id"], values["initial_balance"]
    connection.execute(update(accounts).where(accounts.c.id == account.id).values(values))


def position_by_id(connection: Connection, position_id: int) -> Position | None:
    """The position, open or closed."""
    row = connection.execute(select(*_POSITION_COLUMNS).where(positions.c.id == position_id)).one_or_none()
    return None if row is None else _position(row)


def open_positions(
    connection: Connection,
    *,
    account_id: int | None = None,
    symbols: Collection[str] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Position]:
    """Open positions in the order of their ids, those after id `after` and at most `limit` of them."""
    query = select(*_POSITION_COLUMNS).where(_is_open).order_by(positions.c.id)
    if after:
        query = query.where(positions.c.id > after)
    if account_id is not None:
        query = query.where(positions.c.account_id == account_id)
    if symbols is not None:
        query = query.where(positions.c.symbol.in_(symbols))
    if limit is not None:
        query = query.limit(limit)
    return [_position(row) for row in connection.execute(query)]


def insert_positions(connection: Connection, new: Sequence[Position]) -> dict[tuple[str, str], int]:
    """Insert positions of one account; answers the ids by (symbol, side)."""
    names = [name for name in _POSITION_NAMES if name != "id"]
    connection.execute(insert(positions), [{name: getattr(p, name) for name in names} for p in new])
    query = (
        select(positions.c.symbol, positions.c.position_side, func.max(positions.c.id))
        .where(_is_open, positions.c.account_id == new[0].account_id)
        .group_by(positions.c.symbol, positions.c.position_side)
    )
    if len(new) == 1:
        query = query.where(positions.c.symbol == new[0].symbol)
    return {(symbol, side): position_id for symbol, side, position_id in connection.execute(query)}


def update_positions(connection: Connection, changed: Iterable[Position]) -> None:
    """Write all that can change of each position."""
    names = [name for name in _POSITION_NAMES if name not in _IMMUTABLE]
    rows = [{"key": p.id} | {name: getattr(p, name) for name in names} for p in changed]
    if rows:
        connection.execute(update(positions).where(positions.c.id == bindparam("key")), rows)


def update_marks(connection: Connection, marked: Sequence[Position]) -> None:
    """Write mark prices and unrealized PnL: on MySQL and MariaDB many rows in one statement."""
    if not marked:
        return
    if connection.dialect.name == "sqlite":
        rows = [{"key": p.id} | {name: getattr(p, name) for name in _MARKS} for p in marked]
        connection.execute(update(positions).where(positions.c.id == bindparam("key")), rows)
        return
    # The driver sends one statement per row for UPDATE, but packs INSERT. The rows exist: all are updated.
    statement = mysql.insert(positions)
    statement = statement.on_duplicate_key_update({name: statement.inserted[name] for name in _MARKS})
    names = (*_REQUIRED, *_MARKS)
    connection.execute(statement, [{name: getattr(p, name) for name in names} for p in marked])


def switched_off(connection: Connection) -> set[str]:
    """The trading switches that are set to anything but '1' or 'true'; a missing one is on."""
    keys = settings.c.setting_key
    rows = connection.execute(select(keys, settings.c.setting_value).where(keys.in_(TRADING_SWITCHES)))
    return {key for key, value in rows if (value or "").strip().lower() not in ("1", "true")}


def _position(row: Row[Any]) -> Position:
    """The position of a row; what an older engine left NULL is taken from the entry."""
    position = Position(*tuple(row))
    if None not in (position.avg_entry_price, position.mark_price, position.liquidation_price):
        return position
    entry = position.avg_entry_price or position.entry_price
    level = arithmetic.liquidation_price(position.position_side, entry, position.leverage)
    return replace(
        position,
        avg_entry_price=entry,
        mark_price=position.mark_price or entry,
        liquidation_price=position.liquidation_price or level,
    )
