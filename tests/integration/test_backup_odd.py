"""Backups of odd books, by odd programs, beside others at work: whole, or refused with nothing left."""

import gzip
import shlex
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url

from console.actions.backup import create as making
from console.actions.backup import lanes
from console.actions.backup import put_back as putting
from console.actions.backup.copy_file import found_copy
from console.actions.backup.create import Means, create
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup
from console.actions.backup.programs import Programs
from console.actions.backup.put_back import KEPT, put_back, side_of
from console.actions.backup.rehearse import rehearse
from console.actions.backup.scratch import RESTORING
from console.actions.database import Login, connected
from console.domain.backup_progress import Progress
from console.domain.clock import SystemClock
from console.host_lock import host_lock
from tests.integration.odd_books import AROUND, MEANS, book_at, do, nothing_left
from tests.mariadb import Databases
from tests.mariadb_programs import programs
from tests.unit.actions.people import Wall


@pytest.fixture
def login(mariadb_url: str) -> Iterator[Login]:
    login = book_at(mariadb_url)
    yield login
    for name in places(login):
        do(login, f"DROP DATABASE `{name}`")


@pytest.fixture
def file(tmp_path: Path) -> Login:
    return replace(book_at(f"sqlite:///{tmp_path / 'books.db'}"), timeout=0.3)


def asked(connection: Connection, question: str) -> object:
    return connection.exec_driver_sql(question).scalar()


def places(login: Login) -> list[str]:
    with connected(login) as connection:
        found = connection.exec_driver_sql("SHOW DATABASES").scalars()
        return [str(name) for name in found if str(name).startswith((KEPT, RESTORING))]


def restored_equal(login: Login, folder: Path, means: Means = MEANS) -> Backup:
    made = create(login, folder, AROUND, means)
    assert rehearse(made, login, means, lambda _login, _at: ())[1].problems == ()
    put_back(made, login, means)
    assert side_of(login, made.manifest, made.manifest) is putting.Side.NEW
    return made


def script(folder: Path, name: str, lines: str) -> tuple[str, ...]:
    """A program that does `lines` of shell in the place of one of the database's."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{lines}\n")
    file.chmod(0o700)
    return (str(file),)


def noting(folder: Path) -> Means:
    """Programs that leave in `folder` what arguments they were given."""
    ours = programs()
    noted = f"tr '\\0' ' ' </proc/$$/cmdline >>{shlex.quote(str(folder / 'arguments'))}\n"
    dump, client = (f'exec {shlex.quote(each[0])} "$@"' for each in (ours.dump, ours.client))
    wrapped = Programs(script(folder, "dump", noted + dump), script(folder, "client", noted + client))
    return replace(MEANS, programs=lambda: wrapped)


@pytest.mark.parametrize("password", ["pa\"ss'\\\\n \\s", " #[client];=é密 ", "back\\"])
def test_any_password_reaches_the_programs_and_no_argument_or_file(
    login: Login, tmp_path: Path, password: str
) -> None:
    written = password.replace("\\", "\\\\").replace("'", "\\'")
    made_user = (f"CREATE USER odd IDENTIFIED BY '{written}'", "GRANT ALL ON *.* TO odd")
    do(login, "DROP USER IF EXISTS odd", *made_user)
    named = Login(
        make_url(login.url)._replace(username="odd", password=None).render_as_string(), 10, password
    )
    means = noting(tmp_path)
    made = create(named, tmp_path / "backups", AROUND, means)
    assert rehearse(made, named, means, lambda _login, _at: ())[1].problems == ()
    noted = (tmp_path / "arguments").read_text()
    assert noted.count("--defaults-file=/dev/fd/") == 2
    left = noted + "".join(each.read_text("latin-1") for each in (tmp_path / "backups").iterdir())
    assert password not in left
    assert "odd" not in noted


def test_columns_of_every_kind_come_back_equal_through_two_clients(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "LARGE", 0)
    more = (
        "g INT AS (leverage * 2) VIRTUAL", "s INT AS (leverage * 3) STORED", "b LONGBLOB", "v VARBINARY(9)",
        "l VARCHAR(9) CHARACTER SET latin1", "d DECIMAL(65, 30)", "n DOUBLE", "t TIMESTAMP NULL", "f BIT(8)",
        "j JSON", "c VARCHAR(9) COLLATE utf8mb4_bin", "e ENUM('a', 'b')", "`o``dd%%` INT",
        "`two words` INT", "```a b``` INT", "u VARCHAR(9) COLLATE utf8mb4_unicode_ci",
    )  # fmt: skip
    do(
        login,
        f"ALTER TABLE futures_trades {', '.join(f'ADD COLUMN {each}' for each in more)}",
        "UPDATE futures_trades SET b = UNHEX('00FF0A0D5C271A'), v = UNHEX('FFFE00'), l = 'é',"
        " n = 0.1e0 + 0.2e0,"
        f" d = -{'9' * 35}.{'9' * 30}, t = '2026-10-25 01:30:00', f = b'101', j = '[1]', c = 'x  ', e = 'b'",
        "UPDATE futures_trades SET `two words` = id, u = 'ü'",
        "UPDATE futures_positions SET notes = CONCAT('a\\r\\n\\\\! exit\\n', CHAR(0), '😀')",
    )
    means = noting(tmp_path)
    restored_equal(login, tmp_path / "backups", means)
    assert (tmp_path / "arguments").read_text().count("client ") == 4


def test_a_dump_that_does_not_name_its_tables_is_loaded_by_one_client(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "LARGE", 0)
    ours, noted = programs(), noting(tmp_path)
    bare = replace(MEANS, programs=lambda: replace(ours, dump=(*ours.dump, "--compact")))
    made = create(login, tmp_path / "backups", AROUND, bare)
    lines = gzip.decompress(made.file.read_bytes()).splitlines(keepends=True)
    named = [line for line in lines if line.startswith(b"-- Table structure")]
    assert len(named) == len(made.manifest.columns)  # it names them whatever the settings' own options say
    made.file.write_bytes(gzip.compress(b"".join(line for line in lines if line not in named)))
    believed = replace(made, manifest=replace(made.manifest, copy=found_copy(made.file)))
    assert rehearse(believed, login, noted, lambda _login, _at: ())[1].problems == ()
    assert (tmp_path / "arguments").read_text().count("client ") == 1


def test_one_of_two_clients_that_fails_ends_the_other_and_nothing_is_left(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create(login, tmp_path / "backups", AROUND, MEANS)
    monkeypatch.setattr(lanes, "LARGE", 0)
    first, process = (shlex.quote(str(tmp_path / name)) for name in ("first", "process"))
    waits = f"echo $$ >{process}; exec sleep 60"
    fails = f"while ! [ -s {process} ]; do sleep 0.01; done; echo ERROR 1: no >&2; exit 1"
    client = script(tmp_path, "client", f"if mkdir {first} 2>&-; then {waits}; else {fails}; fi")
    odd = replace(MEANS, programs=lambda: replace(programs(), client=client))
    with pytest.raises(BackupError, match="client: ERROR 1: no"):
        put_back(made, login, odd)
    assert not Path("/proc", (tmp_path / "process").read_text().strip()).exists()
    assert places(login) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["ALTER TABLE futures_trades ENGINE = MyISAM"], "futures_trades is kept by MyISAM"),
        (
            ["ALTER TABLE futures_trades RENAME moved", "CREATE VIEW futures_trades AS SELECT * FROM moved"],
            "futures_trades is a view",
        ),
    ],
)
def test_only_tables_of_which_a_snapshot_can_be_taken_are_backed_up(
    login: Login, tmp_path: Path, changes: list[str], words: str
) -> None:
    do(login, *changes)
    with pytest.raises(BackupError, match=words):
        create(login, tmp_path / "backups", AROUND, MEANS)
    assert nothing_left(tmp_path / "backups")


def test_a_table_that_an_older_schema_lacks_or_a_view_upon_one_is_no_hindrance(
    login: Login, tmp_path: Path
) -> None:
    do(login, "DROP TABLE futures_orders", "DELETE FROM futures_trades")
    do(login, "CREATE VIEW extra AS SELECT * FROM futures_trades")
    assert "futures_orders" not in restored_equal(login, tmp_path / "backups").manifest.tables


def test_a_database_s_name_may_hold_what_quotes_names(mariadb: Databases, tmp_path: Path) -> None:
    mariadb._execute("CREATE DATABASE `o``dd-'\"` CHARACTER SET utf8mb4")
    login = book_at(make_url(mariadb.url("")).set(database="o`dd-'\"").render_as_string(hide_password=False))
    try:
        restored_equal(login, tmp_path / "backups")
    finally:
        mariadb._execute("DROP DATABASE `o``dd-'\"`")
        for name in places(Login(mariadb.url(""), timeout=10)):
            mariadb.drop_database(name)


@pytest.mark.parametrize("kind", ["login", "file"])
def test_a_number_that_was_given_since_the_backup_is_not_given_again(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    where: Login = request.getfixturevalue(kind)

    def next_trade(name: str) -> int:
        do(
            where,
            "INSERT INTO futures_trades (account_id, order_id, trade_id, symbol, side, price, quantity,"
            f" notional_value) VALUES (1, 'o', '{name}', 'BTC/USDT', 'OPEN_LONG', '1', '1', '1')",
        )
        with connected(where) as connection:
            return int(str(asked(connection, "SELECT MAX(id) FROM futures_trades")))

    made = create(where, tmp_path / "backups", AROUND, MEANS)
    last = [next_trade(f"t{number}") for number in range(3)][-1]
    put_back(made, where, MEANS)
    assert next_trade("after") == last + 1


def test_a_foreign_key_of_another_database_is_not_torn_off(
    login: Login, mariadb: Databases, tmp_path: Path
) -> None:
    made = create(login, tmp_path / "backups", AROUND, MEANS)
    other = mariadb.create_database()
    try:
        do(
            login,
            f"CREATE TABLE `{other}`.audited (position BIGINT, FOREIGN KEY (position)"
            f" REFERENCES `{make_url(login.url).database}`.futures_positions (id))",
        )
        with pytest.raises(BackupError, match=r"the foreign key .* hangs on the tables"):
            put_back(made, login, MEANS)
    finally:
        mariadb.drop_database(other)


def test_whoever_still_uses_the_tables_keeps_them_and_nothing_is_left(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(putting, "_RENAME_WAIT", 1)
    made = create(login, tmp_path / "backups", AROUND, MEANS)
    with connected(login) as user:
        user.exec_driver_sql("START TRANSACTION")
        asked(user, "SELECT COUNT(*) FROM futures_trades")
        with pytest.raises(BackupError, match="somebody has used the tables for 1 s"):
            put_back(made, login, MEANS)
    assert places(login) == []


SLOW = 'sleep 2; exec {dump} "$@"'
HALF = '{dump} "$@" | head -c 9000'
FAILING = "{dump} \"$@\" | head -c 9000; echo 'Lost connection' >&2; exit 3"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (SLOW, "the dump had not begun after 1 s"),
        (HALF, "the dump's program has ended before the dump"),
        (FAILING, "dump: Lost connection"),
        ("exit 0", "the dump's program has written no table"),
        ("echo hello", "the dump's program has written no table"),
    ],
)
def test_a_dump_that_is_none_is_refused_and_nothing_is_left(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, words: str
) -> None:
    monkeypatch.setattr(making, "HELD_MOST", 1)
    ours = programs()
    dump = script(tmp_path, "dump", lines.format(dump=shlex.quote(ours.dump[0])))
    means = replace(MEANS, programs=lambda: replace(ours, dump=dump))
    with pytest.raises(BackupError, match=words):
        create(login, tmp_path / "backups", AROUND, means)
    assert nothing_left(tmp_path / "backups")
    do(login, "UPDATE futures_positions SET notes = 'goes on'")


def test_what_a_dump_tells_the_client_itself_is_not_done(login: Login, tmp_path: Path) -> None:
    made = create(login, tmp_path / "backups", AROUND, MEANS)
    _sandbox, _newline, plain = gzip.decompress(made.file.read_bytes()).partition(b"\n")
    made.file.write_bytes(gzip.compress(f"\\! touch {tmp_path / 'done'}\n".encode() + plain))
    believed = replace(made, manifest=replace(made.manifest, copy=found_copy(made.file)))
    with pytest.raises(BackupError, match="Unknown command '"):
        rehearse(believed, login, MEANS, lambda _login, _at: ())
    assert not (tmp_path / "done").exists()


def test_a_second_rehearsal_at_a_server_is_refused_and_disturbs_no_first(
    login: Login, tmp_path: Path
) -> None:
    made = create(login, tmp_path / "backups", AROUND, MEANS)

    def again(_scratch: Login, _at: float) -> tuple[str, ...]:
        with pytest.raises(BackupError, match="another backup is being loaded"):
            rehearse(made, login, MEANS, lambda _login, _at: ())
        return ()

    assert rehearse(made, login, MEANS, again)[1].problems == ()


def test_a_rehearsal_on_sqlite_is_disturbed_by_no_other_and_by_no_backup(file: Login, tmp_path: Path) -> None:
    made = create(file, tmp_path / "backups", AROUND, MEANS)

    def meanwhile(scratch: Login, _at: float) -> tuple[str, ...]:
        assert rehearse(made, file, MEANS, lambda _login, _at: ())[1].problems == ()
        create(file, tmp_path / "backups", AROUND, replace(MEANS, clock=Wall(made.manifest.made + 60)))
        do(scratch, "SELECT COUNT(*) FROM futures_trades")
        return ()

    assert rehearse(made, file, MEANS, meanwhile)[1].problems == ()
    assert not list((tmp_path / "backups").glob("*partial*"))


def test_two_backups_at_once_are_one(file: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "_LOCK_WAIT", 0.1)
    (tmp_path / "backups").mkdir()
    with (
        host_lock(tmp_path / "backups" / ".lock", deadline=1, clock=SystemClock()),
        pytest.raises(BackupError, match="is locked"),
    ):
        create(file, tmp_path / "backups", AROUND, MEANS)


def test_a_busy_wal_is_backed_up_and_its_partial_copy_is_its_owner_s(file: Login, tmp_path: Path) -> None:
    path = make_url(file.url).database
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(str(path), isolation_level=None, timeout=10)) as writing:
            while not stop.is_set():
                writing.execute("UPDATE futures_positions SET notes = notes || 'x'")

    do(file, "PRAGMA journal_mode = WAL")
    writer = threading.Thread(target=write)
    writer.start()
    modes: set[int] = set()

    def look(_progress: Progress) -> None:
        modes.update(each.stat().st_mode & 0o777 for each in (tmp_path / "backups").glob("*partial*"))

    try:
        made = create(replace(file, timeout=10), tmp_path / "backups", AROUND, replace(MEANS, tell=look))
    finally:
        stop.set()
        writer.join()
    assert modes == {0o600}
    assert rehearse(made, file, MEANS, lambda _login, _at: ())[1].problems == ()


def test_a_locked_file_is_not_waited_for_for_ever(file: Login, tmp_path: Path) -> None:
    with closing(sqlite3.connect(str(make_url(file.url).database), isolation_level=None)) as holding:
        holding.execute("PRAGMA journal_mode = DELETE")
        holding.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BackupError, match=r"is locked; waited 0\.3 s"):
            create(file, tmp_path / "backups", AROUND, MEANS)
    assert nothing_left(tmp_path / "backups")


def test_a_corrupt_file_is_refused(file: Login, tmp_path: Path) -> None:
    path = Path(str(make_url(file.url).database))
    do(file, "PRAGMA journal_mode = DELETE")
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(BackupError, match="malformed"):
        create(file, tmp_path / "backups", AROUND, MEANS)
    assert nothing_left(tmp_path / "backups")


def test_triggers_of_sqlite_are_not_fired(file: Login, tmp_path: Path) -> None:
    made = create(file, tmp_path / "backups", AROUND, MEANS)
    do(file, "CREATE TRIGGER gone AFTER DELETE ON futures_trades BEGIN DELETE FROM futures_orders; END")
    with pytest.raises(BackupError, match="the trigger gone hangs on the tables"):
        put_back(made, file, MEANS)


def test_of_two_in_one_second_the_later_waits_for_the_next(file: Login, tmp_path: Path) -> None:
    made = [create(file, tmp_path / "backups", AROUND, MEANS) for _ in range(2)]
    assert made[0].manifest.copy.name < made[1].manifest.copy.name
    assert made[0].manifest.made < made[1].manifest.made
