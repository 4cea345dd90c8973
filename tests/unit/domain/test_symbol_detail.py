"""A symbol's facts stand side by side, and what contradicts itself is told."""

from dataclasses import replace
from decimal import Decimal

import pytest

from console.domain.assessment import Rules, assess
from console.domain.metrics import Metrics, column_of
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Contract, Exchange, ExchangePosition, Feature, Flags, Position, Venue
from console.domain.symbol_detail import SOURCES, Fact, Said, symbol_detail
from console.domain.thresholds import KEY_METRICS
from tests.unit.domain.worlds import BOOKS, FLAGS, NOW, PANELS, answered, healthy, judged, metrics, of, series


def quantities(**by_side: float) -> Metrics:
    name = "futures_position_quantity"
    whole = metrics()
    found = {series(name, "BTC", side=side): value for side, value in by_side.items()}
    return replace(whole, samples={**whole.samples, name: found})


def booked(side: str = "LONG", quantity: str = "1", entry: str = "100") -> Position:
    return Position(1, 2, "BTC", side, 5, Decimal(quantity), Decimal(20), Decimal(entry), Decimal(100),
                    Decimal("80.5"), Decimal("0.5"), False)  # fmt: skip


def listed(quantity: str = "1", entry: str = "100", symbol: str = "BTC") -> ExchangePosition:
    return ExchangePosition(symbol, Decimal(quantity), Decimal(entry), Decimal("80.6"), Decimal("0.5"))


def world(
    *held: Position,
    engine: Metrics | None = None,
    there: tuple[ExchangePosition, ...] | None = None,
    market: str = "usdm",
    flags: Flags = FLAGS,
) -> Snapshot:
    contract = Contract("BTC", "TRADING", Decimal("100.1"), Decimal("0.00005"), NOW + 60)
    venue = Venue(market, 0.01, {"BTC": contract}, NOW, there)
    return replace(
        healthy(),
        metrics=answered("metrics", engine or quantities(LONG=1.0)),
        database=answered("database", replace(BOOKS, positions=held)),
        exchange=answered("exchange", Exchange((venue,))),
        flags=answered("flags", flags),
    )


def facts(snapshot: Snapshot) -> dict[str, Fact]:
    return {fact.name: fact for fact in symbol_detail(judged(snapshot), "BTC").facts}


def said(fact: Fact) -> dict[str, str]:
    return {name: one.words for name, one in zip(SOURCES, fact.said, strict=True) if one is not None}


def test_each_source_has_its_say_in_its_own_place() -> None:
    found = facts(world(booked(), there=(listed(),)))
    assert said(found["long quantity"]) == {"metrics": "1", "database": "1", "exchange": "1"}
    assert said(found["long entry"]) == {"database": "100.00", "exchange": "100.00"}
    assert said(found["margin ratio"]) == {"metrics": "2.000"}
    assert said(found["funding rate"]) == {"metrics": "0.0050%", "exchange": "0.0050%"}
    assert not any(fact.differs for fact in found.values())


@pytest.mark.parametrize(
    ("name", "snapshot"),
    [
        ("long quantity", world(booked(quantity="2"), there=(listed(),))),
        ("long entry", world(booked(entry="101"), there=(listed(),))),
        ("long quantity", world(booked(), there=())),
        ("long quantity", world(there=(listed(),))),
        ("long quantity", world(booked(), engine=quantities(SHORT=0.0), there=(listed(),))),
    ],
    ids=["amount", "price", "not at the exchange", "not in the database", "not in the engine"],
)
def test_sources_that_contradict_each_other_are_told(name: str, snapshot: Snapshot) -> None:
    assert facts(snapshot)[name].differs


def test_a_side_that_only_the_exchange_has_is_shown() -> None:
    found = facts(world(engine=quantities(LONG=0.0), there=(listed("-3"),)))
    assert said(found["short quantity"]) == {"metrics": "none", "database": "none", "exchange": "3"}


def coin_margined(contracts: str, size: str | None) -> Snapshot:
    """One coin bought at 100, and so many contracts at the exchange, each worth `size`."""
    taken = world(replace(booked(), coin_margin=True), there=(listed(contracts),), market="coinm")
    venue = Venue("coinm", 0.01, {"BTC": Contract("BTC", "TRADING", Decimal(100), None, NOW + 60,
                  None if size is None else Decimal(size))}, NOW, (listed(contracts),))  # fmt: skip
    return replace(taken, exchange=answered("exchange", Exchange((venue,))))


@pytest.mark.parametrize(("contracts", "differs"), [("10", False), ("25", True)])
def test_contracts_are_compared_with_the_coins_that_they_stand_for(contracts: str, differs: bool) -> None:
    fact = facts(coin_margined(contracts, "10"))["long quantity"]
    assert (fact.compared, fact.differs) == (("metrics", "database", "exchange"), differs)


def test_contracts_whose_worth_nobody_knows_are_not_compared() -> None:
    detail = symbol_detail(judged(coin_margined("25", None)), "BTC")
    assert (detail.compared, detail.uncompared) == (("metrics", "database"), ("exchange",))


def test_contracts_where_nobody_else_has_anything_differ() -> None:
    taken = world(there=(listed("12"),), market="coinm", engine=quantities(LONG=0))
    assert facts(taken)["long quantity"].differs


def test_sides_that_the_exchange_nets_are_the_same_on_balance() -> None:
    engine = quantities(LONG=3.0, SHORT=1.0)
    found = facts(world(booked(quantity="3"), booked("SHORT"), engine=engine, there=(listed("2"),)))
    assert not found["long quantity"].differs
    assert not found["short quantity"].differs


def test_a_difference_counts_once_the_database_was_read_after_the_exchange() -> None:
    taken = world(booked(quantity="2"), engine=quantities(LONG=2.0), there=(listed(),))
    ahead = replace(
        taken, database=answered("database", replace(BOOKS, positions=(booked(quantity="2"),)), 1)
    )
    first = symbol_detail(judged(ahead), "BTC")
    assert first.uncompared == ("exchange",)
    then = symbol_detail(judged(taken), "BTC", first.balances)
    later = symbol_detail(judged(ahead), "BTC", then.balances)
    assert [fact.differs for fact in then.facts if fact.name == "long quantity"] == [True]
    assert [fact.differs for fact in later.facts if fact.name == "long quantity"] == [True]


def test_that_nobody_holds_anything_is_compared_too() -> None:
    taken = world(engine=quantities(LONG=0), there=())
    assert facts(taken)["quantity"].compared == ("metrics", "database", "exchange")
    assert symbol_detail(judged(taken), "BTC").uncompared == ()


def test_a_source_in_doubt_is_not_compared_whatever_it_says() -> None:
    taken = world(booked(), there=(listed(),))
    quiet = replace(BOOKS, positions=(booked(),), quiet_for=40.0)
    rules = Rules(PANELS, KEY_METRICS, quiet_after=15)
    detail = symbol_detail(assess(replace(taken, database=answered("database", quiet)), rules), "BTC")
    assert (detail.compared, detail.uncompared) == (("metrics", "exchange"), ("database",))


def test_sources_that_agree_on_a_stage_alone_are_told_without_the_others() -> None:
    flags = replace(FLAGS, features=(Feature("guard", True, "canary", ("BTC",)),))
    taken, name = coin_margined("10", "10"), "futures_feature_stage"
    whole = quantities(LONG=1.0)
    loaded = replace(whole, samples={**whole.samples, name: {series(name, "BTC", feature="guard"): 2.0}})
    taken = replace(taken, metrics=answered("metrics", loaded), flags=answered("flags", flags))
    assert taken.database.value is not None
    stale = replace(taken, database=answered("database", taken.database.value, age=90))
    detail = symbol_detail(judged(stale), "BTC")
    assert (detail.compared, detail.uncompared) == (("metrics", "flags"), ("database", "exchange"))


def test_without_a_position_the_panels_say_so_and_name_no_trend() -> None:
    flat = replace(quantities(), answers=metrics(margin=of("", SOL=1.8)).answers)
    taken = world(engine=flat, there=())
    assert said(facts(taken)["margin ratio"]) == {"metrics": "no position"}


def test_a_quantity_is_rounded_where_its_digits_have_no_room() -> None:
    one = Said("2,388.83553719", 2388.83553719, exact=Decimal("2388.83553719"))
    assert [one.within(cells) for cells in (14, 12, 8)] == ["2,388.83553719", "2,388.835537", "2,388.84"]
    contracts = Said("12.345678 contr.", exact=Decimal("12.345678"), unit=" contr.")
    assert contracts.within(12) == "12.35 contr."


@pytest.mark.parametrize("name", ["mark price", "funding rate", "long uPnL"])
def test_what_moves_between_two_polls_is_not_called_different(name: str) -> None:
    moved = metrics(funding=of("", BTC=0.0004))
    mark = {series("futures_mark_price", "BTC"): 120.0}
    moved = replace(moved, samples={**moved.samples, "futures_mark_price": column_of(mark)})
    far = replace(listed(), unrealized_pnl=Decimal("21"))
    fact = facts(world(booked(), engine=moved, there=(far,)))[name]
    assert len(said(fact)) > 1
    assert (fact.compared, fact.differs) == ((), False)


@pytest.mark.parametrize(("engine", "differs"), [(1.0000000001, False), (1.00001, True)])
def test_a_quantity_is_the_same_to_what_a_float_can_say(engine: float, differs: bool) -> None:
    taken = world(booked(), engine=quantities(LONG=engine), there=(listed(),))
    assert facts(taken)["long quantity"].differs is differs


@pytest.mark.parametrize(("entry", "differs"), [("100.09", False), ("100.2", True)])
def test_an_entry_price_is_the_same_but_for_the_tick(entry: str, differs: bool) -> None:
    assert facts(world(booked(), there=(listed(entry=entry),)))["long entry"].differs is differs


@pytest.mark.parametrize(("liquidation", "differs"), [("81", False), ("82", True)])
def test_a_liquidation_price_is_the_same_but_for_the_exchanges_brackets(
    liquidation: str, differs: bool
) -> None:
    there = replace(listed(), liquidation_price=Decimal(liquidation))
    assert facts(world(booked(), there=(there,)))["long liquidation"].differs is differs


def test_what_one_source_says_alone_is_compared_with_nothing() -> None:
    found = facts(world(booked(), there=(listed(),)))
    assert not found["long margin"].compared
    assert not found["margin ratio"].compared
    assert not found["trading status"].compared


def test_a_stage_that_was_loaded_as_written_agrees() -> None:
    flags = replace(FLAGS, features=(Feature("guard", True, "canary", ("BTC",)),))
    whole, name = quantities(LONG=1.0), "futures_feature_stage"
    loaded = replace(whole, samples={**whole.samples, name: {series(name, "BTC", feature="guard"): 2.0}})
    fact = facts(world(booked(), engine=loaded, flags=flags))["guard"]
    assert (fact.compared, fact.differs) == (("metrics", "flags"), False)


def test_a_source_that_is_old_contradicts_nobody() -> None:
    snapshot = world(booked(quantity="2"), engine=quantities(LONG=2.0), there=(listed(),))
    assert snapshot.exchange.value is not None
    old = replace(snapshot, exchange=answered("exchange", snapshot.exchange.value, age=90))
    detail = symbol_detail(judged(old), "BTC")
    assert detail.doubts[SOURCES.index("exchange")].startswith("stale for 90 s")
    assert not {fact.name: fact for fact in detail.facts}["long quantity"].differs


def test_a_source_that_does_not_say_is_not_taken_for_saying_none() -> None:
    found = facts(world(booked(), there=None))
    assert "exchange" not in said(found["long quantity"])
    assert not found["long quantity"].differs


def test_the_stage_that_was_written_stands_beside_the_one_that_was_loaded() -> None:
    flags = replace(FLAGS, features=(Feature("guard", True, "canary", ("BTC",)),))
    whole, name = quantities(LONG=1.0), "futures_feature_stage"
    loaded = replace(whole, samples={**whole.samples, name: {series(name, "BTC", feature="guard"): 1.0}})
    fact = facts(world(booked(), engine=loaded, flags=flags))["guard"]
    assert said(fact) == {"metrics": "shadow", "flags": "canary"}
    assert fact.differs


def test_a_stage_that_cannot_be_told_is_not_said() -> None:
    flags = replace(FLAGS, features=(Feature("guard", True, "Canary", malformed=("stage",)),))
    assert "guard" not in facts(world(booked(), flags=flags))


def test_a_symbol_that_nobody_knows_has_no_row() -> None:
    assert symbol_detail(judged(healthy()), "DOGE").row is None
