"""`alerts lint`: which files it reads, what it prints, and its exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.cli.alerts import alerts
from console.settings_file import shipped_configs

CONTEXT = "contexts: {prod: {environment: production, colour: red}}\n"
BURST = """groups:
- name: g
  rules:
  - alert: SyncError
    expr: rate(futures_sync_errors_total[5m]) > 0
    for: 5m
  - alert: Gone
    expr: absent(futures_sync_errors_total)
  - alert: New
    expr: futures_sync_errors_total > 0 unless futures_sync_errors_total offset 5m
"""
SOUND = """groups:
- name: g
  rules:
  - alert: Gone
    expr: absent(futures_margin_ratio)
"""
REFUSED = """groups:
- name: g
  rules:
  - alert: Unknown
    expr: no_such_function(x)
  - alert: Long
    expr: x > 1
    for: soon
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder of the test's own: what was valid is remembered there."""
    monkeypatch.setenv("HOME", str(tmp_path))


def written(folder: Path, text: str, name: str = "rules.yaml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def lint(*words: str | Path) -> Result:
    return CliRunner().invoke(alerts, ["lint", *map(str, words)])


def test_what_a_rule_can_not_catch_is_a_line_with_its_place(tmp_path: Path) -> None:
    file = written(tmp_path, BURST)
    result = lint(file)
    first = result.stdout.splitlines()[0]
    assert result.exit_code == 1
    assert first.startswith(f"{file}:5:11: SyncError: a single burst, however large, can't fire")


def test_rules_without_holes_are_nothing_to_tell(tmp_path: Path) -> None:
    result = lint(written(tmp_path, SOUND))
    assert (result.exit_code, result.output) == (0, "")


def test_the_intervals_decide_what_can_be_caught(tmp_path: Path) -> None:
    file = written(tmp_path, BURST.replace("for: 5m", "for: 90s"))
    assert "for 90s" not in lint(file, "--evaluation", "30s").stdout
    assert "for 1m30s is 2m at an evaluation each 1m" in lint(file).stdout


def test_every_mistake_of_a_refused_file_is_a_line(tmp_path: Path) -> None:
    file = written(tmp_path, REFUSED)
    result = lint(file)
    assert (result.exit_code, result.stdout) == (2, "")
    places = [line.split(": ")[1] for line in result.stderr.splitlines()]
    assert places == [f"{file}:5:11", f"{file}:8:10"]


def test_a_file_that_is_not_there_is_two(tmp_path: Path) -> None:
    result = lint(tmp_path / "none.yaml")
    assert (result.exit_code, result.stderr) == (
        2,
        f"opsconsole: {tmp_path}/none.yaml: no such file or directory\n",
    )


def test_without_a_file_both_shipped_ones_are_read(tmp_path: Path) -> None:
    result = lint("--config", written(tmp_path, CONTEXT, "console.yaml"), "--json")
    named = [Path(file).name for file in json.loads(result.stdout)["files"]]
    assert named == ["alert_rules.yaml", "alert_rules_hardened.yaml"]


def test_of_the_shipped_files_only_the_verbatim_one_has_holes(tmp_path: Path) -> None:
    result = lint("--config", written(tmp_path, CONTEXT, "console.yaml"))
    assert {line.partition(":")[0] for line in result.stdout.splitlines()} == {
        str(shipped_configs() / "alert_rules.yaml")
    }


def test_the_rules_that_the_settings_name_are_read_instead(tmp_path: Path) -> None:
    written(tmp_path, SOUND)
    result = lint("--config", written(tmp_path, f"{CONTEXT}rules: rules.yaml\n", "console.yaml"))
    assert (result.exit_code, result.output) == (0, "")


def test_json_holds_what_the_lines_say(tmp_path: Path) -> None:
    file = written(tmp_path, BURST)
    said = json.loads(lint(file, "--json", "--scrape", "10s").stdout)
    assert (said["files"], said["scrape"], said["evaluation"]) == ([str(file)], 10.0, 60.0)
    (burst,) = (finding for finding in said["findings"] if finding["hole"] == "burst")
    assert (burst["rule"], burst["place"]) == ("SyncError", f"{file}:5:11")


@pytest.mark.parametrize("option", ["--scrape", "--evaluation"])
@pytest.mark.parametrize("told", ["soon", "0s", "1.5m"])
def test_an_interval_that_is_none_is_two(tmp_path: Path, option: str, told: str) -> None:
    result = lint(written(tmp_path, SOUND), option, told)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"opsconsole: {option}: {told!r} is no ")
