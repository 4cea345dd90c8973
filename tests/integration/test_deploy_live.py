"""The step that starts an engine live waits for typed words and for a second person; on paper for neither."""

import os
import sys
from pathlib import Path

import pytest
import yaml

from console.paper import open_database
from console.settings_memory import shipped_configs
from tests.command import run_here

WRITES = [sys.executable, "-c", "open('started', 'w').close()"]


def start_step(home: Path, name: str, environment: str) -> tuple[str, ...]:
    """The command line that runs nothing of a shipped runbook but its start, on a context of one database."""
    database = home / "books.db"
    open_database(f"sqlite:///{database}").dispose()
    context = {
        "environment": environment,
        "colour": "red",
        "database": {"url": f"sqlite:///{database}"},
        "commands": {"start": WRITES, "stop": WRITES},
        "processes": {"pid_files": [str(home / "engine.pid")]},
        "access": {"operators": {"users": [os.getuid()]}},
    }
    (home / "console.yaml").write_text(yaml.safe_dump({"context": "here", "contexts": {"here": context}}))
    runbook = yaml.safe_load((shipped_configs() / "runbooks" / f"{name}.yaml").read_text())
    (start,) = (step for step in runbook["steps"] if step["name"] == "start")
    runbook["steps"] = [{**start, "timeout": "1s", "on_failure": "ask"}]
    file = home / f"{name}.yaml"
    file.write_text(yaml.safe_dump(runbook))
    return ("runbook", "run", str(file), "--set", "version=1.2")


def told(home: Path, *words: str) -> str:
    where = ("--config", str(home / "console.yaml"), "--state", str(home / "state"))
    done = run_here(home, *words, *where)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "environment"), [("deploy_canary", "staging"), ("deploy_live", "production")]
)
def test_a_live_start_takes_typed_words_and_then_a_second_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, environment: str
) -> None:
    monkeypatch.chdir(tmp_path)
    begun = told(tmp_path, *start_step(tmp_path, name, environment))
    assert f"type '{environment} here' to go on" in begun
    waits = told(tmp_path, "runbook", "resume", begun.split()[1], "--confirm", f"{environment} here")
    assert "opsconsole approve " in waits
    assert not (tmp_path / "started").exists()


def test_a_start_in_shadow_takes_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    step = start_step(tmp_path, "deploy_shadow", "development")
    (tmp_path / "engine.pid").write_text(str(os.getpid()))  # somebody has started one meanwhile
    begun = told(tmp_path, *step)
    assert "waiting  before it: every process of the engine has ended" in begun
    assert not (tmp_path / "started").exists()
    (tmp_path / "engine.pid").unlink()
    told(tmp_path, "runbook", "resume", begun.split()[1])
    assert (tmp_path / "started").exists()
