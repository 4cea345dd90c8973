"""Settings that were validated once are taken up again as they were, and only where nothing has changed."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.settings import Settings
from console.settings_file import load_settings
from console.settings_memory import SettingsMemory
from tests.waiting import DEADLINE

TEXT = """\
contexts:
  futures-prod:
    environment: production
    colour: red
    database: {url: "mysql://opsconsole@db-1.internal:3306/books", password_env: FUTURES_DB_PASSWORD}
    kill_switch: {flag: /srv/futures/state/ops_kill_switch.flag}
    logs: {trades: logs/trades.log}
    commands: {stop: [scripts/stop_futures.sh, --now]}
    poll:
      metrics: {interval: 5s, timeout: 4s, stale_after: 40s}
  paper: {environment: paper, colour: cyan, engine_file: engine.json}
keys: {help: [f1]}
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "console.yaml"
    file.write_text(TEXT)
    return file


def keep(config: Path, env: Mapping[str, str], context: str | None = None) -> Settings:
    """Validate, and keep what came of it."""
    settings = load_settings(config=config, context=context, state=config.parent, environ=env)
    SettingsMemory(config, context, config.parent, env).keep(settings)
    return settings


def recall(config: Path, env: Mapping[str, str], context: str | None = None) -> Settings | None:
    return SettingsMemory(config, context, config.parent, env).recall()


def test_what_is_recalled_is_what_was_validated(config: Path, env: dict[str, str]) -> None:
    validated, recalled = keep(config, env), recall(config, env)
    assert recalled is not None
    assert recalled.context == "futures-prod"
    assert recalled.chosen.kill_switch == _like(recalled.chosen.kill_switch, validated.chosen.kill_switch)
    assert recalled.chosen.logs == validated.chosen.logs
    assert recalled.chosen.commands.stop == validated.chosen.commands.stop
    assert recalled.polling.metrics.stale_after == 40
    assert recalled.polling.database.timeout == validated.polling.database.timeout
    assert recalled.screen.fps == validated.screen.fps
    assert recalled.panels == validated.panels
    assert recalled.place_of_key("help") == validated.place_of_key("help")


def _like(recalled: object, validated: object) -> object:
    """`recalled`, after making sure that it has every field of `validated` with the same value."""
    assert _plain(recalled) == _plain(validated)
    return recalled


def _plain(value: object) -> object:
    return {name: _plain(part) for name, part in vars(value).items()} if hasattr(value, "__dict__") else value


def test_nothing_is_recalled_before_anything_was_kept(config: Path, env: dict[str, str]) -> None:
    assert recall(config, env) is None


def test_a_changed_file_is_read_anew(config: Path, env: dict[str, str]) -> None:
    keep(config, env)
    config.write_text(TEXT.replace("red", "blue"))
    assert recall(config, env) is None


def test_another_option_is_read_anew(config: Path, env: dict[str, str]) -> None:
    keep(config, env)
    assert recall(config, env, context="paper") is None


def test_each_of_several_contexts_is_recalled(config: Path, env: dict[str, str]) -> None:
    keep(config, env)
    keep(config, env, context="paper")
    recalled = [recall(config, env), recall(config, env, context="paper")]
    assert [settings and settings.context for settings in recalled] == ["futures-prod", "paper"]


def test_only_the_last_few_starts_are_kept(config: Path, env: dict[str, str], tmp_path: Path) -> None:
    for number in range(20):
        keep(config, {**env, "XDG_STATE_HOME": str(number)})
    kept = json.loads((tmp_path / ".cache" / "opsconsole" / "settings.json").read_text())
    assert len(kept["starts"]) < 20
    assert recall(config, {**env, "XDG_STATE_HOME": "19"}) is not None
    assert recall(config, {**env, "XDG_STATE_HOME": "0"}) is None


@pytest.mark.parametrize(
    "name", ["OPSCONSOLE_CONTEXT", "OPSCONSOLE_POLL__METRICS__INTERVAL", "XDG_STATE_HOME"]
)
def test_another_environment_is_read_anew(name: str, config: Path, env: dict[str, str]) -> None:
    keep(config, env)
    assert recall(config, {**env, name: "paper"}) is None


def test_variables_that_say_nothing_about_settings_change_nothing(config: Path, env: dict[str, str]) -> None:
    keep(config, env)
    assert recall(config, {**env, "OPSCONSOLE_PAPER_DB_PASSWORD": "secret", "LANG": "C"}) is not None


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"starts": 1}', "\0\0"])
def test_a_damaged_memory_is_no_memory(
    damage: str, config: Path, env: dict[str, str], tmp_path: Path
) -> None:
    keep(config, env)
    (tmp_path / ".cache" / "opsconsole" / "settings.json").write_text(damage)
    assert recall(config, env) is None
    keep(config, env)
    assert recall(config, env) is not None


def test_half_a_memory_is_no_memory(config: Path, env: dict[str, str], tmp_path: Path) -> None:
    keep(config, env)
    file = tmp_path / ".cache" / "opsconsole" / "settings.json"
    kept = json.loads(file.read_text())
    (start,) = kept["starts"].values()
    start["settings"] = {"fields": {"state": {"path": 5}}}
    file.write_text(json.dumps(kept))
    assert recall(config, env) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"items": {}},
        {"fields": {"context": "a", "contexts": {"items": {}}, "state": {"path": "/s"}}},
        {"fields": {"context": "a", "contexts": {"items": {"a": {"fields": {}}}}, "state": {"path": "/s"}}},
    ],
)
def test_settings_that_a_trip_cannot_go_by_are_no_memory(
    settings: object, config: Path, env: dict[str, str], tmp_path: Path
) -> None:
    keep(config, env)
    file = tmp_path / ".cache" / "opsconsole" / "settings.json"
    kept = json.loads(file.read_text())
    (start,) = kept["starts"].values()
    start["settings"] = settings
    file.write_text(json.dumps(kept))
    assert recall(config, env) is None


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bottomless_memory_is_no_memory(config: Path, env: dict[str, str], tmp_path: Path) -> None:
    keep(config, env)
    (tmp_path / ".cache" / "opsconsole" / "settings.json").write_text('{"starts":' * 100_000)
    assert recall(config, env) is None


def test_a_memory_on_a_disk_that_hangs_is_not_waited_for(
    config: Path, env: dict[str, str], tmp_path: Path
) -> None:
    keep(config, env)
    file = tmp_path / ".cache" / "opsconsole" / "settings.json"
    file.unlink()
    os.mkfifo(file)
    began = time.monotonic()
    assert recall(config, env) is None
    assert time.monotonic() - began < DEADLINE


def last_valid(config: Path, env: Mapping[str, str], context: str | None = None) -> str | None:
    """The colour of the production context in what was last found valid."""
    settings = SettingsMemory(config, context, config.parent, env).recall_last_valid()
    return None if settings is None else settings.contexts["futures-prod"].colour


def test_what_was_last_valid_is_recalled_whatever_the_file_says_now(
    config: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keep(config, env)
    config.write_text(TEXT.replace("red", "blue"))
    keep(config, env)
    config.write_text("contexts: {")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert last_valid(config, env) == "blue"


def test_a_settings_file_on_a_disk_that_hangs_is_not_waited_for(
    config: Path, env: dict[str, str], tmp_path: Path
) -> None:
    keep(config, env)
    config.unlink()
    os.mkfifo(config)  # whoever opens it waits
    began = time.monotonic()
    memory = SettingsMemory(config, None, config.parent, env)
    last = memory.recall_last_valid()
    assert time.monotonic() - began < DEADLINE
    assert (memory.recall(), memory.silence) == (None, f"{config}: no answer within 0.2 s")
    assert last is not None
    assert last.context == "futures-prod"


def test_what_no_trip_needs_to_know_does_not_hide_what_was_last_valid(
    config: Path, env: dict[str, str]
) -> None:
    keep(config, env)
    assert last_valid(config, {**env, "OPSCONSOLE_POLL__METRICS__INTERVAL": "soon"}) == "red"


def test_settings_that_are_taken_up_again_are_the_last_valid_ones(config: Path, env: dict[str, str]) -> None:
    keep(config, env)
    config.write_text(TEXT.replace("red", "blue"))
    keep(config, env)
    config.write_text(TEXT)
    memory = SettingsMemory(config, None, config.parent, env)
    assert memory.recall() is not None
    memory.renew()
    config.write_text("contexts: {")
    assert last_valid(config, env) == "red"


def test_what_was_valid_for_another_start_is_not_the_last_valid(config: Path, env: dict[str, str]) -> None:
    keep(config, env)
    assert last_valid(config, env, context="paper") is None
    assert last_valid(config, {**env, "OPSCONSOLE_CONTEXT": "paper"}) is None
    assert SettingsMemory(config, None, config.parent / "other", env).recall_last_valid() is None


def test_without_a_home_nothing_is_kept(config: Path) -> None:
    keep(config, {})
    assert recall(config, {}) is None
