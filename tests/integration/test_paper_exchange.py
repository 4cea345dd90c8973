"""The paper exchange lives on without its engine, and goes away when nobody wants it."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import delete, update

from console.paper import exchange_link
from console.paper.code_tree import COIN_ENGINE
from console.paper.exchange_link import ExchangeLink, end_exchange
from console.paper.exchange_place import ExchangePlace
from console.paper.layout import StateFolder
from console.paper.store import writing
from console.schema import positions
from tests.integration.paper_process import PaperProcess
from tests.waiting import DEADLINE, eventually

STAYS = (
    "import sys, time; from pathlib import Path; from console.paper.exchange_link import exchange_for\n"
    "from console.paper.exchange_place import ExchangePlace\n"
    "with exchange_for(ExchangePlace(Path(sys.argv[1]))):\n"
    "    print('there', flush=True); time.sleep(600)\n"
)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    end_exchange(ExchangePlace(folder))


def tripped(engine: PaperProcess) -> dict[str, str]:
    """What is held at the exchange once nothing trades any more."""
    engine.post("/control/kill")
    eventually(engine.tripped)
    before = engine.trades()
    eventually(lambda: engine.value("futures_trading_enabled", "2") == 0 and engine.trades() == before)
    return engine.held()


@pytest.mark.parametrize("how", [pytest.param(signal.SIGTERM, marks=pytest.mark.campaign), signal.SIGKILL])
def test_an_exchange_keeps_what_it_holds_when_the_engine_ends_and_its_books_are_changed(
    state: Path, how: signal.Signals
) -> None:
    with PaperProcess(state, "--symbols", "3") as engine:
        held = tripped(engine)
        exchange = json.loads((state / "exchange.json").read_text())
        url, process = exchange.pop("url"), psutil.Process(exchange["pid"])
        assert engine.file["exchange_process"] == exchange
        assert abs(process.create_time() - exchange["start_time"]) < 0.1
        engine.stop(how)
        ended = json.loads((state / "engine.json").read_text())
        assert (engine.held(), "ended_at" in ended) == (held, how is signal.SIGTERM)
        with engine.books() as books, writing(books) as connection:
            connection.execute(delete(positions).where(positions.c.symbol == "BTCUSDT"))
        with PaperProcess(state, "--symbols", "0") as again:
            assert (again.held(), again.file["exchange_url"]) == (held, url)
            [wrong] = again.get("/positions").json()["differences"]
            assert (wrong["symbol"], wrong["books"], float(wrong["exchange"]) != 0) == ("BTCUSDT", "0", True)
            assert again.post("/positions/sync").json()["differences"] == [wrong]
            assert (again.get("/positions").json()["differences"], again.held()) == ([], held)


def test_an_engine_that_is_interrupted_ends_the_exchange_that_it_has_started(state: Path) -> None:
    with PaperProcess(state, "--symbols", "0") as engine:
        exchange = psutil.Process(engine.file["exchange_process"]["pid"])
        assert engine.stop(signal.SIGINT) == 0
        eventually(lambda: not exchange.is_running())
        assert [file.name for file in state.glob("exchange.*")] == ["exchange.lock", "exchange.out"]


def test_an_engine_that_cannot_start_leaves_no_exchange(state: Path) -> None:
    (state / "paper.db").mkdir(parents=True)
    with PaperProcess(state, wait=False) as engine:
        assert engine.finished()[0] == 2
        assert not (state / "exchange.json").exists()
        with (state / "exchange.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_an_exchange_that_hangs_is_ended_all_the_same(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_link, "_END_SECONDS", 0.1)
    state.mkdir()
    StateFolder(state).exchange_keys()
    with ExchangeLink(ExchangePlace(state), os.environ) as link:
        link.attach()
        exchange = psutil.Process(json.loads((state / "exchange.json").read_text())["pid"])
        exchange.suspend()
    assert not exchange.is_running()


def test_an_exchange_ends_with_whom_it_is_for_once_its_engine_has_gone_and_knows_no_secret(
    state: Path,
) -> None:
    state.mkdir()
    StateFolder(state).exchange_keys()
    place = ExchangePlace(state)
    with ExchangeLink(place, {**os.environ, "SOME_API_SECRET": "hidden"}) as link:
        link.attach()
        link.keep()
        exchange = psutil.Process(json.loads((state / "exchange.json").read_text())["pid"])
        assert "SOME_API_SECRET" not in exchange.environ()
        words = [sys.executable, "-c", STAYS, str(state)]
        stay = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert stay.stdout is not None
        assert stay.stdout.readline() == "there\n"
    assert (state / "exchange.json").exists()
    with stay:
        stay.kill()
    eventually(lambda: not (state / "exchange.json").exists())


@pytest.mark.parametrize("left", ["its folder has gone", "nobody uses it"])
def test_an_exchange_that_is_left_alone_ends(state: Path, left: str) -> None:
    state.mkdir()
    StateFolder(state).exchange_keys()
    idle = 0 if left == "nobody uses it" else 60
    program = f"from console.paper import exchange_process as p; p.IDLE_SECONDS = {idle}; p.main(p.Path('.'))"
    exchange = subprocess.Popen([sys.executable, "-c", program], cwd=state)
    try:
        if idle:
            eventually((state / "exchange.json").exists)
            shutil.rmtree(state)
        assert exchange.wait(DEADLINE) == 0
    finally:
        exchange.kill()
    assert not (state / "exchange.json").exists()


def test_an_engine_goes_on_without_an_exchange_and_sends_no_orders(state: Path) -> None:
    with PaperProcess(state, "--symbols", "0") as engine:
        os.kill(engine.file["exchange_process"]["pid"], signal.SIGKILL)
        eventually(lambda: "the exchange is lost" in engine.log())
        eventually(lambda: "the exchange can't be reached" in engine.log())
        beat = engine.value("futures_heartbeat_timestamp_seconds")
        eventually(lambda: engine.value("futures_heartbeat_timestamp_seconds") > beat)


def test_without_its_coin_engine_and_with_the_spot_configuration_nothing_new_is_traded(state: Path) -> None:
    with PaperProcess(state, "--symbols", "2") as engine:
        engine.stop()
        with engine.books() as books, writing(books) as connection:  # what engines that run open anew
            flat = update(positions).where(positions.c.symbol.in_(["BTCUSDT", "BTC/USD"]))
            connection.execute(flat.values(status="closed"))
        every = engine.trades()
    (state / "app" / COIN_ENGINE).unlink()
    (state / "app" / "VERSION").write_text("1.1\n")
    with PaperProcess(state, "--symbols", "2", "--configuration", "spot") as spot:
        assert set(spot.values("futures_build_info")) == {("spot", "1.1")}
        assert spot.values("futures_trading_enabled") == {("2",): 0, ("3",): 0}
        beat = spot.value("futures_heartbeat_timestamp_seconds")
        eventually(lambda: spot.value("futures_heartbeat_timestamp_seconds") > beat + 1)
        assert (len(spot.values("futures_margin_ratio")), spot.trades()) == (8, every)
        assert spot.stop() == 0
    with PaperProcess(state, "--symbols", "2") as futures:
        assert futures.values("futures_trading_enabled") == {("2",): 1, ("3",): 0}
        opened = {symbol for (symbol,) in futures.values("futures_margin_ratio")}
        assert ("BTCUSDT" in opened, "BTC/USD" in opened, len(opened)) == (True, False, 9)
        assert "no engine trades account 3" in futures.post("/control/test", symbol="ETH/USD").text
