"""A step's transaction on a real database: bound, whole or not at all, and known to be."""

import threading
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from console.actions.database import Login
from console.actions.faults import VARIABLE
from console.runbooks.concluding import NOTHING_DONE
from console.runbooks.model import Found
from console.runbooks.run import Next, Standing, State
from console.runbooks.sql_process import carried_out
from tests.integration.trading_switches import prepared, values
from tests.unit.runbooks.drives import Desk
from tests.waiting import eventually

SWITCH = "UPDATE system_settings SET setting_value = {value} WHERE setting_key = {key}"
SETTINGS = """\
context: paper
contexts:
  paper: {{environment: paper, colour: cyan, database: {{url: "{url}"}}}}
"""
BOOK = """\
title: Switch it
use: always
risk: raises
parameters:
  key: {text: which, default: allow_long}
  value: {text: to what, default: "it's 0"}
steps:
  - name: switch
    text: Switch it.
    sql: ["UPDATE system_settings SET setting_value = {value} WHERE setting_key = {key}"]
    check: ready
    timeout: 30s
"""


@pytest.fixture(params=["sqlite", "mariadb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path}/engine.db"
    engine = prepared(url if request.param == "sqlite" else request.getfixturevalue("mariadb_url"))
    yield engine
    engine.dispose()


def login(engine: Engine, timeout: float = 5.0) -> Login:
    url = engine.url
    password = None if url.password is None else str(url.password)
    return Login(url.set(password=None).render_as_string(), timeout, password)


def test_what_a_statement_names_is_bound_whatever_it_holds(engine: Engine) -> None:
    hostile = "0'; DROP TABLE system_settings; -- :key {key} %s"
    code, told = carried_out(login(engine), [SWITCH], {"value": hostile, "key": "allow_long"})
    assert (code, told) == (0, "UPDATE: 1 rows")
    assert values(engine)["allow_long"] == hostile


def test_numbers_are_bound_as_numbers(engine: Engine) -> None:
    update = "UPDATE system_settings SET setting_value = {amount} + {count} WHERE setting_key = 'allow_long'"
    carried_out(login(engine), [update], {"amount": Decimal("0.5"), "count": 2})
    assert Decimal(values(engine)["allow_long"] or "0") == Decimal("2.5")


def test_colons_and_percent_signs_of_a_statement_stay_as_they_are(engine: Engine) -> None:
    update = "UPDATE system_settings SET setting_value = '12:30 :x 5%' WHERE setting_key LIKE 'allow_l%'"
    assert carried_out(login(engine), [update], {})[0] == 0
    assert values(engine)["allow_long"] == "12:30 :x 5%"


def test_where_one_statement_fails_none_is_done(engine: Engine) -> None:
    given = {"value": "0", "key": "allow_long"}
    code, told = carried_out(login(engine), [SWITCH, "UPDATE nowhere SET it = 1"], given)
    assert code == NOTHING_DONE
    assert "nowhere" in told
    assert values(engine)["allow_long"] == "1"


def test_a_column_is_added_by_a_statement_of_its_own(engine: Engine) -> None:
    add = "ALTER TABLE system_settings ADD COLUMN coin_margin SMALLINT DEFAULT 0"
    assert carried_out(login(engine), [add], {})[0] == 0
    assert carried_out(login(engine), ["UPDATE system_settings SET coin_margin = 1"], {})[0] == 0
    assert carried_out(login(engine), [add], {})[0] == NOTHING_DONE


def test_a_locked_database_is_told_as_nothing_done(engine: Engine) -> None:
    with engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "START TRANSACTION")
        other.exec_driver_sql("UPDATE system_settings SET setting_value = '7'")
        began = time.monotonic()
        code, _ = carried_out(login(engine, 1.0), [SWITCH], {"value": "0", "key": "allow_long"})
        other.exec_driver_sql("ROLLBACK")
    assert code != 0
    assert time.monotonic() - began < 4
    assert values(engine)["allow_long"] == "1"


def test_a_step_does_its_transaction_as_the_settings_say(tmp_path: Path) -> None:
    engine = prepared(f"sqlite:///{tmp_path}/engine.db")
    config = tmp_path / "console.yaml"
    config.write_text(SETTINGS.format(url=engine.url))
    desk = Desk(tmp_path, config=config)
    drive = desk.start(BOOK)
    assert drive.go_on().standing is Standing.PASSED
    assert values(engine)["allow_long"] == "it's 0"
    assert drive.run.step("switch").output == "UPDATE: 1 rows\n"


@pytest.mark.parametrize(
    ("point", "state"), [("sql: before commit", State.FAILED), ("sql: after commit", State.PASSED)]
)
def test_a_transaction_whose_process_is_killed_is_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, state: State
) -> None:
    engine = prepared(f"sqlite:///{tmp_path}/engine.db")
    config = tmp_path / "console.yaml"
    config.write_text(SETTINGS.format(url=engine.url))
    desk = Desk(tmp_path, config=config)

    def is_switched(_told: Mapping[str, str]) -> Found:
        return desk.says("ready", values(engine)["allow_long"] == "it's 0")

    monkeypatch.setenv(VARIABLE, point)
    drive = desk.start(BOOK, checks={"ready": is_switched})
    drive.go_on()
    states = [step.state for step in desk.told if step.name == "switch"]
    assert states == [State.RUNNING, State.UNKNOWN, state]
    assert drive.run.step("switch").attempt == 1


def test_a_transaction_whose_connection_is_lost_may_have_been_done(mariadb_url: str) -> None:
    engine = prepared(mariadb_url)

    def kill_it() -> None:
        def sleeping() -> list[int]:
            with engine.connect() as other:
                rows = other.exec_driver_sql("SHOW PROCESSLIST").mappings().all()
            return [row["Id"] for row in rows if "SLEEP(30)" in str(row["Info"])]

        eventually(sleeping)
        with engine.connect() as other:
            other.exec_driver_sql(f"KILL {sleeping()[0]}")

    killer = threading.Thread(target=kill_it)
    killer.start()
    given = {"value": "0", "key": "allow_long"}
    code, told = carried_out(login(engine, 20.0), [SWITCH, "SELECT SLEEP(30)"], given)
    killer.join()
    assert (code, told) == (1, "the connection was lost: what it did isn't known")
    assert values(engine)["allow_long"] == "1"


def test_a_refused_transaction_says_why_and_was_no_attempt(tmp_path: Path) -> None:
    config = tmp_path / "console.yaml"
    config.write_text(SETTINGS.format(url=f"sqlite:///{tmp_path}/engine.db"))
    drive = Desk(tmp_path, config=config).start(BOOK)
    assert drive.go_on().next is Next.ASK
    step = drive.run.step("switch")
    assert (step.state, step.attempt) == (State.FAILED, 0)
    assert step.words == f"nothing was done: {tmp_path}/engine.db: no such database file"
