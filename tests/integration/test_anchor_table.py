"""Heads of the journal in a table of a real database, made by the statement an administrator is given."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, create_engine, make_url

from console.actions.anchor_table import AnchorTable, statement
from console.actions.anchoring import anchoring_of
from console.actions.database import Login
from console.audit.anchors import TABLE
from console.audit.errors import AnchorError, NoAnchorError
from console.audit.files import journal_file
from console.audit.journal import Journal
from console.audit.record import Head, Record
from console.cli.audit import audit
from console.domain.clock import SystemClock
from console.settings_file import load_settings
from tests.unit.audit.journals import ALICE, arming

FIRST, SECOND = Head(1, "a" * 64), Head(2, "b" * 64)
FOLDER = Path("/var/lib/opsconsole/audit")


def made(url: str) -> str:
    """The URL of the database in which the table has been made."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement(make_url(url).get_backend_name()))
    engine.dispose()
    return url


def table_in(url: str, folder: Path = FOLDER) -> AnchorTable:
    parsed = make_url(url)
    return AnchorTable(Login(url, 5, parsed.password), "ops1", folder)


def test_what_is_kept_is_told_and_keeping_it_twice_changes_nothing(database_url: str) -> None:
    table = table_in(made(database_url))
    for head in (FIRST, SECOND, FIRST):
        table.keep(head)
    assert sorted(table.kept(), key=lambda head: head.sequence) == [FIRST, SECOND]


def test_a_head_that_another_console_keeps_at_the_same_time_is_kept(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, other = table_in(made(database_url)), table_in(database_url)
    look = AnchorTable._knows
    looked: list[bool] = []

    def look_and_be_late(self: AnchorTable, connection: Connection, head: Head) -> bool:
        looked.append(look(self, connection, head))
        if len(looked) == 1:
            other.keep(head)
        return looked[-1]

    monkeypatch.setattr(AnchorTable, "_knows", look_and_be_late)
    table.keep(FIRST)
    assert looked == [False, False, True]
    assert table.kept() == (FIRST,)


def test_a_record_that_is_known_otherwise_is_told_and_not_replaced(database_url: str) -> None:
    table = table_in(made(database_url))
    table.keep(FIRST)
    with pytest.raises(AnchorError, match="knows another record 1: the journal is not the same"):
        table.keep(Head(1, "c" * 64))
    assert table.kept() == (FIRST,)


def test_a_user_who_may_only_select_and_insert_there_can_keep_heads(mariadb_url: str) -> None:
    url = make_url(made(mariadb_url))
    name, password = f"keeper_{secrets.token_hex(4)}", secrets.token_hex(8)
    engine = create_engine(url)
    with engine.begin() as admin:
        admin.exec_driver_sql(f"CREATE USER {name} IDENTIFIED BY '{password}'")
        admin.exec_driver_sql(f"GRANT SELECT, INSERT ON `{url.database}`.{TABLE} TO {name}")
        try:
            table = table_in(url.set(username=name, password=password).render_as_string(hide_password=False))
            table.keep(FIRST)
            table.keep(FIRST)
            assert table.kept() == (FIRST,)
        finally:
            admin.exec_driver_sql(f"DROP USER {name}")
    engine.dispose()


def test_two_journals_do_not_mix(database_url: str) -> None:
    table_in(made(database_url)).keep(FIRST)
    assert table_in(database_url, Path("/elsewhere/audit")).kept() == ()


def test_a_folder_with_a_very_long_name_has_its_place(database_url: str) -> None:
    long = table_in(made(database_url), Path("/" + "x" * 4000))
    long.keep(FIRST)
    assert long.kept() == (FIRST,)


def test_a_table_that_nobody_has_made_is_no_failure(database_url: str) -> None:
    create_engine(database_url).connect().close()
    with pytest.raises(NoAnchorError, match=f"the database has no table {TABLE}"):
        table_in(database_url).keep(FIRST)


def test_a_database_that_does_not_answer_is_one_clear_line() -> None:
    with pytest.raises(AnchorError, match=f"^the database's table {TABLE}: connection refused$"):
        table_in("mysql://ops@127.0.0.1:1/books").kept()


@dataclass(frozen=True, slots=True)
class Host:
    """A host whose context has the table in its database, with a journal of two records."""

    state: Path
    config: Path
    environ: dict[str, str]
    journal: Journal
    records: list[Record]
    table: AnchorTable

    def cut(self) -> None:
        """Cut off the second record; there is no file beside the journal that would know it."""
        journal_file(self.journal.folder, 1).write_bytes(self.records[0].line + b"\n")


@pytest.fixture
def host(tmp_path: Path, mariadb_url: str) -> Host:
    url = make_url(made(mariadb_url))
    config, state = tmp_path / "console.yaml", tmp_path / "state"
    without = url._replace(password=None, drivername="mysql").render_as_string()
    config.write_text(
        "contexts:\n  prod:\n    environment: production\n    colour: red\n"
        f"    database: {{url: '{without}', password_env: ANCHORS_PASSWORD}}\n"
    )
    environ = {"HOME": str(tmp_path), "ANCHORS_PASSWORD": url.password or "none"}
    journal = Journal(state / "audit", SystemClock())
    records = [journal.note(ALICE, arming(number)) for number in (1, 2)]
    table = AnchorTable(Login(mariadb_url, 5, url.password), os.uname().nodename, journal.folder)
    return Host(state, config, environ, journal, records, table)


def test_verify_finds_by_the_table_what_was_cut_off_with_its_anchor_file(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in host.environ.items():
        monkeypatch.setenv(name, value)
    host.table.keep(host.records[1].head)
    words = ["verify", "--config", str(host.config), "--state", str(host.state)]
    assert CliRunner().invoke(audit, words).stdout == f"OK: 2 records in {host.state}/audit\n"
    host.cut()
    cut = CliRunner().invoke(audit, words)
    assert cut.exit_code == 1
    assert f"record 2 is missing, and the database's table {TABLE} knows record 2: cut off" in cut.stderr


def test_an_open_console_remembers_what_the_table_knew_and_adds_the_head(host: Host) -> None:
    settings = load_settings(config=host.config, state=host.state, environ=host.environ)
    first, second = (record.head for record in host.records)
    host.table.keep(first)
    anchoring = anchoring_of(settings, SystemClock(), host.environ)
    anchoring.look()
    assert (anchoring.complaint, anchoring.kept()) == ("", (first, second))
    assert set(host.table.kept()) == {first, second}
