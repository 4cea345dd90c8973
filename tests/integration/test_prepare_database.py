"""The runbook that prepares a database for the coin engine, run by its command on SQLite and on MariaDB."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from tests.command import run_here
from tests.unit.runbooks.checks.healthy_book import healthy_book

_PASSWORD = "COIN_DB_PASSWORD"
_COUNTED = "SELECT COUNT(*) FROM futures_positions WHERE account_id = 3 AND coin_margin = 1"


@dataclass
class Host:
    """A home with settings for the database; its runs are driven by commands."""

    home: Path
    url: str

    def __post_init__(self) -> None:
        url = make_url(self.url)
        password = f"      password_env: {_PASSWORD}\n" if url.password else ""
        shown = url._replace(password=None).render_as_string(hide_password=False)
        (self.home / "console.yaml").write_text(
            "contexts:\n  here:\n    environment: paper\n    colour: green\n"
            f"    database:\n      url: {shown.replace('+pymysql', '')}\n{password}"
        )
        self.more = {_PASSWORD: url.password or ""}

    def __call__(self, *words: str) -> "subprocess.CompletedProcess[str]":
        where = ("--config", str(self.home / "console.yaml"), "--context", "here", "--state", str(self.home))
        return run_here(self.home, *words, *where, more=self.more)

    def prepared(self) -> tuple[int, dict[str, str]]:
        """Run it to its end; the exit code, and what was last said of each step."""
        begun = self("runbook", "run", "prepare_database")
        run = begun.stdout.split()[1]
        done = self("runbook", "resume", run, "--note", "backup of this morning")
        lines = (line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line)
        return done.returncode, {name: said for name, said in lines if not said.startswith("running")}

    def sql(self, *statements: str) -> list[object]:
        """Execute them; the first value of the last one's answer, if it is a question."""
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                done = [connection.exec_driver_sql(statement) for statement in statements]
                return list(done[-1].scalars()) if done[-1].returns_rows else []
        finally:
            engine.dispose()


@pytest.fixture
def host(tmp_path: Path, database_url: str) -> Iterator[Host]:
    healthy_book(database_url).database.dispose()
    yield Host(tmp_path, database_url)


def older_schema(host: Host) -> None:
    """The database as it was before the coin engine: no index, no column."""
    index = "DROP INDEX idx_coin_margin"
    index += "" if host.url.startswith("sqlite") else " ON futures_positions"
    host.sql(index, "ALTER TABLE futures_positions DROP COLUMN coin_margin")


def test_an_older_database_gets_its_column_its_index_and_its_marks(host: Host) -> None:
    (marked,) = host.sql(_COUNTED)
    older_schema(host)
    code, said = host.prepared()
    assert code == 0, said
    assert said["account"].startswith("passed   already so")
    assert {
        name: said[name].split()[0] for name in ("column", "index", "marking", "ledger")
    } == dict.fromkeys(("column", "index", "marking", "ledger"), "passed")
    assert host.sql(_COUNTED) == [marked]
    assert host("check", "coin", "--json").stdout.count('"verdict": "ok"') >= 4


def test_what_is_there_already_is_left_as_it_is(host: Host) -> None:
    code, said = host.prepared()
    assert code == 0
    for name in ("account", "column", "index", "marking"):
        assert said[name].startswith("passed   already so"), said[name]


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("mariadb", marks=pytest.mark.campaign)], indirect=True
)
def test_an_account_that_is_missing_is_made_with_what_it_begins_with(host: Host) -> None:
    host.sql(
        *(f"DELETE FROM futures_{table} WHERE account_id = 3" for table in ("positions", "orders", "trades")),
        "DELETE FROM futures_trading_accounts WHERE id = 3",
    )
    code, said = host.prepared()
    assert code == 0, said
    (equity,) = host.sql("SELECT total_equity FROM futures_trading_accounts WHERE id = 3 AND user_id = 1000")
    assert float(str(equity)) == 10_000
