"""The notifier and the live engine: told after the commit, and unable to change it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from console.paper import Result
from tests.unit.paper.engines import Desk

_QUANTITY = Decimal("0.01")


@dataclass
class _LiveEngine:
    """A live engine that remembers what it was asked and answers as told."""

    success: bool | None = True
    closes: list[tuple[str, str, Decimal, str]] = field(default_factory=list)

    def close_position(
        self, *, symbol: str, position_side: str, quantity: Decimal, reason: str
    ) -> Mapping[str, object]:
        if self.success is None:
            raise ConnectionError("live engine is away")
        self.closes.append((symbol, position_side, quantity, reason))
        return {"success": self.success}


def test_the_notifier_hears_of_what_has_been_committed(desk: Desk) -> None:
    heard: list[tuple[str, object]] = []

    def notify(event: str, result: Result) -> None:
        heard.append((event, desk.account().frozen_balance))

    engine = desk.engine(notifier=notify)
    opened = engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 5)
    engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 5, limit_price=Decimal(1))
    engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 0)
    engine.close_position(opened["position_id"])
    assert heard == [("open_position", 100), ("limit_order", 100), ("close_position", 0)]
    assert opened["notified"] is True


def test_a_notifier_that_fails_is_logged_and_told_and_changes_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: str, result: Result) -> None:
        raise RuntimeError("no route to the chat")

    result = desk.engine(notifier=fail).open_position(3, "BTC/USD", "LONG", _QUANTITY, 5)
    assert result["success"]
    assert result["notified"] is False
    assert desk.account().frozen_balance == 100
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_close_is_mirrored_to_the_live_engine(desk: Desk) -> None:
    live = _LiveEngine()
    engine = desk.engine(live_engine=live)
    opened = engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 5)
    result = engine.close_position(opened["position_id"], Decimal("0.004"), reason="trim")
    assert result["mirrored"] is True
    assert live.closes == [("BTC/USD", "LONG", Decimal("0.004"), "trim")]


@pytest.mark.parametrize("answer", [False, None])
def test_a_close_that_the_live_engine_did_not_take_says_so(
    desk: Desk, answer: bool | None, caplog: pytest.LogCaptureFixture
) -> None:
    engine = desk.engine(live_engine=_LiveEngine(answer))
    opened = engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 5)
    result = engine.close_position(opened["position_id"])
    assert result["success"]
    assert result["mirrored"] is False
    assert engine.get_open_positions() == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_without_a_live_engine_a_close_says_nothing_of_mirroring(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 5)
    assert "mirrored" not in engine.close_position(opened["position_id"])


def test_with_a_live_engine_the_live_switch_stops_openings(desk: Desk) -> None:
    desk.switch("live_trading_enabled", "0")
    result = desk.engine(live_engine=_LiveEngine()).open_position(3, "BTC/USD", "LONG", _QUANTITY, 5)
    assert "live_trading_enabled" in result["message"]
