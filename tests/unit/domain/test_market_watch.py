"""Looks at the exchange are compared with the last one from before the acknowledgement."""

from decimal import Decimal

from console.domain.market_watch import MarketWatch, market_watched
from console.domain.reading import Reading
from console.domain.surfaces import Exchange, ExchangePosition, Venue

ACKNOWLEDGED = 100.0


def look(asked: float, *quantities: int, orders: int = 0, orders_at: float = 0.0) -> Reading[Exchange]:
    """One at `asked`, with a position of each quantity in the same symbol, and so many resting orders."""
    held = tuple(ExchangePosition("BTCUSDT", Decimal(each), None, None, None) for each in quantities)
    venue = Venue("usdm", 0.0, {}, 0.0, held, resting_orders=orders, orders_at=orders_at)
    return Reading("exchange", asked + 0.1, 0.1, value=Exchange((venue,)), asked_at=asked)


def changes(*looks: Reading[Exchange], acknowledged: float | None = ACKNOWLEDGED) -> int | None:
    """How much has changed in all, None where there is nothing to compare yet."""
    watch: MarketWatch | None = None
    for each in looks:
        watch = market_watched(watch, each, acknowledged)
    assert watch is not None
    return None if watch.asked == watch.since else watch.changes(watch.newest.venues)


def test_what_is_seen_before_the_acknowledgement_is_not_compared() -> None:
    assert changes(look(90, 1), look(95, 2)) is None
    assert changes(look(105, 1), look(110, 2), acknowledged=None) is None


def test_the_last_look_from_before_is_what_later_ones_are_compared_with() -> None:
    assert changes(look(90, 1), look(95, 2), look(105, 2)) == 0
    assert changes(look(90, 1), look(95, 2), look(105, 1)) == 1


def test_without_one_from_before_the_first_is_compared_with_the_next() -> None:
    assert changes(look(105, 1)) is None
    assert changes(look(105, 1), look(110, 1)) == 0


def test_a_change_that_was_taken_back_was_one() -> None:
    assert changes(look(95, 1), look(105, 2), look(110, 1)) == 1


def test_both_sides_of_a_hedged_account_are_compared() -> None:
    assert changes(look(95, 3, -3), look(105, 2, -2)) == 1


def test_what_is_closed_has_changed() -> None:
    assert changes(look(95, 1), look(105, 0)) == changes(look(95, 1), look(105)) == 1


def test_resting_orders_that_come_are_changes_and_those_that_go_are_none() -> None:
    counted = look(105, orders=1, orders_at=101)
    assert changes(look(95), counted, look(110, orders=3, orders_at=110)) == 2
    assert changes(look(95), counted, look(110, orders=0, orders_at=110)) == 0


def test_resting_orders_may_be_older_than_a_count_from_before_the_acknowledgement() -> None:
    assert changes(look(95, orders=0, orders_at=80), look(105, orders=1, orders_at=105)) == 0


def test_an_engine_that_acknowledges_anew_is_compared_anew() -> None:
    lost = market_watched(market_watched(None, look(95, 1), 100.0), look(105, 2), 100.0)
    again = market_watched(lost, look(115, 2), 110.0)
    assert again is not None
    assert (again.since, again.changes(again.newest.venues)) == (105, 0)
