"""The columns of orders, trades and failures, of all symbols or of one."""

from dataclasses import replace

from console.domain.surfaces import Activity
from console.tui.screens.positions.cells import (
    Present,
    as_coins,
    as_gain,
    as_money,
    as_price,
    moment,
    number,
    words,
)
from console.tui.theme import Tone
from console.tui.widgets.table.columns import Column


def order_columns(present: Present) -> list[Column[Activity]]:
    """What was asked for and what became of it, the most important first."""
    return [
        *_activity_columns(present),
        words(present, "status", 9, lambda row: row.status),
        number(present, "quantity", 12, lambda row: row.quantity, as_coins),
        number(present, "price", 13, lambda row: row.price, as_price),
        words(present, "type", 6, lambda row: row.order_type),
        number(present, "limit", 13, lambda row: row.limit_price, as_price),
        number(present, "realised", 11, lambda row: row.realized_pnl, as_gain),
        number(present, "fee", 9, lambda row: row.fee, as_money),
        words(present, "account", 9, lambda row: present.account(row.account_id), grow=6),
        words(present, "notes", 14, lambda row: row.notes, grow=40),
        words(present, "id", 14, lambda row: row.id, grow=14),
    ]


def failure_columns(present: Present) -> list[Column[Activity]]:
    """An order's columns, but why it failed stands where the price would."""
    columns = {column.key: column for column in order_columns(present)}
    columns["notes"] = replace(columns["notes"], width=30)
    first = ("at", "symbol", "side", "status", "notes", "quantity", "type", "limit", "account", "id")
    return [columns[key] for key in first]


def trade_columns(present: Present) -> list[Column[Activity]]:
    """What was bought or sold, and what that brought."""
    return [
        *_activity_columns(present),
        number(present, "quantity", 12, lambda row: row.quantity, as_coins),
        number(present, "price", 13, lambda row: row.price, as_price),
        number(present, "realised", 11, lambda row: row.realized_pnl, as_gain),
        number(present, "fee", 9, lambda row: row.fee, as_money),
        words(present, "account", 9, lambda row: present.account(row.account_id), grow=6),
        words(present, "id", 14, lambda row: row.id, grow=14),
    ]


def of_one_symbol(columns: list[Column[Activity]]) -> list[Column[Activity]]:
    """The columns without those that hardly ever differ between the rows of one symbol."""
    return [column for column in columns if column.key not in ("symbol", "account")]


def _activity_columns(present: Present) -> list[Column[Activity]]:
    """When, of what and which way; the newest first."""
    return [
        moment(present, "at", lambda row: row.at),
        words(present, "symbol", 12, lambda row: row.symbol, grow=16, tone=Tone.STRONG),
        words(present, "side", 11, lambda row: row.side),
    ]
