"""`opsconsole verify positions` and `all`: what they say and exit with."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import create_engine
from werkzeug import Response

from tests.command import run_here
from tests.integration.exchange_stand_in import KEYS, StandIn, stand_in
from tests.opsconsole import run

Start = Callable[..., "subprocess.CompletedProcess[str]"]
LESS = '[{"symbol": "BTCUSDT", "positionAmt": "0.4", "entryPrice": "50000"}]'


@pytest.fixture
def exchange(httpserver: HTTPServer, tmp_path: Path) -> StandIn:
    return stand_in(httpserver, tmp_path)


def verify(exchange: StandIn, *arguments: str, start: Start = run_here) -> "subprocess.CompletedProcess[str]":
    home = exchange.settings.state
    config = ("--config", str(home / "console.yaml"), "--state", str(home))
    return start(home, "verify", *arguments, *config, more=KEYS)


def test_what_all_agree_on_exits_0(exchange: StandIn) -> None:
    finished = verify(exchange, "positions", start=run)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == (
        "positions passed: 2 agree\n"
        "resting_orders passed: usdm 0, coinm 1\n"
        "balances passed: 2 accounts are\n"
        "exchange passed: usdm and coinm trade\n"
    )


def test_a_difference_exits_2_and_names_its_row(exchange: StandIn) -> None:
    exchange.instead["/fapi/v3/positionRisk"] = Response(LESS)
    finished = verify(exchange, "positions", "--json")
    document = json.loads(finished.stdout)
    assert (finished.returncode, document["exit_code"], document["severity"]) == (2, 2, "high")
    assert document["positions"][1] == {
        "market": "usdm",
        "symbol": "BTCUSDT",
        "side": "LONG",
        "finding": "quantity differs",
        "database": "0.50000000",
        "engine": "0.5",
        "due": "0.50000000",
        "exchange": "0.4",
        "netted": False,
    }


def test_a_warning_of_the_books_alone_exits_1(exchange: StandIn) -> None:
    finished = verify(exchange)
    assert finished.returncode == 1, finished.stdout
    assert "positions passed" in finished.stdout
    assert "WARNING mark's age" in finished.stdout


def test_a_broken_book_outranks_an_exchange_that_can_not_be_told(exchange: StandIn) -> None:
    exchange.instead[""] = Response("{}", 503)
    engine = create_engine(f"sqlite:///{exchange.settings.state / 'books.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE futures_trading_accounts SET win_rate = '50.0000'")
    engine.dispose()
    finished = verify(exchange, "all")
    assert finished.returncode == 2
    assert "positions unknown" in finished.stdout
    assert "ledger broken" in finished.stdout


def test_books_that_can_not_be_read_are_unknown_beside_the_rest(exchange: StandIn) -> None:
    (exchange.settings.state / "books.db").unlink()
    finished = verify(exchange, "all")
    assert finished.returncode == 3
    assert "ledger unknown: the books can't be checked" in finished.stdout
    assert "exchange passed" in finished.stdout
