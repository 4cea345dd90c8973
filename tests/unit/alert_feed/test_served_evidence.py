import math
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from console.alert_feed.served_evidence import EVERY, MOST_COUNTED
from console.domain.triggers import Evidence, Missing, Past
from tests.unit.alert_feed.rule_server import RuleServer

GROWN = "sum by (symbol) (increase(futures_liquidations_total[3900s]))"
ESTIMATED = "sum by (symbol) (increase(futures_liquidations_total[3600s]))"
BORN = (
    "sum by (symbol) (futures_liquidations_total > 0"
    " unless last_over_time(futures_liquidations_total[300s] offset 3600s))"
)
SAMPLES = 'futures_liquidations_total{symbol=~"BTC"}[3900s]'
SLIPPAGES = "min by (symbol) (min_over_time(futures_slippage_bps[300s]))"
MARGINS = "min by (symbol) (min_over_time(futures_margin_ratio[3600s]))"
WATCHED = "count_over_time(group(last_over_time({}[300s]))[62m:15s])"
HEARTBEAT = WATCHED.format("futures_heartbeat_timestamp_seconds")
OTHERS = (
    'count_over_time(group(last_over_time({__name__=~"futures_liquidations_total|futures_sync_errors_total'
    '|futures_slippage_bps|futures_margin_ratio"}[300s]))[62m:60s])'
)
BTC, ETH = {"symbol": "BTC"}, {"symbol": "ETH"}


@pytest.fixture
def server(httpserver: HTTPServer, tmp_path: Path) -> RuleServer:
    server = RuleServer(httpserver, tmp_path)
    server.serve(server.rule())
    server.queries[HEARTBEAT] = [({}, 245)]
    return server


def evidence(server: RuleServer) -> Evidence:
    return server.read().evidence


def liquidations(server: RuleServer, *samples: tuple[float, float]) -> Past | Missing:
    """What is said of liquidations where a server has these samples of BTC, by seconds before now."""
    now = server.clock.at + server.ahead
    server.queries[SAMPLES] = [(BTC, [(now + at, value) for at, value in samples])]
    return evidence(server).liquidations


def test_without_growth_there_was_no_event_and_no_sample_is_asked_for(server: RuleServer) -> None:
    server.queries[GROWN] = [(BTC, 0), (ETH, 0)]
    assert evidence(server).liquidations == Past({"": 0.0}, 3660)
    assert not [query for query in server.asked if query.endswith("}[3900s]")]


def test_the_events_of_what_has_grown_are_counted(server: RuleServer) -> None:
    server.queries[GROWN] = [(BTC, 1), (ETH, 0)]
    assert liquidations(server, (-3700, 4), (-60, 9)) == Past({"BTC": 5}, 3660)


def test_growth_before_the_hour_is_no_event_of_it(server: RuleServer) -> None:
    server.queries[GROWN] = [(BTC, 1)]
    assert liquidations(server, (-3800, 4), (-3700, 5), (-60, 5)) == Past({"": 0.0}, 3660)


def test_a_counter_that_is_born_at_1_is_an_event(server: RuleServer) -> None:
    server.queries |= {GROWN: [(BTC, 0)], BORN: [(BTC, 1)]}
    assert liquidations(server, (-60, 1), (-30, 1)) == Past({"BTC": 1}, 3660)


def test_what_was_watched_for_too_short_a_time_was_not_born(server: RuleServer) -> None:
    server.queries |= {GROWN: [(BTC, 0)], BORN: [(BTC, 1)], HEARTBEAT: [({}, 41)]}
    assert liquidations(server, (-60, 1)) == Past({"": 0.0}, 600)


def test_however_many_may_have_been_born_they_are_none_where_too_little_was_watched(
    server: RuleServer,
) -> None:
    symbols = [{"symbol": f"S{n:03}"} for n in range(MOST_COUNTED + 1)]
    server.queries |= {
        GROWN: [(symbol, 0) for symbol in symbols],
        BORN: [(symbol, 1) for symbol in symbols],
        HEARTBEAT: [({}, 41)],
    }
    assert evidence(server).liquidations == Past({"": 0.0}, 600)


def test_a_sample_that_is_no_number_is_no_event(server: RuleServer) -> None:
    server.queries[GROWN] = [(BTC, 2)]
    assert liquidations(server, (-60, 4), (-45, math.nan), (-30, 5)) == Past({"BTC": 5}, 3660)


def test_the_events_of_very_many_symbols_are_estimated(server: RuleServer) -> None:
    many = [{"symbol": f"S{n:03}"} for n in range(MOST_COUNTED + 2)]
    server.queries[GROWN] = [(symbol, 1.1) for symbol in many]
    server.queries[ESTIMATED] = [(many[-1], 1.02), (many[-2], 0.4), (BTC, 0)]
    past = evidence(server).liquidations
    assert isinstance(past, Past)
    assert past.figures == {f"S{MOST_COUNTED:03}": 1, f"S{MOST_COUNTED + 1:03}": 1}


def test_a_sample_that_is_nothing_like_a_number_is_refused(server: RuleServer) -> None:
    server.queries |= {GROWN: [(BTC, 1)], SAMPLES: [(BTC, [(server.clock.at, "many")])]}
    assert evidence(server).liquidations == Missing("a sample's value is no number")


def test_what_is_not_exported_has_no_figures(server: RuleServer) -> None:
    assert evidence(server).liquidations == Past({}, 3660)


def test_the_lowest_values_beyond_the_limit_are_told(server: RuleServer) -> None:
    server.queries |= {SLIPPAGES: [(BTC, 25), (ETH, 20)], MARGINS: [(BTC, 1.01), (ETH, 1.05)]}
    told = evidence(server)
    assert (told.slippages, told.margin_ratios) == (Past({"BTC": 25}, 3660), Past({"BTC": 1.01}, 3660))


def test_where_none_is_beyond_the_limit_the_nearest_is_told(server: RuleServer) -> None:
    server.queries |= {SLIPPAGES: [(BTC, 5), (ETH, 8)], MARGINS: [(BTC, 1.5), (ETH, 2)]}
    told = evidence(server)
    assert (told.slippages, told.margin_ratios) == (Past({"ETH": 8}, 3660), Past({"BTC": 1.5}, 3660))


def test_what_is_not_a_number_is_told_as_that(server: RuleServer) -> None:
    server.queries[MARGINS] = [(BTC, "NaN"), (ETH, 2)]
    told = evidence(server).margin_ratios
    assert isinstance(told, Past)
    assert list(told.figures) == ["BTC"]


def test_without_a_heartbeat_the_other_metrics_say_how_long_was_watched(server: RuleServer) -> None:
    server.queries |= {HEARTBEAT: [], OTHERS: [({}, 31)], SLIPPAGES: [(BTC, 25)]}
    assert evidence(server).slippages == Past({"BTC": 25}, 1800)


def test_what_the_server_refuses_is_missing_with_its_reason(server: RuleServer) -> None:
    server.queries[SLIPPAGES] = "too many samples"
    assert evidence(server).slippages == Missing("execution: too many samples")


def test_the_server_is_asked_now_and_then(server: RuleServer) -> None:
    evidence(server)
    server.queries[SLIPPAGES] = [(BTC, 25)]
    server.after(EVERY - 1)
    assert evidence(server).slippages == Past({}, 3660)
    server.after(1)
    assert evidence(server).slippages == Past({"BTC": 25}, 3660)
