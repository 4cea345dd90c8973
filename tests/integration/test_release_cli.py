"""The command `release` on a host: recorded, verified, put back, and the coin engine taken out."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import yaml

from console.paper import open_database
from console.settings_memory import shipped_configs
from tests.command import run_here

ONE = {"VERSION": "1.0", "services/risk.py": "one", "app/coin.py": "coin"}
TWO = {"VERSION": "1.1", "services/risk.py": "two", "app/coin.py": "coin"}


@dataclass(frozen=True)
class Host:
    """A home with a tree and an engine that has ended; answers exit code and output of a command."""

    home: Path

    def __call__(self, *words: str) -> tuple[int, str]:
        done = run_here(
            self.home, *words, "--config", str(self.home / "console.yaml"), "--state", str(self.state)
        )
        return done.returncode, done.stdout + done.stderr

    @property
    def state(self) -> Path:
        return self.home / "state"

    def put(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            file = self.home / "tree" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def held(self) -> dict[str, str]:
        files = (each for each in (self.home / "tree").rglob("*") if each.is_file())
        return {str(each.relative_to(self.home / "tree")): each.read_text() for each in files}

    def settings(self, **more: object) -> None:
        context = {
            "environment": "staging",
            "colour": "blue",
            "flags_file": str(self.home / "flags.yaml"),
            "database": {"url": f"sqlite:///{self.home / 'books.db'}"},
            "engine_file": str(self.home / "engine.json"),
            "code": {
                "tree": str(self.home / "tree"),
                "files": ["VERSION", "services/*.py"],
                "coin_files": ["app/coin.py"],
            },
            "access": {"operators": {"users": [os.getuid()]}, **more},
        }
        (self.home / "console.yaml").write_text(
            yaml.safe_dump({"context": "here", "contexts": {"here": context}})
        )


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """1.0 was deployed and healthy, 1.1 is deployed."""
    found = Host(tmp_path)
    found.settings()
    open_database(f"sqlite:///{tmp_path / 'books.db'}").dispose()
    flags = (shipped_configs() / "feature_flags_futures.yaml").read_text()
    (tmp_path / "flags.yaml").write_text(flags)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "engine.json").write_text(json.dumps({"pid": ended.pid, "start_time": 1.0}))
    found.put(ONE)
    assert found("release", "record", "--deployed")[0] == 0
    assert found("release", "healthy")[0] == 0
    found.put(TWO)
    assert found("release", "record", "--deployed", "--note", "the bad one")[0] == 0
    return found


def test_it_lists_verifies_shows_and_goes_back(host: Host) -> None:
    code, told = host("release", "list")
    assert code == 0
    lines = told.splitlines()
    (before,) = [line for line in lines if "PREVIOUS" in line]
    assert ("1.0" in before, "healthy by " in before) == (True, True)
    assert lines[-1].startswith("previous   r-")
    one = lines[-1].split()[1].rstrip(":")
    assert host("release", "verify")[0] == 0
    assert json.loads(host("release", "show", one, "--json")[1])["version"] == "1.0"

    code, told = host("release", "back", "--reason", "1.1 is bad")
    assert code == 3
    assert "would          replace VERSION" in told
    assert "refused        confirmation: 'staging here' has to be typed: --confirm WORDS" in told
    assert host.held() == TWO

    (host.home / "tree" / "services" / "risk.py").write_text("a quick fix")
    assert host("release", "verify")[0] == 1
    code, told = host("release", "back", "--reason", "1.1 is bad", "--confirm", "staging here")
    assert (code, "every file's hash is as recorded" in told) == (0, True), told
    assert host.held() == ONE
    (saved,) = json.loads(host("release", "saved", "--json")[1])
    assert f"before it      recorded as {saved['id']}" in told
    again = ("release", "back", "--to", saved["id"], "--reason", "the fix", "--confirm", "staging here")
    code, told = host(*again)
    assert (code, host.held()) == (3, ONE)
    assert "WAS NEVER DEPLOYED AND HEALTHY: needs an override with a reason: --override REASON" in told
    code, told = host(*again, "--override", "it is the fix")
    assert (code, host.held()["services/risk.py"]) == (0, "a quick fix"), told


def test_a_version_is_recorded_under_the_name_that_was_typed_or_refused(host: Host) -> None:
    deploy = ("release", "record", "--deployed", "--run", "deploy-1", "--version")
    code, told = host(*deploy, "v2")
    assert (code, "says that it is 1.1, not v2: put the files of v2 there, or use 1.1" in told) == (3, True)
    host.put({**TWO, "VERSION": "2"})
    code, told = host(*deploy, "v2")
    assert (code, "(v2)  3 files, deployed" in told) == (0, True), told
    (line,) = [line for line in host("release", "list")[1].splitlines() if "STANDS THERE" in line]
    assert " v2 " in line
    assert "(v2) is healthy" in host("release", "healthy", "v2", "--run", "deploy-1")[1]
    code, told = host("release", "record", "--version", "v2", "--tag", "v2")
    assert (code, "give one of them" in told) == (2, True)


def test_nothing_deployed_names_the_command_that_says_so(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.settings()
    host.put(ONE)
    for word in ("healthy", "verify"):
        code, told = host("release", word)
        assert (code, told.endswith(": opsconsole release record --deployed\n")) == (3, True), told


def test_with_the_journal_lost_they_are_taken_over_and_one_goes_back_by_an_override(host: Host) -> None:
    (one,) = [each["id"] for each in json.loads(host("release", "list", "--json")[1]) if each["healthy"]]
    host.state.rename(host.home / "lost")
    shutil.copytree(host.home / "lost" / "releases", host.state / "releases")
    told = host("release", "list")[1]
    assert ("never deployed" in told, told.count("THE JOURNAL DOESN'T KNOW IT")) == (False, 2), told
    code, told = host("release", "record", "--take-over", "")
    assert (code, "a reason is asked for" in told) == (3, True), told
    code, told = host("release", "record", "--take-over", "the journal is gone")
    assert (code, "are this console's now" in told.splitlines()[0]) == (0, True), told
    told = host("release", "list")[1]
    assert ("never deployed" in told, "not known whether it was deployed" in told) == (False, True), told
    again = ("release", "back", "--to", one, "--reason", "1.1 is bad", "--confirm", "staging here")
    code, told = host(*again)
    assert (code, host.held()) == (3, TWO)
    assert f"{one} (1.0): the journal doesn't know it" in told
    assert "needs an override with a reason: --override REASON" in told
    code, told = host(*again, "--override", "the journal is gone")
    assert (code, host.held()) == (0, ONE), told
    assert f"BACK: {one}" in told
    host.put({**TWO, "VERSION": "1.2"})
    assert host("release", "record")[0] == 0
    (line,) = [line for line in host("release", "list")[1].splitlines() if "STANDS THERE" in line]
    assert line.endswith("never deployed")  # after the take-over nobody else can have


def test_an_engine_that_runs_refuses_it(host: Host) -> None:
    began = psutil.Process().create_time()
    (host.home / "engine.json").write_text(json.dumps({"pid": os.getpid(), "start_time": began}))
    code, told = host("release", "back", "--reason", "1.1 is bad", "--confirm", "staging here")
    assert (code, host.held()) == (3, TWO)
    assert f"refused        processes: process {os.getpid()}" in told


def test_a_second_person_is_asked_where_the_settings_want_one(host: Host) -> None:
    host.settings(two_person=["release.back"])
    code, told = host("release", "back", "--reason", "1.1 is bad", "--confirm", "staging here", "--ask")
    assert (code, host.held()) == (3, TWO)
    assert "a second person has to run: opsconsole approve " in told


def test_the_coin_engine_is_taken_out_with_the_journal_gone(host: Host) -> None:
    (host.state / "audit").rename(host.home / "gone")
    (host.state / "audit").write_text("no folder")
    code, told = host("release", "remove-coin", "--reason", "a coin bug")
    assert (code, "removed        app/coin.py" in told, "THE JOURNAL LACKS IT" in told) == (0, True, True), (
        told
    )
    assert "app/coin.py" not in host.held()
    assert host("release", "remove-coin", "--reason", "again") == (
        0,
        "the coin engine's files are gone already\n",
    )


def test_what_can_t_be_told_is_exit_code_3(host: Host) -> None:
    (journal,) = (host.state / "audit").glob("journal-*")
    journal.write_text(journal.read_text().replace("healthy", "wealthy"))
    for words in (("list",), ("verify",), ("healthy",), ("back", "--reason", "1.1 is bad")):
        code, told = host("release", *words)
        assert (code, "the journal isn't sound" in told) == (3, True), told
    host.settings()
    without = yaml.safe_load((host.home / "console.yaml").read_text())
    del without["contexts"]["here"]["code"]
    (host.home / "console.yaml").write_text(yaml.safe_dump(without))
    assert "name no code" in host("release", "list")[1]


def test_what_the_settings_don_t_keep_goes_where_that_is_said(host: Host) -> None:
    text = (host.home / "console.yaml").read_text()
    (host.home / "console.yaml").write_text(
        text.replace("      tree:", "      keep: 1\n      days: 0\n      tree:")
    )
    host.put({"VERSION": "1.2"})
    assert host("release", "record", "--deployed")[0] == 0
    code, told = host("release", "prune")
    assert (code, told.count("would remove r-"), "(1.1)" in told) == (0, 1, True), told
    assert "it is the previous healthy one" in told
    assert len(json.loads(host("release", "list", "--json")[1])) == 3
    assert host("release", "prune", "--yes") == (0, told.replace("would remove", "removed"))
    assert len(json.loads(host("release", "list", "--json")[1])) == 2
    assert host("release", "prune", "--dry-run")[1].startswith("nothing is beyond what the settings keep")
