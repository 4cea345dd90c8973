"""What lowers the risk is done in spite of a mistake elsewhere in the settings, which one line names."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.actions.rollout.history import Change
from console.actions.rollout.rollout import Rollout
from console.cli.flags import flags
from console.cli.kill import kill
from console.settings_file import load_settings
from console.settings_memory import SettingsMemory

SETTINGS = """\
contexts:
  prod:
    environment: production
    colour: red
    flags_file: flags.yaml
    kill_switch: {flag: engine.flag}
"""
OTHER = "  other: {environment: paper, colour: rad}\n"
MISTAKE = (
    ":7:39: contexts.other.colour: allowed: red, green, yellow, blue, magenta, cyan, orange, white or #rrggbb"
)
FLAGS = "features:\n  guard:\n    stage: shadow\n"
DISABLED = "features:\n  guard:\n    stage: disabled\n"
PRODUCTION = "features:\n  guard:\n    stage: production\n    canary_symbols: [BTC]\n"
OFF = "features:\n  guard:\n    enabled: false\n    stage: shadow\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "console.yaml").write_text(SETTINGS + OTHER)
    (tmp_path / "flags.yaml").write_text(FLAGS)
    return tmp_path


def opsconsole(home: Path, *arguments: str) -> Result:
    group = flags if arguments[0] in ("disable", "demote", "enable", "set", "revert") else kill
    given = ("--config", str(home / "console.yaml"), "--state", str(home / "state"))
    return CliRunner().invoke(group, [*arguments, *given, "--wait", "0"])


@pytest.mark.parametrize("command", [("disable",), ("demote",), ("set", "--stage", "disabled")])
def test_a_change_that_lowers_the_risk_is_written(home: Path, command: tuple[str, ...]) -> None:
    done = opsconsole(home, *command, "guard")
    assert done.stderr == f"opsconsole: SETTINGS: {home}/console.yaml{MISTAKE}. Done by the rest of them.\n"
    assert done.exit_code == 1
    assert (home / "flags.yaml").read_text() != FLAGS


def test_one_that_comes_down_to_canary_is_written(home: Path) -> None:
    (home / "flags.yaml").write_text(PRODUCTION)
    done = opsconsole(home, "set", "--stage", "canary", "guard")
    assert done.exit_code == 1
    assert (home / "flags.yaml").read_text() == PRODUCTION.replace("production", "canary")


def test_one_that_reverts_to_less_is_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    promoted = Change(1, 0.0, "", "", "guard", "", {"stage": "shadow"}, {"stage": "production"}, "", True)
    monkeypatch.setattr(Rollout, "history", lambda _: (promoted,))
    (home / "flags.yaml").write_text(PRODUCTION)
    done = opsconsole(home, "revert", "1")
    assert done.exit_code == 1
    assert (home / "flags.yaml").read_text() == PRODUCTION.replace("production", "shadow")


def test_one_that_reverts_to_more_is_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.cli.watch.SECOND_LOOK", 0.0)  # there is nothing to look at
    (home / "flags.yaml").write_text(PRODUCTION)
    opsconsole(home, "set", "--stage", "canary", "guard")
    lowered = (home / "flags.yaml").read_text()
    done = opsconsole(home, "revert", "1", "--reason", "test")
    assert (done.exit_code, (home / "flags.yaml").read_text()) == (3, lowered)
    assert "this raises the risk: mend the settings first" in done.stderr


def test_one_that_raises_it_is_not(home: Path) -> None:
    (home / "flags.yaml").write_text(OFF)
    done = opsconsole(home, "enable", "guard", "--reason", "test")
    assert (done.exit_code, done.stderr) == (2, f"opsconsole: {home}/console.yaml{MISTAKE}\n")
    assert (home / "flags.yaml").read_text() == OFF


def test_a_stage_that_does_not_trade_raises_it_where_the_feature_was_off(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.cli.watch.SECOND_LOOK", 0.0)  # there is nothing to look at
    (home / "flags.yaml").write_text(DISABLED)
    done = opsconsole(home, "set", "guard", "--stage", "shadow", "--reason", "test")
    assert (done.exit_code, (home / "flags.yaml").read_text()) == (3, DISABLED)
    assert "this raises the risk: mend the settings first" in done.stderr


def test_panels_that_hold_a_mistake_stop_only_what_raises_the_risk(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.cli.watch.SECOND_LOOK", 0.0)  # there is nothing to look at
    (home / "panels.yaml").write_text("panels: [\n")
    (home / "console.yaml").write_text(f"panels: panels.yaml\n{SETTINGS}")
    asked = opsconsole(home, "demote", "guard", "--dry-run")
    assert asked.stderr.startswith(f"opsconsole: PANELS: {home}/panels.yaml:2:1: ")
    assert asked.exit_code == 0
    (home / "flags.yaml").write_text(DISABLED)
    refused = opsconsole(home, "set", "guard", "--stage", "shadow", "--reason", "test")
    assert (refused.exit_code, (home / "flags.yaml").read_text()) == (3, DISABLED)
    enabled = opsconsole(home, "enable", "guard", "--reason", "test")
    assert (enabled.exit_code, enabled.stderr) == (2, asked.stderr.replace("PANELS: ", ""))


def test_a_mistake_where_the_flags_file_is_named_stops_it(home: Path) -> None:
    (home / "console.yaml").write_text(SETTINGS.replace("flags.yaml", "[flags.yaml]") + OTHER)
    done = opsconsole(home, "disable", "guard")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"opsconsole: {home}/console.yaml:5:17: contexts.prod.flags_file: ")


def test_where_nothing_can_be_read_it_goes_by_what_was_valid_last(home: Path) -> None:
    config, state = home / "console.yaml", home / "state"
    config.write_text(SETTINGS)
    SettingsMemory(config, None, state, os.environ).keep(load_settings(config=config, state=state))
    config.write_text(SETTINGS + "  other: {\n")
    done = opsconsole(home, "disable", "guard")
    assert done.exit_code == 1
    assert done.stderr.endswith(". Done by those that were last found valid.\n")
    assert (home / "flags.yaml").read_text() == OFF


def test_a_trip_goes_by_the_rest_where_nothing_was_valid_before(home: Path) -> None:
    done = opsconsole(home, "trip", "--reason", "test")
    assert done.stderr == (
        f"opsconsole: SETTINGS: {home}/console.yaml{MISTAKE}. Tripped by the rest of them.\n"
    )
    assert (done.exit_code, (home / "engine.flag").read_bytes()) == (1, b"1")
