"""What would be lost by putting a backup in the place of the book: rows, amounts, and what the exchange holds
beyond the restored book. Sums are of the book now less those of the backup.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.domain.agreement import Contract, amount_there, contract_of
from console.domain.amounts import quantity
from console.domain.backup import Manifest
from console.domain.book_marks import AccountMark, Balance, BookMarks, OpenHolding
from console.domain.figures import seconds
from console.domain.foreign import visible
from console.domain.surfaces import Exchange, Position, Venue

_NOTHING = AccountMark(0)
_LATELY = 30.0
"""Seconds after which it is told how long ago rows were compared."""


@dataclass(frozen=True, slots=True)
class TableLoss:
    """What a table would lose of one account; account 0 stands for all, where the backup tells no more.

    `rows` were written since the backup, `back` were deleted since and would be there again, `reopened` are
    positions closed since that would be open again. Amounts are None where the table has none.
    """

    table: str
    account: int
    rows: int = 0
    back: int = 0
    reopened: int = 0
    realized_pnl: Decimal | None = None
    fee: Decimal | None = None
    margin: Decimal | None = None

    @property
    def nothing(self) -> bool:
        return not any((self.rows, self.back, self.reopened, self.realized_pnl, self.fee, self.margin))


@dataclass(frozen=True, slots=True)
class BalanceLoss:
    """What an account had at the backup and has now, which isn't the same; None where it wasn't there."""

    account: int
    then: Balance | None
    now: Balance | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The rows that were there at the backup, compared as a whole by their checksums at `at`.

    `changed` are the tables in which some aren't what they were: which ones, a checksum doesn't tell.
    `unknown` says of which tables that can't be told, and why.
    """

    at: float
    changed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractGap:
    """What the exchange holds of a contract now, and what the book says, now and once restored: signed, in
    coins, on COIN-M in whole contracts. None where that can't be told.
    """

    market: str
    symbol: str
    exchange: Decimal
    book: Decimal | None
    restored: Decimal | None

    @property
    def lacks(self) -> Decimal | None:
        """What the exchange holds beyond the restored book."""
        return None if self.restored is None else self.exchange - self.restored

    @property
    def unit(self) -> str:
        return "contracts" if self.market == "coinm" else ""

    @property
    def agrees(self) -> bool:
        return self.lacks == 0


@dataclass(frozen=True, slots=True)
class Losses:
    """All of it: of the backup of that name, `made` then, when the book was looked at (seconds since 1970).

    `agree` counts the contracts of which the restored book would say what the exchange does; `compared` is
    None where rows weren't compared; `unknown` says what can't be told, and why.
    """

    backup: str
    made: float
    at: float
    tables: tuple[TableLoss, ...] = ()
    contracts: tuple[ContractGap, ...] = ()
    agree: int = 0
    unknown: tuple[str, ...] = ()
    balances: tuple[BalanceLoss, ...] = ()
    compared: Compared | None = None

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def changed(self) -> tuple[str, ...]:
        """The tables with rows that would be again as they were, nobody knows which."""
        return () if self.compared is None else self.compared.changed

    @property
    def lost(self) -> int:
        """How many lines tell of something that would be lost: the first ones of `lines_of`."""
        return len(self.tables) + len(self.balances) + len(self.changed) + len(self.contracts)

    @property
    def in_brief(self) -> str:
        """All of it in one line, counted."""
        counted = (
            (self.rows, "row", "gone"),
            (len(self.balances), "account", "otherwise"),
            (len(self.changed), "table", "as before in rows that can't be named"),
            (len(self.contracts), "contract", "other than the exchange's"),
        )
        told = [f"{count:,} {_plural(count, word)} would be {how}" for count, word, how in counted if count]
        return "; ".join(told) or ("nothing" if self.nothing else "rows would be as they were")

    @property
    def nothing(self) -> bool | None:
        """Whether nothing is lost and the restored book lacks nothing; None where that isn't all known."""
        if self.lost:
            return False
        return None if self.unknown else True


def table_losses(then: BookMarks, now: BookMarks) -> Iterator[TableLoss]:
    """What each table loses of each account; `now` was asked for what is newer than `then`."""
    for table, mark in then.tables.items():
        found = now.tables.get(table)
        if found is None:
            continue
        for account in sorted({*mark.accounts, *found.accounts}):
            loss = _loss(
                table,
                account,
                mark.accounts.get(account, _NOTHING),
                found.accounts.get(account, _NOTHING),
            )
            if not loss.nothing:
                yield loss


def counted_losses(manifest: Manifest, now: BookMarks) -> Iterator[TableLoss]:
    """The same by row counts alone, of a backup that knows no more."""
    for table, found in now.tables.items():
        wanted = manifest.tables.get(table)
        more = sum(each.rows for each in found.accounts.values()) - (0 if wanted is None else wanted.rows)
        if more:
            yield TableLoss(table, 0, rows=max(0, more), back=max(0, -more))


def balance_losses(
    then: Mapping[int, Balance] | None, now: Mapping[int, Balance] | None
) -> Iterator[BalanceLoss]:
    """The accounts that don't have what they had; nothing where that isn't known of both."""
    if then is not None and now is not None:
        for account in sorted({*then, *now}):
            sides = then.get(account), now.get(account)
            if sides[0] != sides[1]:
                yield BalanceLoss(account, *sides)


def contract_gaps(
    exchange: Exchange, book: Sequence[OpenHolding] | None, restored: Sequence[OpenHolding] | None
) -> tuple[tuple[ContractGap, ...], int]:
    """The contracts in which the restored book and the exchange differ, or can't be compared, and how many
    agree. Only markets whose positions are known are looked at.
    """
    venues = {venue.market: venue for venue in exchange.venues if venue.positions is not None}
    held: dict[Contract, Decimal] = {}
    for market, venue in venues.items():
        for position in venue.positions or ():
            contract = market, position.symbol
            held[contract] = held.get(contract, Decimal(0)) + position.quantity
    sides = [_by_contract(each, venues) for each in (book, restored)]
    named = {name for name, amount in held.items() if amount}
    named |= {name for side in sides if side is not None for name in side if name[0] in venues}
    gaps = [
        ContractGap(*name, held.get(name, Decimal(0)), *(_amount(side, name) for side in sides))
        for name in sorted(named)
    ]
    differing = sorted((gap for gap in gaps if not gap.agrees), key=_urgency, reverse=True)
    return tuple(differing), len(gaps) - len(differing)


def lines_of(losses: Losses) -> Iterator[str]:
    """All of it in words, a line each."""
    for table in losses.tables:
        whose = f" of account {table.account}" if table.account else ""
        yield f"{table.table}{whose}: {', '.join(_lost(table))}"
    yield from (f"account {each.account}: {_then_and_now(each)}" for each in losses.balances)
    for name in losses.changed:
        yield f"{name}: rows from before the backup aren't as they were; which, and how, can't be told"
    yield from gap_lines(losses)
    if losses.nothing:
        yield "no row of an order, a position or a trade would be lost"
    if losses.compared is not None and not losses.at - losses.compared.at <= _LATELY:
        ago = seconds(max(0.0, losses.at - losses.compared.at))
        yield f"whether rows from before were changed was looked at {ago} ago: not so now, perhaps"
    yield from (f"can't be told: {why}" for why in losses.unknown)


def gap_lines(losses: Losses) -> Iterator[str]:
    """What the restored book lacks against the exchange, a line each."""
    for gap in losses.contracts:
        yield f"{gap.market} {visible(gap.symbol)}: {_lacking(gap)}"
    if losses.agree:
        yield f"{losses.agree:,} {_plural(losses.agree, 'contract')} would agree with the exchange"


def _loss(table: str, account: int, then: AccountMark, now: AccountMark) -> TableLoss:
    missing = then.rows - (now.rows - now.newer)
    return TableLoss(
        table,
        account,
        rows=now.newer + max(0, -missing),
        back=max(0, missing),
        reopened=max(0, then.open - now.open_before),
        realized_pnl=_less(now.realized_pnl, then.realized_pnl),
        fee=_less(now.fee, then.fee),
        margin=_less(now.margin, then.margin),
    )


def _less(now: Decimal | None, then: Decimal | None) -> Decimal | None:
    """The difference; an account that isn't there has no sum, which is none of nothing."""
    if now is None and then is None:
        return None
    return (now or Decimal(0)) - (then or Decimal(0))


def _by_contract(
    holdings: Sequence[OpenHolding] | None, venues: Mapping[str, Venue]
) -> dict[Contract, Decimal | None] | None:
    """What is held on balance in each contract, as the exchange counts it; None where that isn't known."""
    if holdings is None:
        return None
    found: dict[Contract, Decimal | None] = {}
    for each in holdings:
        contract = contract_of(each.symbol, each.coin_margin)
        venue, before = venues.get(contract[0]), found.get(contract, Decimal(0))
        amount = None if venue is None else amount_there(_as_position(each), venue, contract[1])
        found[contract] = None if amount is None or before is None else before + amount
    return found


def _as_position(holding: OpenHolding) -> Position:
    return Position(
        id=0,
        account_id=0,
        symbol=holding.symbol,
        side=holding.side,
        leverage=None,
        quantity=holding.quantity,
        margin=None,
        entry_price=holding.entry_price,
        mark_price=None,
        liquidation_price=None,
        unrealized_pnl=None,
        coin_margin=holding.coin_margin,
    )


def _amount(side: Mapping[Contract, Decimal | None] | None, name: Contract) -> Decimal | None:
    amount = None if side is None else side.get(name, Decimal(0))
    return amount if amount is None or name[0] != "coinm" else amount.quantize(Decimal(1))


def _urgency(gap: ContractGap) -> tuple[bool, Decimal]:
    """What can't be told first, then the largest."""
    return gap.lacks is None, abs(gap.lacks or gap.exchange)


def _lost(table: TableLoss) -> Iterator[str]:
    if table.rows:
        yield f"{table.rows:,} {_plural(table.rows, 'row')} lost"
    if table.back:
        yield f"{table.back:,} deleted {_plural(table.back, 'row')} back"
    if table.reopened:
        yield f"{table.reopened:,} closed {_plural(table.reopened, 'position')} open again"
    for name, amount in (("realized PnL", table.realized_pnl), ("fees", table.fee), ("margin", table.margin)):
        if amount:
            yield f"{name} {'+' if amount > 0 else ''}{quantity(amount)} undone"


def _then_and_now(loss: BalanceLoss) -> str:
    """Such as `balance 10,000 then, 9,950.5 now (-49.5)`."""
    then, now = loss.then, loss.now
    if then is None:
        return "it was opened since, and would be gone"
    if now is None:
        return "it is gone since, and would be there again"
    sides = (
        ("balance", then.current, now.current),
        ("frozen", then.frozen, now.frozen),
        ("equity", then.equity, now.equity),
    )
    return "; ".join(f"{name} {_change(before, after)}" for name, before, after in sides if before != after)


def _change(then: Decimal | None, now: Decimal | None) -> str:
    told = [("not told" if each is None else quantity(each)) for each in (then, now)]
    more = "" if then is None or now is None else f" ({'+' if now > then else ''}{quantity(now - then)})"
    return f"{told[0]} then, {told[1]} now{more}"


def _lacking(gap: ContractGap) -> str:
    unit = f" {gap.unit}" if gap.unit else ""
    if gap.restored is None:
        return f"the exchange holds {quantity(gap.exchange)}{unit}, the restored book can't be told"
    return (
        f"the exchange holds {quantity(gap.exchange)}{unit}, the restored book {quantity(gap.restored)}:"
        f" it lacks {quantity(gap.exchange - gap.restored)}"
    )


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
