"""The trading switches of a real database, switched off and read back."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select as select_ready

import pytest
from sqlalchemy import Engine, create_engine, delete, select, update
from sqlalchemy.pool import NullPool

from console import schema
from console.actions.faults import VARIABLE
from console.actions.kill import switches
from console.actions.kill.actuator import Act, Answer, Order, Scope
from console.actions.kill.database import DatabaseSwitches
from console.domain.clock import SystemClock
from tests.debian import NoServerError
from tests.integration.trading_switches import prepared, values
from tests.mariadb import MariaDB, own_server

CLOCK = SystemClock()
ORDER = Order("test", by="opsconsole alice")
STAMP = r"opsconsole alice 20\d{6}T\d{6}\.\d{3}"


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """A database whose switches are all on."""
    engine = prepared(database_url)
    yield engine
    engine.dispose()


def test_every_switch_is_off_and_says_who_did_it(database: Engine) -> None:
    answer = _switches(database).fire(ORDER)
    on = ", ".join(f"{key}=1" for key in schema.TRADING_SWITCHES)
    assert set(values(database).values()) == {"0"}
    with database.connect() as connection:
        (stamp,) = set(connection.scalars(select(schema.settings.c.updated_by)))
    assert re.fullmatch(STAMP, stamp)
    found = {f"{key} {stamp}": "1" for key in schema.TRADING_SWITCHES}
    assert answer == Answer(Act.DONE, "set to 0", on, on.replace("=1", "=0"), found)


@pytest.mark.parametrize(
    ("scope", "key"),
    [(Scope.USDM, "u_futures_trading_enabled"), (Scope.COIN, "coin_futures_trading_enabled")],
)
def test_one_accounts_switch_leaves_the_others(database: Engine, scope: Scope, key: str) -> None:
    assert _switches(database).fire(Order("x", scope)).act is Act.DONE
    assert {name for name, value in values(database).items() if value == "0"} == {key}


def test_a_switch_that_is_missing_is_inserted(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(delete(schema.settings).where(schema.settings.c.setting_key == "allow_long"))
    answer = _switches(database).fire(ORDER)
    assert answer.act is Act.DONE
    assert answer.before is not None
    assert "allow_long missing" in answer.before
    assert values(database)["allow_long"] == "0"


def test_a_switch_without_a_value_is_set(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(update(schema.settings).values(setting_value=None))
    assert _switches(database).fire(ORDER).act is Act.DONE
    assert set(values(database).values()) == {"0"}


def test_switches_that_others_have_set_off_are_left(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(update(schema.settings).values(setting_value="0", updated_by="bob"))
    answer = _switches(database).fire(ORDER)
    assert (answer.words, answer.found) == ("was off already", {})
    with database.connect() as connection:
        assert set(connection.scalars(select(schema.settings.c.updated_by))) == {"bob"}


def test_switches_that_another_trip_has_set_off_get_the_stamp_of_the_later_one(database: Engine) -> None:
    _switches(database).fire(ORDER)
    answer = _switches(database).fire(Order("again", by="opsconsole bob"))
    assert answer.words == "was off already"
    assert all(before and re.fullmatch(STAMP, before) for before in answer.found.values())
    with database.connect() as connection:
        (stamp,) = set(connection.scalars(select(schema.settings.c.updated_by)))
    assert stamp.startswith("opsconsole bob ")


def test_an_older_table_without_the_columns_of_who_and_when_will_do(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE system_settings (setting_key VARCHAR(100) PRIMARY KEY, setting_value TEXT)"
        )
    assert _switches(engine).fire(ORDER).act is Act.DONE
    assert set(values(engine).values()) == {"0"}


def test_a_change_underneath_is_noticed_and_taken_into_account(
    mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = prepared(mariadb_url)  # on SQLite BEGIN IMMEDIATE keeps others out
    read = switches.read
    meddled: list[int] = []

    def meddle(*arguments: object) -> switches.Switches:
        found = read(*arguments)  # type: ignore[arg-type]
        if not meddled:
            meddled.append(1)
            with database.begin() as connection:
                connection.execute(update(schema.settings).values(setting_value="yes"))
        return found

    monkeypatch.setattr(switches, "read", meddle)
    answer = _switches(database).fire(ORDER)
    assert answer.act is Act.DONE
    assert answer.before is not None
    assert answer.before.startswith("u_futures_trading_enabled=yes")
    assert set(values(database).values()) == {"0"}


def test_a_table_that_is_missing_is_told(database_url: str) -> None:
    create_engine(database_url, poolclass=NullPool).connect().close()
    answer = DatabaseSwitches(database_url, CLOCK).fire(ORDER)
    assert answer.act is Act.FAILED
    assert "system_settings" in answer.words


def test_another_server_than_the_one_that_was_named_is_left_alone(database: Engine) -> None:
    answer = _switches(database, server="prod-db-1").fire(ORDER)
    assert answer.act is Act.REFUSED
    assert answer.words.endswith(", not prod-db-1: left alone")
    assert set(values(database).values()) == {"1"}


def test_a_file_that_is_missing_is_not_made(tmp_path: Path) -> None:
    answer = DatabaseSwitches(f"sqlite:///{tmp_path}/no.db", CLOCK).fire(ORDER)
    assert answer == Answer(Act.FAILED, f"{tmp_path}/no.db: no such database file")
    assert not (tmp_path / "no.db").exists()


def test_a_database_that_others_keep_locked_is_told_in_time(sqlite_url: str) -> None:
    engine = prepared(sqlite_url)
    with sqlite3.connect(engine.url.database or "", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = _switches(engine, timeout=0.2).fire(ORDER)
        other.execute("ROLLBACK")
    other.close()
    assert answer == Answer(Act.FAILED, "database is locked")


def test_rows_that_others_keep_locked_are_told_in_time_and_left(mariadb_url: str) -> None:
    engine = prepared(mariadb_url)
    with engine.connect() as other:
        other.execute(update(schema.settings).values(setting_value="1", updated_by="other"))
        answer = _switches(engine, timeout=1.0).fire(ORDER)
        other.rollback()
    assert answer.act is Act.FAILED
    assert answer.words.startswith("broke off: no answer within 1 s; read back: u_futures_trading_enabled=1")


def test_a_password_is_in_no_words_and_no_repr(mariadb_url: str) -> None:
    secret = "correct-horse"
    actuator = DatabaseSwitches(mariadb_url, CLOCK, password=secret)
    assert secret not in repr(actuator)
    answer = actuator.fire(ORDER)
    assert answer == Answer(Act.FAILED, "access denied: wrong user or password")


@pytest.fixture(scope="module")
def own() -> Iterator[MariaDB]:
    """A server that a test may stop and kill."""
    try:
        with own_server() as running:
            yield running
    except NoServerError as error:
        pytest.skip(str(error))


def test_a_server_that_stands_still_is_given_up_at_the_deadline(own: MariaDB) -> None:
    engine = prepared(own.url(own.create_database()))
    own.pause()
    began = time.monotonic()
    answer = _switches(engine, timeout=0.5).fire(ORDER)
    own.resume()
    assert answer.act is Act.FAILED
    assert answer.words == "no answer within 0.5 s"
    assert time.monotonic() - began < 8  # a connection takes ten seconds by itself


def test_a_connection_lost_before_the_commit_is_read_back_and_nothing_is_repeated(
    mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = prepared(mariadb_url)
    points: list[str] = []

    def cut(name: str) -> None:
        points.append(name)
        if name == "database: before commit":
            _cut_others(engine)

    monkeypatch.setattr(switches, "point", cut)
    answer = _switches(engine).fire(ORDER)
    assert answer.act is Act.FAILED
    assert answer.words.startswith("broke off: ")
    assert "; read back: u_futures_trading_enabled=1, " in answer.words
    assert points.count("database: before commit") == 1
    assert set(values(engine).values()) == {"1"}


def test_a_commit_whose_answer_is_lost_is_read_back_and_nothing_is_repeated(own: MariaDB) -> None:
    engine = prepared(
        own.url(own.create_database())
    )  # without TLS, so that the commit can be seen on its way
    with _losing_the_answer(engine.url.port or 3306, b"\x03COMMIT") as (port, commits):
        url = engine.url.set(port=port).render_as_string(hide_password=False)
        answer = DatabaseSwitches(url, CLOCK, timeout=2).fire(ORDER)
    assert answer.act is Act.DONE
    assert answer.words == "broke off: the connection was lost; read back: all off"
    assert len(commits) == 1
    assert set(values(engine).values()) == {"0"}


def test_a_server_that_is_gone_after_the_write_leaves_it_unknown(
    own: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = prepared(own.url(own.create_database()))
    monkeypatch.setattr(switches, "point", lambda name: own.kill() if name.endswith("after commit") else None)
    answer = _switches(engine).fire(ORDER)
    own.start()
    assert answer.act is Act.UNKNOWN
    assert answer.words == "set to 0; can't be read back: connection refused"


@pytest.mark.parametrize("step", ["before write", "after write", "before commit", "after commit"])
def test_killed_at_any_step_the_switches_are_all_on_or_all_off(sqlite_url: str, step: str) -> None:
    engine = prepared(sqlite_url)
    source = (
        "import sys; from console.actions.kill.database import DatabaseSwitches\n"
        "from console.actions.kill.actuator import Order; from console.domain.clock import SystemClock\n"
        "DatabaseSwitches(sys.argv[1], SystemClock()).fire(Order('x'))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", source, sqlite_url],
        env={**os.environ, VARIABLE: f"database: {step}"},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert set(values(engine).values()) == {"0" if step == "after commit" else "1"}


def _cut_others(engine: Engine) -> None:
    """Have the server drop every other connection to this database."""
    with engine.connect() as connection:
        mine = connection.exec_driver_sql("SELECT connection_id()").scalar()
        others = connection.exec_driver_sql(
            "SELECT id FROM information_schema.processlist WHERE db = database()"
        ).scalars()
        for other in others.all():
            if other != mine:
                connection.exec_driver_sql(f"KILL {other}")


@contextmanager
def _losing_the_answer(server: int, statement: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A way to `server` on which `statement` arrives, and its answer doesn't: the line is cut instead."""
    sent: list[bytes] = []

    def pass_on(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", server)) as upstream:
            while True:
                for ready in select_ready([client, upstream], [], [], 10)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is upstream:
                        client.sendall(data)
                        continue
                    upstream.sendall(data)
                    if statement in data:
                        sent.append(data)
                        upstream.recv(65536)
                        return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=pass_on, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], sent


def _switches(engine: Engine, *, server: str | None = None, timeout: float = 2.0) -> DatabaseSwitches:
    url = engine.url.render_as_string(hide_password=False)
    return DatabaseSwitches(url, CLOCK, server=server, timeout=timeout)
