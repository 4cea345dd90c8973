"""Positions of database and exchange side by side: what counts as the same, and what the sums come to."""

import math
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.agreement import Agreement, Comparison
from console.domain.books_doubt import books_doubt
from console.domain.positions import (
    Holding,
    Holdings,
    distance,
    distance_severity,
    holdings,
    margin_share,
    notional,
    totals,
)
from console.domain.reading import Reading, SourceState
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.surfaces import (
    Activity,
    Books,
    Contract,
    Exchange,
    ExchangePosition,
    Position,
    Venue,
)
from tests.unit.domain.worlds import BOOKS, NOW, account, answered, failing, healthy

SIZES = {"BTCUSD_PERP": Decimal(100), "ETHUSD_PERP": Decimal(10)}


NOTHING = Holdings()


def booked(
    symbol: str = "BTCUSDT", side: str = "LONG", quantity: str | None = "2", *, number: int = 1
) -> Position:
    coin = symbol.endswith("/USD")
    return Position(
        number, 3 if coin else 2, symbol, side, 10, None if quantity is None else Decimal(quantity),
        Decimal(20), Decimal(100), Decimal(100), Decimal(90 if side == "LONG" else 110), Decimal(5), coin,
    )  # fmt: skip


def there(symbol: str, quantity: str) -> ExchangePosition:
    return ExchangePosition(symbol, Decimal(quantity), Decimal(100), Decimal(90), Decimal(5))


def venues(usdm: Iterable[ExchangePosition] | None, coinm: Iterable[ExchangePosition] | None) -> Exchange:
    contracts = {name: Contract(name, "TRADING", None, None, None, size) for name, size in SIZES.items()}
    return Exchange(
        (
            Venue("usdm", 0.0, {}, NOW, None if usdm is None else tuple(usdm)),
            Venue("coinm", 0.0, contracts, NOW, None if coinm is None else tuple(coinm)),
        )
    )


def world(
    positions: Iterable[Position] | None,
    exchange: Exchange,
    *,
    trades: tuple[Activity, ...] = (),
    books: Books = BOOKS,
) -> Snapshot:
    listed = None if positions is None else tuple(positions)
    return replace(
        healthy(),
        database=answered("database", replace(books, positions=listed, trades=trades)),
        exchange=answered("exchange", exchange),
    )


def joined(snapshot: Snapshot, before: Holdings = NOTHING, *, quiet_after: float = math.inf) -> Holdings:
    doubt = books_doubt(snapshot.database, snapshot.at, quiet_after)
    return holdings(snapshot, doubt, before)


def only(snapshot: Snapshot) -> Holding:
    (row,) = joined(snapshot).rows
    return row


def word(snapshot: Snapshot) -> Agreement:
    return only(snapshot).comparison.agreement


def test_a_long_that_the_exchange_holds_too_is_the_same() -> None:
    assert word(world([booked()], venues([there("BTCUSDT", "2")], []))) is Agreement.SAME


def test_a_short_is_negative_at_the_exchange() -> None:
    assert word(world([booked(side="SHORT")], venues([there("BTCUSDT", "-2")], []))) is Agreement.SAME


def test_another_quantity_is_told_by_what_the_exchange_has_beyond_the_database() -> None:
    row = only(world([booked()], venues([there("BTCUSDT", "1.5")], [])))
    assert row.comparison == Comparison(Agreement.DIFFERS, Decimal("-0.5"))
    assert row.severity is Severity.HIGH


def test_a_position_that_only_the_database_has_is_named_so() -> None:
    assert word(world([booked()], venues([], []))) is Agreement.ONLY_HERE


def test_a_position_that_only_the_exchange_has_is_a_row_of_its_own() -> None:
    row = only(world([], venues([there("GHOSTUSDT", "-3")], [])))
    assert (row.symbol, row.side, row.position) == ("GHOSTUSDT", "SHORT", None)
    assert row.comparison.agreement is Agreement.ONLY_THERE


def test_a_flat_row_of_the_exchange_is_no_position() -> None:
    assert joined(world([], venues([there("BTCUSDT", "0")], []))).rows == ()


def test_coins_are_compared_in_contracts_bought_at_the_entry() -> None:
    """2 coins at 100 USD in contracts of 100 USD each: two."""
    assert word(world([booked("BTC/USD")], venues([], [there("BTCUSD_PERP", "2")]))) is Agreement.SAME


def test_contracts_that_are_missing_are_counted_in_contracts() -> None:
    row = only(world([booked("ETH/USD")], venues([], [there("ETHUSD_PERP", "18")])))
    assert row.comparison == Comparison(Agreement.DIFFERS, Decimal(-2), "contracts")


def test_coins_that_round_to_the_same_contracts_are_the_same() -> None:
    position = booked("BTC/USD", quantity="2.004")
    assert word(world([position], venues([], [there("BTCUSD_PERP", "2")]))) is Agreement.SAME


def test_contracts_of_an_unknown_size_are_not_compared() -> None:
    row = only(world([booked("SOL/USD")], venues([], [there("SOLUSD_PERP", "2")])))
    assert row.comparison == Comparison(Agreement.UNKNOWN, why="contract size not known")


def test_both_sides_of_a_symbol_are_compared_with_what_the_exchange_nets() -> None:
    both = [booked(number=1), booked(side="SHORT", quantity="0.5", number=2)]
    rows = joined(world(both, venues([there("BTCUSDT", "1.5")], []))).rows
    assert [row.comparison.agreement for row in rows] == [Agreement.SAME, Agreement.SAME]


def test_each_side_has_its_own_row_of_an_exchange_that_keeps_both() -> None:
    both = [booked(number=1), booked(side="SHORT", quantity="0.5", number=2)]
    said = venues([there("BTCUSDT", "2"), there("BTCUSDT", "-0.5")], [])
    assert [row.there and row.there.quantity for row in joined(world(both, said)).rows] == [
        2,
        Decimal("-0.5"),
    ]


def test_without_keys_nothing_is_known_of_the_exchange() -> None:
    assert only(world([booked()], venues(None, None))).comparison.why == "no keys"


def test_a_market_that_is_not_configured_is_not_compared() -> None:
    usdm_only = Exchange(venues([], None).venues[:1])
    assert only(world([booked("BTC/USD")], usdm_only)).comparison.why == "market not configured"


def test_a_stale_exchange_never_reads_as_the_same() -> None:
    snapshot = world([booked()], venues([there("BTCUSDT", "2")], []))
    good = snapshot.exchange.good
    assert good is not None
    old = replace(good, fetched_at=good.fetched_at - 100, asked_at=None)
    stale = replace(snapshot, exchange=failing(replace(snapshot.exchange, good=old), "no route to host"))
    row = only(stale)
    assert row.comparison.agreement is Agreement.UNKNOWN
    assert "no route to host" in row.comparison.why


def test_a_stale_database_is_compared_with_nothing() -> None:
    snapshot = world([booked()], venues([there("BTCUSDT", "2")], []))
    result = joined(replace(snapshot, database=replace(snapshot.database, stale_after=0.1)))
    assert [row.comparison.why for row in result.rows] == ["database stale"]


@pytest.mark.parametrize("quantity", ["2", "1"], ids=["the same", "another"])
def test_books_that_the_engine_no_longer_writes_are_compared_with_nothing(quantity: str) -> None:
    quiet = replace(BOOKS, quiet_for=17.0)
    snapshot = world([booked()], venues([there("BTCUSDT", quantity)], []), books=quiet)
    (row,) = joined(snapshot, quiet_after=15).rows
    assert row.comparison == Comparison(Agreement.UNKNOWN, why="the engine writes nothing")
    (row,) = joined(snapshot, quiet_after=20).rows
    assert row.comparison.agreement is not Agreement.UNKNOWN


def test_what_only_the_exchange_holds_stays_in_sight_while_the_books_are_in_doubt() -> None:
    snapshot = world([], venues([there("GHOSTUSDT", "3")], []))
    (row,) = joined(replace(snapshot, database=replace(snapshot.database, stale_after=0.1))).rows
    assert (row.symbol, row.comparison.why) == ("GHOSTUSDT", "database stale")


def test_before_the_database_has_said_anything_there_are_no_positions() -> None:
    snapshot = world([], venues([there("GHOSTUSDT", "3")], []))
    assert joined(replace(snapshot, database=SourceState("database", 2.0))).rows == ()


def test_an_exchange_that_is_not_configured_is_no_fault_of_the_position() -> None:
    off: SourceState[Exchange] = SourceState("exchange", 3.0, configured=False)
    row = only(replace(world([booked()], venues([], [])), exchange=off))
    assert (row.comparison.why, row.severity) == ("no exchange is configured", Severity.OK)


def test_positions_that_cannot_be_read_do_not_make_the_exchange_the_only_one() -> None:
    row = only(world(None, venues([there("BTCUSDT", "2")], [])))
    assert row.comparison == Comparison(Agreement.UNKNOWN, why="the database doesn't say")


def test_a_symbol_traded_since_the_exchange_was_asked_is_not_judged() -> None:
    trade = Activity("T-1", 2, "BTCUSDT", "OPEN_LONG", Decimal(1), Decimal(100), None, None, NOW)
    snapshot = world([booked()], venues([there("BTCUSDT", "1")], []), trades=(trade,))
    assert only(snapshot).comparison.why == "traded since the exchange was asked"


def test_a_new_difference_waits_for_a_database_that_was_looked_at_after_the_exchange() -> None:
    whole = world([booked()], venues([there("BTCUSDT", "1")], []))
    good = whole.exchange.good
    assert good is not None
    ahead = replace(whole, exchange=replace(whole.exchange, good=replace(good, fetched_at=NOW + 1)))
    assert only(ahead).comparison.why == "the exchange is a moment ahead of the database"
    seen_before = joined(whole)
    assert joined(ahead, seen_before).rows[0].comparison.agreement is Agreement.DIFFERS


def test_a_quantity_that_is_unknown_is_not_compared() -> None:
    row = only(world([booked(quantity=None)], venues([there("BTCUSDT", "2")], [])))
    assert row.comparison.why == "quantity not known"


def test_rows_that_come_to_the_same_are_the_same_objects() -> None:
    snapshot = world([booked(number=1), booked("ETHUSDT", number=2)], venues([], []))
    before = joined(snapshot)
    books = snapshot.database.value
    assert books is not None and books.positions is not None
    first, second = books.positions
    changed = replace(books, positions=(first, replace(second, mark_price=Decimal(101))))
    after = joined(replace(snapshot, database=answered("database", changed)), before)
    assert [new is old for new, old in zip(after.rows, before.rows, strict=True)] == [True, False]


def test_positions_that_all_come_to_the_same_are_the_same_rows() -> None:
    snapshot = world([booked(number=1), booked("ETHUSDT", number=2)], venues([], []))
    before = joined(snapshot)
    assert joined(snapshot, before).rows is before.rows


@pytest.mark.parametrize(
    ("side", "liquidation", "left", "severity"),
    [
        ("LONG", "99.5", "0.005", Severity.OK),
        ("SHORT", "100.1", "0.001", Severity.OK),
        ("SHORT", "120", "0.2", Severity.OK),
        ("SHORT", "100", "0", Severity.CRITICAL),
        ("LONG", "101", "-0.01", Severity.CRITICAL),
    ],
)
def test_the_way_to_liquidation_is_a_share_of_the_mark_price(
    side: str, liquidation: str, left: str, severity: Severity
) -> None:
    found = distance(side, Decimal(100), Decimal(liquidation))
    assert found == Decimal(left)
    assert distance_severity(found) is severity


@pytest.mark.parametrize(
    ("mark", "liquidation"), [(None, Decimal(1)), (Decimal(1), None), (Decimal(0), Decimal(1))]
)
def test_a_way_that_is_unknown_is_unknown(mark: Decimal | None, liquidation: Decimal | None) -> None:
    assert distance("LONG", mark, liquidation) is None
    assert distance_severity(None) is Severity.UNKNOWN


def test_the_margin_that_is_used_is_a_share_of_the_equity() -> None:
    assert margin_share(replace(account(2, "1000"), frozen_balance=Decimal(250))) == Decimal("0.25")


@pytest.mark.parametrize("equity", [None, "0", "-5", "NaN"])
def test_without_equity_there_is_no_share(equity: str | None) -> None:
    assert margin_share(account(2, equity)) is None


_amounts = st.none() | st.decimals(min_value=0, max_value=10**8, places=8)
_positions = st.lists(
    st.builds(
        Position,
        id=st.integers(1, 10**6),
        account_id=st.sampled_from((2, 3)),
        symbol=st.sampled_from(("BTCUSDT", "ETHUSDT", "BTC/USD", "ETH/USD")),
        side=st.sampled_from(("LONG", "SHORT")),
        leverage=st.just(5),
        quantity=_amounts,
        margin=_amounts,
        entry_price=_amounts,
        mark_price=_amounts,
        liquidation_price=_amounts,
        unrealized_pnl=_amounts,
        coin_margin=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda position: position.id,
)
_exchange_positions = st.lists(
    st.builds(
        ExchangePosition,
        symbol=st.sampled_from(("BTCUSDT", "ETHUSDT", "BTCUSD_PERP", "GHOST")),
        quantity=st.decimals(min_value=-100, max_value=100, places=3),
        entry_price=_amounts,
        liquidation_price=_amounts,
        unrealized_pnl=_amounts,
    ),
    max_size=5,
)


@given(_positions, _exchange_positions, _exchange_positions)
def test_every_position_appears_exactly_once(
    positions: list[Position], usdm: list[ExchangePosition], coinm: list[ExchangePosition]
) -> None:
    rows = joined(world(positions, venues(usdm, coinm))).rows
    assert [row.position for row in rows if row.position is not None] == positions
    unbooked = [row.there for row in rows if row.position is None]
    contracts = {row.contract for row in rows if row.position is not None}
    expected = [
        held
        for market, listed in (("usdm", usdm), ("coinm", coinm))
        for held in listed
        if held.quantity and (market, held.symbol) not in contracts
    ]
    assert sorted(map(repr, unbooked)) == sorted(map(repr, expected))


@given(_positions, _exchange_positions, st.floats(0, 1e6))
def test_nothing_is_the_same_once_the_exchange_is_stale(
    positions: list[Position], usdm: list[ExchangePosition], more: float
) -> None:
    snapshot = world(positions, venues(usdm, []))
    value = snapshot.exchange.value
    asked = NOW - snapshot.exchange.stale_after - more
    old: Reading[Exchange] = Reading("exchange", asked, 0.01, value=value)
    rows = joined(replace(snapshot, exchange=replace(snapshot.exchange, last=old, good=old))).rows
    assert all(row.comparison.agreement is Agreement.UNKNOWN for row in rows)


@given(_positions)
def test_totals_are_the_sums(positions: list[Position]) -> None:
    by_symbol = totals(positions, lambda position: position.symbol, net=True)
    by_account = totals(positions, lambda position: str(position.account_id), net=False)
    for parts in (by_symbol, by_account):
        assert sum(total.positions for total in parts) == len(positions)
        assert sum(total.margin for total in parts) == sum(
            p.margin for p in positions if p.margin is not None
        )
        values = [notional(position) for position in positions]
        assert sum(total.notional for total in parts) == sum(v for v in values if v is not None)
        gains = [p.unrealized_pnl for p in positions if p.unrealized_pnl is not None]
        assert sum(total.unrealized_pnl for total in parts) == sum(gains)
    for total in by_symbol:
        signs = [(1 if p.side == "LONG" else -1, p) for p in positions if p.symbol == total.key]
        assert total.quantity == sum(sign * p.quantity for sign, p in signs if p.quantity is not None)
