"""Scenarios of a running paper engine, as an operator sees them."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.exc import OperationalError

from console.schema import positions
from tests.integration.books_audit import audit
from tests.integration.paper_process import SOON, PaperProcess, plain_http
from tests.waiting import DEADLINE, eventually


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path / "state", "--symbols", "3") as running:
        yield running


def test_frozen_metrics_answer_the_same_body(engine: PaperProcess) -> None:
    engine.scenario("frozen-metrics")
    eventually(lambda: "scenario frozen-metrics" in engine.log())
    before = engine.get("/metrics").content
    time.sleep(1.5)
    assert engine.get("/metrics").content == before
    engine.scenario("calm")
    eventually(lambda: engine.get("/metrics").content != before)


def test_a_deaf_engine_trades_on(engine: PaperProcess) -> None:
    engine.scenario("deaf")
    eventually(lambda: "scenario deaf" in engine.log())
    Path(engine.file["kill_switch"]["flag"]).write_text("1")
    before = engine.trades()
    eventually(lambda: engine.trades() > before)
    assert not engine.tripped()
    engine.scenario("calm")
    eventually(engine.tripped)


def test_a_forgetful_engine_untrips_itself(engine: PaperProcess) -> None:
    engine.scenario("forgetful")
    eventually(lambda: "scenario forgetful" in engine.log())
    Path(engine.file["kill_switch"]["flag"]).write_text("1")
    eventually(engine.tripped)
    eventually(lambda: not engine.tripped())
    assert Path(engine.file["kill_switch"]["flag"]).exists()


def test_sync_errors_are_counted_and_logged(engine: PaperProcess) -> None:
    engine.scenario("sync-errors")
    eventually(lambda: sum(engine.values("futures_sync_errors_total").values()) >= 3)
    assert "[ERROR] position_sync" in engine.log()


def test_a_cascade_liquidates_and_the_books_balance(engine: PaperProcess) -> None:
    engine.scenario("liquidation-cascade")
    eventually(lambda: sum(engine.values("futures_liquidations_total").values()) >= 1)
    assert "[CRITICAL] position: LIQUIDATION" in engine.log()
    engine.stop()
    with engine.books() as database:
        audit(database)


def test_an_outage_refuses_every_path(engine: PaperProcess) -> None:
    engine.scenario("exchange-outage")
    ping = f"{engine.file['exchange_url']}/fapi/v1/ping"
    eventually(lambda: plain_http.get(ping, timeout=DEADLINE).status_code == 503)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(plain_http.get, ping, timeout=2 * DEADLINE) for _ in range(4)]
        eventually(lambda: sum(each.done() for each in asked) == 3)
        assert {each.result().status_code for each in asked if each.done()} == {503}
        engine.scenario("calm")
    eventually(lambda: plain_http.get(ping, timeout=DEADLINE).status_code == 200)


def test_a_stalled_database_stops_neither_heartbeat_nor_kill_switch(engine: PaperProcess) -> None:
    engine.scenario("database-stall")
    eventually(lambda: "database stalled" in engine.log())
    before = engine.value("futures_heartbeat_timestamp_seconds")
    Path(engine.file["kill_switch"]["flag"]).write_text("1")
    eventually(engine.tripped)
    eventually(lambda: engine.value("futures_heartbeat_timestamp_seconds") > before)
    started = time.monotonic()
    assert engine.stop() == 0
    assert time.monotonic() - started < SOON


def test_a_stalled_mariadb_makes_readers_wait(tmp_path: Path, mariadb_url: str) -> None:
    with PaperProcess(tmp_path, "--symbols", "1", "--database", mariadb_url) as engine:
        engine.scenario("database-stall")
        eventually(lambda: "database stalled" in engine.log())
        database = create_engine(mariadb_url)
        with database.connect() as connection:
            connection.exec_driver_sql("SET SESSION lock_wait_timeout = 1")
            eventually(lambda: waits_in_vain(connection))
            engine.scenario("calm")
            eventually(lambda: not waits_in_vain(connection))
            assert len(connection.execute(select(positions.c.id)).all()) >= 9
        database.dispose()


def waits_in_vain(connection: Connection) -> bool:
    """Whether a reader gives up on the positions, as somebody has locked them."""
    try:
        connection.execute(select(positions.c.id))
    except OperationalError:
        return True
    return False


def test_a_crash_leaves_the_engine_file_behind(engine: PaperProcess) -> None:
    engine.scenario("crash")
    assert engine.process.wait(DEADLINE) != 0
    assert (engine.state / "engine.json").exists()
    assert "[CRITICAL] scenario: engine crashed" in engine.log()
