"""`opsconsole backup`: what it says, keeps and exits with."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import make_url

from console.actions.backup.create import Around, Means, create
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup, backups_in, remove
from console.actions.backup.scratch import REHEARSING
from console.actions.database import Login, connected
from console.cli.backup import backup as backup_command
from console.cli.backup_restore import Stop
from console.domain.backup_progress import Progress
from console.domain.clock import SystemClock
from console.runbooks.checks.rollback import backup_made
from console.runbooks.run import Run, Standing, StepRun
from console.runbooks.store import own_store
from console.settings_file import load_settings
from console.wiring.backups import back_up, beyond, means_of, rehearse_here
from tests.command import run_here
from tests.mariadb_programs import environment, programs
from tests.opsconsole import run
from tests.small_disk import fill, small_disk
from tests.unit.history.records import HandClock
from tests.unit.runbooks.checks.healthy_book import healthy_book
from tests.waiting import DEADLINE, eventually

MEANS = Means(SystemClock(), programs, environment())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user whose settings name a healthy book."""
    healthy_book(f"sqlite:///{tmp_path / 'books.db'}").database.dispose()
    (tmp_path / "console.yaml").write_text(
        "context: here\ncontexts:\n  here:\n    environment: paper\n    colour: green\n"
        f"    database:\n      url: sqlite:///{tmp_path / 'books.db'}\n"
        "    backups: {folder: backups, keep: 1, days: 0}\n"
    )
    return tmp_path


def backup(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    there = ("--config", str(home / "console.yaml"), "--state", str(home / "state"))
    return run(home, "backup", *arguments, *there)


def here(home: Path, *arguments: str) -> Result:
    """The command in this process, which is faster."""
    there = ["--config", str(home / "console.yaml"), "--state", str(home / "state")]
    return CliRunner().invoke(backup_command, [*arguments, *there])


def made(home: Path) -> str:
    finished = backup(home, "create")
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout.split()[0]


def made_here(home: Path) -> str:
    """The same in this process."""
    settings = load_settings(config=home / "console.yaml", state=home / "state", environ={})
    return back_up(settings, means_of(settings, ignored)).name


def ignored(_progress: Progress) -> None:
    """Nobody looks on."""


def test_one_is_made_verified_and_rehearsed_and_the_list_says_so(home: Path) -> None:
    name = made(home)
    assert backup(home, "list").stdout.endswith("never verified, NEVER REHEARSED\n")
    assert backup(home, "verify").stdout == f"{name}  sound\n"
    rehearsed = backup(home, "rehearse")
    assert (rehearsed.returncode, rehearsed.stderr) == (0, "")
    assert rehearsed.stdout.startswith(f"{name}  restored equal\n")
    (told,) = json.loads(backup(home, "list", "--json").stdout)
    assert told["name"] == name
    assert told["problems"] == told["rehearsal_problems"] == []
    journal = "".join(file.read_text() for file in (home / "state" / "audit").glob("*.jsonl"))
    assert '"backup.create"' in journal
    assert '"backup.rehearse"' in journal


def test_a_broken_one_exits_1_and_says_what_is_wrong(home: Path) -> None:
    name = made_here(home)
    file = home / "backups" / f"{name}.db.gz"
    file.write_bytes(file.read_bytes()[:-10])
    finished = here(home, "verify", name)
    assert finished.exit_code == 1
    assert finished.stdout.startswith(f"{name}  {name}.db.gz has ")
    assert here(home, "rehearse").exit_code == 1


def test_one_that_is_not_there_is_refused_with_those_that_are(home: Path) -> None:
    name = made_here(home)
    finished = here(home, "verify", "20200101T000000Z")
    assert finished.exit_code == 3
    assert finished.stderr.endswith(
        f"there is no backup 20200101T000000Z in {home / 'backups'}; allowed: {name}\n"
    )


def test_pruning_keeps_what_the_settings_say_and_the_newest_that_was_restored_equal(home: Path) -> None:
    settings = load_settings(config=home / "console.yaml", state=home / "state", environ={})
    clock = HandClock()
    means = replace(means_of(settings, ignored), clock=clock)
    first, _ = rehearse_here(settings, back_up(settings, means), means)
    clock.at += 3600
    second = back_up(settings, means)
    assert beyond(settings, (second, first), clock.wall()) == ()
    second, _ = rehearse_here(settings, second, means)
    assert beyond(settings, (second, first), clock.wall()) == (first,)
    assert here(home, "prune").stdout == f"would remove {first.name}\n"
    values, steps = {"backup": first.name}, (StepRun("restore"),)
    open_run = Run("r-1", "rollback_coin_full", "here", "", values, clock.wall() + 9, steps=steps)
    own_store(settings.state).create(open_run, "dana")
    assert here(home, "prune", "--yes").stdout == f"stays {first.name}: run r-1 is open\n"
    own_store(settings.state).become(open_run, Standing.PASSED, clock.wall(), "dana", "over")
    assert here(home, "prune", "--yes").stdout == f"removed {first.name}\n"
    assert [each.name for each in backups_in(home / "backups")[0]] == [second.name]


def test_another_context_s_backups_in_the_same_folder_are_neither_pruned_nor_counted(home: Path) -> None:
    settings = load_settings(config=home / "console.yaml", state=home / "state", environ={})
    clock = HandClock()
    means = replace(means_of(settings, ignored), clock=clock)
    old = back_up(settings, means)
    clock.at += 3600
    new = back_up(settings, means)
    since = str(new.manifest.made)
    assert [backup_made(home / "backups", each, since).passes for each in ("here", "there")] == [True, False]
    own = (home / "console.yaml").read_text()
    (home / "console.yaml").write_text(own.replace("here", "there"))
    listed = here(home, "list")
    assert listed.stdout == "there is no backup\n"
    assert f"the backups in {home / 'backups'} are of here, none is of there" in listed.stderr
    foreign = replace(new, manifest=replace(new.manifest, context="there"))
    assert beyond(settings, (foreign, old), clock.wall()) == ()
    assert (
        beyond(settings, (new, replace(old, manifest=replace(old.manifest, context="there"))), clock.wall())
        == ()
    )


@dataclass(frozen=True)
class Site:
    """A user whose settings name a healthy book on either database, and a folder for its backups."""

    home: Path
    login: Login
    more: dict[str, str]

    def restore(self, name: str) -> str:
        """What `backup restore` says, which has to refuse."""
        told = run_here(
            self.home, "backup", "restore", name, "--reason", "it is damaged", "--confirm", "paper here",
            "--config", str(self.home / "console.yaml"), "--state", str(self.home / "state"), more=self.more,
        )  # fmt: skip
        assert (told.returncode, told.stdout.splitlines()[-1]) == (3, "NOT RESTORED"), told.stderr
        return told.stdout

    def create(self) -> Backup:
        return create(self.login, self.home / "backups", Around("here", "dana"), MEANS)


def site_at(url: str, home: Path, folder: Path) -> Site:
    healthy_book(url).database.dispose()
    ours, (dump, client) = make_url(url), (programs().dump, programs().client)
    without = ours._replace(password=None).render_as_string().replace("+pymysql", "")
    password = "" if ours.password is None else "      password_env: HERE_PASSWORD\n"
    (home / "console.yaml").write_text(
        "context: here\ncontexts:\n  here:\n    environment: paper\n    colour: green\n    database:\n"
        f"      url: {without}\n{password}"
        f"    backups: {{folder: {folder}, dump: {list(dump)}, client: {list(client)}}}\n"
    )
    libraries = environment().get("LD_LIBRARY_PATH", "")
    return Site(
        home,
        Login(url, timeout=10),
        {"HERE_PASSWORD": str(ours.password), "LD_LIBRARY_PATH": libraries},
    )


def changed(made: Backup, change: Callable[[dict[str, Any]], object]) -> None:
    file = made.folder / f"{made.name}.json"
    said = json.loads(file.read_bytes())
    change(said)
    file.write_text(json.dumps(said))


def test_a_backup_that_must_not_be_restored_is_refused_with_every_reason(
    database_url: str, tmp_path: Path
) -> None:
    """Cut, of another server, of an older schema; then edited; then of an empty book."""
    site = site_at(database_url, tmp_path, tmp_path / "backups")
    made = site.create()
    data = made.file.read_bytes()
    made.file.write_bytes(data[:-10])
    named = "uuid" if made.manifest.server.uuid else "host"  # MySQL has a name of its own for itself
    changed(made, lambda said: said["server"].update({named: "elsewhere"}))
    changed(made, lambda said: said["columns"]["futures_trades"].pop())
    told = site.restore(made.name)
    assert (
        f"refused        backup: {made.file.name} has {len(data) - 10:,} bytes, not {len(data):,}: " in told
    )
    assert "refused        database: the backup is of " in told
    assert "refused        schema: futures_trades: the database has also trade_time" in told
    made.file.write_bytes(data[:-20] + bytes([data[-20] ^ 1]) + data[-19:])
    assert f"backup: {made.file.name} isn't what was written: its SHA-256 is another" in site.restore(
        made.name
    )
    remove(made)
    with connected(site.login) as connection:
        for table in made.manifest.tables:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    empty = site.create()
    assert f"backup: {empty.file.name} is of a book without a row" in site.restore(empty.name)
    assert [each.name for each in backups_in(tmp_path / "backups")[0]] == [empty.name]


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("mariadb", marks=pytest.mark.campaign)], indirect=True
)
def test_a_full_disk_is_refused_before_anything_is_done(database_url: str, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=200) as disk:
        site = site_at(database_url, tmp_path, disk / "backups")
        fill(disk)
        told = run(
            tmp_path, "backup", "create", "--config", str(tmp_path / "console.yaml"),
            "--state", str(tmp_path / "state"), more=site.more,
        )  # fmt: skip
        assert told.returncode == 3
        assert told.stderr.endswith(" MB are free: nothing was done\n")
        assert [file.name for file in (disk / "backups").iterdir()] == [".lock"]


def test_what_a_kill_left_is_told_by_the_list_and_removed_by_pruning(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = made_here(home)
    left = home / "backups" / "20200101T000000Z.db.gz"
    left.write_bytes(b"")
    assert here(home, "prune", "--yes").stdout == "nothing is beyond what the settings keep\n"
    in_an_hour = time.time() + 3601
    monkeypatch.setattr("console.cli.backup.time.time", lambda: in_an_hour)
    assert f"{left} has no manifest, and is no backup" in here(home, "list").stderr
    words = f"{left.name}, which has no manifest\n"
    assert here(home, "prune").stdout == f"would remove {words}"
    assert here(home, "prune", "--yes").stdout == f"removed {words}"
    assert sorted(file.name for file in (home / "backups").iterdir()) == [
        ".lock", f"{name}.db.gz", f"{name}.json",
    ]  # fmt: skip
    journal = "".join(file.read_text() for file in (home / "state" / "audit").glob("*.jsonl"))
    assert f'"target":"{left}"' in journal


def test_what_would_be_lost_is_told_in_words_and_as_a_document(home: Path) -> None:
    name = made_here(home)
    with connected(Login(f"sqlite:///{home / 'books.db'}", 10)) as connection:
        connection.exec_driver_sql("UPDATE futures_positions SET status = 'closed' WHERE account_id = 2")
    told = here(home, "losses", name)
    assert told.exit_code == 1  # what the exchange holds can't be told
    first, *_rest, last = told.stdout.splitlines()
    assert first.startswith("futures_positions of account 2: 1 closed position open again, margin -")
    assert last == "can't be told: the exchange: none is configured"
    document = json.loads(here(home, "losses", name, "--json").stdout)
    assert (document["backup"], document["rows"], document["nothing"]) == (name, 0, False)
    assert [each["reopened"] for each in document["tables"]] == [1]
    assert here(home, "losses", "20200101T000000Z").exit_code == 3


def test_whoever_loses_the_terminal_of_a_rehearsal_leaves_nothing_behind(
    mariadb_url: str, tmp_path: Path
) -> None:
    """The client takes what it is given, and doesn't go on."""
    healthy_book(mariadb_url).database.dispose()
    ours = make_url(mariadb_url)
    client = tmp_path / "client"
    client.write_text("#!/bin/sh\nhead -c 100 >/dev/null; touch begun; exec sleep 60\n")
    client.chmod(0o700)
    (tmp_path / "console.yaml").write_text(
        "context: here\ncontexts:\n  here:\n    environment: paper\n    colour: green\n    database:\n"
        f"      url: {ours._replace(password=None).render_as_string().replace('+pymysql', '')}\n"
        "      password_env: HERE_PASSWORD\n"
        f"    backups: {{folder: backups, dump: [none], client: [{client}]}}\n"
    )
    create(Login(mariadb_url, 10), tmp_path / "backups", Around("here", "dana"), MEANS)
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "backup", "rehearse", "--config", str(tmp_path / "console.yaml"),
         "--state", str(tmp_path / "state")],
        cwd=tmp_path, env={**environment(), "HERE_PASSWORD": str(ours.password)}, stderr=subprocess.PIPE,
    )  # fmt: skip
    eventually(lambda: (tmp_path / "begun").exists() or process.poll() is not None)
    process.send_signal(signal.SIGHUP)
    _told, complaint = process.communicate(timeout=DEADLINE)
    assert (process.returncode, complaint) == (130, b"\n")
    with connected(Login(mariadb_url, 10)) as connection:
        names = connection.exec_driver_sql("SHOW DATABASES").scalars()
        assert not [name for name in names if str(name).startswith(REHEARSING)]


@pytest.mark.parametrize("sign", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.campaign)])
def test_whoever_stops_a_restore_is_heard_where_it_can_still_be_left(sign: signal.Signals) -> None:
    before, stop = signal.getsignal(sign), Stop()
    try:
        stop.look(Progress("loading", 0))
        stop.listen()
        os.kill(os.getpid(), sign)
        with pytest.raises(BackupError, match="told to stop"):
            stop.look(Progress("loading", 1))
    finally:
        signal.signal(sign, before)
