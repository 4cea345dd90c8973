"""A database that stops, refuses, is slow, or is older than the console."""

import asyncio
import os
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from console.domain.clock import SystemClock
from console.domain.reading import Health
from console.domain.severity import Severity
from console.paper.store import open_database
from console.sources.database import DatabaseSource
from console.sources.errors import SourceError
from tests.faults.contexts import database, monitor_of, source_until, until
from tests.mariadb import MariaDB, own_server
from tests.waiting import DEADLINE, eventually
from tests.watching import watching


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDB]:
    with own_server() as running:
        yield running


@pytest.fixture
def books(server: MariaDB) -> str:
    """The URL of a database with the engine's tables on a server of this module's own."""
    url = server.url(server.create_database())
    open_database(url).dispose()
    return url


async def test_a_stopped_server_is_stale_with_its_cause_while_everything_else_goes_on(
    server: MariaDB, books: str, tmp_path: Path
) -> None:
    (tmp_path / "flags.yaml").write_text("features: {}\n")
    monitor = monitor_of(tmp_path, database(books), "flags_file: flags.yaml")
    async with watching(monitor):
        await source_until(monitor, "database", lambda source: source.health is Health.FRESH)
        server.pause()
        try:
            stale = await source_until(
                monitor,
                "database",
                lambda source: source.health is Health.STALE and source.cause not in (None, "no answer yet"),
            )
            assert stale.cause is not None and stale.cause.startswith("no answer ")
            assert {s.severity for s in monitor.assessment().accounts} == {Severity.UNKNOWN}
            assert await _least_held_up() < 0.4  # the database's time-out is 0.5 s
            await source_until(monitor, "flags", lambda source: source.health is Health.FRESH)
        finally:
            server.resume()
        await source_until(monitor, "database", lambda source: source.health is Health.FRESH)


async def _least_held_up() -> float:
    """How long the event loop was held up in the best of some seconds; who waits for a server, is in each."""
    least = await _held_up(1.0)
    for _ in range(4):
        least = least if least < 0.4 else min(least, await _held_up(1.0))
    return least


async def _held_up(seconds: float) -> float:
    """By how much the longest pause of the event loop was longer than that of a thread beside it, seconds.

    A busy machine holds up both.
    """
    beside = asyncio.create_task(asyncio.to_thread(_longest_pause, seconds))
    longest, end = 0.0, time.monotonic() + seconds
    while (before := time.monotonic()) < end:
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - before)
    return longest - await beside


def _longest_pause(seconds: float) -> float:
    longest, end = 0.0, time.monotonic() + seconds
    while (before := time.monotonic()) < end:
        time.sleep(0.01)
        longest = max(longest, time.monotonic() - before)
    return longest


async def test_a_database_without_coin_margin_degrades_only_that_and_recovers(
    database_url: str, tmp_path: Path
) -> None:
    engine = open_database(database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX idx_coin_margin" + _of_table(database_url)))
        connection.execute(text("ALTER TABLE futures_positions DROP COLUMN coin_margin"))
    monitor = monitor_of(tmp_path, database(database_url))
    async with watching(monitor):
        degraded = await until(monitor, lambda now: now.source("database").health is Health.FRESH)
        assert "futures_positions.coin_margin: no such column" in [a.summary for a in degraded.alerts]
        assert len(degraded.accounts) == 2
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE futures_positions ADD COLUMN coin_margin INTEGER DEFAULT 0"))
        await until(monitor, lambda now: not any(alert.name == "database" for alert in now.alerts))
    engine.dispose()


async def test_a_missing_table_costs_its_own_part(database_url: str, tmp_path: Path) -> None:
    engine = open_database(database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE futures_trades"))
    engine.dispose()
    monitor = monitor_of(tmp_path, database(database_url))
    await monitor.look_once()
    books = monitor.snapshot().database.value
    assert books is not None
    assert (books.trades, books.orders, books.missing) == (None, (), ("futures_trades: no such table",))


def _of_table(url: str) -> str:
    return "" if url.startswith("sqlite") else " ON futures_positions"


def test_the_server_names_itself(books: str) -> None:
    identity = DatabaseSource(books, clock=SystemClock(), timeout=5).read().value.identity
    assert (identity.product, identity.host, identity.read_only) == ("MariaDB", os.uname().nodename, False)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda url: url.rpartition("/")[0] + "/nowhere", "the server has no such database"),
        (lambda url: url.replace("//", "//nobody_known:x@", 1).replace("root:@", ""), "access denied"),
        (lambda url: f"mysql+pymysql://root@127.0.0.1:1/{url.rpartition('/')[2]}", "connection refused"),
    ],
)
def test_a_server_that_refuses_says_why_without_the_url(books: str, change: object, cause: str) -> None:
    url = change(books)  # type: ignore[operator]
    if url.count("@") > 1:
        url = "mysql+pymysql://nobody_known:x@" + books.rpartition("@")[2]
    with pytest.raises(SourceError, match=cause) as caught:
        DatabaseSource(url, clock=SystemClock(), timeout=2).read()
    assert "pymysql" not in str(caught.value)


def test_a_statement_that_takes_too_long_is_ended_on_the_server(books: str) -> None:
    source = DatabaseSource(books, clock=SystemClock(), timeout=1.0)
    source.read()
    locker = create_engine(books)
    with locker.connect() as connection:
        connection.exec_driver_sql("LOCK TABLES futures_positions WRITE")
        with pytest.raises(SourceError, match=r"no answer within 1 s"):
            source.read()
        waiting = (
            "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%%futures_positions%%'"
            " AND state LIKE 'Waiting%%'"
        )
        eventually(lambda: connection.exec_driver_sql(waiting).scalar() == 0)
        connection.exec_driver_sql("UNLOCK TABLES")
    locker.dispose()
    assert source.read().value.positions == ()


def test_a_cancelled_statement_is_killed_on_the_server_at_once(books: str) -> None:
    source = DatabaseSource(books, clock=SystemClock(), timeout=60)
    source.read()
    locker = create_engine(books)
    with locker.connect() as connection:
        connection.exec_driver_sql("LOCK TABLES futures_positions WRITE")
        canceller = threading.Timer(0.5, source.cancel)
        canceller.start()
        began = time.monotonic()
        with pytest.raises(SourceError, match="no answer within"):
            source.read()
        assert time.monotonic() - began < DEADLINE
        canceller.join()
    locker.dispose()


def test_a_sqlite_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"paper\.db: no such database file"):
        DatabaseSource(f"sqlite:///{tmp_path / 'paper.db'}", clock=SystemClock(), timeout=1).read()


def test_reading_never_writes(sqlite_url: str, tmp_path: Path) -> None:
    open_database(sqlite_url).dispose()
    (tmp_path / "paper.db").chmod(0o400)
    assert DatabaseSource(sqlite_url, clock=SystemClock(), timeout=1).read().value.accounts is not None


def test_a_password_may_hold_any_character(server: MariaDB, books: str) -> None:
    admin = create_engine(books)
    with admin.begin() as connection:
        connection.exec_driver_sql("CREATE USER IF NOT EXISTS 'euro'@'%%' IDENTIFIED BY 'ps€é'")
        connection.exec_driver_sql("GRANT ALL ON *.* TO 'euro'@'%%'")
    admin.dispose()
    url = make_url(books).set(username="euro").render_as_string(hide_password=False)
    read = DatabaseSource(url, clock=SystemClock(), timeout=5, password="ps€é").read()
    assert read.value.accounts is not None
    with pytest.raises(SourceError, match=r"^access denied: wrong user or password$"):
        DatabaseSource(url, clock=SystemClock(), timeout=5, password="ps€").read()


def test_a_zero_date_costs_nothing_but_itself(books: str) -> None:
    admin = create_engine(books)
    with admin.begin() as connection:
        connection.exec_driver_sql("SET SESSION sql_mode = ''")
        connection.exec_driver_sql(
            "INSERT INTO futures_trades (account_id, order_id, trade_id, symbol, side, price, quantity,"
            " notional_value, trade_time) VALUES (2, 'o', 'zero', 'X', 'OPEN_LONG', 1, 1, 1, '0000-00-00')"
        )
    read = DatabaseSource(books, clock=SystemClock(), timeout=5).read().value
    with admin.begin() as connection:
        connection.exec_driver_sql("DELETE FROM futures_trades WHERE trade_id = 'zero'")
    admin.dispose()
    assert read.trades is not None
    assert [(trade.id, trade.at) for trade in read.trades] == [("zero", None)]
    assert len(read.missing) == 1
    assert read.missing[0].startswith("futures_trades.trade_time: '0000-00-00 00:00:00")


@pytest.mark.parametrize("host", ["10.0.0.9", "db.example", ""])
def test_tls_is_verified_off_loopback(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def connect(**arguments: object) -> None:
        asked.append(arguments)
        raise OSError("far away")

    monkeypatch.setattr("pymysql.connect", connect)
    with pytest.raises(SourceError):
        DatabaseSource(f"mysql://ops@{host}/x", clock=SystemClock(), timeout=1, password="ä€").read()
    context = asked[0]["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert asked[0]["password"] == "ä€".encode()
