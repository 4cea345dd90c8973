"""A paper engine before its deployment, and the coin document's test transaction on it."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from console.settings_memory import shipped_configs
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import PATIENT


@dataclass(frozen=True)
class Host:
    """A home with an engine; answers exit code and output of a command."""

    home: Path

    def __call__(self, *words: str) -> tuple[int, str]:
        done = run_here(self.home, *words, "--state", str(self.home / "state"), more=PATIENT)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    home = tmp_path_factory.mktemp("deployment")
    with PaperProcess(home / "state", "--seed", "7", "--symbols", "2"):
        yield Host(home)


def test_a_paper_engine_is_ready_but_for_those_who_would_be_told(host: Host) -> None:
    code, told = host("check", "--json")
    checks = json.loads(told)["checks"]
    wrong = {each["name"]: each["verdict"] for each in checks if each["verdict"] != "ok"}
    wrong.pop("resources", None)  # whatever else this machine is doing
    assert wrong == {"alert channels": "warning"}
    assert (code, len(checks)) == (1, 20)


def test_the_test_transaction_is_done_once_it_is_confirmed_and_its_money_accounted_for(host: Host) -> None:
    runbook = yaml.safe_load((shipped_configs() / "runbooks" / "coin_test.yaml").read_text())
    part = ("account", "before", "trade", "money")  # what only asks the world is tested with its checks
    runbook["steps"] = [step for step in runbook["steps"] if step["name"] in part]
    file = host.home / "coin_test.yaml"
    file.write_text(yaml.safe_dump(runbook))
    code, told = host("runbook", "run", str(file))
    assert (code, "type 'paper BTC/USD' to go on" in told) == (3, True)
    code, told = host("runbook", "resume", told.split()[1], "--confirm", "paper BTC/USD")
    assert (code, told.splitlines()[-1]) == (0, "PASSED"), told
    assert "| filled BTC/USD at " in told
    assert re.search(r"money +passed   it cost -?0\.\d+, of which fees 0\.\d+; before ", told), told


def test_the_engine_refuses_what_it_does_not_trade(host: Host) -> None:
    assert host("paper", "test-trade", "NOPE") == (1, "opsconsole: NOPE is no symbol of this engine\n")


def test_the_engine_opens_no_test_position_while_it_is_tripped(host: Host) -> None:
    host("kill", "trip", "--reason", "no tests now")
    assert host("paper", "test-trade") == (1, "opsconsole: trading is stopped\n")


@pytest.mark.campaign
def test_a_version_is_deployed_on_paper_up_to_the_word_of_another_person(tmp_path: Path) -> None:
    host = Host(tmp_path)
    with PaperProcess(tmp_path / "state", "--seed", "7", "--symbols", "2") as before:
        told = host("runbook", "run", "deploy_paper", "--set", "version=1.2", "--set", "watch=5s")[1]
        run = told.split()[1]
        threading.Thread(target=before.process.wait).start()  # an engine's own parent sees it off
        for note in ("nothing was left open", "the checksum is the build's"):
            told = host("runbook", "resume", run, "--note", note)[1]
        assert "A PERSON IS NEEDED at record" in told, told
        assert "not 1.2: put the files of 1.2 there" in told  # nothing was installed
        (tmp_path / "state" / "app" / "VERSION").write_text("1.2\n")
        told = host("runbook", "resume", run, "--again")[1]
        try:
            assert "A PERSON IS NEEDED at issues" in told, told
            assert "watch                passed" in told
            assert before.process.returncode == 0
            told = host("runbook", "resume", run, "--note", "none")[1]
            assert f"not yet: opsconsole deployment sign-off {run}" in told
            assert "(1.2)" in host("release", "list")[1].split("stands ")[1]
        finally:
            host("paper", "stop", "--exchange")
