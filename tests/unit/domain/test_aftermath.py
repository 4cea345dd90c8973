"""What is left after a trip, each with the age of its answer; what nobody watches says so."""

from dataclasses import replace
from decimal import Decimal

import pytest

from console.domain.aftermath import Aftermath, aftermath
from console.domain.kill_state import Seen
from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Exchange, ExchangePosition, Venue
from tests.unit.domain.worlds import BOOKS, NOW, answered, healthy, position

HELD = ExchangePosition("BTCUSDT", Decimal("-2"), None, None, None)
FLAT = replace(HELD, symbol="SOLUSDT", quantity=Decimal(0))
USDM = Venue("usdm", 0.01, {}, NOW, (HELD, FLAT), resting_orders=2, orders_at=NOW - 20)
COIN = Venue("coinm", 0.01, {}, NOW, (HELD,), resting_orders=1, orders_at=NOW - 5)
WORLD = replace(healthy(), exchange=answered("exchange", Exchange((USDM, COIN))))


def left(snapshot: Snapshot = WORLD, scope: str = "all", doubt: str = "") -> Aftermath:
    return aftermath(NOW - 30, scope, snapshot, doubt, None)


def told(seen: Seen) -> tuple[float | None, str]:
    return seen.known, seen.why_not


def test_resting_orders_are_as_old_as_the_oldest_answer() -> None:
    orders = left().resting_orders
    assert (orders.known, orders.age) == (3, 20)


def test_positions_of_nothing_are_not_open() -> None:
    assert left().at_exchange.known == 2


def test_one_account_is_one_market() -> None:
    books = replace(BOOKS, positions=(position("BTC"), replace(position("SOL"), account_id=3)))
    coin = left(replace(WORLD, database=answered("database", books)), "coin")
    assert (coin.resting_orders.known, coin.at_exchange.known, coin.in_books.known) == (1, 1, 1)


def test_the_books_tell_what_they_keep_as_open() -> None:
    assert left().in_books.known == 2


def test_without_keys_the_exchange_tells_neither_orders_nor_positions() -> None:
    keyless = Exchange((Venue("usdm", 0.01, {}, NOW),))
    bare = left(replace(WORLD, exchange=answered("exchange", keyless)))
    assert told(bare.resting_orders) == told(bare.at_exchange) == (None, "no keys for it")


@pytest.mark.parametrize("name", ["exchange", "database"])
def test_what_nobody_watches_says_so(name: str) -> None:
    off: SourceState[object] = SourceState(name, 2.0, configured=False)
    blind = left(replace(WORLD, **{name: off}))  # type: ignore[arg-type]
    seen = blind.at_exchange if name == "exchange" else blind.in_books
    assert told(seen) == (None, "not watched")


def test_an_old_answer_is_told_with_its_age() -> None:
    old = answered("exchange", Exchange((USDM,)), age=9)
    assert told(left(replace(WORLD, exchange=old)).at_exchange) == (
        None,
        "stale for 9.0 s: no answer for 9.0 s",
    )


def test_books_in_doubt_do_not_tell_what_is_open() -> None:
    assert told(left(doubt="the engine has written nothing for 60 s").in_books) == (
        None,
        "the engine has written nothing for 60 s",
    )


def test_an_answer_that_is_still_the_same_is_not_counted_again() -> None:
    counted = replace(left(), at_exchange=Seen(77.0, 0.5, 2.0))
    again = aftermath(NOW - 30, "all", WORLD, "", (WORLD, counted))
    other = replace(WORLD, exchange=answered("exchange", Exchange((USDM,))))
    assert again.at_exchange.value == 77
    assert aftermath(NOW - 30, "all", other, "", (WORLD, counted)).at_exchange.value == 1
