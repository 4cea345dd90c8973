import math
from collections.abc import Mapping

import pytest

from console.domain.metrics import Series, Vector
from console.domain.triggers import Past, Standing, judged
from console.promql.samples import SampleStore
from console.promql.trigger_watch import LIQUIDATIONS, MARGIN_RATIO, SLIPPAGE, SYNC_ERRORS, TriggerWatch


def metric(name: str, **values: float) -> Mapping[str, Vector]:
    return {name: {Series(name, (("symbol", symbol),)): value for symbol, value in values.items()}}


class Engine:
    """A store that is scraped every ten seconds and looked at after each."""

    def __init__(self) -> None:
        self.store = SampleStore()
        self.watch = TriggerWatch(self.store)
        self.store.keep(self.watch.queries)
        self.at = 10_000.0

    def standing(self, key: str, samples: Mapping[str, Vector], seconds: int = 10) -> tuple[Standing, str]:
        for _ in range(seconds // 10):
            self.at += 10
            self.store.append(self.at, samples)
            evidence = self.watch.evidence(self.at)
        (one,) = (one for one in judged(evidence) if one.trigger.key == key)
        return one.standing, one.words


def test_a_liquidation_is_counted_exactly_and_for_an_hour() -> None:
    engine = Engine()
    engine.standing("liquidation", metric(LIQUIDATIONS, BTC=2, ETH=0), 100)
    assert engine.standing("liquidation", metric(LIQUIDATIONS, BTC=3, ETH=0)) == (
        Standing.MET,
        "1 within an hour on BTC",
    )
    assert engine.standing("liquidation", metric(LIQUIDATIONS, BTC=3, ETH=0), 3600)[0] is Standing.CLEAR


def test_a_restart_of_the_engine_is_no_event() -> None:
    engine = Engine()
    engine.standing("sync_errors", metric(SYNC_ERRORS, BTC=50), 100)
    engine.store.fail(engine.at + 1)
    assert engine.standing("sync_errors", metric(SYNC_ERRORS, BTC=0), 60)[0] is Standing.CLEAR


def test_slippage_is_consistent_when_it_was_never_low() -> None:
    engine = Engine()
    assert engine.standing("slippage", metric(SLIPPAGE, BTC=30, ETH=1), 100)[0] is Standing.UNKNOWN
    assert engine.standing("slippage", metric(SLIPPAGE, BTC=30, ETH=1), 300)[0] is Standing.MET
    assert engine.standing("slippage", metric(SLIPPAGE, BTC=3, ETH=1))[0] is Standing.CLEAR


def test_margin_calls_of_two_symbols_within_an_hour_are_multiple() -> None:
    engine = Engine()
    engine.standing("margin_calls", metric(MARGIN_RATIO, BTC=1.01, ETH=1.5), 20)
    engine.standing("margin_calls", metric(MARGIN_RATIO, BTC=1.5, ETH=1.5), 600)
    assert engine.standing("margin_calls", metric(MARGIN_RATIO, BTC=1.5, ETH=1.04))[0] is Standing.MET


@pytest.mark.parametrize("key", ["liquidation", "sync_errors", "slippage", "margin_calls"])
def test_what_is_not_exported_is_never_clear(key: str) -> None:
    other = metric("other", BTC=1)
    assert Engine().standing(key, other, 3700) == (Standing.UNKNOWN, "not exported by this engine")


def test_what_was_calm_before_the_engine_died_is_not_clear_and_what_was_seen_stays() -> None:
    engine = Engine()
    engine.standing("margin_calls", metric(MARGIN_RATIO, BTC=1.5, ETH=1.5), 3600)
    assert engine.standing("margin_calls", {}, 600)[0] is Standing.UNKNOWN
    engine.standing("margin_calls", metric(MARGIN_RATIO, BTC=1.01, ETH=1.01))
    assert engine.standing("margin_calls", {}, 600)[0] is Standing.MET


def test_only_the_symbols_that_a_trigger_asks_about_are_told_or_else_the_nearest() -> None:
    engine = Engine()
    engine.standing("margin_calls", metric(MARGIN_RATIO, BTC=1.3, ETH=1.2, SOL=9))
    assert _figures(engine) == {"ETH": 1.2}
    engine.standing("margin_calls", metric(MARGIN_RATIO, BTC=1.01, ETH=1.2, SOL=math.nan, XRP=math.nan))
    assert set(_figures(engine)) == {"BTC", "XRP"}


def _figures(engine: Engine) -> Mapping[str, float]:
    past = engine.watch.evidence(engine.at).margin_ratios
    assert isinstance(past, Past)
    return past.figures
