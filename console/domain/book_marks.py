"""How far an engine's book had come when it was backed up: what a later look is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class AccountMark:
    """What a table holds of one account: so many rows, `newer` of them beyond the mark that was asked about.

    The sums are over all of them, `margin` of positions over the open ones; None where the table has no such
    column. `open` are the positions that aren't closed, `open_before` those of them that aren't newer.
    """

    rows: int
    newer: int = 0
    open: int = 0
    open_before: int = 0
    realized_pnl: Decimal | None = None
    fee: Decimal | None = None
    margin: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TableMark:
    """A table at one instant: the largest id in it (0 without rows), and what it holds of each account."""

    last: int
    accounts: Mapping[int, AccountMark]


@dataclass(frozen=True, slots=True)
class OpenHolding:
    """What is held of a symbol on one side, bought at one price: `quantity` is in coins, never negative."""

    symbol: str
    side: str
    coin_margin: bool
    quantity: Decimal | None
    entry_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has: free, frozen as margins, and with what is open; None without such a column."""

    current: Decimal | None
    frozen: Decimal | None
    equity: Decimal | None


@dataclass(frozen=True, slots=True)
class BookMarks:
    """A book's orders, positions and trades at one instant; `holdings` is None where they were too many.

    `balances` are its accounts', by number: None in what an older console has written.
    """

    tables: Mapping[str, TableMark]
    holdings: tuple[OpenHolding, ...] | None
    balances: Mapping[int, Balance] | None = None
