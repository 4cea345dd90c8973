"""The paper exchange: its books, its answers, its signatures and its limits."""

import hmac
import json
import threading
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.paper.exchange import Exchange, RestingOrder, contracts
from console.paper.exchange_api import ExchangeApi, ExchangeKeys
from console.paper.loopback import Request, Response
from console.paper.market import Market
from console.paper.universe import Venue, listing_of, listings
from tests.waiting import DEADLINE, eventually

KEYS = ExchangeKeys("key", "secret")


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    @property
    def ms(self) -> int:
        return int(self.now * 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exchange(clock: Clock) -> Exchange:
    return Exchange(Market(listings(3), 1), clock)


@pytest.fixture
def api(exchange: Exchange, clock: Clock) -> ExchangeApi:
    return ExchangeApi(exchange, KEYS, clock)


def get(api: ExchangeApi, path: str, query: str = "", key: str | None = None) -> Response:
    headers = {"x-mbx-apikey": key} if key is not None else {}
    return api.answer(Request("GET", path, query, headers, b""))


def signed(
    api: ExchangeApi, path: str, query: str, key: str | None = KEYS.api_key, secret: str = KEYS.api_secret
) -> Response:
    signature = hmac.new(secret.encode(), query.encode(), sha256).hexdigest()
    return get(api, path, f"{query}&signature={signature}", key)


def body(response: Response) -> Any:
    return json.loads(response.body)


def fill(exchange: Exchange, symbol: str, *fills: tuple[str, str]) -> None:
    for amount, price in fills:
        exchange.report_fill(symbol, Decimal(amount), Decimal(price), 10)


@pytest.mark.parametrize("prefix", ["fapi", "dapi"])
def test_ping_answers_an_empty_object(api: ExchangeApi, prefix: str) -> None:
    assert body(get(api, f"/{prefix}/v1/ping")) == {}


@pytest.mark.parametrize("prefix", ["fapi", "dapi"])
def test_time_is_the_clock_in_milliseconds(api: ExchangeApi, clock: Clock, prefix: str) -> None:
    assert body(get(api, f"/{prefix}/v1/time")) == {"serverTime": clock.ms}


def test_usdm_symbols_have_a_status(api: ExchangeApi) -> None:
    symbols = body(get(api, "/fapi/v1/exchangeInfo"))["symbols"]
    assert {(entry["symbol"], entry["status"]) for entry in symbols} == {
        (name, "TRADING") for name in ("BTCUSDT", "ETHUSDT", "BNBUSDT")
    }


def test_coin_symbols_have_a_contract_status_and_size(api: ExchangeApi) -> None:
    symbols = body(get(api, "/dapi/v1/exchangeInfo"))["symbols"]
    assert {
        entry["symbol"]: (entry["contractStatus"], entry["contractSize"]) for entry in symbols
    }.items() >= {
        ("BTCUSD_PERP", ("TRADING", 100)),
        ("ETHUSD_PERP", ("TRADING", 10)),
    }


@pytest.mark.parametrize(
    ("path", "query", "kind"),
    [
        ("/fapi/v1/premiumIndex", "symbol=BTCUSDT", dict),
        ("/fapi/v1/premiumIndex", "", list),
        ("/dapi/v1/premiumIndex", "symbol=BTCUSD_PERP", list),
        ("/dapi/v1/premiumIndex", "", list),
    ],
)
def test_premium_index_has_binances_shape(api: ExchangeApi, path: str, query: str, kind: type) -> None:
    assert isinstance(body(get(api, path, query)), kind)


def test_premium_index_shows_mark_and_funding_as_decimal_strings(api: ExchangeApi) -> None:
    entry = body(get(api, "/fapi/v1/premiumIndex", "symbol=BTCUSDT"))
    market = Market(listings(3), 1)
    assert Decimal(entry["markPrice"]) == market.price("BTCUSDT")
    assert float(entry["lastFundingRate"]) == pytest.approx(market.funding_rate("BTCUSDT"), abs=1e-8)


@pytest.mark.parametrize("path", ["/fapi/v1/premiumIndex", "/dapi/v1/premiumIndex"])
def test_an_unknown_symbol_is_refused_as_binance_does(api: ExchangeApi, path: str) -> None:
    response = get(api, path, "symbol=NOPE")
    assert (response.status, body(response)["code"]) == (400, -1121)


@pytest.mark.parametrize("path", ["/", "/fapi", "/fapi/v1/order", "/sapi/v1/ping", "/fapi/v1/positionRisk"])
def test_other_paths_are_not_found(api: ExchangeApi, path: str) -> None:
    assert get(api, path).status == 404


@pytest.mark.parametrize(
    "path",
    [
        *(f"/fapi/{path}" for path in ("v3/positionRisk", "v3/balance", "v3/account", "v1/openOrders")),
        *(f"/dapi/{path}" for path in ("v1/positionRisk", "v1/balance", "v1/account", "v1/openOrders")),
    ],
)
def test_a_well_signed_call_is_answered(api: ExchangeApi, clock: Clock, path: str) -> None:
    assert signed(api, path, f"timestamp={clock.ms}").status == 200


@pytest.mark.parametrize(
    ("key", "secret", "query", "code"),
    [
        (None, "secret", "timestamp={now}", -2014),
        ("other", "secret", "timestamp={now}", -2015),
        ("key", "other", "timestamp={now}", -1022),
        ("key", "secret", "timestamp={late}", -1021),
        ("key", "secret", "timestamp={early}", -1021),
        ("key", "secret", "recvWindow=5000", -1102),
        ("key", "secret", "timestamp=soon", -1102),
        ("key", "secret", "timestamp={now}&recvWindow=60001", -1131),
    ],
)
def test_a_badly_signed_call_has_binances_code(
    api: ExchangeApi, clock: Clock, *, key: str | None, secret: str, query: str, code: int
) -> None:
    filled = query.format(now=clock.ms, late=clock.ms - 5001, early=clock.ms + 1000)
    assert body(signed(api, "/fapi/v3/account", filled, key, secret))["code"] == code


def test_a_call_without_signature_is_refused(api: ExchangeApi, clock: Clock) -> None:
    assert body(get(api, "/fapi/v3/account", f"timestamp={clock.ms}", "key"))["code"] == -1102


def test_a_wider_window_admits_an_older_call(api: ExchangeApi, clock: Clock) -> None:
    assert signed(api, "/fapi/v3/account", f"recvWindow=20000&timestamp={clock.ms - 15_000}").status == 200


def test_parameters_after_the_signature_break_it(api: ExchangeApi, clock: Clock) -> None:
    query = f"timestamp={clock.ms}"
    signature = hmac.new(b"secret", query.encode(), sha256).hexdigest()
    response = get(api, "/fapi/v3/positionRisk", f"{query}&signature={signature}&symbol=BTCUSDT", "key")
    assert body(response)["code"] == -1022


def test_flat_symbols_are_left_out_of_position_risk(exchange: Exchange) -> None:
    fill(exchange, "BTCUSDT", ("0.5", "88000"), ("-0.5", "88100"))
    fill(exchange, "ETHUSDT", ("2", "3000"))
    assert [entry["symbol"] for entry in exchange.position_risk(Venue.USDM)] == ["ETHUSDT"]


def test_a_short_position_has_a_negative_amount(exchange: Exchange) -> None:
    fill(exchange, "ETHUSDT", ("-2", "3000"))
    assert exchange.position_risk(Venue.USDM)[0]["positionAmt"] == "-2"


def test_fills_of_one_side_average_the_entry(exchange: Exchange) -> None:
    fill(exchange, "ETHUSDT", ("1", "3000"), ("3", "3200"))
    assert exchange.position_risk(Venue.USDM)[0]["entryPrice"] == "3150.00000000"


def test_a_reducing_fill_keeps_the_entry_and_its_share_of_the_margin(exchange: Exchange) -> None:
    fill(exchange, "ETHUSDT", ("4", "3000"), ("-1", "3100"))
    entry = exchange.position_risk(Venue.USDM)[0]
    assert (entry["positionAmt"], entry["entryPrice"], entry["isolatedMargin"]) == (
        "3",
        "3000.00000000",
        "900.00000000",
    )


def test_a_fill_beyond_flat_turns_the_position(exchange: Exchange) -> None:
    fill(exchange, "ETHUSDT", ("1", "3000"), ("-3", "3100"))
    entry = exchange.position_risk(Venue.USDM)[0]
    assert (entry["positionAmt"], entry["entryPrice"]) == ("-2", "3100.00000000")


@given(st.lists(st.decimals("-9", "9", places=3).filter(bool), min_size=1, max_size=12))
def test_the_amount_is_the_sum_of_the_fills(amounts: list[Decimal]) -> None:
    exchange = Exchange(Market(listings(1), 1), Clock())
    for amount in amounts:
        exchange.report_fill("BTCUSDT", amount, Decimal(88_000), 5)
    assert exchange.amount("BTCUSDT") == sum(amounts)


@pytest.mark.parametrize(("amount", "price"), [("1", "2865"), ("-1", "3135")])
def test_the_liquidation_price_is_the_engines(exchange: Exchange, amount: str, price: str) -> None:
    exchange.report_fill("ETHUSDT", Decimal(amount), Decimal(3000), 20)
    assert Decimal(str(exchange.position_risk(Venue.USDM)[0]["liquidationPrice"])) == Decimal(price)


def test_a_coin_position_is_shown_in_contracts(exchange: Exchange) -> None:
    fill(exchange, "BTC/USD", ("-0.02", "90000"))
    assert exchange.position_risk(Venue.COIN)[0]["positionAmt"] == "-18"


@given(count=st.integers(1, 10_000), price=st.decimals("0.01", "99999", places=2))
def test_whole_contracts_survive_the_way_through_coins(count: int, price: Decimal) -> None:
    listing = listing_of("BTC/USD")
    coins = (count * listing.contract_size / price).quantize(Decimal("0.00000001"))
    assert contracts(listing, coins, price) == count


def test_the_wallet_and_unrealised_profit_make_the_margin_balance(exchange: Exchange) -> None:
    exchange.show_wallet(2, Decimal(10_000))
    fill(exchange, "ETHUSDT", ("1", "3000"))
    account = exchange.account(Venue.USDM)
    total = Decimal(str(account["totalWalletBalance"])) + Decimal(str(account["totalUnrealizedProfit"]))
    assert (account["totalMarginBalance"], account["availableBalance"]) == (f"{total:.8f}", "9700.00000000")


def test_resting_orders_are_shown_at_their_venue(exchange: Exchange) -> None:
    exchange.show_resting([RestingOrder("FUT-1", "ETHUSDT", "OPEN_SHORT", Decimal(3300), Decimal("0.5"))])
    [order] = exchange.open_orders(Venue.USDM)
    assert (order["side"], order["origQty"], exchange.open_orders(Venue.COIN)) == ("SELL", "0.5", [])


def test_a_lost_fill_is_lost_once(exchange: Exchange) -> None:
    fill(exchange, "ETHUSDT", ("10", "3000"))
    exchange.lose_part("ETHUSDT")
    exchange.lose_part("ETHUSDT")
    assert exchange.amount("ETHUSDT") == 9


def test_weight_is_counted_and_refused_past_the_limit(api: ExchangeApi) -> None:
    first = get(api, "/fapi/v1/ping")
    for _ in range(240):
        last = get(api, "/fapi/v1/premiumIndex")
    assert (dict(first.headers)["X-MBX-USED-WEIGHT-1M"], last.status, body(last)["code"]) == ("1", 429, -1003)


def test_weight_starts_anew_each_minute(api: ExchangeApi, clock: Clock) -> None:
    for _ in range(241):
        get(api, "/fapi/v1/premiumIndex")
    clock.now += 60
    assert get(api, "/fapi/v1/premiumIndex").status == 200


def test_an_outage_answers_503_or_hangs_until_it_ends(api: ExchangeApi) -> None:
    api.set_down(True)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(get(api, "/fapi/v1/ping").status), daemon=True)
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: statuses == [503] * 3)
    (hanging,) = (thread for thread in threads if thread.is_alive())
    api.set_down(False)
    hanging.join(DEADLINE)
    assert statuses == [503] * 4


def test_the_keys_do_not_show_their_secret() -> None:
    assert "secret" not in repr(KEYS)
