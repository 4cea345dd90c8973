"""What holds on MariaDB holds on MySQL, and what is MySQL's own: logins, functions, statistics."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, make_url

from benchmarks.verify import fill
from console.actions.backup.create import Means, create
from console.actions.backup.errors import BackupError
from console.actions.backup.programs import Programs
from console.actions.backup.put_back import Side, put_back, side_of
from console.actions.backup.rehearse import rehearse
from console.actions.database import Login, connected
from console.domain.backup import FORMAT, WITHOUT_MD5, Manifest
from console.domain.clock import SystemClock
from console.sources.connections import identity_of
from tests import mariadb_programs, mysql
from tests.debian import NoServerError, find_library
from tests.faults import test_backup_faults as faults
from tests.integration.odd_books import AROUND, book_at, do
from tests.integration.test_backup import sound
from tests.waiting import eventually

pytestmark = pytest.mark.campaign

HERE = Path(__file__).parent
STORE = "../unit/runbooks/runbook_store"
ON_MARIADB = {
    "books": ("schema", "store", "books", "deployment_database", "prepare_database"),
    "checks": ("verify_ledger", "checks_on_mariadb", "access_check", "anchor_table"),
    "backups": ("backup", "backup_odd", "backup_sums", "backup_cli", "restore", "put_back", "losses"),
    "runs": (
        "runs_of_two",
        "runbook_sql",
        "kill_switches",
        "switches_back",
        "../unit/runbooks/runbook_store",
    ),
}
"""Files of tests by what they are of, which run on whatever server they are given."""
WITHOUT_SQLITE = "not sqlite and not first_format and not kept_no_marks"
"""The last two are of checksums that MySQL can't make by itself; below is what becomes of them."""
MD5 = "'file://component_classic_hashing'"


@pytest.fixture(scope="module")
def server() -> Iterator[mysql.MySQL]:
    try:
        with mysql.own_server() as running:
            yield running
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture
def login(server: mysql.MySQL) -> Iterator[Login]:
    name = server.create_database()
    yield book_at(server.url(name))
    server.drop_database(name)


def mysqls() -> Means:
    return Means(SystemClock(), mysql.programs, os.environ)


def mariadbs() -> Means:
    """MariaDB's programs, with what their package brings for MySQL's logins."""
    plugin = find_library("caching_sha2_password.so", "libmariadb3", "apt-get install libmariadb3")
    ours, option = mariadb_programs.programs(), f"--plugin-dir={plugin.parent}"
    words = Programs((*ours.dump, option), (*ours.client, option))
    return Means(SystemClock(), lambda: words, mariadb_programs.environment())


@pytest.mark.parametrize("subject", ON_MARIADB)
def test_what_holds_on_mariadb_holds_on_mysql(server: mysql.MySQL, tmp_path: Path, subject: str) -> None:
    ours = mysql.programs()
    (tmp_path / "mariadb-dump").symlink_to(ours.dump[0])
    (tmp_path / "mariadb").symlink_to(ours.client[0])
    files = [(HERE / name).parent / f"test_{Path(name).name}.py" for name in ON_MARIADB[subject]]
    words = ("-p", "no:cacheprovider", "-q", "-k", WITHOUT_SQLITE)
    environ = {"OPSCONSOLE_TEST_MYSQL": server.url("mysql"), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *map(str, files)],
        env={name: told for name, told in os.environ.items() if "PYTEST" not in name} | environ,
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.parametrize("programs", [mysqls, mariadbs])
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_either_server_s_programs_copy_and_restore_a_book_after_any_login(
    server: mysql.MySQL, login: Login, tmp_path: Path, programs: object, tls: bool
) -> None:
    """A login that the server doesn't remember takes TLS, or its public key."""
    means: Means = programs()  # type: ignore[operator]
    if not tls:
        words, off = means.programs(), "--skip-ssl" if programs is mariadbs else "--ssl-mode=DISABLED"
        without = Programs((*words.dump, off), (*words.client, off))
        means = replace(means, programs=lambda: without)
    do(login, "FLUSH PRIVILEGES")
    made = create(login, tmp_path / "backups", AROUND, means)
    assert made.manifest.format == WITHOUT_MD5
    do(login, "DELETE FROM futures_trades LIMIT 1", "UPDATE futures_positions SET notes = 'after'")
    now = create(login, tmp_path / "now", AROUND, means)
    do(login, "FLUSH PRIVILEGES")
    assert rehearse(made, login, means, sound)[1].problems == ()
    kept = put_back(made, login, means)
    assert side_of(login, now.manifest, made.manifest) is Side.NEW
    do(login, f"DROP DATABASE `{kept}`")


def test_a_backup_of_before_needs_the_component_that_has_md5(login: Login, tmp_path: Path) -> None:
    do(login, f"INSTALL COMPONENT {MD5}")
    try:
        made = create(login, tmp_path / "backups", AROUND, mysqls())
        assert made.manifest.format == FORMAT
        assert rehearse(made, login, mysqls(), sound)[1].problems == ()
    finally:
        do(login, f"UNINSTALL COMPONENT {MD5}")
    with pytest.raises(BackupError, match=f"have it do INSTALL COMPONENT {MD5}, and try again"):
        rehearse(made, login, mysqls(), sound)


def test_who_may_select_and_lock_tables_makes_the_same_backup(login: Login, tmp_path: Path) -> None:
    """Of a function that isn't there, MySQL tells whoever may call none that it may not."""
    url, made = make_url(login.url), list[Manifest]()
    do(
        login,
        "CREATE USER looks@'127.0.0.1' IDENTIFIED BY 'it'",
        f"GRANT SELECT, LOCK TABLES ON `{url.database}`.* TO looks@'127.0.0.1'",
    )
    try:
        for number, each in enumerate((login, replace(login, user="looks", password="it"))):
            made.append(create(each, tmp_path / str(number), AROUND, mysqls()).manifest)
    finally:
        do(login, "DROP USER looks@'127.0.0.1'")
    assert [each.format for each in made] == [WITHOUT_MD5] * 2
    assert made[0].tables == made[1].tables


def bytes_now(login: Login) -> int:
    """What the table of settings takes, as far as the server has noticed."""
    query = "SELECT data_length FROM information_schema.tables WHERE table_schema = DATABASE()"
    with connected(login) as connection:
        connection.exec_driver_sql("SET SESSION information_schema_stats_expiry = 0")
        return int(connection.exec_driver_sql(f"{query} AND table_name = 'system_settings'").scalar_one())


def test_a_book_that_has_grown_since_the_server_looked_is_not_taken_for_small(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(login, tmp_path / "before", AROUND, mysqls())
    grown = "INSERT INTO system_settings (setting_key, description) SELECT UUID(), REPEAT('x', 3000)"
    do(
        login,
        f"{grown} FROM futures_trades a, futures_trades b, futures_trades c, futures_trades d LIMIT 900",
    )
    eventually(lambda: bytes_now(login) > 2_000_000)
    free = type("Usage", (), {"free": 2_000_000})()
    monkeypatch.setattr("console.actions.backup.create.shutil.disk_usage", lambda _folder: free)
    with pytest.raises(BackupError, match="may be needed, 2 MB are free"):
        create(login, tmp_path / "after", AROUND, mysqls())


def filled(connection: Connection, trades: int) -> None:
    """As on MariaDB, whose tables of numbers stand here for a moment."""
    numbers = [f"seq_1_to_{last}" for last in (trades // 10, trades)]
    connection.exec_driver_sql(f"SET SESSION cte_max_recursion_depth = {trades}")
    for name in numbers:
        connection.exec_driver_sql(
            f"CREATE TABLE {name} WITH RECURSIVE numbers (seq) AS"
            f" (SELECT 1 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < {name.rpartition('_')[2]})"
            " SELECT seq FROM numbers"
        )
    fill(connection, trades)
    connection.exec_driver_sql(f"DROP TABLE {', '.join(numbers)}")


def test_whatever_is_killed_the_book_is_old_or_new_and_backups_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: mysql.MySQL
) -> None:
    """On a server of its own, which is killed too: the other proves only that one can be had here."""
    monkeypatch.setattr(faults, "means", mysqls)
    monkeypatch.setattr(faults, "fill", filled)
    with mysql.own_server() as ours:
        stood = faults.campaign(faults.book_on(ours, 3000, tmp_path), 24, Random(7))
    assert min(stood.values()) > 0


def test_a_mysql_that_the_settings_call_mariadb_is_what_it_says(login: Login) -> None:
    called = replace(login, url=login.url.replace("mysql+pymysql:", "mariadb:"))
    with connected(called) as connection:
        assert identity_of(connection, make_url(called.url)).product == "MySQL"
        assert connection.exec_driver_sql("SELECT @@max_execution_time").scalar() == 10_000
