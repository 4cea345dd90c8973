"""Where runs of runbooks are kept, and the operator's own runbooks, as the settings say it."""

from pathlib import Path

import pytest

from console.settings import Settings
from console.settings_file import SettingsError, load_settings, shipped_configs
from console.wiring.runbooks import NoRunbookError, runbook_files, runbook_named, runbooks_of

FILE = """\
contexts: {paper: {environment: paper, colour: cyan}}
"""
RUNBOOK = """\
title: Mine
use: always
risk: none
steps: [{name: see, text: see, check: sources}]
"""


def load(folder: Path, more: str = "") -> Settings:
    file = folder / "console.yaml"
    file.write_text(FILE + more)
    return load_settings(config=file, environ={}, state=folder / "state")


def test_without_a_word_the_runs_are_in_the_state_folder(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.runs, settings.runbooks) == (None, None)


def test_a_database_to_share_is_named_like_any_other(tmp_path: Path) -> None:
    runs = load(tmp_path, "runs: {url: mysql://ops@db.example/runs, password_env: P, ca_file: ca.pem}").runs
    assert runs is not None
    assert (runs.url, runs.password_env, runs.ca_file) == (
        "mysql://ops@db.example/runs",
        "P",
        tmp_path / "ca.pem",
    )


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ("{url: mysql://ops:hush@db/runs}", "2:13: runs.url: a URL such as mysql://user@host:3306/"),
        (
            "{url: mysql://ops@db/runs, password: x}",
            "2:34: runs.password: unknown field; allowed: url, password",
        ),
        ("{password_env: P}", "2:7: runs.url: is missing"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, runs: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, f"runs: {runs}\n")
    assert message in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_runbook_of_ones_own_is_added_or_stands_in_place_of_a_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    for name in ("my_look", "verify_state"):
        (own / f"{name}.yaml").write_text(RUNBOOK)
    settings = load(tmp_path, "runbooks: mine\n")
    files = runbook_files(settings)
    assert list(files) == sorted(files)
    assert (files["my_look"], files["verify_state"]) == (own / "my_look.yaml", own / "verify_state.yaml")
    assert files["recovery"] == shipped_configs() / "runbooks" / "recovery.yaml"
    assert runbook_named(settings, "verify_state").title == "Mine"


def test_a_mistake_in_one_runbook_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("title: 3\n")
    found = runbooks_of(load(tmp_path, "runbooks: .\n"))
    mistakes = {name for name, one in found.items() if isinstance(one, Exception)}
    assert "broken" in mistakes
    assert "verify_state" not in mistakes


def test_a_name_that_there_is_no_runbook_of_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(NoRunbookError, match=r"^there is no runbook nothing; allowed: .*, or a file$"):
        runbook_named(load(tmp_path), "nothing")


def test_every_shipped_runbook_is_sound(tmp_path: Path) -> None:
    found = runbooks_of(load(tmp_path))
    assert {name: str(one) for name, one in found.items() if isinstance(one, Exception)} == {}
