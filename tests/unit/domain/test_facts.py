"""What is known of a symbol beside the panels' values, from whichever source says it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.exchange_names import exchange_names
from console.domain.facts import Held
from console.domain.metrics import Metrics, Vector, column_of
from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot
from console.domain.status import StageSummary, SymbolStatus
from console.domain.surfaces import Contract, Exchange, Position, Venue
from tests.unit.domain.worlds import BOOKS, LIMIT, NOW, answered, failing, healthy, judged, metrics, series


def position(
    symbol: str = "BTC",
    side: str = "LONG",
    *,
    quantity: str | None = None,
    mark_price: str | None = None,
    liquidation_price: str | None = None,
    unrealized_pnl: str | None = None,
) -> Position:
    money = (quantity, mark_price, liquidation_price, unrealized_pnl)
    coins, mark, liquidation, pnl = (None if text is None else Decimal(text) for text in money)
    return Position(1, 2, symbol, side, 5, coins, None, None, mark, liquidation, pnl, False)


def saying(**vectors: Vector) -> Metrics:
    """Healthy metrics with these in place of their own."""
    said = metrics()
    columns = {name: column_of(vector) for name, vector in vectors.items()}
    return replace(said, samples={**said.samples, **columns})


def row(
    *positions: Position, said: Metrics | None = None, symbol: str = "BTC", snapshot: Snapshot | None = None
) -> SymbolStatus:
    world = healthy() if snapshot is None else snapshot
    world = replace(
        world,
        database=answered("database", replace(BOOKS, positions=positions)),
        metrics=world.metrics if said is None else answered("metrics", said),
    )
    symbols = judged(world).symbols
    place = symbols.place(symbol)
    assert place is not None
    return symbols[place]


def test_positions_of_one_side_are_added_up() -> None:
    status = row(
        position(quantity="0.5", unrealized_pnl="-3"), position(quantity="0.25", unrealized_pnl="1.5")
    )
    assert (status.side, status.quantity, status.unrealized_pnl) == ("LONG", Decimal("0.75"), Decimal("-1.5"))


def test_both_sides_at_once_are_called_both() -> None:
    status = row(position(quantity="0.5"), position(side="SHORT", quantity="0.25"))
    assert (status.side, status.quantity) == ("BOTH", Decimal("0.75"))


def test_a_symbol_without_a_position_has_neither_side_nor_quantity() -> None:
    status = row(position("SOL", quantity="1"))
    assert (status.side, status.quantity, status.unrealized_pnl) == (None, None, None)


def test_without_a_database_the_metrics_quantity_counts() -> None:
    quantities = {
        series("futures_position_quantity", "BTC", side="short"): 0.1,
        series("futures_position_quantity", "BTC", side="long"): 0.0,
    }
    world = replace(
        healthy(),
        database=SourceState("database", LIMIT, configured=False),
        metrics=answered("metrics", saying(futures_position_quantity=quantities)),
    )
    symbols = judged(world).symbols
    status = symbols[symbols.names.index("BTC")]
    assert (status.side, status.quantity) == ("SHORT", Decimal("0.1"))


@pytest.mark.parametrize(
    ("side", "liquidation", "distance"),
    [
        ("LONG", "80", 0.2),
        ("LONG", "100", 0.0),
        ("LONG", "110", -0.1),
        ("SHORT", "130", 0.3),
        ("SHORT", "90", -0.1),
        ("LONG", "0", None),
        ("LONG", None, None),
    ],
)
def test_the_distance_to_liquidation_is_a_share_of_the_mark_price(
    side: str, liquidation: str | None, distance: float | None
) -> None:
    found = row(position(side=side, quantity="1", liquidation_price=liquidation)).liquidation_distance
    assert found == pytest.approx(distance) if distance is not None else found is None


def test_the_nearest_of_several_liquidation_prices_counts() -> None:
    far, near = (position(quantity="1", liquidation_price=price) for price in ("50", "95"))
    assert row(far, near).liquidation_distance == pytest.approx(0.05)


def test_the_positions_own_mark_price_serves_while_the_metrics_are_stale() -> None:
    world = replace(healthy(), metrics=answered("metrics", metrics(), age=LIMIT + 1))
    status = row(position(quantity="1", mark_price="200", liquidation_price="150"), snapshot=world)
    assert status.liquidation_distance == pytest.approx(0.25)


def test_prices_and_slippage_are_the_metrics() -> None:
    slippage = {
        series("futures_slippage_bps", "BTC", side=side): bps for side, bps in (("a", 1.5), ("b", 4.0))
    }
    status = row(said=saying(futures_slippage_bps=slippage))
    assert (status.mark_price, status.slippage) == (100.0, 4.0)


def test_the_stage_is_the_furthest_that_any_feature_has_gone() -> None:
    stages = {
        series("futures_feature_stage", "BTC", feature=feature): stage
        for feature, stage in (("guard", 2.0), ("router", 2.0), ("sizing", 1.0), ("odd", 7.0))
    }
    assert row(said=saying(futures_feature_stage=stages)).stage == StageSummary("canary", 2, 3)


def test_a_symbol_of_which_no_feature_is_told_has_no_stage() -> None:
    assert row().stage is None


def contract(symbol: str, next_funding: float | None) -> Contract:
    return Contract(symbol, "TRADING", None, None, next_funding)


def venue(market: str, *contracts: Contract) -> Venue:
    return Venue(market, 0.0, {one.symbol: one for one in contracts}, NOW)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [("BTC/USD", 20.0), ("BTCUSDT", 10.0), ("BTC/USDT", 10.0), ("SOL/USD", None), ("ETHUSDT", None)],
)
def test_next_funding_is_that_of_the_contract_that_the_exchange_calls_otherwise(
    symbol: str, expected: float | None
) -> None:
    exchange = Exchange(
        (
            venue("usdm", contract("BTCUSDT", 10.0), contract("ETHUSDT", None)),
            venue("coinm", contract("BTCUSD_PERP", 20.0)),
        )
    )
    world = replace(healthy(), exchange=answered("exchange", exchange))
    assert row(position(symbol, quantity="1"), symbol=symbol, snapshot=world).next_funding == expected


def test_an_exchanges_own_name_is_its_name_everywhere() -> None:
    assert set(exchange_names("BTCUSD_PERP").values()) == {"BTCUSD_PERP"}


def test_doubts_say_which_sources_do_not_speak_of_the_present() -> None:
    world = healthy()
    world = replace(
        world,
        exchange=failing(answered("exchange", Exchange(()), age=LIMIT + 1), "HTTP 418"),
        log=SourceState("log", LIMIT, configured=False),
    )
    doubts = row(snapshot=world).doubts
    assert (doubts.metrics, doubts.database) == ("", "")
    assert "HTTP 418" in doubts.exchange


def test_a_source_that_is_not_configured_raises_no_doubt() -> None:
    world = replace(healthy(), exchange=SourceState("exchange", LIMIT, configured=False))
    assert row(snapshot=world).doubts.exchange == ""


def test_figures_can_be_had_of_all_symbols_at_once() -> None:
    world = replace(
        healthy(),
        database=answered("database", replace(BOOKS, positions=(position("SOL", quantity="2"),))),
    )
    symbols = judged(world).symbols
    assert [repr(number) for number in symbols.numbers("quantity")] == ["nan", "2.0"]
    assert list(symbols.numbers("mark_price")) == [100.0, 100.0]
    assert symbols.numbers("mark_price") is symbols.numbers("mark_price")
    with pytest.raises(KeyError):
        symbols.numbers("colour")


_names = st.lists(st.sampled_from(("BTC", "SOL", "ADA", "DOGE")), max_size=6)


def held(names: list[str], before: Held | None = None) -> Held:
    return Held(tuple(position(name, quantity=str(place + 1)) for place, name in enumerate(names)), before)


@given(_names, _names)
def test_each_symbol_has_its_own_positions_whatever_was_held_before(old: list[str], new: list[str]) -> None:
    now = held(new, held(old))
    assert now.symbols == set(new)
    for name in (*old, *new):
        assert list(now.of(name)) == [one for one in now.positions if one.symbol == name]


def test_the_symbols_are_the_same_object_while_the_same_are_held() -> None:
    before = held(["BTC", "SOL"])
    assert held(["SOL", "BTC", "BTC"], before).symbols is before.symbols
    assert held(["BTC"], before).symbols is not before.symbols


def test_where_the_positions_stand_is_found_once_while_only_their_values_move() -> None:
    before = held(["BTC", "SOL", "BTC"])
    assert held(["BTC", "SOL", "BTC"], before)._order is before._order
    assert held(["SOL", "BTC", "BTC"], before)._order is not before._order
