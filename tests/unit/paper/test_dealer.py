"""What the exchange holds is changed by what is traded, and by nothing that is only read."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from console.paper.arithmetic import money
from console.paper.layout import StateFolder
from console.paper.service import PaperOptions, Parts, prepare
from console.paper.store import writing
from console.schema import positions


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    folder = StateFolder(tmp_path)
    folder.create()
    url = f"sqlite:///{folder.database}"
    made = prepare(PaperOptions(tmp_path, symbols=1), folder, url, lambda: 1_800_000_000.0)
    yield made
    made.desk.dealer.database.dispose()


def test_a_failing_database_takes_no_difference_away(parts: Parts) -> None:
    parts.around.exchange.lose_part("BTCUSDT")
    held = parts.around.exchange.held()
    parts.desk.dealer.catch_up()
    assert parts.around.exchange.held() == held
    assert [each.symbol for each in parts.desk.dealer.differences()] == ["BTCUSDT"]


def test_what_an_operation_of_unknown_end_has_done_is_seen_at_the_exchange(parts: Parts) -> None:
    with writing(parts.desk.dealer.database) as connection:
        of_btc = update(positions).where(positions.c.symbol == "BTCUSDT")
        connection.execute(of_btc.values(quantity=Decimal("0.5")))
    parts.desk.dealer.catch_up()
    assert abs(parts.around.exchange.amount("BTCUSDT")) == Decimal("0.5")
    assert parts.desk.dealer.differences() == ()


def test_contracts_bought_at_another_price_are_a_difference_until_the_books_are_synced(parts: Parts) -> None:
    """As after an old backup was put back: the coins are the same, the contracts aren't."""
    dealer, exchange = parts.desk.dealer, parts.around.exchange
    held = exchange.position("BTC/USD")
    assert held is not None
    bought = replace(held, entry_price=held.entry_price * Decimal("0.8"))
    exchange.set_position("BTC/USD", bought)
    [wrong] = parts.desk.sync_positions()
    assert (wrong.symbol, wrong.books) == ("BTC/USD", held.amount)
    assert abs(wrong.exchange) < abs(wrong.books)
    assert parts.desk.differences() == ()
    assert exchange.position("BTC/USD") == bought
    assert [row.exact_entry for row in dealer.holdings["BTC/USD"]] == [money(bought.entry_price)]


def test_both_sides_of_a_coin_symbol_at_different_prices_are_no_difference(parts: Parts) -> None:
    """The exchange shows them as one position, at the price of the side that leads."""
    dealer = parts.desk.dealer
    (row,) = dealer.holdings["BTC/USD"]
    hedge = replace(row, sign=-row.sign, amount=row.amount / 2, exact_entry=row.exact_entry * Decimal("0.7"))
    dealer.holdings = {**dealer.holdings, "BTC/USD": (row, hedge)}
    dealer.agree("BTC/USD")
    assert dealer.differences() == ()


def test_what_averages_round_is_no_difference_however_many_the_contracts(parts: Parts) -> None:
    """What is called one couldn't be adopted away: to the books its price is the same."""
    dealer, exchange = parts.desk.dealer, parts.around.exchange
    (row,) = dealer.holdings["BTC/USD"]
    size = Decimal(100)
    many = replace(row, amount=Decimal("100000.505") * size / row.exact_entry)
    dealer.holdings = {**dealer.holdings, "BTC/USD": (many,)}
    dealer.agree("BTC/USD")
    held = exchange.position("BTC/USD")
    assert held is not None
    exchange.set_position("BTC/USD", replace(held, entry_price=held.entry_price * Decimal("0.9999999")))
    assert dealer.differences() == ()
