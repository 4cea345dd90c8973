"""What stops a running paper engine: every surface of its kill switch, and its flags file."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from console.paper.store import writing
from console.schema import settings
from tests.integration.paper_process import SOON, PaperProcess
from tests.mariadb import own_server
from tests.waiting import eventually


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path / "state", "--symbols", "3") as running:
        yield running


def set_switches(engine: PaperProcess, value: str, *keys: str) -> None:
    with engine.books() as database, writing(database) as connection:
        change = update(settings).where(settings.c.setting_key.in_(keys))
        connection.execute(change.values(setting_value=value))


def test_the_flag_file_stops_trading_and_cancels_resting_orders(engine: PaperProcess) -> None:
    pending = "SELECT count(*) FROM futures_orders WHERE status = 'PENDING'"
    eventually(lambda: engine.count(pending))
    Path(engine.file["kill_switch"]["flag"]).write_text("1")
    eventually(engine.tripped)
    eventually(lambda: not engine.count(pending))
    before = engine.trades()
    time.sleep(2.5)
    assert engine.trades() == before


def test_the_state_file_trips_and_is_not_overwritten(engine: PaperProcess) -> None:
    state = Path(engine.file["kill_switch"]["state"])
    state.write_text('{"counters":{},"last_ts":{},"tripped":true}')
    eventually(engine.tripped)
    assert json.loads(state.read_text())["tripped"] is True


def test_the_flags_file_trips_and_disables_every_feature(engine: PaperProcess) -> None:
    flags = Path(engine.file["flags_file"])
    flags.write_text(flags.read_text().replace("global_kill_switch: false", "global_kill_switch: true"))
    eventually(engine.tripped)
    assert set(engine.values("futures_feature_stage").values()) == {0}


def test_both_account_switches_trip_and_one_stops_its_account(engine: PaperProcess) -> None:
    set_switches(engine, "0", "coin_futures_trading_enabled")
    eventually(lambda: engine.value("futures_trading_enabled", "3") == 0)
    assert (engine.tripped(), engine.value("futures_trading_enabled", "2")) == (False, 1)
    set_switches(engine, "0", "u_futures_trading_enabled")
    eventually(engine.tripped)


def test_http_trips_and_reset_waits_for_the_flag_to_go(engine: PaperProcess) -> None:
    flag = Path(engine.file["kill_switch"]["flag"])
    flag.write_text("1")
    assert engine.post("/control/kill", reason="drill\n[ERROR] forged").json()["tripped"] is True
    refused = engine.post("/control/reset").status_code
    flag.unlink()
    reset = engine.post("/control/reset").json()
    assert (refused, reset) == (409, {"tripped": False})
    eventually(lambda: not engine.tripped())
    assert "[CRITICAL] ops_kill_switch: KILL SWITCH tripped: POST /control/kill: drill\\x0a" in engine.log()


def test_a_start_with_the_flag_file_there_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ops_kill_switch.flag").write_text("1")
    with PaperProcess(tmp_path) as engine:
        assert (engine.tripped(), engine.trades()) == (True, 0)


def test_a_flags_change_is_loaded_and_a_broken_file_is_not(engine: PaperProcess) -> None:
    flags = Path(engine.file["flags_file"])
    flags.write_text("features:\n  unified_risk_guard: {stage: shadow}\n")
    eventually(lambda: set(engine.values("futures_feature_stage").values()) == {1})
    flags.write_text("features:\n\tbroken")
    eventually(lambda: "[ERROR] feature_flags" in engine.log())
    assert set(engine.values("futures_feature_stage").values()) == {1}


def test_a_switch_that_forbids_a_side_leaves_no_refused_orders(engine: PaperProcess) -> None:
    set_switches(engine, "0", "allow_long", "live_trading_enabled")
    time.sleep(3)
    assert (engine.tripped(), "order refused" in engine.log()) == (False, False)


@pytest.mark.usefixtures("mariadb")
def test_it_trips_and_stops_while_the_database_answers_nothing(tmp_path: Path) -> None:
    with own_server() as database:
        url = database.url(database.create_database())
        with PaperProcess(tmp_path, "--symbols", "1", "--database", url) as engine:
            database.pause()
            time.sleep(1.5)
            Path(engine.file["kill_switch"]["flag"]).write_text("1")
            eventually(engine.tripped)
            started = time.monotonic()
            code = engine.stop()
            seconds = time.monotonic() - started
            database.resume()
    assert (code, seconds < SOON) == (0, True)
