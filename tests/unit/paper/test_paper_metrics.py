"""The paper engine's exposition text and the order books that its latencies are measured on."""

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from console.paper.execution import ExecutionQuality
from console.paper.faults import Faults
from console.paper.metrics import OPERATIONS, Metrics, SymbolValues, series
from console.paper.order_book import L2Book, L3Book, Liquidity, draw_liquidity

VALUES = SymbolValues(
    margin_ratios={("BTC/USD",): 2.5},
    funding_rates={("BTC/USD",): -0.00005},
    slippage_bps={("BTC/USD",): 0.8},
    marks={("BTC/USD",): 88_000.5},
    quantities={("BTC/USD", "LONG"): 0.25, ("BTC/USD", "SHORT"): 0.0},
    sync_errors={("BTC/USD",): 0},
    liquidations={("BTC/USD",): 3},
    stages={("guard", "BTC/USD"): 2},
)


def body(metrics: Metrics, values: SymbolValues) -> bytes:
    return metrics.of_engine() + metrics.by_symbol(values)


def samples(body: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_every_family_of_the_contract_is_there() -> None:
    found = {name for name, _ in samples(body(Metrics("1.0"), VALUES))}
    assert found >= {
        "futures_margin_ratio",
        "futures_funding_rate",
        "futures_sync_errors_total",
        "futures_liquidations_total",
        "futures_slippage_bps",
        "futures_fill_ratio",
        "futures_funding_accuracy_ratio",
        "futures_mark_price",
        "futures_position_quantity",
        "futures_kill_switch_tripped",
        "futures_feature_stage",
        "futures_heartbeat_timestamp_seconds",
        "futures_build_info",
    }


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("futures_margin_ratio", {"symbol": "BTC/USD"}, 2.5),
        ("futures_funding_rate", {"symbol": "BTC/USD"}, -0.00005),
        ("futures_mark_price", {"symbol": "BTC/USD"}, 88_000.5),
        ("futures_position_quantity", {"symbol": "BTC/USD", "side": "LONG"}, 0.25),
        ("futures_liquidations_total", {"symbol": "BTC/USD"}, 3),
        ("futures_feature_stage", {"feature": "guard", "symbol": "BTC/USD"}, 2),
        ("futures_build_info", {"version": "1.0", "mode": "paper"}, 1),
    ],
)
def test_a_value_is_exported_under_its_labels(name: str, labels: dict[str, str], value: float) -> None:
    assert samples(body(Metrics("1.0"), VALUES))[name, frozenset(labels.items())] == value


def test_a_symbol_that_leaves_is_no_longer_exported() -> None:
    metrics = Metrics("1.0")
    body(metrics, VALUES)
    changed = body(metrics, replace(VALUES, margin_ratios={}))
    assert not [name for name, _ in samples(changed) if name == "futures_margin_ratio"]


def test_a_new_mapping_is_rendered_anew() -> None:
    metrics = Metrics("1.0")
    body(metrics, VALUES)
    changed = body(metrics, replace(VALUES, liquidations={("BTC/USD",): 4}))
    assert samples(changed)["futures_liquidations_total", frozenset({("symbol", "BTC/USD")})] == 4


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), min_size=1))
def test_a_label_value_comes_back_from_the_text(symbol: str) -> None:
    line = f"{series('name', [('symbol', symbol)])}1\n"
    [family] = text_string_to_metric_families(line)
    assert family.samples[0].labels == {"symbol": symbol}


def test_every_operation_of_the_document_is_exported_before_it_happens() -> None:
    found = samples(body(Metrics("1.0"), VALUES))
    assert all(
        found["futures_operation_seconds_count", frozenset({("operation", operation)})] == 0
        for operation in OPERATIONS
    )


def test_a_timed_operation_is_observed() -> None:
    metrics = Metrics("1.0")
    with metrics.timed("connect"):
        pass
    found = samples(body(metrics, VALUES))
    assert found["futures_operation_seconds_count", frozenset({("operation", "connect")})] == 1


@given(st.integers(0, 2**32), st.floats(0.01, 5))
def test_both_books_fill_an_order_at_the_same_average(seed: int, quantity: float) -> None:
    liquidity = draw_liquidity(Random(seed))
    assert math.isclose(L2Book(liquidity).match(quantity), L3Book(liquidity).match(quantity), rel_tol=1e-9)


def test_the_nearest_level_fills_first() -> None:
    book = L2Book(Liquidity(((1.0, (0.5, 0.5)), (3.0, (1.0,)))))
    assert (book.match(1.0), book.match(1.0)) == (1.0, 3.0)


def test_orders_of_a_level_fill_in_their_order() -> None:
    book = L3Book(Liquidity(((1.0, (0.5, 0.5)), (3.0, (2.0,)))))
    assert (book.match(0.75), book.match(0.5)) == (1.0, 2.0)


@pytest.mark.parametrize(("thin", "low", "high"), [(False, 0, 5), (True, 20, 200)])
def test_slippage_is_green_in_a_calm_book_and_beyond_20_bps_in_a_thin_one(
    thin: bool, low: float, high: float
) -> None:
    faults = Faults(thin_symbols=frozenset({"BTCUSDT"} if thin else ()))
    quality = ExecutionQuality(Metrics("1.0"), faults, Random(1))
    measured = []
    for _ in range(200):
        quality.probe("BTCUSDT")
        quality.publish()
        measured.append(quality.slippage_bps[("BTCUSDT",)])
    assert low < min(measured) <= max(measured) < high


def test_the_fill_ratio_counts_orders_that_were_not_filled() -> None:
    quality = ExecutionQuality(Metrics("1.0"), Faults(), Random(1))
    for filled in (True, True, True, False):
        quality.count(filled=filled)
    assert quality.fill_ratio == 0.75
