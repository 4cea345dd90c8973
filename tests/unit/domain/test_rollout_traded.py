"""What is seen to trade though the flags file doesn't let it."""

from dataclasses import replace

import pytest

from console.domain.assessment import aged
from console.domain.severity import Severity
from console.domain.surfaces import Activity
from tests.unit.domain.rollouts import (
    ALL_LIVE,
    ALL_SHADOW,
    LIMIT,
    alerts,
    at,
    engine,
    flags,
    judged,
    last,
    read,
)
from tests.unit.domain.worlds import BOOKS, NOW


def fill(symbol: str, later: float, side: str = "OPEN_LONG") -> Activity:
    return Activity("T-1", 2, symbol, side, None, None, None, None, NOW + later)


def test_a_symbol_that_no_feature_may_trade_is_seen_to_trade() -> None:
    looks = [at(0, flags(), engine(ALL_SHADOW)), at(20, flags(), engine(ALL_SHADOW), fill("BTC", 8))]
    assert last(*looks).cell("guard", "BTC").observed == "traded 12 s ago"
    assert last(*looks).cell("guard", "SOL").observed == ""


@pytest.mark.parametrize(
    ("text", "trade"),
    [
        ("guard: {stage: canary, canary_symbols: [BTC]}", fill("BTC", 8)),
        ("guard: {stage: shadow}\n  exits: {stage: canary}", fill("BTC", 8)),
        ("guard: {stage: shadow}\n  exits: {stage: Canary}", fill("BTC", 8)),
        ("guard: {stage: shadow}", fill("BTC", 8, "CLOSE_LONG")),
        ("guard: {stage: shadow}", fill("BTC", LIMIT + 0.4)),
        ("guard: {stage: shadow}", replace(fill("BTC", 8), at=None)),
    ],
    ids=[
        "it may",
        "another may",
        "another may be allowed to",
        "closes",
        "before the engine has read",
        "when?",
    ],
)
def test_a_trade_that_breaks_no_rule_is_not_observed(text: str, trade: Activity) -> None:
    looks = [at(later, flags(text), engine(ALL_SHADOW), trade) for later in (0, 20)]
    assert last(*looks).cell("guard", "BTC").observed == ""


@pytest.mark.parametrize(("source", "traded"), [("position_sync", {}), ("strategy", {"BTC": NOW + 8})])
def test_what_a_sync_takes_up_is_not_traded(source: str, traded: dict[str, float]) -> None:
    order = replace(fill("BTC", 8), id="FUT-1", source=source)
    books = replace(BOOKS, trades=(replace(fill("BTC", 8), order_id="FUT-1"),), orders=(order,))
    looks = [at(later, flags(), engine(ALL_SHADOW)) for later in (0, 20)]
    reading = read("database", books, NOW + 19.5)
    assert last(looks[0], replace(looks[1], database=reading)).traded == traded


@pytest.mark.parametrize(
    ("quiet_for", "age", "traded"), [(None, 0.5, {"BTC": NOW + 8}), (40.0, 0.5, {}), (None, 90, {})]
)
def test_books_in_doubt_say_nothing_of_what_trades(
    quiet_for: float | None, age: float, traded: dict[str, float]
) -> None:
    books = replace(BOOKS, trades=(fill("BTC", 8),), quiet_for=quiet_for)
    looks = [at(later, flags(), engine(ALL_SHADOW)) for later in (0, 20)]
    reading = read("database", books, NOW + 20 - age)
    assert last(looks[0], replace(looks[1], database=reading)).traded == traded


def test_what_trades_on_though_the_file_has_stopped_it_is_an_alert() -> None:
    before, stopped = flags("guard: {stage: production}"), flags()
    changed = flags("guard: {stage: shadow}\n  exits: {stage: shadow}")
    looks = [
        at(0, before, engine(ALL_LIVE), fill("SOL", -5)),
        at(20, stopped, engine(ALL_SHADOW), fill("SOL", 15)),
        at(30, changed, engine(ALL_SHADOW), fill("SOL", 15)),
        at(50, changed, engine(ALL_SHADOW), fill("BTC", 38), fill("SOL", 35)),
    ]
    assert alerts(*looks[:3]) == []
    (alert,) = alerts(*looks)
    assert alert.severity is Severity.HIGH
    assert alert.summary == "the flags file has stopped BTC and 1 more, traded 12 s ago"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("guard: {stage: disabled}", "guard: {stage: shadow}"),
        ("guard: {stage: Canary}", "guard: {stage: shadow}"),
        ("guard: {stage: production}", "guard: {stage: canary, canary_symbols: [BTC]}"),
    ],
    ids=["no feature has traded it", "none is known to have", "it still may"],
)
def test_a_trade_of_what_the_file_has_not_stopped_is_no_alert(before: str, now: str) -> None:
    looks = [at(later, flags(text), engine({})) for later, text in ((0, before), (20, now))]
    assert last(*looks, at(40, flags(now), engine({}), fill("BTC", 28))).traded_on == {}


def test_an_assessment_that_ages_goes_on_counting_since_the_trade() -> None:
    looks = [at(later, flags(), engine(ALL_SHADOW), fill("BTC", 8)) for later in (0, 20)]
    *_, judgement = judged(looks)
    older = aged(judgement, replace(looks[-1], at=NOW + 21))
    assert older.rollout.cell("guard", "BTC").observed == "traded 13 s ago"
