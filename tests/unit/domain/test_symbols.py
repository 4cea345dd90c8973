"""Rows of symbols: judged as columns, made when looked at, kept while nothing changes."""

import math
from array import array
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.assessment import Judgement, Rules, aged, assess
from console.domain.metrics import Answer, Column, Lineup, Metrics, Series, Vector, column_of
from console.domain.severity import Severity, worst
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Contract, Exchange, Position, Venue
from console.domain.symbols import SymbolRows
from console.domain.thresholds import KEY_METRICS
from console.domain.trend import Direction
from tests.unit.domain.worlds import (
    BOOKS,
    ENGINE,
    EXCHANGE,
    FLAGS,
    FUNDING,
    LIMIT,
    LOG,
    MARGIN,
    NOW,
    PANELS,
    SYNC,
    answered,
    healthy,
    judged,
    metrics,
    of,
    position,
    series,
)

RULES = Rules(PANELS, KEY_METRICS)


def at(seconds: float, said: Metrics) -> Snapshot:
    """The healthy world so many seconds later, in which everything has only just answered."""
    return Snapshot(
        at=NOW + seconds,
        metrics=answered("metrics", said, age=-seconds),
        database=answered("database", BOOKS, age=-seconds),
        exchange=answered("exchange", EXCHANGE, age=-seconds),
        flags=answered("flags", FLAGS, age=-seconds),
        engine=answered("engine", ENGINE, age=-seconds),
        log=answered("log", LOG, age=-seconds),
    )


def watch(*said: Metrics, every: float = 5.0) -> list[Judgement]:
    """Judge answers that come one after the other."""
    judgements: list[Judgement] = []
    for number, one in enumerate(said):
        snapshot = at(number * every, one)
        before = judgements[-1] if judgements else None
        judgements.append((snapshot, assess(snapshot, RULES, before)))
    return judgements


def test_a_row_is_made_once() -> None:
    symbols = judged(healthy()).symbols
    assert symbols[0] is symbols[0]
    assert symbols[-1] is list(symbols)[1]
    assert symbols[0:2] == (symbols[0], symbols[1])
    with pytest.raises(IndexError):
        symbols[2]


def test_symbols_are_found_by_name() -> None:
    symbols = judged(healthy()).symbols
    assert symbols.names == ("BTC", "SOL")
    assert symbols.place("SOL") == 1
    assert symbols.place("XRP") is None


VALUES = st.sampled_from([None, math.nan, math.inf, -math.inf, 0.0, 1.0, 1.05, 1.1, 1.2, 1.5, 2.0, -0.0002])
SIDES = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=2)


def sided(name: str, values: list[tuple[float | None, float | None]]) -> dict[Series, float]:
    """Two symbols with up to two series each."""
    return {
        series(name, symbol, side=side): value
        for symbol, pair in zip(("BTC", "SOL"), values, strict=True)
        for side, value in zip("ab", pair, strict=True)
        if value is not None
    }


@given(SIDES, SIDES, SIDES, st.booleans())
def test_columns_come_to_what_judging_each_value_does(
    margin: list[tuple[float | None, float | None]],
    funding: list[tuple[float | None, float | None]],
    sync: list[tuple[float | None, float | None]],
    stale: bool,
) -> None:
    said = metrics(margin=sided("", margin), funding=sided("", funding), sync=sided("", sync))
    world = replace(healthy(), metrics=answered("metrics", said, age=LIMIT + 1 if stale else 0.5))
    symbols = judged(world).symbols
    for place, row in enumerate(symbols):
        assert symbols.severities[place] is row.severity is worst(v.severity for v in row.values.values())
        for panel in PANELS:
            value = row.values[panel.key]
            assert symbols.judged(panel.key, place) == value or math.isnan(value.number or 0)
            assert (place in symbols.off(panel.key)) == (value.severity is not Severity.OK)
            if value.number is not None:
                assert value.severity is (Severity.UNKNOWN if stale else panel.judge(value.number))
                assert repr(symbols.numbers(panel.key)[place]) == repr(value.number)
            else:
                assert math.isnan(symbols.numbers(panel.key)[place])


def test_answers_that_are_the_same_leave_the_rows_the_same() -> None:
    said = metrics()
    _, (_, first), (_, second) = watch(said, said, replace(said, covered=5000.0), every=1.0)
    assert second.symbols is first.symbols
    assert second.alerts is first.alerts


def test_only_what_has_changed_is_judged_anew() -> None:
    said = metrics()
    moved = replace(said, answers={**said.answers, MARGIN.query: Answer(of("", BTC=1.4, SOL=1.8))})
    (_, first), (_, second) = watch(said, moved)
    assert second.symbols is not first.symbols
    assert second.symbols.names is first.symbols.names
    assert second.symbols.columns[FUNDING.key] is first.symbols.columns[FUNDING.key]
    assert second.symbols.severities[0] is Severity.WARNING


def test_a_price_that_moves_changes_its_row_and_no_severity() -> None:
    said = metrics()
    prices = column_of(of("futures_mark_price", BTC=101.0, SOL=100.0))
    (_, first), (_, second) = watch(
        said, replace(said, samples={**said.samples, "futures_mark_price": prices})
    )
    assert (first.symbols[0].mark_price, second.symbols[0].mark_price) == (100.0, 101.0)
    assert list(second.symbols.severities) == list(first.symbols.severities)


def a_column(lineup: Lineup, *numbers: float) -> Column:
    return Column(lineup, array("d", numbers))


BOTH, TURNED, BTC_ONLY = (
    Lineup(series("", symbol) for symbol in symbols) for symbols in (("BTC", "SOL"), ("SOL", "BTC"), ("BTC",))
)
HELD = Lineup(series("futures_position_quantity", symbol) for symbol in ("ADA", "BTC", "SOL"))
MARGINS = [
    Answer(column)
    for column in (
        a_column(BOTH, 2.0, 1.3),
        a_column(BOTH, 1.0, 1.3),
        a_column(TURNED, 1.3, 2.0),
        a_column(BTC_ONLY, 1.1),
    )
]
QUANTITIES = [a_column(HELD, 0.0, 1.0, 1.0), a_column(HELD, 1.0, 1.0, 0.0)]
MARKS = [column_of(of("futures_mark_price", **{name: price})) for name, price in (("BTC", 9.0), ("XRP", 8.0))]
POSITIONS = [(position("BTC"),), (position("BTC"), position("LINK")), ()]
CONTRACTS = [
    {"SOL": Contract("SOL", None, None, None, next_funding)} for next_funding in (NOW + 60.0, NOW + 120.0)
]
STEPS = st.tuples(
    st.sampled_from(MARGINS),
    st.sampled_from(QUANTITIES),
    st.sampled_from(MARKS),
    st.sampled_from(POSITIONS),
    st.sampled_from(CONTRACTS),
    st.lists(st.sampled_from(["metrics", "database", "exchange"]), max_size=1),
)


@given(st.lists(STEPS, min_size=2, max_size=6))
def test_judging_on_from_before_comes_to_what_judging_anew_does(
    steps: list[tuple[Answer, Column, Column, tuple[Position, ...], dict[str, Contract], list[str]]],
) -> None:
    before: Judgement | None = None
    for number, (margin, quantity, marks, positions, contracts, stale) in enumerate(steps):
        said = metrics()
        flat = {FUNDING.query: Answer(a_column(BOTH, 0.0, 0.0)), SYNC.query: Answer(a_column(BTC_ONLY, 0.0))}
        answers = {**said.answers, **flat, MARGIN.query: margin}
        samples = {**said.samples, "futures_mark_price": marks, "futures_position_quantity": quantity}
        world = at(number, replace(said, answers=answers, samples=samples))
        ages = {
            name: LIMIT + 1 - number if name in stale else -number
            for name in ("metrics", "database", "exchange")
        }
        snapshot = replace(
            world,
            metrics=answered("metrics", world.metrics.value or said, ages["metrics"]),
            database=answered("database", replace(BOOKS, positions=positions), ages["database"]),
            exchange=answered("exchange", Exchange((Venue("usdm", 0.0, contracts, NOW),)), ages["exchange"]),
        )
        on, anew = assess(snapshot, RULES, before), assess(snapshot, RULES)
        assert on.symbols.names == anew.symbols.names
        assert list(on.symbols) == list(anew.symbols)
        assert list(on.symbols.severities) == list(anew.symbols.severities)
        assert (on.alerts, on.totals) == (anew.alerts, anew.totals)
        before = snapshot, on


def test_a_symbol_that_comes_or_goes_changes_the_names() -> None:
    three = metrics(margin=of("", BTC=2.0, SOL=1.8, ADA=1.1))
    (_, first), (_, second), (_, third) = watch(metrics(), three, metrics())
    assert second.symbols.names == ("ADA", "BTC", "SOL")
    assert second.symbols.severities[0] is Severity.HIGH
    assert third.symbols.names == first.symbols.names


@given(st.permutations(["ADA", "BTC", "SOL", "XRP"]), st.integers(1, 4))
def test_the_order_of_the_series_is_none_of_the_rows(order: list[str], some: int) -> None:
    numbers = {"ADA": 1.1, "BTC": 2.0, "SOL": 1.3, "XRP": 1.0}
    plain = {series("", symbol): numbers[symbol] for symbol in order[:some]}
    vector: Vector = column_of(plain)
    symbols = judged(replace(healthy(), metrics=answered("metrics", metrics(margin=dict(vector))))).symbols
    for symbol in order[:some]:
        place = symbols.place(symbol)
        assert place is not None
        assert symbols.numbers(MARGIN.key)[place] == numbers[symbol]


def test_a_column_is_a_mapping_like_any_other() -> None:
    lineup = Lineup([series("up", "BTC"), series("up", "SOL")])
    column = column_of({series("up", "BTC"): 1.0, series("up", "SOL"): 2.0}, lineup)
    assert isinstance(column, Column)
    assert column.lineup is lineup
    assert column == {series("up", "SOL"): 2.0, series("up", "BTC"): 1.0}
    assert column[series("up", "SOL")] == 2.0
    assert series("up", "XRP") not in column
    assert list(column.values()) == [1.0, 2.0]


def falling(second: float) -> Metrics:
    """BTC falls by 0.01 a second, SOL stands."""
    return metrics(margin=of("", BTC=2.0 - 0.01 * second, SOL=1.8))


def test_trends_are_told_once_they_can_be_seen() -> None:
    judgements = watch(*(falling(5.0 * number) for number in range(9)))
    early, late = judgements[4][1].symbols, judgements[-1][1].symbols
    assert early.outlook("BTC") is None
    outlook = late.outlook("BTC")
    assert outlook is not None
    assert outlook.direction is Direction.FALLING
    assert outlook.next_severity is Severity.WARNING
    assert outlook.seconds == pytest.approx(10, abs=0.5)  # 1.6 now, 1.5 is the bound
    steady = late.outlook("SOL")
    assert steady is not None
    assert steady.direction is Direction.STEADY
    assert late.outlook("XRP") is None


def test_how_soon_each_row_comes_to_its_next_severity_is_told_of_all_at_once() -> None:
    said = [falling(5.0 * number) for number in range(9)]
    held = dict.fromkeys(("BTC", "SOL", "NEW"), 2.0)
    newer = metrics(margin=of("", BTC=1.55, SOL=1.8, NEW=2.0))
    later = replace(newer, samples={**newer.samples, "futures_mark_price": column_of(of("", **held))})
    for symbols in (judgements[1].symbols for judgements in watch(*said, later)[-2:]):
        outlooks = [symbols.outlook(name) for name in symbols.names]
        alone = [math.nan if o is None or o.seconds is None else o.seconds for o in outlooks]
        assert alone[0] > 0
        assert repr(list(symbols.seconds_to_next)) == repr(alone)


def test_nobody_comes_to_anything_by_stale_values() -> None:
    snapshot, assessment = watch(*(falling(5.0 * number) for number in range(9)))[-1]
    later = replace(snapshot, at=snapshot.at + LIMIT + 1)
    assert all(map(math.isnan, assess(later, RULES, (snapshot, assessment)).symbols.seconds_to_next))


def test_a_trend_goes_on_where_the_answers_stay_the_same_objects() -> None:
    said = metrics()
    outlooks = [assessment.symbols.outlook("BTC") for _, assessment in watch(*[said] * 9)]
    assert outlooks[4] is None
    assert outlooks[-1] is not None
    assert outlooks[-1].direction is Direction.STEADY


def test_no_trend_is_told_of_stale_values() -> None:
    snapshot, assessment = watch(*(falling(5.0 * number) for number in range(9)))[-1]
    later = replace(snapshot, at=snapshot.at + LIMIT + 1)
    assert assess(later, RULES, (snapshot, assessment)).symbols.outlook("BTC") is None


def test_the_last_minutes_are_kept_of_each_new_answer_once() -> None:
    judgements = watch(*(falling(5.0 * number) for number in range(3)))
    snapshot, assessment = judgements[-1]
    again = assess(replace(snapshot, at=snapshot.at + 0.5), RULES, judgements[-1])
    kept = [(moment - NOW, round(value, 4)) for moment, value in assessment.margins.of("BTC")]
    assert kept == [(0.0, 2.0), (5.0, 1.95), (10.0, 1.9)]
    assert again.margins.of("BTC") == assessment.margins.of("BTC")
    assert len(again.fundings.of("SOL")) == 3
    assert again.equities.of("2")[-1][1] == 10000.0


def test_the_last_minutes_survive_ageing() -> None:
    snapshot, assessment = watch(*(falling(5.0 * number) for number in range(3)))[-1]
    older = aged(assessment, replace(snapshot, at=snapshot.at + 0.5))
    assert older.margins is assessment.margins
    assert older.fundings is assessment.fundings
    assert older.equities is assessment.equities


def test_a_counter_that_rises_is_off_by_name() -> None:
    symbols = judged(
        replace(healthy(), metrics=answered("metrics", metrics(sync=of("", BTC=0.0, SOL=0.1))))
    ).symbols
    assert isinstance(symbols, SymbolRows)
    assert [symbols.names[place] for place in symbols.off(SYNC.key)] == ["SOL"]
