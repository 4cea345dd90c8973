"""The paper engine as a real process: its surfaces, its kill switch, its scenarios, its ends."""

import json
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from sqlalchemy import create_engine, make_url, update

from console.paper.service import PASSWORD_VARIABLE
from console.paper.store import writing
from console.schema import positions
from tests.integration.books_audit import audit
from tests.integration.paper_process import SOON, PaperProcess
from tests.waiting import DEADLINE, eventually

COIN_SYMBOLS = {f"{name}/USD" for name in ("ADA", "DOT", "BNB", "SOL", "XRP", "LINK", "BTC", "ETH")}
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[[A-Z]+\] \w+: .+")


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    """An engine that no test disturbs."""
    with PaperProcess(tmp_path_factory.mktemp("calm"), "--symbols", "5", cold=True) as engine:
        yield engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path / "state", "--symbols", "3") as running:
        yield running


# What a running engine shows


def test_the_engine_file_names_the_process_and_what_is_there(calm: PaperProcess) -> None:
    process = psutil.Process(calm.process.pid)
    assert (calm.file["version"], calm.file["pid"]) == (1, process.pid)
    assert abs(calm.file["start_time"] - process.create_time()) < 0.01
    paths = ("flags_file", "log_file", "exchange_keys")
    assert all(Path(calm.file[name]).is_file() for name in paths)
    assert (calm.file["symbols"], calm.file["seed"], calm.file["database_password_env"]) == (5, 1, None)


@pytest.mark.parametrize("name", ["engine.json", "exchange_keys.json"])
def test_files_with_access_are_private(calm: PaperProcess, name: str) -> None:
    assert stat.S_IMODE((calm.state / name).stat().st_mode) == 0o600


def test_every_symbol_has_a_position_that_is_green(calm: PaperProcess) -> None:
    ratios = calm.values("futures_margin_ratio")
    assert {symbol for (symbol,) in ratios} >= COIN_SYMBOLS | {"BTCUSDT", "ETHUSDT"}
    assert len(ratios) == 13
    assert min(ratios.values()) >= 1.5


@pytest.mark.parametrize(
    ("name", "limit"),
    [("futures_funding_rate", 0.0001), ("futures_slippage_bps", 5), ("futures_sync_errors_total", 0)],
)
def test_every_symbol_has_its_value_within_the_target(calm: PaperProcess, name: str, limit: float) -> None:
    found = calm.values(name)
    assert len(found) == 13
    assert max(map(abs, found.values())) <= limit


def test_the_heartbeat_goes_on(calm: PaperProcess) -> None:
    before = calm.value("futures_heartbeat_timestamp_seconds")
    eventually(lambda: calm.value("futures_heartbeat_timestamp_seconds") > before)
    assert abs(calm.value("futures_heartbeat_timestamp_seconds") - time.time()) < DEADLINE


def test_both_accounts_trade(calm: PaperProcess) -> None:
    assert calm.values("futures_trading_enabled") == {("2",): 1, ("3",): 1}
    before = calm.trades()
    eventually(lambda: calm.trades() > before + 1)


def test_loaded_stages_are_exported_for_each_symbol(calm: PaperProcess) -> None:
    stages = calm.values("futures_feature_stage")
    assert (stages["unified_risk_guard", "ETHUSDT"], stages["l3_execution", "BTCUSDT"]) == (3, 2)
    assert (stages["l3_execution", "BNBUSDT"], stages["smart_exits", "BTC/USD"]) == (0, 2)


def test_prices_and_candles_are_kept_fresh(calm: PaperProcess) -> None:
    newest = "SELECT count(*) FROM price_data WHERE timestamp > datetime('now', 'localtime', '-5 seconds')"
    eventually(lambda: calm.count(newest) == 13)
    eventually(lambda: calm.count("SELECT count(DISTINCT timeframe) FROM kline_data") == 3)


def test_the_log_has_the_engines_lines(calm: PaperProcess) -> None:
    eventually(lambda: "position_sync" in calm.log() and "margin_status" in calm.log())
    assert all(LOG_LINE.fullmatch(line) for line in calm.log().splitlines())


def test_the_exchange_shows_the_positions_of_the_books(calm: PaperProcess) -> None:
    def agrees() -> bool:
        found = {
            entry["symbol"]: float(entry["positionAmt"]) for entry in calm.exchange("/fapi/v3/positionRisk")
        }
        quantities = calm.values("futures_position_quantity")
        ours = {
            symbol: quantities[symbol, "LONG"] - quantities[symbol, "SHORT"]
            for symbol, _ in quantities
            if symbol.endswith("USDT")
        }
        return found == ours

    eventually(agrees)


def test_the_exchange_shows_coin_positions_in_whole_contracts(calm: PaperProcess) -> None:
    amounts = [entry["positionAmt"] for entry in calm.exchange("/dapi/v1/positionRisk")]
    assert len(amounts) == 8
    assert all(re.fullmatch(r"-?\d+", amount) for amount in amounts)


def test_an_unsigned_call_is_refused(calm: PaperProcess) -> None:
    answer = httpx.get(f"{calm.file['exchange_url']}/fapi/v3/account")
    assert (answer.status_code, answer.json()["code"]) == (401, -2014)


@pytest.mark.parametrize("server", ["control_url", "exchange_url"])
def test_a_foreign_host_header_is_refused(calm: PaperProcess, server: str) -> None:
    answer = httpx.get(f"{calm.file[server]}/health", headers={"Host": "attacker.example"})
    assert answer.status_code == 403


def test_a_web_page_can_not_trip_the_kill_switch(calm: PaperProcess) -> None:
    url = f"{calm.file['control_url']}/control/kill"
    answer = httpx.post(url, content=b"{}", headers={"Origin": "https://attacker.example"})
    assert (answer.status_code, calm.get("/health").json()["tripped"]) == (403, False)


def test_a_large_body_is_refused_unread(calm: PaperProcess) -> None:
    answer = httpx.post(f"{calm.file['control_url']}/scenario", content=b"x" * 5000)
    assert answer.status_code == 413


# Starting and ending


def test_a_second_engine_on_the_same_folder_is_refused(engine: PaperProcess) -> None:
    with PaperProcess(engine.state, wait=False) as second:
        code, errors = second.finished()
    assert (code, errors.count("\n")) == (2, 1)
    assert f"pid {engine.process.pid}" in errors
    assert engine.get("/health").status_code == 200


@pytest.mark.parametrize(
    "how",
    [
        signal.SIGTERM,
        *(pytest.param(other, marks=pytest.mark.campaign) for other in (signal.SIGINT, signal.SIGHUP)),
    ],
)
def test_a_stop_signal_ends_it_cleanly_and_soon(tmp_path: Path, how: signal.Signals) -> None:
    with PaperProcess(tmp_path, "--symbols", "3") as engine:
        kill_state = Path(engine.file["kill_switch"]["state"])
        eventually(kill_state.exists)
        started = time.monotonic()
        code = engine.stop(how)
    assert (code, time.monotonic() - started < SOON) == (0, True)
    assert "ended_at" in json.loads((tmp_path / "engine.json").read_text())
    assert json.loads(kill_state.read_text())["tripped"] is False
    with engine.books() as database:
        audit(database)


def test_a_burst_of_stop_signals_ends_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with PaperProcess(tmp_path, "--symbols", "1") as engine:
        for number in [signal.SIGTERM, signal.SIGHUP, signal.SIGINT] * 200:
            engine.process.send_signal(number)
            time.sleep(0.0002)  # else the system makes one of several
        engine.process.wait(DEADLINE)
    assert "ended_at" in json.loads((tmp_path / "engine.json").read_text())
    assert not (tmp_path / "engine.pid").exists()


def test_no_stop_signal_can_hold_up_the_loop_that_waits_for_it() -> None:
    program = (
        "import time\n"
        "from console.paper.service import _stop_on_signals\n"
        "with _stop_on_signals() as stopping:\n"
        "    print('waits', flush=True)\n"
        "    until = time.monotonic() + 0.5\n"
        "    while time.monotonic() < until:\n"
        "        stopping.told.wait(0.00001)\n"
        "        stopping.told.clear()\n"
        "    print('done', flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        deadline = time.monotonic() + DEADLINE
        while process.poll() is None and time.monotonic() < deadline:
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGHUP)
    finally:
        process.kill()
    assert process.communicate()[0] == "done\n"


def test_after_sigkill_it_resumes_on_the_same_books(tmp_path: Path) -> None:
    open_ids = (
        "SELECT group_concat(id) FROM (SELECT id FROM futures_positions WHERE status = 'open' ORDER BY id)"
    )
    with PaperProcess(tmp_path, "--symbols", "5") as first:
        eventually(lambda: first.trades() > 13)
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
        before = first.count(open_ids)
    with PaperProcess(tmp_path, "--symbols", "5") as second:
        assert second.file["pid"] != first.file["pid"]
        assert set(str(before).split(",")) & set(str(second.count(open_ids)).split(","))
        assert len(second.exchange("/fapi/v3/positionRisk")) == 5
        assert second.stop() == 0
    with second.books() as database:
        audit(database)


def test_positions_of_symbols_no_longer_asked_for_stay_in_sight(tmp_path: Path) -> None:
    with PaperProcess(tmp_path, "--symbols", "3") as first:
        first.stop()
    with PaperProcess(tmp_path, "--symbols", "0") as second:
        assert ("BNBUSDT",) in second.values("futures_margin_ratio")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--symbols", "5001"), "symbols is 5001: 0 to 5000 are allowed"),
        (("--scenario", "chaos"), "no scenario 'chaos'; allowed are calm"),
        (("--database", "nonsense"), "not a URL"),
        (("--database", "mysql+pymysql://u:hunter2@127.0.0.1:9/x"), "127.0.0.1:9"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    with PaperProcess(tmp_path, *arguments, wait=False) as engine:
        code, errors = engine.finished()
    assert (code, errors.count("\n"), says in errors, "hunter2" in errors) == (2, 1, True, False)
    assert not (tmp_path / "engine.json").exists()


def test_it_runs_on_mariadb(tmp_path: Path, mariadb_url: str) -> None:
    with PaperProcess(tmp_path, "--symbols", "3", "--database", mariadb_url) as engine:
        eventually(lambda: engine.value("futures_operation_seconds_count", "close_position") > 0)
        assert engine.stop() == 0
    database = create_engine(mariadb_url)
    audit(database)
    database.dispose()


@pytest.mark.parametrize("in_url", [True, False])
def test_the_password_is_in_no_file_that_the_engine_writes(
    tmp_path: Path, mariadb_url: str, in_url: bool
) -> None:
    password = make_url(mariadb_url).password
    assert isinstance(password, str)
    bare = mariadb_url.replace(f":{password}@", "@")
    given, variable = (mariadb_url, {}) if in_url else (bare, {PASSWORD_VARIABLE: password})
    with PaperProcess(tmp_path, "--symbols", "0", "--database", given, environment=variable) as engine:
        written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert not any(password.encode() in text for text in written)
        assert engine.file["database_password_env"] == (None if in_url else PASSWORD_VARIABLE)
        assert engine.file["database_url"] == bare


def test_the_password_comes_from_the_environment_and_stays_there(tmp_path: Path) -> None:
    with PaperProcess(
        tmp_path,
        "--database",
        "mysql+pymysql://user@127.0.0.1:9/x",
        environment={PASSWORD_VARIABLE: "hunter2"},
        wait=False,
    ) as engine:
        code, errors = engine.finished()
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert (code, "hunter2" in errors, any(b"hunter2" in text for text in written)) == (2, False, False)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with PaperProcess(tmp_path / "file" / "state", wait=False) as engine:
        assert engine.finished()[0] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_position_that_others_close_in_the_books_is_noticed(engine: PaperProcess) -> None:
    engine.post("/control/kill")
    with engine.books() as database, writing(database) as connection:
        change = update(positions).where(positions.c.symbol == "BTCUSDT")
        connection.execute(change.values(status="closed"))
    eventually(lambda: engine.values("futures_sync_errors_total")[("BTCUSDT",)] > 0)
    assert ("BTCUSDT",) not in engine.values("futures_margin_ratio")


def test_orders_that_the_engine_itself_refuses_are_not_counted_as_unfilled(tmp_path: Path) -> None:
    with PaperProcess(tmp_path, "--symbols", "12") as few:
        few.stop()
    with PaperProcess(tmp_path, "--symbols", "100") as poor:
        eventually(lambda: "order refused: insufficient balance" in poor.log())
        refused_at = poor.value("futures_heartbeat_timestamp_seconds")
        eventually(lambda: poor.value("futures_heartbeat_timestamp_seconds") > refused_at + 0.5)
        assert poor.value("futures_fill_ratio") == 1
