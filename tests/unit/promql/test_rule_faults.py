"""The hardened rules over an engine whose metrics go wrong: what each fault raises, and what goes on."""

import json
import math
from pathlib import Path

import pytest

from console.domain.alert_book import Raised
from console.domain.alert_state import Phase
from console.domain.metrics import Series, Vector
from console.promql.rule_file import AlertRule, Intervals, RuleFileError, load_rules
from console.promql.ruler import Ruler
from console.promql.samples import SampleStore
from console.settings_file import shipped_configs

RULES = load_rules(shipped_configs() / "alert_rules_hardened.yaml")
QUERIES = [
    query for _, rule in RULES.rules if isinstance(rule, AlertRule) for query in (rule.query, *rule.watched)
]


BTC, ETH = "BTCUSDT", "ETHUSDT"


class Engine:
    """A healthy engine, scraped each second, and a console's rules; a test sets what the metrics say."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.ratios = {BTC: 9.0, ETH: 5.0}
        self.slippage = 1.0
        self.sync_errors = 7.0
        self.turns = True
        self.clock_ahead = 0.0
        self._heartbeat = self.now
        self.start_console()

    def start_console(self) -> None:
        self.store = SampleStore()
        self.store.keep(QUERIES)
        self.ruler = Ruler([RULES], self.store, Intervals(scrape=1, evaluation=15))

    def run(self, seconds: int, *, up: bool = True) -> None:
        for _ in range(seconds):
            self.now += 1
            own = {
                "opsconsole_up": {Series("opsconsole_up", (("source", "metrics"),)): float(up)},
                "opsconsole_open_positions": {Series("opsconsole_open_positions", (("symbol", BTC),)): 1.0},
            }
            if up:
                self.store.append(self.now, self._page())
            else:
                self.store.fail(self.now)
            self.store.measure(self.now, own)
            self.ruler.evaluate(self.now)

    def alerts(self) -> dict[str, Raised]:
        """What is pending or firing, or lost, by rule; but for the watchdog."""
        rules = [standing.rule.name for standing in self.ruler.standings()]
        return {
            rules[one.rule]: one
            for one in self.ruler.raised()
            if rules[one.rule] != "Watchdog" and (one.phase is not Phase.RESOLVED or one.lost_since)
        }

    def firing(self) -> set[str]:
        return {name for name, one in self.alerts().items() if one.phase is Phase.FIRING}

    def _page(self) -> dict[str, Vector]:
        if self.turns:
            self._heartbeat = self.now + self.clock_ahead
        return {
            "futures_margin_ratio": {
                Series("futures_margin_ratio", (("symbol", symbol),)): ratio
                for symbol, ratio in self.ratios.items()
            },
            **_metric("futures_slippage_bps", self.slippage),
            **_metric("futures_sync_errors_total", self.sync_errors),
            HEARTBEAT: {Series(HEARTBEAT, ()): self._heartbeat},
        }


HEARTBEAT = "futures_heartbeat_timestamp_seconds"


def _metric(name: str, value: float) -> dict[str, Vector]:
    return {name: {Series(name, (("symbol", BTC),)): value}}


@pytest.fixture
def engine() -> Engine:
    made = Engine()
    made.run(60)
    assert made.alerts() == {}
    return made


@pytest.fixture
def critical(engine: Engine) -> Engine:
    """An engine with a margin ratio for which an alert fires."""
    engine.ratios[BTC] = 1.03
    engine.run(70)
    assert engine.firing() == {"FuturesMarginCritical"}
    return engine


def test_frozen_metrics_keep_what_fires_and_raise_that_the_engine_stands_still(critical: Engine) -> None:
    critical.turns = False
    critical.run(50)
    assert critical.firing() == {"FuturesMarginCritical", "FuturesEngineStill"}


def test_a_series_that_vanishes_while_firing_is_lost_until_it_tells_again(critical: Engine) -> None:
    del critical.ratios[BTC]
    critical.run(900)
    assert critical.alerts()["FuturesMarginCritical"].lost_since is not None
    critical.ratios[BTC] = 9.0
    critical.run(5)
    assert critical.alerts() == {}


def test_without_any_ratio_the_margin_of_what_is_open_is_unknown(critical: Engine) -> None:
    critical.ratios.clear()
    critical.run(70)
    assert "FuturesMarginUnknown" in critical.firing()


def test_not_a_number_is_told_before_what_fired_has_ended(critical: Engine) -> None:
    critical.ratios[BTC] = math.nan
    critical.run(40)
    assert critical.firing() == {"FuturesMarginCritical", "FuturesNotANumber"}
    critical.run(40)
    assert critical.firing() == {"FuturesNotANumber"}


@pytest.mark.parametrize(
    ("name", "value", "firing"),
    [
        ("ratio", -math.inf, {"FuturesMarginCritical", "FuturesLiquidationImminent"}),
        ("ratio", math.inf, set()),
        ("slippage", math.inf, {"FuturesHighSlippage"}),
        ("slippage", -math.inf, set()),
    ],
)
def test_infinity_is_a_number_beyond_every_threshold(
    engine: Engine, name: str, value: float, firing: set[str]
) -> None:
    if name == "ratio":
        engine.ratios[BTC] = value
    else:
        engine.slippage = value
    engine.run(310)
    assert engine.firing() == firing


def test_a_counter_that_begins_again_is_no_event_but_what_it_counts_then_is(engine: Engine) -> None:
    engine.sync_errors = 0.0
    engine.run(30)
    assert engine.firing() == set()
    engine.sync_errors = 2.0
    engine.run(5)
    assert (engine.firing(), engine.alerts()["FuturesSyncError"].count) == ({"FuturesSyncError"}, 2)


def test_an_engine_that_restarts_ends_nothing_that_still_holds_and_raises_nothing(critical: Engine) -> None:
    since = critical.alerts()["FuturesMarginCritical"].active_at
    critical.run(20, up=False)
    critical.sync_errors = 0.0
    critical.run(10)
    assert critical.firing() == {"FuturesMarginCritical"}
    assert critical.alerts()["FuturesMarginCritical"].active_at == since


def test_an_engine_that_dies_is_told_of_and_what_fired_is_lost(critical: Engine) -> None:
    critical.run(900, up=False)
    assert critical.firing() == {"SourceDown"}
    assert critical.alerts()["FuturesMarginCritical"].lost_since is not None


@pytest.mark.parametrize("seconds", [-600.0, 600.0])
def test_a_time_of_day_that_is_set_raises_nothing_and_shortens_no_for(engine: Engine, seconds: float) -> None:
    engine.ratios[BTC] = 1.03
    engine.run(30)
    engine.clock_ahead = engine.store.ahead = seconds
    engine.run(25)
    assert engine.firing() == set()
    engine.run(15)
    assert engine.firing() == {"FuturesMarginCritical"}


@pytest.mark.parametrize(("seconds", "while_it_turns"), [(-600.0, {"FuturesEngineStill"}), (600.0, set())])
def test_an_engine_whose_clock_is_wrong_is_still_seen_to_stand_still(
    engine: Engine, seconds: float, while_it_turns: set[str]
) -> None:
    """A heartbeat from ten minutes ago may be that of an engine that hangs, and counts as such."""
    engine.clock_ahead = seconds
    engine.run(60)
    assert engine.firing() == while_it_turns
    engine.turns = False
    engine.run(45)
    assert engine.firing() == {"FuturesEngineStill"}


def test_a_rule_with_an_unknown_function_is_refused_when_the_file_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(
        "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: forecast(futures_fill_ratio) < 1\n"
    )
    with pytest.raises(RuleFileError, match=r"rules\.yaml:5:15: .*forecast"):
        load_rules(file)


def test_a_console_that_restarts_while_alerts_fire_goes_on_with_them(critical: Engine) -> None:
    critical.sync_errors += 1
    critical.run(5)
    before = critical.alerts()
    restart(critical, after=20)
    critical.run(60)
    assert critical.firing() == before.keys() == {"FuturesMarginCritical", "FuturesSyncError"}
    since = {name: one.active_at for name, one in critical.alerts().items()}
    assert since == {name: one.active_at for name, one in before.items()}


def test_of_a_for_only_what_a_console_has_seen_counts(engine: Engine) -> None:
    engine.ratios[BTC] = 1.03
    engine.run(40)
    restart(engine, after=300)
    engine.run(15)
    assert engine.firing() == set()
    engine.run(15)
    assert engine.firing() == {"FuturesMarginCritical"}


def restart(engine: Engine, after: float) -> None:
    """Another console, `after` so many seconds, with nothing but what the last one has written down."""
    written = json.dumps(engine.ruler.remembered(engine.now, engine.now))
    engine.now += after
    engine.start_console()
    engine.ruler.restore(json.loads(written), engine.now, engine.now)
