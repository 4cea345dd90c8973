"""The exchange as a source, against the paper exchange of a real engine."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from console.actions.exchange_pauses import ExchangePauses
from console.domain.clock import SystemClock
from console.domain.loopback import keeps_secrets
from console.sources.errors import SourceError
from console.sources.exchange import (
    CONTRACTS_EVERY,
    MUCH_WEIGHT,
    ORDERS_EVERY,
    STATUS_EVERY,
    ExchangeSource,
    Keys,
    Market,
)
from console.sources.focus import Focus
from tests.integration.paper_process import PaperProcess
from tests.tui.fake import HandClock
from tests.waiting import DEADLINE, eventually

KEYS = Keys("key", "s3cret")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path_factory.mktemp("engine"), "--symbols", "3") as process:
        yield process


def source(engine: PaperProcess, secret: str | None = None) -> ExchangeSource:
    pair = json.loads(Path(engine.file["exchange_keys"]).read_text())
    keys = Keys(pair["api_key"], secret or pair["api_secret"])
    base = engine.file["exchange_url"]
    return ExchangeSource({"usdm": base, "coinm": base}, clock=SystemClock(), timeout=DEADLINE, keys=keys)


def test_both_markets_tell_prices_funding_and_clock(engine: PaperProcess) -> None:
    usdm, coinm = source(engine).read().value.venues
    assert abs(usdm.clock_skew) < 5  # it is this machine's clock, however long the answer took
    btc, coin = usdm.contracts["BTCUSDT"], coinm.contracts["BTCUSD_PERP"]
    assert (btc.status, coin.status) == ("TRADING", "TRADING")
    assert btc.mark_price is not None and btc.mark_price > 0
    assert coin.funding_rate is not None and coin.next_funding is not None


def test_signed_calls_tell_positions_and_resting_orders(engine: PaperProcess) -> None:
    reader = source(engine)
    eventually(lambda: all(venue.positions for venue in reader.read().value.venues))
    usdm = reader.read().value.venues[0]
    assert usdm.resting_orders is not None
    assert usdm.used_weight is not None
    assert all(isinstance(position.quantity, Decimal) for position in usdm.positions or ())


def test_a_wrong_secret_is_refused_and_never_told(engine: PaperProcess) -> None:
    with pytest.raises(
        SourceError, match=r"usdm: HTTP 4\d\d: Signature for this request .* \(-1022\)"
    ) as caught:
        source(engine, "s3cret-of-another").read()
    assert "s3cret" not in str(caught.value)


def market(
    server: HTTPServer,
    answer: Callable[[Request], Response],
    keys: Keys | None = None,
    focus: Focus | None = None,
) -> tuple[Market, HandClock]:
    """A market on a server that answers time rightly and everything else with `answer`."""
    clock = HandClock()
    server.expect_request("/fapi/v1/time").respond_with_json({"serverTime": int(clock.at * 1000)})
    server.expect_request("/fapi/v1/exchangeInfo").respond_with_json({"symbols": []})
    server.expect_request("/fapi/v1/premiumIndex").respond_with_handler(answer)
    for path in ("/fapi/v3/positionRisk", "/fapi/v1/openOrders"):
        server.expect_request(path).respond_with_handler(answer)
    return Market("usdm", server.url_for(""), clock, 2, keys, focus=focus or Focus()), clock


@pytest.mark.parametrize(
    ("response", "cause"),
    [
        (Response('{"code": -1001, "msg": "Internal error"}', 503), r"HTTP 503: Internal error \(-1001\)"),
        (Response('{"code": -1121, "msg": "Invalid symbol"}', 200), r"refused: Invalid symbol \(-1121\)"),
        (Response("<html>", 200), "its answer is not JSON"),
        (Response('"text"', 200), "not a list of objects"),
        (Response("[" * 100_000, 200), "its answer is not JSON"),
        (Response("[1, 2]", 200), "not a list of objects"),
        (Response("", 302, headers={"Location": "http://127.0.0.1:1/"}), "HTTP 302"),
    ],
)
def test_an_answer_that_is_none_is_an_error_in_words(
    httpserver: HTTPServer, response: Response, cause: str
) -> None:
    with pytest.raises(SourceError, match=cause):
        market(httpserver, lambda _request: response)[0].read()


def test_a_rate_limit_is_respected_for_as_long_as_the_exchange_says(httpserver: HTTPServer) -> None:
    limited = Response("{}", 429, headers={"Retry-After": "7"})
    venue, clock = market(httpserver, lambda _request: limited)
    with pytest.raises(SourceError, match="rate limit, no calls for 7 s"):
        venue.read()
    asked = len(httpserver.log)
    clock.at += 6
    with pytest.raises(SourceError, match="refuses calls for another 1 s"):
        venue.read()
    assert len(httpserver.log) == asked
    clock.at += 2
    with pytest.raises(SourceError, match="HTTP 429"):
        venue.read()


def test_one_that_begins_asks_nothing_of_an_exchange_that_has_told_another_to_wait(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    limited = Response("{}", 429, headers={"Retry-After": "7"})
    clock = market(httpserver, lambda _request: limited)[1]

    def begun() -> Market:
        pauses = ExchangePauses(tmp_path, clock)
        return Market("usdm", httpserver.url_for(""), clock, 2, None, focus=Focus(), pauses=pauses)

    with pytest.raises(SourceError, match="no calls for 7 s"):
        begun().read()
    asked = len(httpserver.log)
    clock.at += 3
    with pytest.raises(SourceError, match="refuses calls for another 4 s"):
        begun().read()
    assert len(httpserver.log) == asked


def test_what_costs_weight_is_asked_for_less_often(httpserver: HTTPServer) -> None:
    venue, clock = market(httpserver, lambda _request: Response("[]", 200))
    for _ in range(4):
        venue.read()
        clock.at += 5
    paths = [request.path for request, _ in httpserver.log]
    assert (paths.count("/fapi/v1/time"), paths.count("/fapi/v1/premiumIndex")) == (4, 2)
    assert paths.count("/fapi/v1/exchangeInfo") == 1


@pytest.mark.parametrize(
    ("status", "header", "pause"),
    [
        (429, "7", 7),
        (418, "600", 600),
        (429, "", 60),
        (429, "soon", 60),
        (418, "\xb2", 60),
        (429, "9" * 99, 60),
    ],
)
def test_no_call_is_made_before_a_pause_is_over(
    httpserver: HTTPServer, status: int, header: str, pause: int
) -> None:
    limited = Response("{}", status, headers={"Retry-After": header} if header else {})
    venue, clock = market(httpserver, lambda _request: limited)
    with pytest.raises(SourceError, match=f"rate limit, no calls for {pause} s"):
        venue.read()
    asked = len(httpserver.log)
    clock.at += pause - 0.5
    with pytest.raises(SourceError, match="refuses calls"):
        venue.read()
    assert len(httpserver.log) == asked
    clock.at += 0.5
    with pytest.raises(SourceError, match=f"HTTP {status}"):
        venue.read()
    assert len(httpserver.log) > asked


@pytest.mark.parametrize(
    ("path", "every"),
    [
        ("/fapi/v1/premiumIndex", CONTRACTS_EVERY),
        ("/fapi/v1/openOrders", ORDERS_EVERY),
        ("/fapi/v1/exchangeInfo", STATUS_EVERY),
        ("/fapi/v3/positionRisk", 0),
    ],
)
def test_each_call_is_made_again_when_it_is_due_and_not_before(
    httpserver: HTTPServer, path: str, every: float
) -> None:
    venue, clock = market(httpserver, lambda _request: Response("[]", 200), KEYS)

    def asked() -> int:
        venue.read()
        return [request.path for request, _ in httpserver.log].count(path)

    assert asked() == 1
    if every:
        clock.at += every - 0.5
        assert asked() == 1
        clock.at += 0.5
    assert asked() == 2


@pytest.mark.parametrize(
    ("tripped", "weight", "asked"), [(True, MUCH_WEIGHT - 1, 3), (True, MUCH_WEIGHT, 1), (False, 0, 1)]
)
def test_after_a_trip_resting_orders_are_counted_each_time_while_the_engine_is_left_half_the_weight(
    httpserver: HTTPServer, tripped: bool, weight: int, asked: int
) -> None:
    answer = Response("[]", 200, headers={"X-MBX-USED-WEIGHT-1M": str(weight)})
    venue, clock = market(httpserver, lambda _request: answer, KEYS, Focus(tripped=tripped))
    for _ in range(3):
        venue.read()
        clock.at += 5
    assert [request.path for request, _ in httpserver.log].count("/fapi/v1/openOrders") == asked


def test_what_was_not_asked_again_is_told_with_its_time(httpserver: HTTPServer) -> None:
    rows = '[{"symbol": "BTCUSDT", "markPrice": "1.5", "positionAmt": "0"}]'
    venue, clock = market(httpserver, lambda _request: Response(rows, 200), KEYS)
    asked_at = clock.at
    venue.read()
    clock.at += CONTRACTS_EVERY - 1
    again = venue.read()
    assert (again.contracts_at, again.orders_at, again.resting_orders) == (asked_at, asked_at, 1)
    assert again.contracts["BTCUSDT"].mark_price == Decimal("1.5")


@pytest.mark.parametrize(
    ("said", "price"),
    [("0", None), ("0.00000000", None), ("", None), ("NaN", None), ("41.5", Decimal("41.5"))],
)
def test_a_liquidation_price_of_nothing_is_not_known(
    httpserver: HTTPServer, said: str, price: Decimal | None
) -> None:
    row = {"symbol": "BTCUSDT", "positionAmt": "-2", "entryPrice": "40", "liquidationPrice": said}
    venue, _ = market(httpserver, lambda _request: Response(json.dumps([row]), 200), KEYS)
    (position,) = venue.read().positions or ()
    assert (position.quantity, position.liquidation_price) == (Decimal(-2), price)


def test_a_position_without_a_quantity_is_an_error(httpserver: HTTPServer) -> None:
    venue, _ = market(httpserver, lambda _request: Response('[{"symbol": "BTCUSDT"}]', 200), KEYS)
    with pytest.raises(SourceError, match="a position has no positionAmt"):
        venue.read()


@pytest.mark.parametrize("keys", [Keys("k€y", "s3cret"), Keys("key", "s3crét"), Keys("ke\ny", "s3cret")])
def test_keys_that_no_header_may_hold_are_refused_and_never_told(httpserver: HTTPServer, keys: Keys) -> None:
    venue, _ = market(httpserver, lambda _request: Response("[]", 200), keys)
    with pytest.raises(SourceError, match=r"^usdm: its keys hold characters that no key has$"):
        venue.read()


def test_keys_are_only_sent_over_https_or_to_this_machine(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue, _ = market(httpserver, lambda _request: Response("[]", 200), KEYS)
    assert venue.read().positions == ()
    monkeypatch.setattr(
        "console.sources.exchange.keeps_secrets", lambda url: keeps_secrets("http://10.0.0.9")
    )
    with pytest.raises(SourceError, match=r"^usdm: keys are only sent over https$"):
        venue.read()
    assert [r.path for r, _ in httpserver.log].count("/fapi/v3/positionRisk") == 1


def test_what_is_public_is_read_over_plain_http_from_anywhere(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue, _ = market(httpserver, lambda _request: Response("[]", 200))
    monkeypatch.setattr("console.sources.exchange.keeps_secrets", lambda url: False)
    assert venue.read().positions is None


def test_a_clock_that_differs_is_told_as_it_is(httpserver: HTTPServer) -> None:
    venue, clock = market(httpserver, lambda _request: Response("[]", 200))
    clock.at += 600
    assert venue.read().clock_skew == pytest.approx(-600)
