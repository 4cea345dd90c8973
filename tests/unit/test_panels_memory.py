"""Panels are read once: the next start with the same file takes what was found valid then."""

import json
from pathlib import Path

import pytest

from console.domain.thresholds import Condition, Panel
from console.panels import load_panels
from console.panels_memory import remembered
from console.promql.query import parse_query
from console.settings_file import shipped_configs

SHIPPED = shipped_configs() / "dashboard.yaml"
OTHER = (Panel("Other", "up", Condition(">", 0.1 + 0.2)),)


def not_read() -> tuple[Panel, ...]:
    raise AssertionError("the file was read again")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / ".cache" / "opsconsole" / "panels.json"


def test_the_second_start_has_the_very_panels_of_the_first_without_reading(env: dict[str, str]) -> None:
    panels = load_panels(SHIPPED, parse_query)
    assert remembered(SHIPPED, lambda: panels, env) == panels
    assert remembered(SHIPPED, not_read, env) == panels


def test_bounds_are_kept_to_the_last_digit(env: dict[str, str]) -> None:
    remembered(SHIPPED, lambda: OTHER, env)
    assert remembered(SHIPPED, not_read, env) == OTHER


def test_a_changed_file_is_read_again(tmp_path: Path, env: dict[str, str]) -> None:
    file = tmp_path / "dashboard.yaml"
    file.write_text("panels: 1")
    remembered(file, tuple, env)
    file.write_text("panels: 2")
    assert remembered(file, lambda: OTHER, env) == OTHER


@pytest.mark.parametrize("damage", ["", "[]", '{"panels": 1}', "[" * 10_000])
def test_what_is_damaged_is_read_again(env: dict[str, str], kept: Path, damage: str) -> None:
    remembered(SHIPPED, tuple, env)
    kept.write_text(damage)
    assert remembered(SHIPPED, lambda: OTHER, env) == OTHER


def test_a_panel_that_cannot_be_is_read_again(env: dict[str, str], kept: Path) -> None:
    remembered(SHIPPED, lambda: OTHER, env)
    content = json.loads(kept.read_text())
    content["panels"][0]["rule"] = [[1.5, 0]]
    kept.write_text(json.dumps(content))
    assert remembered(SHIPPED, lambda: OTHER, env) == OTHER


def test_a_mistake_is_not_kept(env: dict[str, str], kept: Path) -> None:
    def mistaken() -> tuple[Panel, ...]:
        raise ValueError

    with pytest.raises(ValueError):
        remembered(SHIPPED, mistaken, env)
    assert not kept.exists()


def test_without_a_home_or_a_file_the_reader_has_its_say(tmp_path: Path, env: dict[str, str]) -> None:
    assert remembered(SHIPPED, lambda: OTHER, {}) == OTHER
    assert remembered(tmp_path / "missing.yaml", lambda: OTHER, env) == OTHER


def test_a_cache_that_cannot_be_written_hinders_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    assert remembered(SHIPPED, lambda: OTHER, {"XDG_CACHE_HOME": str(tmp_path / "cache")}) == OTHER
