"""Restores of a real book on SQLite and MariaDB: all tables at once or none, whoever is killed when."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from console.actions.backup import scratch
from console.actions.backup.create import Around, Means, create
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup
from console.actions.backup.put_back import KEPT, Side, put_back, side_of
from console.actions.backup.scratch import RESTORING
from console.actions.database import Login, connected
from console.domain.clock import SystemClock
from tests.mariadb_programs import environment, programs
from tests.unit.audit.journals import in_child, killer
from tests.unit.runbooks.checks.healthy_book import healthy_book
from tests.waiting import eventually

AROUND = Around("paper", "dana")
AFTER = {"futures_positions": "notes", "futures_orders": "notes", "futures_trades": "symbol"}
"""What is changed after the backup, besides a trade that goes."""


def means() -> Means:
    return Means(SystemClock(), programs, environment())


@pytest.fixture
def login(database_url: str) -> Iterator[Login]:
    book = healthy_book(database_url)
    yield Login(database_url, timeout=10)
    book.database.dispose()
    if not database_url.startswith("sqlite"):
        with connected(Login(database_url, timeout=10)) as connection:
            for name in databases(connection):
                connection.exec_driver_sql(f"DROP DATABASE `{name}`")


def databases(connection: object) -> list[str]:
    found = connection.exec_driver_sql("SHOW DATABASES").scalars()  # type: ignore[attr-defined]
    return [str(name) for name in found if str(name).startswith((KEPT, RESTORING))]


@pytest.fixture
def made(login: Login, tmp_path: Path) -> Backup:
    """A backup of the book, which then goes on."""
    made = create(login, tmp_path / "backups", AROUND, means())
    with connected(login) as connection:
        for table, column in AFTER.items():
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = 'after'")
        last = connection.exec_driver_sql("SELECT MAX(id) FROM futures_trades").scalar()
        connection.exec_driver_sql(f"DELETE FROM futures_trades WHERE id = {last}")
        connection.exec_driver_sql("UPDATE system_settings SET setting_value = '0'")
    return made


@pytest.fixture
def now(made: Backup, login: Login, tmp_path: Path) -> Backup:
    """The book as it is before a restore, backed up too."""
    return create(login, tmp_path / "now", AROUND, means())


def asked(login: Login, question: str) -> object:
    with connected(login) as connection:
        return connection.execute(text(question)).scalar()


def test_the_tables_are_the_backups_and_the_old_ones_are_kept(
    login: Login, made: Backup, now: Backup
) -> None:
    trades = asked(login, "SELECT COUNT(*) FROM futures_trades")
    kept = put_back(made, login, means())
    assert side_of(login, now.manifest, made.manifest) is Side.NEW
    assert asked(login, "SELECT COUNT(*) FROM futures_trades") == made.manifest.tables["futures_trades"].rows
    there = f"{kept}_futures_trades" if login.url.startswith("sqlite") else f"{kept}.futures_trades"
    assert asked(login, f"SELECT COUNT(*) FROM {there} WHERE symbol = 'after'") == trades


def test_no_switch_that_stops_trading_is_set_back(login: Login, made: Backup, now: Backup) -> None:
    put_back(made, login, means())
    assert asked(login, "SELECT MAX(setting_value) FROM system_settings") == "0"


POINTS = {
    "mariadb": ("loaded", "verified", "kept", "exchanged"),
    "sqlite": ("loaded", "written futures_positions", "written futures_trades", "verified", "exchanged"),
}


@pytest.mark.parametrize(
    ("database_url", "place"),
    [
        *(("sqlite", place) for place in range(5)),
        *(("mariadb", place) for place in (2, 3)),
        *(pytest.param("mariadb", place, marks=pytest.mark.campaign) for place in (0, 1)),
    ],
    indirect=["database_url"],
)
def test_whoever_is_killed_leaves_all_tables_old_or_all_new(
    login: Login, made: Backup, now: Backup, place: int
) -> None:
    points = POINTS["sqlite" if login.url.startswith("sqlite") else "mariadb"]
    ended = in_child(lambda: put_back(made, login, means(), killer(points[place])))
    assert ended == -signal.SIGKILL
    wanted = Side.NEW if points[place] == "exchanged" else Side.OLD
    assert side_of(login, now.manifest, made.manifest) is wanted
    put_back(made, login, means())  # and it can be done again
    assert side_of(login, now.manifest, made.manifest) is Side.NEW


def test_what_is_loaded_otherwise_than_the_manifest_says_replaces_nothing(
    login: Login, made: Backup, now: Backup
) -> None:
    lying = replace(made, manifest=replace(made.manifest, tables=now.manifest.tables))
    with pytest.raises(BackupError, match="were wanted"):
        put_back(lying, login, means())
    assert side_of(login, now.manifest, made.manifest) is Side.OLD
    if not login.url.startswith("sqlite"):
        with connected(login) as connection:
            assert databases(connection) == []


def test_what_a_kill_left_and_somebody_reads_is_waited_for_no_longer_than_a_moment(
    login: Login, made: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    if login.url.startswith("sqlite"):
        pytest.skip("a kill leaves no database there")
    monkeypatch.setattr(scratch, "_LOCK_WAIT", 1)
    left = f"{RESTORING}left"
    with connected(login) as reader:
        reader.exec_driver_sql(f"CREATE DATABASE `{left}`")
        reader.exec_driver_sql(f"CREATE TABLE `{left}`.it (id INT) ENGINE=InnoDB")
        reader.exec_driver_sql("START TRANSACTION")
        reader.exec_driver_sql(f"SELECT * FROM `{left}`.it").all()
        with pytest.raises(BackupError, match=f"somebody has used {left} for 1 s"):
            put_back(made, login, means())
    put_back(made, login, means())


def test_tables_that_something_hangs_on_are_refused(login: Login, made: Backup, now: Backup) -> None:
    if login.url.startswith("sqlite"):
        pytest.skip("no table is moved on SQLite")
    with connected(login) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER counted AFTER INSERT ON futures_trades FOR EACH ROW SET @counted = 1"
        )
    with pytest.raises(BackupError, match="the trigger counted hangs on the tables"):
        put_back(made, login, means())
    assert side_of(login, now.manifest, made.manifest) is Side.OLD


def test_of_a_server_no_more_is_held_open_while_a_book_is_loaded_than_what_keeps_others_away(
    login: Login, made: Backup
) -> None:
    if login.url.startswith("sqlite"):
        pytest.skip("a file has no connections")
    held = (
        "SELECT COUNT(*) FROM information_schema.processlist"
        " WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command <> 'Killed'"
    )
    before = int(str(asked(login, held)))

    def look(name: str) -> None:
        if name == "loaded":
            eventually(lambda: asked(login, held) == before + 1)

    put_back(made, login, means(), look)


def test_whether_an_engine_lives_is_asked_once_nothing_that_takes_long_is_left(
    login: Login, made: Backup, now: Backup
) -> None:
    if login.url.startswith("sqlite"):
        pytest.skip("a file is written in the transaction in which it is asked")
    held = (
        "SELECT COUNT(*) FROM information_schema.processlist"
        " WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command <> 'Killed'"
    )
    before = int(str(asked(login, held)))

    def still() -> None:
        eventually(lambda: asked(login, held) == before + 2)  # what keeps others away, and what exchanges
        raise BackupError("engine: it lives")

    with pytest.raises(BackupError, match="engine: it lives"):
        put_back(made, login, means(), still=still)
    assert side_of(login, now.manifest, made.manifest) is Side.OLD
