"""Two people with one state folder, and two hosts with one database: each sees and takes the other's runs.

The kernel takes the two for two users, so only root can be both; see `test_two_people`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from console.audit.files import records
from console.audit.verify import verify
from console.runbooks.run import State
from console.runbooks.store import own_store
from console.settings_memory import shipped_configs
from tests.command import run_here
from tests.opsconsole import COMMAND, PATIENT, environment
from tests.unit.actions.people import GROUP, give_to_group, shared_office
from tests.waiting import DEADLINE, eventually

ANA, BEN = 54321, 54322
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")
two_people = pytest.mark.skipif(os.geteuid() != 0 and not IN_CI, reason="only root can be two people")

SETTINGS = """\
runbooks: {folder}
contexts:
  p:
    environment: paper
    colour: cyan
    flags_file: {flags}
    commands: {{verify_positions: [{command}]}}
"""
LOOK = """\
title: Look together
use: always
risk: none
steps:
  - name: cause
    text: Say why.
    manual: Why?
"""
VERIFY = """\
  - name: verify
    text: Have the engine verify itself.
    command: verify_positions
    check: sources
    timeout: 60s
"""
VERIFIES = """
import pathlib, sys, time
engine = pathlib.Path(sys.argv[1])
(engine / "marks").open("a").write("ran;")
while not (engine / "go").exists(): time.sleep(0.05)
print("verified")
"""
"""Notes that it was begun, and goes on when it is let."""


@dataclass(frozen=True, slots=True)
class Desks:
    """The state folder that both share, with settings, a runbook, and an engine that is a flag file."""

    state: Path

    @property
    def marks(self) -> str:
        file = self.state / "engine" / "marks"
        return file.read_text() if file.exists() else ""

    def run(self, uid: int, *words: str) -> tuple[int, str]:
        """Run `opsconsole runbook …` to its end as that user."""
        begun = self.begin(uid, *words)
        told, _ = begun.communicate(timeout=2 * DEADLINE)
        return begun.returncode, told

    def begin(self, uid: int, *words: str) -> "subprocess.Popen[str]":
        person = [f"--reuid={uid}", f"--regid={uid}", f"--groups={GROUP}"]
        reads_all = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        where = ["--config", str(self.state / "console.yaml"), "--state", str(self.state)]
        return subprocess.Popen(
            ["setpriv", *person, *reads_all, *COMMAND, "runbook", *words, *where],
            env=environment(self.state, **PATIENT),
            umask=0o077,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@dataclass(frozen=True, slots=True)
class Host:
    """A home and a state folder of its own, with settings that keep the runs in a database."""

    home: Path
    database: URL

    def run(self, *words: str) -> tuple[int, str]:
        """Run `opsconsole runbook …` to its end."""
        self.home.mkdir(exist_ok=True)
        (self.home / "look.yaml").write_text(LOOK)
        config = self.home / "console.yaml"
        runs = f"runs: {{url: '{self.database._replace(password=None)}', password_env: RUNS}}\n"
        flags = shipped_configs() / "feature_flags_futures.yaml"
        config.write_text(runs + SETTINGS.format(folder=self.home, flags=flags, command="none"))
        where = ("--config", str(config), "--state", str(self.home / "state"))
        secret = {**PATIENT, "RUNS": self.database.password or ""}
        done = run_here(self.home, "runbook", *words, *where, more=secret)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def desks() -> Iterator[Desks]:
    with shared_office({}) as office:
        for folder in ("runs", "engine"):
            give_to_group(office.state / folder)
        command = f"{sys.executable}, -S, -c, {json.dumps(VERIFIES)}, {office.state}/engine"
        flags = shipped_configs() / "feature_flags_futures.yaml"
        settings = SETTINGS.format(folder=office.state, flags=flags, command=command)
        (office.state / "console.yaml").write_text(settings)
        (office.state / "look.yaml").write_text(LOOK.replace("steps:\n", f"steps:\n{VERIFY}"))
        yield Desks(office.state)


@two_people
def test_what_one_began_another_takes_over_and_nothing_is_done_twice(desks: Desks) -> None:
    ana, store = desks.begin(ANA, "run", "look"), own_store(desks.state)
    eventually(lambda: desks.marks)
    run = store.latest("p")[0].id
    code, told = desks.run(BEN, "resume", run)
    assert (code, told.startswith(f"opsconsole: run {run} is driven by ")) == (3, True)

    ben = desks.begin(BEN, "resume", run, "--take-over", "her line is slow")
    assert ana.communicate(timeout=DEADLINE)[0].splitlines()[-1].startswith("opsconsole: another drives run")
    assert ana.returncode == 3
    (desks.state / "engine" / "go").touch()
    assert "A PERSON IS NEEDED at cause: " in ben.communicate(timeout=DEADLINE)[0]
    assert desks.marks == "ran;"
    verified = store.find(run).step("verify")
    assert (verified.state, verified.output) == (State.PASSED, "verified\n")

    code, told = desks.run(ANA, "resume", run, "--note", "a drill")
    assert (code, told.splitlines()[-1]) == (0, "PASSED")
    taken = [
        each.uid for each in records(desks.state / "audit") if each.action == "runbook.take" and each.done
    ]
    assert taken == [BEN, ANA]
    assert verify(desks.state / "audit").sound


def test_a_run_that_one_host_began_is_seen_and_gone_on_with_on_another(
    mariadb_url: str, tmp_path: Path
) -> None:
    url = make_url(mariadb_url)
    hosts = [Host(tmp_path / name, url) for name in ("one", "two")]
    code, told = hosts[0].run("run", "look")
    assert code == 3
    run = told.split()[1]
    assert run in hosts[1].run("list")[1]
    code, told = hosts[1].run("resume", run, "--note", "the line to one is cut")
    assert (code, told.splitlines()[-1]) == (0, "PASSED")
    assert "cause                passed   written down" in hosts[0].run("show", run)[1]
