"""What the tables of a book hold, as checksums: no two books have the same, whatever stands in them."""

from pathlib import Path

import pytest

from console.actions.backup import sums as summing
from console.actions.backup.create import create
from console.actions.backup.errors import BackupError
from console.actions.backup.following import Following
from console.actions.backup.sums import sums_in, way_of
from console.actions.backup.tables import columns_in
from console.actions.database import Login, connected
from console.domain.backup import WITHOUT_MD5
from tests.integration.odd_books import AROUND, MEANS, book_at, do, nothing_left
from tests.integration.test_backup_odd import asked

LATE_TRADE = (
    "INSERT INTO futures_trades (id, account_id, order_id, trade_id, symbol, side, price, quantity,"
    " notional_value) VALUES (-9, 1, 'o', 'late', 'BTC/USDT', 'OPEN_LONG', '1', '1', '1')"
)


@pytest.fixture
def login(mariadb_url: str) -> Login:
    return book_at(mariadb_url)


@pytest.fixture
def file(tmp_path: Path) -> Login:
    return book_at(f"sqlite:///{tmp_path / 'books.db'}")


def test_what_sums_take_for_one_another_they_tell_apart(login: Login) -> None:
    def sum_with(notes: str) -> str:
        do(login, f"UPDATE futures_positions SET notes = {notes}")
        with connected(login) as connection:
            found = sums_in(connection, columns_in(connection))
        return found["futures_positions"].checksum

    values = ("NULL", "'-'", "''", "'='", "'a'", "'A'", "'a '", "CONCAT('a', CHAR(0))", "'ä'")
    assert len({sum_with(value) for value in values}) == len(values)


def test_what_stands_between_two_values_is_told_from_what_stands_in_them(login: Login, file: Login) -> None:
    """Whatever is moved over from one column to the next, with all that could stand for its end."""
    for each in (login, file):
        nul, length = ("CHAR(0)", "") if each is login else ("x'00'", "3:")
        seen = set()
        for first, second in (
            (f"'a' || {nul} || '=b'", "'c'"), ("'a'", f"'b' || {nul} || '=c'"), (f"'a' || {nul}", "'=b=c'"),
            ("'a'", f"'{length}bN'"), (f"'a{length}b'", "NULL"), ("'aN'", "NULL"), ("'a'", "'N'"),
            (f"'a' || {nul} || 'b'", "'c'"), ("'a'", f"'b' || {nul} || 'c'"), ("'a'", "NULL"),
        ):  # fmt: skip
            pipes = ["SET SESSION sql_mode = 'PIPES_AS_CONCAT'"] if each is login else []
            with connected(each) as connection:
                for statement in (
                    *pipes,
                    f"UPDATE futures_positions SET entry_reason = {first}, source = {second}",
                ):
                    connection.exec_driver_sql(statement)
                wanted = {
                    "futures_positions": [
                        told
                        for told in columns_in(connection)["futures_positions"]
                        if told.startswith(("entry_reason ", "source "))
                    ]
                }
                seen.add(sums_in(connection, wanted)["futures_positions"].checksum)
        assert len(seen) == 10


def test_checksums_without_md5_tell_the_same_rows_from_others(login: Login, file: Login) -> None:
    for each in (login, file):
        with connected(each) as connection:
            columns = columns_in(connection)
            first, again = (sums_in(connection, columns, WITHOUT_MD5) for _ in range(2))
            connection.exec_driver_sql("UPDATE futures_trades SET symbol = 'X' WHERE id = 1")
            changed = sums_in(connection, columns, WITHOUT_MD5)
            assert first == again != sums_in(connection, columns)
        assert [name for name in first if first[name] != changed[name]] == ["futures_trades"]


def test_digits_that_sqlite_does_not_write_count(file: Login) -> None:
    sums = set()
    for number in ("0.3", "0.1 + 0.2"):
        do(
            file,
            "DROP TABLE IF EXISTS futures_trades",
            f"CREATE TABLE futures_trades AS SELECT {number} AS a",
        )
        with connected(file) as connection:
            sums.add(sums_in(connection, {"futures_trades": ["a real"]})["futures_trades"].checksum)
    assert len(sums) == 2


def test_a_sum_in_parts_is_the_sum_of_the_whole_whatever_lies_between_the_ids(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(login, f"UPDATE futures_trades SET id = id + {1 << 61} ORDER BY id DESC LIMIT 3")
    do(login, "UPDATE futures_trades SET id = -7 ORDER BY id LIMIT 1")
    with connected(login) as connection:
        columns = columns_in(connection)
        whole = sums_in(connection, columns)
        monkeypatch.setattr(summing, "AT_ONCE", 2)
        told: list[int] = []
        assert sums_in(connection, columns, tell=told.append) == whole
        assert told == sorted(told)
        assert told[-1] == sum(each.rows for each in whole.values())


def test_a_row_that_the_server_can_not_put_together_is_no_match_for_another(login: Login) -> None:
    with connected(login) as connection:
        before = asked(connection, "SELECT @@GLOBAL.max_allowed_packet")
        connection.exec_driver_sql("UPDATE futures_positions SET notes = REPEAT('x', 3000) LIMIT 1")
        connection.exec_driver_sql("SET GLOBAL max_allowed_packet = 2048")
    try:
        with connected(login) as connection, pytest.raises(BackupError, match="max_allowed_packet"):
            sums_in(connection, columns_in(connection))
    finally:
        do(login, f"SET GLOBAL max_allowed_packet = {before}")


def test_rows_that_do_not_come_in_the_order_of_their_ids_are_added_up_too(login: Login) -> None:
    """One comes before those that were added up already; so does a table that nobody loads."""
    with connected(login) as connection:
        following = Following(login, ["futures_trades", "opsconsole_none"], way_of(connection))

    def come() -> None:
        if following.rows and not following.loaded.is_set():
            do(login, "UPDATE futures_trades SET id = -7 ORDER BY id DESC LIMIT 1", LATE_TRADE)
            following.loaded.set()

    found = following.work(come)
    with connected(login) as connection:
        columns = columns_in(connection)
        assert found == sums_in(connection, {"futures_trades": columns["futures_trades"]})


def test_a_float_of_which_a_dump_writes_six_digits_is_refused(login: Login, tmp_path: Path) -> None:
    do(login, "ALTER TABLE futures_trades ADD COLUMN score FLOAT")
    with pytest.raises(BackupError, match=r"futures_trades\.score: a dump writes six digits of a FLOAT"):
        create(login, tmp_path / "backups", AROUND, MEANS)
    assert nothing_left(tmp_path / "backups")
