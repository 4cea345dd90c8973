"""`opsconsole backup`: what it says, keeps and exits with."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from console.actions.backup.create import Around, Means, create
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import backups_in
from console.actions.backup.scratch import REHEARSING
from console.actions.database import Login, connected
from console.cli.backup_restore import Stop
from console.domain.clock import SystemClock
from console.settings_file import load_settings
from console.wiring.backups import back_up, beyond, means_of, rehearse_here
from tests.mariadb_programs import environment, programs
from tests.opsconsole import run
from tests.unit.history.records import HandClock
from tests.unit.runbooks.checks.healthy_book import healthy_book
from tests.waiting import eventually

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


def made(home: Path) -> str:
    finished = backup(home, "create")
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout.split()[0]


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
    name = made(home)
    file = home / "backups" / f"{name}.db.gz"
    file.write_bytes(file.read_bytes()[:-10])
    finished = backup(home, "verify", name)
    assert finished.returncode == 1
    assert finished.stdout.startswith(f"{name}  {name}.db.gz has ")
    assert backup(home, "rehearse").returncode == 1


def test_one_that_is_not_there_is_refused_with_those_that_are(home: Path) -> None:
    name = made(home)
    finished = backup(home, "verify", "20200101T000000Z")
    assert finished.returncode == 3
    assert finished.stderr.endswith(
        f"there is no backup 20200101T000000Z in {home / 'backups'}; allowed: {name}\n"
    )


def test_pruning_keeps_what_the_settings_say_and_the_newest_that_was_restored_equal(home: Path) -> None:
    settings = load_settings(config=home / "console.yaml", state=home / "state", environ={})
    clock = HandClock()
    means = replace(means_of(settings, lambda _size: None), clock=clock)
    first, _ = rehearse_here(settings, back_up(settings, means), means)
    clock.at += 3600
    second = back_up(settings, means)
    assert beyond(settings, (second, first), clock.wall()) == ()
    second, _ = rehearse_here(settings, second, means)
    assert beyond(settings, (second, first), clock.wall()) == (first,)
    assert backup(home, "prune").stdout == f"would remove {first.name}\n"
    assert backup(home, "prune", "--yes").stdout == f"removed {first.name}\n"
    assert [each.name for each in backups_in(home / "backups")[0]] == [second.name]


def test_another_context_s_backups_in_the_same_folder_are_neither_pruned_nor_counted(home: Path) -> None:
    settings = load_settings(config=home / "console.yaml", state=home / "state", environ={})
    clock = HandClock()
    means = replace(means_of(settings, lambda _size: None), clock=clock)
    old = back_up(settings, means)
    clock.at += 3600
    new = back_up(settings, means)
    foreign = replace(new, manifest=replace(new.manifest, context="there"))
    assert beyond(settings, (foreign, old), clock.wall()) == ()
    assert (
        beyond(settings, (new, replace(old, manifest=replace(old.manifest, context="there"))), clock.wall())
        == ()
    )


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
    _told, complaint = process.communicate(timeout=10)
    assert (process.returncode, complaint) == (130, b"\n")
    with connected(Login(mariadb_url, 10)) as connection:
        names = connection.exec_driver_sql("SHOW DATABASES").scalars()
        assert not [name for name in names if str(name).startswith(REHEARSING)]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_whoever_stops_a_restore_is_heard_where_it_can_still_be_left(sign: signal.Signals) -> None:
    before, stop = signal.getsignal(sign), Stop()
    try:
        stop.look(0)
        stop.listen()
        os.kill(os.getpid(), sign)
        with pytest.raises(BackupError, match="told to stop"):
            stop.look(1)
    finally:
        signal.signal(sign, before)
