"""What a deployment's own steps are seen by: money that a test position may not cost, and the sign-off."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, func, select

from console import schema
from console.domain.deployment_calendar import Calendar
from console.domain.fills import liquidated
from console.runbooks.model import Found
from console.runbooks.run import Run

CENT = Decimal("0.01")
_KEPT = "kept: "


@dataclass(frozen=True, slots=True)
class Money:
    """What the coin account has, free and frozen, and the number of its last trade by then."""

    free: Decimal
    frozen: Decimal
    trade: int

    @property
    def total(self) -> Decimal:
        return self.free + self.frozen

    @property
    def line(self) -> str:
        """As it is kept with a run's evidence."""
        document = {"free": str(self.free), "frozen": str(self.frozen), "trade": self.trade}
        return f"{_KEPT}{json.dumps(document)}"


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade of the coin account. `result` is what it has realised, its fee already taken off.

    `order_source` and `order_notes` are its order's; None where it has none.
    """

    position: int | None
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    result: Decimal
    order_source: str | None = None
    order_notes: str | None = None

    @property
    def opens(self) -> bool:
        return self.side.startswith("OPEN")

    def closes(self, other: "Fill") -> bool:
        """Whether the engine closes with it just as much of the same position as `other` has opened."""
        if self.opens or liquidated(self.order_source, self.order_notes):
            return False
        return (self.position, self.quantity) == (other.position, other.quantity)

    @property
    def money(self) -> Decimal:
        """What it does to the account's money as a whole: margin only moves between free and frozen."""
        return -self.fee if self.opens else self.result

    def __str__(self) -> str:
        told = f"{self.side} {self.quantity} {self.symbol} at {self.price}, fee {self.fee}"
        return told if self.opens else f"{told}, realised {self.result}"


def coin_money(connection: Connection) -> Found:
    """The coin account's money now, kept as evidence for `coin_round_trip`. Raises SQLAlchemyError."""
    expected = f"the money of account {schema.COIN_ACCOUNT} is known"
    now = _money_in(connection)
    if now is None:
        return Found(False, expected, f"account {schema.COIN_ACCOUNT} not found")
    return Found(True, expected, f"free {_said(now.free)}, frozen {_said(now.frozen)}", (now.line,))


def coin_round_trip(connection: Connection, run: Run, before: str, symbol: str) -> Found:
    """Whether a position in `symbol` was opened and closed since the step `before`, and cost its fees alone.

    All that the account's money has changed by has to be what its trades since then have cost and brought, to
    the cent. Raises SQLAlchemyError.
    """
    expected = f"a position in {symbol} opened and closed; the money is back to the cent but for the fees"
    was, now = _kept_money(run, before), _money_in(connection)
    if was is None:
        return Found(None, expected, f"the step {before} of run {run.id} has kept no money")
    if now is None:
        return Found(False, expected, f"account {schema.COIN_ACCOUNT} not found")
    fills = list(_fills_since(connection, was.trade))
    due = sum((fill.money for fill in fills), Decimal(0))
    off = now.total - was.total - due
    told = f"before {_said(was.total)}, now {_said(now.total)}; all trades since account for {_said(due)}"
    details, trip = tuple(map(str, fills)), _round_trip(fills, symbol)
    if trip is None:
        return Found(False, expected, f"no position in {symbol} was opened and closed since; {told}", details)
    if abs(off) >= CENT:
        return Found(False, expected, f"{_said(off)} can't be accounted for; {told}", details)
    cost, fees = -sum(fill.money for fill in trip), sum(fill.fee for fill in trip)
    return Found(True, expected, f"it cost {cost:f}, of which fees {fees:f}; {told}", details)


def signed_off(calendar: Calendar, run: str) -> Found:
    """Whether somebody else has verified the deployment that `run` was."""
    expected = "the deployment is signed off: its date, who deployed it, and another person who verified it"
    signed = calendar.signed_off(run)
    if signed is None:
        return Found(False, expected, f"not yet: opsconsole deployment sign-off {run}")
    return Found(True, expected, f"deployed by {signed.by}, verified by {signed.verified_by}")


def _money_in(connection: Connection) -> Money | None:
    accounts, trades = schema.accounts, schema.trades
    query = select(accounts.c.current_balance, accounts.c.frozen_balance)
    row = connection.execute(query.where(accounts.c.id == schema.COIN_ACCOUNT)).one_or_none()
    if row is None:
        return None
    last = select(func.max(trades.c.id)).where(trades.c.account_id == schema.COIN_ACCOUNT)
    return Money(row.current_balance, row.frozen_balance, connection.execute(last).scalar() or 0)


def _kept_money(run: Run, step: str) -> Money | None:
    """What `coin_money` has kept with the run's step; None where there is nothing."""
    try:
        details = json.loads(run.step(step).evidence)["details"]
        (line,) = (each for each in details if each.startswith(_KEPT))
        kept = json.loads(line.removeprefix(_KEPT))
        return Money(Decimal(kept["free"]), Decimal(kept["frozen"]), int(kept["trade"]))
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return None


def _fills_since(connection: Connection, trade: int) -> Iterator[Fill]:
    table, orders = schema.trades, schema.orders
    query = (
        select(
            table.c.position_id,
            table.c.symbol,
            table.c.side,
            table.c.quantity,
            table.c.price,
            table.c.fee,
            func.coalesce(table.c.realized_pnl, Decimal(0)),
            orders.c.order_source,
            orders.c.notes,
        )
        .select_from(table.outerjoin(orders, orders.c.order_id == table.c.order_id))
        .where(table.c.account_id == schema.COIN_ACCOUNT, table.c.id > trade)
        .order_by(table.c.id)
    )
    return (Fill(*row) for row in connection.execute(query))


def _round_trip(fills: Sequence[Fill], symbol: str) -> tuple[Fill, Fill] | None:
    """A fill that opened so much of `symbol`, with a later one that closed just that; None where none did."""
    for at, opened in enumerate(fills):
        if opened.opens and opened.symbol == symbol:
            closed = next((fill for fill in fills[at + 1 :] if fill.closes(opened)), None)
            if closed is not None:
                return opened, closed
    return None


def _said(amount: Decimal) -> str:
    return f"{amount:z,.4f}"
