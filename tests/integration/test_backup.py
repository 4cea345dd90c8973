"""Backups of a real book on SQLite and MariaDB: whole, as of one instant, and refused where they are not."""

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from console.actions.backup.copy_file import found_copy
from console.actions.backup.create import Around, Means, create
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup, backups_in, read_backup
from console.actions.backup.put_back import KEPT, Side, put_back, side_of
from console.actions.backup.rehearse import rehearse, verify
from console.actions.backup.scratch import REHEARSING, databases_named
from console.actions.backup.sums import sums_in
from console.actions.backup.tables import columns_in
from console.actions.database import Login, connected, transaction
from console.domain.backup_progress import Progress
from console.domain.clock import SystemClock
from tests.examples import on_both
from tests.mariadb_programs import environment, programs
from tests.unit.runbooks.checks.healthy_book import healthy_book
from tests.waiting import DEADLINE

AROUND = Around("paper", "dana", engine="1.2", flags="features: {}\n", journal=(7, "ab" * 32))
TABLES = ("futures_trading_accounts", "futures_positions", "futures_orders", "futures_trades")


def means() -> Means:
    return Means(SystemClock(), programs, environment())


@pytest.fixture
def login(database_url: str) -> Iterator[Login]:
    book = healthy_book(database_url)
    yield Login(database_url, timeout=10)
    book.database.dispose()
    if not database_url.startswith("sqlite"):
        with connected(Login(database_url, timeout=10)) as connection:
            for name in databases_named(connection, KEPT):
                connection.exec_driver_sql(f"DROP DATABASE `{name}`")


def sound(_scratch: Login, _at: float) -> tuple[str, ...]:
    return ()


def asked(login: Login, question: str) -> object:
    with connected(login) as connection:
        return connection.execute(text(question)).scalar()


def test_a_backup_holds_what_the_book_held(login: Login, tmp_path: Path) -> None:
    made = create(login, tmp_path / "backups", AROUND, means())
    rows = {table: asked(login, f"SELECT COUNT(*) FROM {table}") for table in TABLES}
    assert {table: made.manifest.tables[table].rows for table in TABLES} == rows
    assert (made.manifest.context, made.manifest.flags, made.manifest.journal) == (
        "paper", "features: {}\n", (7, "ab" * 32),
    )  # fmt: skip
    assert backups_in(made.folder) == ((made,), ())
    assert verify(made, means()).checked.problems == ()


def test_a_rehearsal_restores_it_compares_it_and_leaves_nothing(login: Login, tmp_path: Path) -> None:
    made = create(login, tmp_path / "backups", AROUND, means())
    files = sorted(made.folder.iterdir())
    looked_at = []

    def look(scratch: Login, at: float) -> tuple[str, ...]:
        looked_at.append(asked(scratch, "SELECT COUNT(*) FROM futures_trades"))
        assert at == made.manifest.made
        return ("the ledger is broken",)

    rehearsed, rehearsal = rehearse(made, login, means(), look)
    assert rehearsal.problems == ("the ledger is broken",)
    assert looked_at == [made.manifest.tables["futures_trades"].rows]
    assert set(made.folder.iterdir()) - set(files) == {made.folder / f"{made.name}.checked.json"}
    assert read_backup(made.folder / f"{made.name}.json") == rehearsed
    assert scratch_places(login) == []


def scratch_places(login: Login) -> list[str]:
    if login.url.startswith("sqlite"):
        return []
    with connected(login) as connection:
        found = connection.exec_driver_sql("SHOW DATABASES").scalars()
        return [str(name) for name in found if str(name).startswith(REHEARSING)]


@pytest.mark.parametrize(
    ("database_url", "table"), on_both((table,) for table in TABLES), indirect=["database_url"]
)
def test_a_rehearsal_finds_one_value_that_is_another(login: Login, tmp_path: Path, table: str) -> None:
    """The manifest is of the book before the change, the copy of the book after it."""
    before = create(login, tmp_path / "before", AROUND, means())
    column = "account_name" if table == "futures_trading_accounts" else "symbol"
    with connected(login) as connection:
        first = connection.exec_driver_sql(f"SELECT MIN(id) FROM {table}").scalar()
        connection.exec_driver_sql(f"UPDATE {table} SET {column} = 'X' WHERE id = {first}")
    after = create(login, tmp_path / "after", AROUND, means())
    mixed = replace(after, manifest=replace(after.manifest, tables=before.manifest.tables))
    assert rehearse(mixed, login, means(), sound)[1].problems == (
        f"{table}: {before.manifest.tables[table].rows} rows, but not the same ones",
    )


def cut(made: Backup) -> None:
    data = made.file.read_bytes()
    made.file.write_bytes(data[: len(data) // 2])


def edited(made: Backup) -> None:
    data = bytearray(made.file.read_bytes())
    data[len(data) // 2] ^= 1
    made.file.write_bytes(data)


def packed_anew(made: Backup) -> None:
    """The same size can't be had so, but nobody who edits a dump minds the size."""
    plain = gzip.decompress(made.file.read_bytes()).replace(b"BTC/USD", b"ETH/USD", 1)
    made.file.write_bytes(gzip.compress(plain))


@pytest.mark.parametrize(
    ("database_url", "damage"),
    on_both([(packed_anew,), (cut,), (edited,), (lambda made: made.file.unlink(),)]),
    indirect=["database_url"],
)
def test_a_copy_that_is_not_what_was_written_is_found_and_not_rehearsed(
    login: Login, tmp_path: Path, damage: object
) -> None:
    made = create(login, tmp_path / "backups", AROUND, means())
    damage(made)  # type: ignore[operator]
    assert len(verify(made, means()).checked.problems) == 1

    def never(_scratch: Login, _at: float) -> tuple[str, ...]:
        pytest.fail("it was restored")

    assert len(rehearse(made, login, means(), never)[1].problems) == 1


def test_a_dump_that_its_program_did_not_finish_is_found(login: Login, tmp_path: Path) -> None:
    if login.url.startswith("sqlite"):
        pytest.skip("SQLite's copies are files, not dumps")
    made = create(login, tmp_path / "backups", AROUND, means())
    plain = gzip.decompress(made.file.read_bytes())
    made.file.write_bytes(gzip.compress(plain[: plain.rindex(b"-- Dump completed")]))
    believed = replace(made, manifest=replace(made.manifest, copy=found_copy(made.file)))
    assert verify(believed, means()).checked.problems == (
        f"{made.file.name} is cut: its dump was not completed",
    )


def test_how_far_it_is_is_told_up_to_the_end(login: Login, tmp_path: Path) -> None:
    seen: list[Progress] = []
    watched = replace(means(), tell=seen.append)
    made = create(login, tmp_path / "backups", AROUND, watched)
    assert (seen[-1].doing, seen[-1].done, seen[-1].unit) == ("reading", made.manifest.length, "bytes")
    rehearse(made, login, watched, sound)
    rows = made.manifest.rows
    assert (seen[-1].done, seen[-1].total, seen[-1].unit) == (rows, rows, "rows")
    seen.clear()
    put_back(made, login, watched)
    assert seen[0].doing == "loading"
    assert seen[-1].done == seen[-1].total


def of_the_first_format(made: Backup, login: Login) -> Backup:
    """The same backup as versions wrote it whose manifests had the first format."""
    file = made.folder / f"{made.name}.json"
    said = json.loads(file.read_bytes())
    with connected(login) as connection:
        sums = sums_in(connection, columns_in(connection), 1)
    said["tables"] = {name: {"rows": each.rows, "checksum": each.checksum} for name, each in sums.items()}
    said["format"] = 1
    del said["marks"], said["length"]
    file.write_text(json.dumps(said))
    return read_backup(file)


def test_a_backup_of_the_first_format_is_read_rehearsed_and_restored(login: Login, tmp_path: Path) -> None:
    old = of_the_first_format(create(login, tmp_path / "backups", AROUND, means()), login)
    assert all("-" in each.checksum for each in old.manifest.tables.values())
    now = create(login, tmp_path / "now", AROUND, means())
    assert rehearse(old, login, means(), sound)[1].problems == ()
    put_back(old, login, means())
    assert side_of(login, now.manifest, old.manifest) is Side.NEW
    with connected(login) as connection:
        connection.exec_driver_sql("DELETE FROM futures_trades")
    assert side_of(login, now.manifest, old.manifest) is Side.OTHER


def test_a_manifest_that_is_none_hides_no_other(login: Login, tmp_path: Path) -> None:
    made = create(login, tmp_path / "backups", AROUND, means())
    (made.folder / "20200101T000000Z.json").write_text(json.dumps({"context": 1}))
    found, problems = backups_in(made.folder)
    assert found == (made,)
    assert len(problems) == 1
    assert problems[0].startswith("20200101T000000Z.json: no manifest of a backup: ")


def test_it_is_of_one_instant_while_the_engine_writes(login: Login, tmp_path: Path) -> None:
    """Every write leaves the same number in two tables: so has the backup, and its manifest knows both."""
    done, began = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        with connected(login) as connection:
            while not done.is_set():
                number += 1
                with transaction(connection):
                    for table in ("futures_positions", "futures_orders"):
                        connection.exec_driver_sql(f"UPDATE {table} SET notes = '{number}'")
                began.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert began.wait(DEADLINE)
        made = create(login, tmp_path / "backups", AROUND, means())
    finally:
        done.set()
        writer.join()
    assert rehearse(made, login, means(), same_numbers)[1].problems == ()


def same_numbers(scratch: Login, _at: float) -> tuple[str, ...]:
    noted = [
        asked(scratch, f"SELECT MAX(notes) FROM {table}") for table in ("futures_positions", "futures_orders")
    ]
    return () if noted[0] == noted[1] and noted[0] else (f"{noted}",)


def test_a_book_that_is_not_there_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    nowhere = Login(f"sqlite:///{tmp_path / 'none.db'}", timeout=1)
    with pytest.raises(BackupError, match="no such database file"):
        create(nowhere, tmp_path / "backups", AROUND, means())
    assert [file.name for file in (tmp_path / "backups").iterdir()] == [".lock"]
