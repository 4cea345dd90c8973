"""An exchange that answers what a test wants, beside books and metrics of an engine that holds the same."""

import json
import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from console.paper import open_database
from console.settings import Settings
from console.settings_file import load_settings
from tests.unit.runbooks.checks.healthy_book import Desk

KEYS = {"STAND_IN_KEY": "key", "STAND_IN_SECRET": "s3cret"}
PRICES = {"BTCUSDT": Decimal(50_000), "BTC/USD": Decimal(50_000)}
_SETTINGS = """\
context: here
poll:
  metrics: {{interval: 300ms, timeout: 30s, stale_after: 60s}}
  database: {{interval: 300ms, timeout: 30s, stale_after: 60s}}
  exchange: {{interval: 300ms, timeout: 30s, stale_after: 60s}}
contexts:
  here:
    environment: paper
    colour: green
    quiet_after: 1h
    database: {{url: "sqlite:///{folder}/books.db"}}
    metrics_url: {server}/metrics
    exchange:
      usdm: {server}
      coinm: {server}
      key_env: STAND_IN_KEY
      secret_env: STAND_IN_SECRET
"""


@dataclass(slots=True)
class StandIn:
    """Half a coin long at USD-M, one short at COIN-M, where one order rests.

    `instead` are answers by path, or its last part, and under "" to everything; `ahead` is by how many
    seconds its clock is. A `flat` one holds nothing, and neither does the engine.
    """

    settings: Settings
    instead: dict[str, Response] = field(default_factory=dict)
    ahead: float = 0.0
    requests: list[str] = field(default_factory=list)
    flat: bool = False

    def answer(self, request: Request) -> Response:
        market, name = request.path.split("/")[1], request.path.rsplit("/", 1)[-1]
        if name == "metrics":
            return Response(self._metrics())
        self.requests.append(request.path)
        answers = (self.instead.get(key) for key in (request.path, name, ""))
        said = next((answer for answer in answers if answer is not None), None)
        return said or Response(
            json.dumps(self._sound(market == "dapi", name)), headers={"X-MBX-USED-WEIGHT-1M": "40"}
        )

    def _sound(self, coin: bool, name: str) -> object:
        symbol = "BTCUSD_PERP" if coin else "BTCUSDT"
        if name == "time":
            return {"serverTime": int((time.time() + self.ahead) * 1000)}
        if name == "exchangeInfo":
            listed = {"contractStatus": "TRADING", "contractSize": 100} if coin else {"status": "TRADING"}
            return {"symbols": [{"symbol": symbol, **listed}]}
        if name == "premiumIndex":
            return [{"symbol": symbol, "markPrice": "50000"}]
        if name == "account":
            margin = "0" if self.flat else "125"
            return {
                "totalWalletBalance": "99980" if coin else "99990",
                "totalMaintMargin": margin,
                "assets": [],
            }
        if name == "positionRisk":
            amount = "-500" if coin else "0.5"
            return [] if self.flat else [{"symbol": symbol, "positionAmt": amount, "entryPrice": "50000"}]
        return [{"symbol": symbol, "clientOrderId": "1"}] if coin else []

    def _metrics(self) -> str:
        held = "" if self.flat else (
            'futures_position_quantity{symbol="BTCUSDT",side="LONG"} 0.5\n'
            'futures_position_quantity{symbol="BTC/USD",side="SHORT"} 1\n'
        )  # fmt: skip
        return (
            f"futures_heartbeat_timestamp_seconds {time.time()}\n"
            "futures_sync_errors_total 3\nfutures_kill_switch_tripped 0\n" + held
        )


def stand_in(server: HTTPServer, folder: Path) -> StandIn:
    """One on `server`, with a context that names it and books in `folder`."""
    database = open_database(
        f"sqlite:///{folder / 'books.db'}", balances={2: Decimal(100_000), 3: Decimal(100_000)}
    )
    desk = Desk(database, dict(PRICES), now=datetime.now() - timedelta(minutes=10))
    usdm, coin = desk.engines
    usdm.open_position(2, "BTCUSDT", "LONG", Decimal("0.5"), 5)
    coin.open_position(3, "BTC/USD", "SHORT", Decimal(1), 10)
    coin.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5, limit_price=Decimal(40_000))
    coin.update_all_accounts_equity()
    database.dispose()
    file = folder / "console.yaml"
    file.write_text(_SETTINGS.format(folder=folder, server=server.url_for("").rstrip("/")))
    here = StandIn(load_settings(config=file, environ={"HOME": str(folder)}, state=folder))
    server.expect_request(re.compile("/.*")).respond_with_handler(here.answer)
    return here
