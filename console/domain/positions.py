"""The open positions as the database has them, each with what the exchange says of the same one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from console.domain.agreement import (
    Agreement,
    Comparison,
    Contract,
    There,
    compared,
    contract_of,
    only_there,
    there_now,
)
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Account, ExchangePosition, Position


@dataclass(frozen=True, slots=True)
class Holding:
    """One position: the database's, the exchange's, or both.

    `key` tells it apart. `distance` is the share of the mark price that is left to liquidation, negative
    beyond it. `severity` is that of the worse of distance and disagreement, as of when the database was read.
    """

    key: str
    symbol: str
    side: str
    contract: Contract
    position: Position | None
    there: ExchangePosition | None
    comparison: Comparison
    distance: Decimal | None
    severity: Severity

    @property
    def account_id(self) -> int | None:
        return None if self.position is None else self.position.account_id


@dataclass(frozen=True, slots=True)
class Holdings:
    """All of them, those of the database first."""

    rows: tuple[Holding, ...] = ()
    by_key: Mapping[str, Holding] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over the `positions` of one account or symbol, of what is known; `unknown` of them lack something.

    `quantity` is net, in coins, and None across symbols; `notional` is at the mark price.
    """

    key: str
    positions: int
    quantity: Decimal | None
    notional: Decimal
    margin: Decimal
    unrealized_pnl: Decimal
    unknown: int


def holdings(snapshot: Snapshot, books_doubt: str, before: Holdings = Holdings()) -> Holdings:
    """What `snapshot` says of the open positions; rows that come to the same are those of `before`.

    `books_doubt` says why the database's word isn't the present: then it is compared with nothing.
    """
    books, there = snapshot.database.value, there_now(snapshot, books_doubt)
    if books is None:
        return Holdings()
    booked: dict[Contract, tuple[Position, ...]] = {}
    contracts = []
    for position in books.positions or ():
        contract = contract_of(position.symbol, bool(position.coin_margin))
        contracts.append(contract)
        booked[contract] = (*booked[contract], position) if contract in booked else (position,)
    told = {row.contract: row.comparison for row in before.rows}
    comparisons = {
        contract: compared(contract, held, there, told.get(contract)) for contract, held in booked.items()
    }
    rows = [
        _booked(position, contract, there.held.get(contract, ()), comparisons[contract], before)
        for position, contract in zip(books.positions or (), contracts, strict=True)
    ]
    rows += _unbooked(there, booked, told)
    return before if rows == list(before.rows) else Holdings(tuple(rows), {row.key: row for row in rows})


def totals(positions: Iterable[Position], key: Callable[[Position], str], *, net: bool) -> tuple[Total, ...]:
    """The sums by `key`, in the keys' order; `net` is for positions in one coin, whose quantities add up."""
    groups: dict[str, list[Position]] = {}
    for position in positions:
        groups.setdefault(key(position), []).append(position)
    return tuple(_total(name, groups[name], net) for name in sorted(groups))


def notional(position: Position) -> Decimal | None:
    """The value at the mark price; at the entry price while there is no mark."""
    if position.quantity is None or position.mark_price is None:
        return position.notional_value
    return position.quantity * position.mark_price


def margin_share(account: Account) -> Decimal | None:
    """The share of the equity that positions tie up as margin; None without equity."""
    equity, frozen = account.total_equity, account.frozen_balance
    if equity is None or frozen is None or not equity.is_finite() or equity <= 0:
        return None
    return frozen / equity


def distance(side: str, mark: Decimal | None, liquidation: Decimal | None) -> Decimal | None:
    """The share of the mark price that is left to the liquidation price; None where either isn't known."""
    if not mark or not liquidation or mark < 0:
        return None
    return (mark - liquidation) / mark if side.upper() == "LONG" else (liquidation - mark) / mark


def distance_severity(left: Decimal | None) -> Severity:
    """Critical at the liquidation price and beyond it; how near is too near, the margin ratio tells."""
    if left is None:
        return Severity.UNKNOWN
    return Severity.CRITICAL if left <= 0 else Severity.OK


def _booked(
    position: Position,
    contract: Contract,
    there: tuple[ExchangePosition, ...],
    comparison: Comparison,
    before: Holdings,
) -> Holding:
    key = str(position.id)
    held = there[0] if len(there) == 1 else _of_side(there, position.side)
    known = before.by_key.get(key)
    if known is not None and known.position is position:
        unchanged = known.comparison is comparison or known.comparison == comparison
        if unchanged and (known.there is held or known.there == held):
            return known
    left = distance(position.side, position.mark_price, position.liquidation_price)
    severity = _worse(distance_severity(left), comparison)
    return Holding(key, position.symbol, position.side, contract, position, held, comparison, left, severity)


def _of_side(there: tuple[ExchangePosition, ...], side: str) -> ExchangePosition | None:
    """The exchange's own position of this side, where it keeps both; else whatever it has."""
    same = (held for held in there if (held.quantity > 0) == (side.upper() == "LONG"))
    return next(same, there[0] if there else None)


def _unbooked(
    there: There, booked: Mapping[Contract, object], told: Mapping[Contract, Comparison]
) -> Iterable[Holding]:
    """What only the exchange holds."""
    for contract, positions in there.held.items():
        if contract in booked:
            continue
        market, name = contract
        listed = there.venues[market].contracts.get(name)
        for held in positions:
            side = "LONG" if held.quantity > 0 else "SHORT"
            left = distance(side, listed.mark_price if listed else None, held.liquidation_price)
            comparison = only_there(contract, held, there, told.get(contract))
            severity = _worse(distance_severity(left), comparison)
            key = f"{market} {name} {side}"
            yield Holding(key, name, side, contract, None, held, comparison, left, severity)


def _worse(of_distance: Severity, comparison: Comparison) -> Severity:
    """What can't be compared doesn't make a position worse; the source that is missing has its own alert."""
    if comparison.agreement is Agreement.UNKNOWN:
        return of_distance
    return max(of_distance, comparison.agreement.severity)


def _total(key: str, positions: list[Position], net: bool) -> Total:
    quantity = value = margin = profit = Decimal(0)
    unknown = 0
    for position in positions:
        worth, lacks = notional(position), False
        if position.quantity is None:
            lacks = True
        else:
            quantity += position.quantity if position.side.upper() == "LONG" else -position.quantity
        if worth is None:
            lacks = True
        else:
            value += worth
        if position.margin is None:
            lacks = True
        else:
            margin += position.margin
        if position.unrealized_pnl is None:
            lacks = True
        else:
            profit += position.unrealized_pnl
        unknown += lacks
    return Total(key, len(positions), quantity if net else None, value, margin, profit, unknown)
