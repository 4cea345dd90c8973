"""What an exchange can't be believed in: nothing passes on it, and no step of a runbook does."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from console.domain.clock import SystemClock
from console.runbooks.askable import ARGUMENTS, Surroundings, checks_of
from console.runbooks.drivers import start
from console.runbooks.lookout import ORDERS
from console.runbooks.model import Ask
from console.runbooks.reading import Known, runbook_of
from console.runbooks.run import State
from console.wiring.surroundings import surroundings_of
from tests.integration.exchange_stand_in import KEYS, StandIn, stand_in
from tests.opsconsole import run
from tests.unit.runbooks.drives import Desk
from tests.waiting import eventually

ASKED = ("positions", "positions_told", "not_flat", "resting_orders", "balances", "exchange")
SIGNED = ("positionRisk", "account", "openOrders")

RATE_LIMIT = Response('{"code": -1003, "msg": "Too many requests"}', 429, headers={"Retry-After": "9"})
BAN = Response('{"code": -1003, "msg": "Way too many requests"}', 418, headers={"Retry-After": "600"})
OUTAGE = Response('{"code": -1001, "msg": "Internal error"}', 503)
ERROR_BODY = Response('{"code": -1000, "msg": "An unknown error occurred"}', 200)
GARBAGE = Response("<html>\x1b[2J" + "\x00\xff" * 500 + "[]", 200)
EMPTY = Response("[]", 200)


def _says(response: Response, *paths: str) -> Callable[[StandIn], None]:
    return lambda exchange: exchange.instead.update(dict.fromkeys(paths or ("",), response))


def _ten_minutes_ahead(exchange: StandIn) -> None:
    exchange.ahead = 600.0


def _ten_minutes_behind(exchange: StandIn) -> None:
    exchange.ahead = -600.0


UNBELIEVABLE = {
    "[]": _says(EMPTY),
    "[] to signed calls": _says(EMPTY, *SIGNED),
    "429": _says(RATE_LIMIT),
    "429 to signed calls": _says(RATE_LIMIT, *SIGNED),
    "418": _says(BAN),
    "503": _says(OUTAGE),
    "503 to signed calls": _says(OUTAGE, *SIGNED),
    "error body": _says(ERROR_BODY),
    "error body to signed calls": _says(ERROR_BODY, *SIGNED),
    "clock ahead": _ten_minutes_ahead,
    "clock behind": _ten_minutes_behind,
    "garbage": _says(GARBAGE),
    "garbage to signed calls": _says(GARBAGE, *SIGNED),
}


@pytest.fixture
def exchange(httpserver: HTTPServer, tmp_path: Path) -> Iterator[StandIn]:
    """One that nobody asks any more once the test is over: the next has the same port."""
    others = {*threading.enumerate()}
    yield stand_in(httpserver, tmp_path)
    eventually(lambda: not any(one.name == "lookout" for one in {*threading.enumerate()} - others))


def looked_at(exchange: StandIn) -> Surroundings:
    """What the checks ask, all of it from one look, so that they needn't wait for the next."""
    environ = {"HOME": str(exchange.settings.state), **KEYS}
    asked = surroundings_of(exchange.settings, environ, SystemClock(), idle=0)
    seen = asked.look("database", "metrics", ORDERS)
    return replace(asked, look=lambda *_sources: seen, wait=lambda _seconds: None)


def answers(exchange: StandIn, *names: str) -> dict[str, bool | None]:
    checks = checks_of(looked_at(exchange))
    return {name: checks[name]({}).passes for name in names or ASKED}


def state_of_step(name: str, folder: Path, checks: Mapping[str, Ask]) -> State:
    """What becomes of a step that is nothing but the check `name`."""
    text = f"title: t\nuse: u\nrisk: none\nsteps:\n  - name: see\n    text: see\n    check: {name}\n"
    runbook = runbook_of(text, f"{name}.yaml", name.replace("_", "-"), Known(ARGUMENTS))
    drive = start(replace(Desk(folder).world(), checks=checks), runbook, "paper", {}, "1")
    drive.go_on()
    return drive.run.step("see").state


def test_everything_passes_where_the_exchange_is_sound(exchange: StandIn, tmp_path: Path) -> None:
    checks = checks_of(looked_at(exchange))
    told = {name: checks[name]({}) for name in ASKED}
    assert all(found.passes for found in told.values()), told
    assert state_of_step("positions", tmp_path / "run", checks) is State.PASSED


@pytest.mark.parametrize("how", UNBELIEVABLE)
def test_what_can_not_be_believed_is_unknown_and_passes_no_step(
    exchange: StandIn, tmp_path: Path, how: str
) -> None:
    UNBELIEVABLE[how](exchange)
    checks = checks_of(looked_at(exchange))
    assert {name: checks[name]({}).passes for name in ASKED} == dict.fromkeys(ASKED)
    states = {name: state_of_step(name, tmp_path / name, checks) for name in ASKED}
    assert states == dict.fromkeys(ASKED, State.UNKNOWN)


def test_an_empty_list_of_positions_is_not_flat_while_the_account_keeps_margin(exchange: StandIn) -> None:
    exchange.instead["positionRisk"] = EMPTY
    told = answers(exchange, "positions", "positions_told", "not_flat", "exchange")
    assert set(told.values()) == {None}


def test_an_empty_list_that_the_account_bears_out_is_flat_and_the_books_are_not(exchange: StandIn) -> None:
    exchange.flat = True
    told = answers(exchange, "positions", "not_flat")
    assert told == {"positions": False, "not_flat": False}


def test_a_difference_is_told_with_its_row_once_it_lasts(exchange: StandIn) -> None:
    less = '[{"symbol": "BTCUSDT", "positionAmt": "0.4", "entryPrice": "50000"}]'
    exchange.instead["/fapi/v3/positionRisk"] = Response(less)
    found = checks_of(looked_at(exchange))["positions"]({})
    assert found.passes is False
    assert found.details == ("BTCUSDT LONG quantity differs; database 0.5, engine 0.5, exchange 0.4",)


def test_orders_that_rest_on_one_side_alone_fail(exchange: StandIn) -> None:
    two = '[{"symbol": "BTCUSD_PERP"}, {"symbol": "BTCUSD_PERP"}]'
    exchange.instead["/dapi/v1/openOrders"] = Response(two)
    found = checks_of(looked_at(exchange))["resting_orders"]({})
    assert (found.passes, found.observed) == (False, "coinm: 2 at the exchange, 1 in the database")


def test_a_symbol_that_is_held_and_does_not_trade_fails(exchange: StandIn) -> None:
    exchange.instead["/fapi/v1/exchangeInfo"] = Response(
        '{"symbols": [{"symbol": "BTCUSDT", "status": "BREAK"}]}'
    )
    found = checks_of(looked_at(exchange))["exchange"]({})
    assert (found.passes, found.observed) == (False, "usdm: BTCUSDT is BREAK")


def test_weight_that_is_used_up_fails(exchange: StandIn) -> None:
    exchange.instead["openOrders"] = Response("[]", headers={"X-MBX-USED-WEIGHT-1M": "2300"})
    assert answers(exchange, "exchange") == {"exchange": False}


def test_a_wallet_that_holds_less_than_its_account_fails(exchange: StandIn) -> None:
    exchange.instead["/fapi/v3/account"] = Response(
        '{"totalWalletBalance": "90000", "totalMaintMargin": "125"}'
    )
    found = checks_of(looked_at(exchange))["balances"]({})
    assert found.passes is False
    assert "usdm: the wallet holds 90,000.00, account 2 99,990.00" in found.observed


def test_a_pause_that_the_exchange_asks_for_is_kept_between_questions(exchange: StandIn) -> None:
    exchange.instead[""] = RATE_LIMIT
    environ = {"HOME": str(exchange.settings.state), **KEYS}
    asked = surroundings_of(exchange.settings, environ, SystemClock(), idle=0.5)
    for _ in range(3):
        asked.look("exchange")
    assert exchange.requests == ["/fapi/v1/time"]


def test_a_run_from_the_command_line_stops_where_the_exchange_can_not_be_believed(exchange: StandIn) -> None:
    exchange.instead[""] = EMPTY
    home = exchange.settings.state
    book = home / "see.yaml"
    book.write_text("title: t\nuse: u\nrisk: none\nsteps:\n- {name: see, text: see, check: positions}\n")
    config = ("--config", str(home / "console.yaml"), "--state", str(home))
    finished = run(home, "runbook", "run", str(book), *config, more=KEYS)
    assert finished.returncode == 3, finished.stderr
    assert "exchange can't be told: exchange usdm: its answer to time has no serverTime" in finished.stdout
