"""Three-way truth: what counts as the same, what as a difference, and what nobody can tell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.metrics import Metrics
from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import (
    Activity,
    Contract,
    EngineState,
    Exchange,
    ExchangePosition,
    Position,
    Venue,
)
from console.domain.truth import (
    CLOCK_SKEW,
    QUANTITY,
    Finding,
    Flatness,
    Truth,
    compared,
    lasting,
    truth_of,
    venue_doubt,
)
from tests.unit.domain.worlds import BOOKS, NOW, answered, failing, healthy, series

T = TypeVar("T")

AMOUNTS = st.decimals(-1_000_000, 1_000_000, places=8)
SIDES = {"LONG": 1, "SHORT": -1}
COINS = {"BTC/USD": ("BTCUSD_PERP", Decimal(100)), "ETH/USD": ("ETHUSD_PERP", Decimal(10))}


def booked(symbol: str, side: str, quantity: str | Decimal, entry: int = 100, number: int = 1) -> Position:
    coin = symbol in COINS
    return Position(
        number, 3 if coin else 2, symbol, side, 10, Decimal(quantity), Decimal(20), Decimal(entry),
        Decimal(entry), Decimal(90), Decimal(5), coin,
    )  # fmt: skip


def there(symbol: str, quantity: str | Decimal) -> ExchangePosition:
    return ExchangePosition(symbol, Decimal(quantity), Decimal(100), Decimal(90), Decimal(5))


def venue(market: str, held: Sequence[ExchangePosition] | None, **more: object) -> Venue:
    contracts = {name: Contract(name, "TRADING", None, None, None, size) for name, size in COINS.values()}
    usual = Venue(
        market,
        0.1,
        contracts if market == "coinm" else {},
        NOW,
        None if held is None else tuple(held),
        maintenance=Decimal(7) if held and any(one.quantity for one in held) else Decimal(0),
    )
    return replace(usual, **more)  # type: ignore[arg-type]


def world(
    books: Sequence[Position] = (),
    engine: Mapping[tuple[str, str], float] | None = None,
    usdm: Sequence[ExchangePosition] = (),
    coinm: Sequence[ExchangePosition] = (),
    **more: object,
) -> Snapshot:
    """All three; the engine tells what the books do where nothing else is given."""
    if engine is None:
        sums: dict[tuple[str, str], float] = {}
        for one in books:
            key = one.symbol, one.side
            sums[key] = sums.get(key, 0.0) + float(one.quantity or 0)
        engine = sums
    samples = {series(QUANTITY, symbol, side=side): value for (symbol, side), value in engine.items()}
    whole = replace(
        healthy(),
        database=answered("database", replace(BOOKS, positions=tuple(books), trades=())),
        metrics=answered("metrics", Metrics({QUANTITY: samples}, {})),
        exchange=answered("exchange", Exchange((venue("usdm", usdm), venue("coinm", coinm)))),
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def truth(*books: Position, doubt: str = "", **rest: object) -> Truth:
    return truth_of(world(books, **rest), doubt)  # type: ignore[arg-type]


def findings(told: Truth) -> list[tuple[str, str, Finding]]:
    return [(row.symbol, row.side, row.finding) for row in told.rows]


@given(AMOUNTS, AMOUNTS, st.decimals(0, 1, places=2))
def test_comparing_is_symmetric(one: Decimal, other: Decimal, rounding: Decimal) -> None:
    assert compared(one, other, rounding) is compared(other, one, rounding)
    assert compared(one, other, rounding) is compared(-one, -other, rounding)


@given(AMOUNTS)
def test_an_amount_is_itself_and_its_opposite_is_the_other_side(amount: Decimal) -> None:
    assert compared(amount, amount) is Finding.MATCHED
    assert compared(amount, -amount) is (Finding.FLIPPED if amount else Finding.MATCHED)


@given(st.decimals("0.01", 1_000_000, places=8), st.sampled_from([1, -1]))
def test_one_percent_off_is_the_same_and_any_more_is_not(amount: Decimal, sign: int) -> None:
    signed = sign * amount
    assert compared(signed, signed * Decimal("0.99")) is Finding.MATCHED
    assert compared(signed, signed * Decimal("0.99") - sign * Decimal("1e-8")) is Finding.QUANTITY


@given(st.decimals("0.00000001", 1_000_000, places=8))
def test_nothing_is_never_something(amount: Decimal) -> None:
    assert compared(amount, Decimal(0)) is Finding.MISSING


@given(st.dictionaries(st.sampled_from(["LONG", "SHORT"]), st.decimals("0.1", 1000, places=3), min_size=1))
def test_what_the_exchange_nets_agrees_with_both_sides_of_the_books(sides: dict[str, Decimal]) -> None:
    books = [booked("BTCUSDT", side, amount, number=n) for n, (side, amount) in enumerate(sides.items())]
    net = sum((SIDES[side] * amount for side, amount in sides.items()), Decimal(0))
    told = truth(*books, usdm=[there("BTCUSDT", net)])
    assert (told.agrees, len(told.rows)) == (True, len(sides))


@given(
    st.sampled_from(sorted(COINS)),
    st.sampled_from(sorted(SIDES)),
    st.decimals("0.01", 1000, places=4),
    st.integers(10, 100_000),
)
def test_coins_are_the_contracts_that_they_were_bought_for(
    symbol: str, side: str, quantity: Decimal, entry: int
) -> None:
    name, size = COINS[symbol]
    contracts = (SIDES[side] * quantity * entry / size).quantize(Decimal(1))
    told = truth(booked(symbol, side, quantity, entry), coinm=[there(name, contracts)])
    assert told.agrees


def test_a_coin_position_is_found_under_its_perpetual_and_differs_in_contracts() -> None:
    told = truth(booked("BTC/USD", "LONG", "2"), coinm=[there("BTCUSD_PERP", "1")])
    (row,) = told.rows
    assert (row.finding, row.due, row.there, row.unit) == (
        Finding.QUANTITY,
        Decimal(2),
        Decimal(1),
        "contracts",
    )
    assert str(row) == "BTC/USD LONG quantity differs; database 2, engine 2, exchange 1 contracts"


@pytest.mark.parametrize(
    ("books", "exchange", "finding"),
    [
        ("2", "2", Finding.MATCHED),
        ("2", "1.985", Finding.MATCHED),
        ("2", "1.9", Finding.QUANTITY),
        ("2", "-2", Finding.FLIPPED),
    ],
)
def test_two_of_three_are_compared_position_by_position(books: str, exchange: str, finding: Finding) -> None:
    told = truth(booked("BTCUSDT", "LONG", books), usdm=[there("BTCUSDT", exchange)])
    assert findings(told) == [("BTCUSDT", "LONG", finding)]
    assert told.agrees is (finding is Finding.MATCHED)


def test_what_only_one_of_them_holds_is_missing() -> None:
    other = there("ETHUSDT", "1")
    told = truth(booked("BTCUSDT", "LONG", "2"), usdm=[other])
    assert findings(told) == [
        ("BTCUSDT", "LONG", Finding.MISSING),
        ("ETHUSDT", "LONG", Finding.MISSING),
    ]


@pytest.mark.parametrize(
    ("engine", "finding"),
    [
        ({("BTCUSDT", "LONG"): 2.0}, Finding.MATCHED),
        ({("BTCUSDT", "LONG"): 2.1}, Finding.QUANTITY),
        ({("BTCUSDT", "SHORT"): 2.0}, Finding.FLIPPED),
        ({("ETHUSDT", "LONG"): 0.0, ("BTCUSDT", "LONG"): 0.0}, Finding.MISSING),
        ({("BTCUSDT", "LONG"): float("nan")}, Finding.UNKNOWN),
        ({("BTCUSDT", ""): 2.0}, Finding.UNKNOWN),
    ],
)
def test_the_engines_own_word_counts_as_much(engine: dict[tuple[str, str], float], finding: Finding) -> None:
    told = truth(booked("BTCUSDT", "LONG", "2"), engine=engine, usdm=[there("BTCUSDT", "2")])
    assert findings(told) == [("BTCUSDT", "LONG", finding)]


def test_several_processes_of_an_engine_hold_what_they_hold_together() -> None:
    whole = world([booked("BTCUSDT", "LONG", "2")], usdm=[there("BTCUSDT", "2")])
    halves = {series(QUANTITY, "BTCUSDT", side="LONG", instance=name): 1.0 for name in ("a", "b")}
    told = truth_of(replace(whole, metrics=answered("metrics", Metrics({QUANTITY: halves}, {}))), "")
    assert told.agrees


def test_an_amount_beyond_all_measure_is_told_in_short() -> None:
    told = truth(booked("BTCUSDT", "LONG", "2"), usdm=[there("BTCUSDT", "9E+39")])
    assert "exchange 9.0000000e+39" in str(told.rows[0])


def test_both_sides_at_the_exchange_are_compared_side_by_side() -> None:
    books = booked("BTCUSDT", "LONG", "3"), booked("BTCUSDT", "SHORT", "1", number=2)
    told = truth(*books, usdm=[there("BTCUSDT", "3"), there("BTCUSDT", "-2")])
    assert findings(told) == [
        ("BTCUSDT", "LONG", Finding.MATCHED),
        ("BTCUSDT", "SHORT", Finding.QUANTITY),
    ]


def test_a_contract_whose_size_nobody_knows_is_unknown() -> None:
    told = truth(booked("XRP/USD", "LONG", "3"), coinm=[there("BTCUSD_PERP", "0")])
    assert told.agrees is None


def test_an_empty_list_is_flat_only_where_the_account_keeps_no_margin() -> None:
    assert venue_doubt(venue("usdm", [])) == ""
    assert venue_doubt(venue("usdm", [there("BTCUSDT", "0")], maintenance=Decimal(0))) == ""
    silent = venue_doubt(venue("usdm", [], maintenance=None))
    assert silent == "it lists no position, and its account doesn't say that there is none"
    assert "keeps a margin of 12.5" in venue_doubt(venue("usdm", [], maintenance=Decimal("12.50")))


def test_an_empty_list_that_nothing_bears_out_is_never_flat() -> None:
    empty = Exchange((venue("usdm", [], maintenance=None), venue("coinm", [])))
    told = truth(booked("BTCUSDT", "LONG", "2"), exchange=answered("exchange", empty))
    assert (told.agrees, "usdm" in told.flat, told.flat["coinm"]) == (None, False, Flatness(True, True))


@pytest.mark.parametrize("skew", [CLOCK_SKEW + 0.1, -600.0, float("nan"), float("inf")])
def test_by_another_clock_nothing_is_told(skew: float) -> None:
    off = Exchange((venue("usdm", [there("BTCUSDT", "2")], clock_skew=skew), venue("coinm", [])))
    told = truth(booked("BTCUSDT", "LONG", "2"), exchange=answered("exchange", off))
    assert (told.agrees, list(told.doubts)) == (None, ["usdm"])


def test_nothing_passes_while_one_of_them_is_silent() -> None:
    held, same = booked("BTCUSDT", "LONG", "2"), [there("BTCUSDT", "2")]
    whole = world([held], usdm=same)
    assert truth_of(whole, "").agrees
    for silent in (
        replace(whole, database=_silent(whole.database)),
        replace(whole, exchange=_silent(whole.exchange)),
        replace(whole, metrics=_silent(whole.metrics)),
    ):
        assert truth_of(silent, "").agrees is None
    assert truth_of(whole, "another server answers").agrees is None
    unkeyed = Exchange((venue("usdm", None), venue("coinm", [])))
    assert truth_of(replace(whole, exchange=answered("exchange", unkeyed)), "").agrees is None


def _silent(state: SourceState[T]) -> SourceState[T]:
    return replace(failing(state, "no route"), good=None)


def test_an_engine_that_has_ended_has_no_word_and_needs_none() -> None:
    ended = EngineState(pid=7, alive=False)
    gone = replace(failing(healthy().metrics, "refused"), good=None)
    whole = world([booked("BTCUSDT", "LONG", "2")], usdm=[there("BTCUSDT", "2")], metrics=gone)
    told = truth_of(replace(whole, engine=answered("engine", ended)), "")
    assert (told.agrees, told.notes) == (True, ("the engine's process 7 has ended: it holds nothing",))


def test_a_metric_that_is_missing_is_no_word_unless_the_engine_is_known_not_to_have_it() -> None:
    whole = world([booked("BTCUSDT", "LONG", "2")], engine={}, usdm=[there("BTCUSDT", "2")])
    assert truth_of(whole, "").agrees is None
    assert truth_of(whole, "", frozenset({QUANTITY})).agrees


def test_a_market_that_is_flat_on_one_side_alone_is_told() -> None:
    told = truth(booked("BTCUSDT", "LONG", "2"))
    assert told.flat == {"usdm": Flatness(False, True), "coinm": Flatness(True, True)}


def test_what_was_traded_just_now_is_settling() -> None:
    trade = Activity("T-1", 2, "BTCUSDT", "OPEN_LONG", Decimal(2), None, None, None, NOW)
    books = replace(BOOKS, positions=(booked("BTCUSDT", "LONG", "2"),), trades=(trade,))
    told = truth(booked("BTCUSDT", "LONG", "2"), database=answered("database", books))
    assert (told.agrees, told.settling) == (None, True)


def test_only_what_differs_twice_in_the_same_way_is_a_difference() -> None:
    held = booked("BTCUSDT", "LONG", "2")
    agreed, less, turned = (truth(held, usdm=[there("BTCUSDT", amount)]) for amount in ("2", "1", "-2"))
    assert lasting(less, less).agrees is False
    assert lasting(Truth(), less).agrees is None
    assert (lasting(agreed, less).agrees, lasting(agreed, less).settling) == (None, True)
    assert lasting(turned, less).agrees is None
    assert lasting(less, agreed).agrees is True
