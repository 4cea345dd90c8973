"""Backups and restores while their console, their client program or the server itself is killed.

Whatever is killed when: no backup verifies that doesn't restore equal, and the book's tables are all old or
all new.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil
import pytest
from sqlalchemy import create_engine

from benchmarks.verify import fill
from console.actions.backup.create import Around, Means, create
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup, backups_in, remove
from console.actions.backup.put_back import KEPT, Side, put_back, side_of
from console.actions.backup.rehearse import rehearse, verify
from console.actions.database import Login, connected
from console.domain.clock import SystemClock
from console.paper import open_database
from tests.debian import NoServerError
from tests.mariadb import MariaDB, own_server
from tests.mariadb_programs import environment, programs

AROUND = Around("paper", "dana")
VICTIMS = ("console", "program", "server")


@dataclass
class Book:
    """A book on a server of its own, as it was backed up in `old`, and as it is in `new`."""

    server: MariaDB
    login: Login
    folder: Path
    old: Backup = field(init=False)
    new: Backup = field(init=False)

    def __post_init__(self) -> None:
        self.old = create(self.login, self.folder / "old", AROUND, means())
        with connected(self.login) as connection:
            connection.exec_driver_sql("UPDATE futures_positions SET notes = 'later'")
            connection.exec_driver_sql("DELETE FROM futures_trades WHERE MOD(id, 3) = 0")
        self.new = create(self.login, self.folder / "new", AROUND, means())

    def side(self) -> Side:
        """Which book stands there: OLD is how it is before a round, as in `new`."""
        return side_of(self.login, self.new.manifest, self.old.manifest)


def means() -> Means:
    return Means(SystemClock(), programs, environment())


@pytest.fixture
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Book]:
    trades: int = request.param
    try:
        with own_server() as server:
            yield book_on(server, trades, tmp_path)
    except NoServerError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"CI needs MariaDB: {error}")
        pytest.skip(str(error))


def book_on(server: MariaDB, trades: int, folder: Path) -> Book:
    """A book of so many trades, with a backup of it from before a change and one from after it."""
    durable(server)
    url = server.url(server.create_database())
    open_database(url).dispose()
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        fill(connection, trades)
    engine.dispose()
    return Book(server, Login(url, timeout=20), folder)


def durable(server: MariaDB) -> None:
    """Have the server lose nothing that it has acknowledged, as an engine's does."""
    with connected(Login(server.url(""), timeout=20)) as connection:
        connection.exec_driver_sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1")


def killed(book: Book, work: Callable[[], object], victim: str, after: float) -> None:
    """Begin `work` in a process of its own, kill the victim some seconds `after`, and see it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    time.sleep(after)
    if victim == "server":
        book.server.kill()
    else:
        process = psutil.Process(child)
        clients = process.children()[:1]  # of two that load at once, one
        for each in [process] if victim == "console" else clients:
            each.kill()
    os.waitpid(child, 0)
    if victim == "server":
        book.server.start()
        durable(book.server)


def seconds_of(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def quietly(work: Callable[[], object]) -> Callable[[], None]:
    """The work, whose refusal is no failure of a test that kills what it needs."""

    def tried() -> None:
        try:
            work()
        except BackupError:
            os._exit(1)

    return tried


def campaign(book: Book, rounds: int, chance: Random) -> dict[Side, int]:
    """Kill one victim a round; how often which book stood there after a restore."""

    def backing_up() -> object:
        return create(book.login, book.folder / "tries", AROUND, means())

    def restoring() -> object:
        return put_back(book.old, book.login, means())

    backing_up_takes, restoring_takes = seconds_of(backing_up), seconds_of(restoring)
    put_back(book.new, book.login, means())
    stood = {Side.OLD: 0, Side.NEW: 0}
    for number in range(rounds):
        victim = VICTIMS[number % len(VICTIMS)]
        if number // len(VICTIMS) % 2:
            after = chance.uniform(0, 1.1 * backing_up_takes)
            killed(
                book,
                quietly(lambda: create(book.login, book.folder / "tries", AROUND, means())),
                victim,
                after,
            )
            check_backups(book)
        else:
            after = chance.uniform(0, 1.1 * restoring_takes)
            killed(book, quietly(restoring), victim, after)
            side = book.side()
            assert side is not Side.OTHER, f"round {number}: {victim} killed after {after:.3f} s"
            stood[side] += 1
            if side is Side.NEW:
                put_back(book.new, book.login, means())
            forget_kept(book)
    return stood


def check_backups(book: Book) -> None:
    """Every backup that is there verifies, and restores equal."""
    found, problems = backups_in(book.folder / "tries")
    assert problems == ()
    for each in found:
        assert verify(each, means()).checked.problems == ()
        assert rehearse(each, book.login, means(), lambda _login, _at: ())[1].problems == ()
        remove(each)


def forget_kept(book: Book) -> None:
    """What restores have kept is of no use to the next round."""
    with connected(book.login) as connection:
        for name in connection.exec_driver_sql("SHOW DATABASES").scalars().all():
            if str(name).startswith(KEPT):
                connection.exec_driver_sql(f"DROP DATABASE `{name}`")


@pytest.mark.parametrize("book", [1000], indirect=True)
def test_whatever_is_killed_the_book_is_old_or_new_and_backups_are_whole(book: Book) -> None:
    campaign(book, 6, Random(7))


@pytest.mark.campaign
@pytest.mark.parametrize("book", [100_000], indirect=True)
def test_two_hundred_kills_spread_over_backups_and_restores_of_a_large_book(book: Book) -> None:
    stood = campaign(book, 200, Random(1))
    assert min(stood.values()) > 0
