"""How features may be rolled out: the defaults, and one clear line for what can't stand."""

from pathlib import Path

import pytest

from console.settings_file import SettingsError, load_settings, shipped_configs
from console.settings_rollout import Rollout

CONTEXT = "contexts:\n  prod:\n    environment: production\n    colour: red\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "console.yaml"


def rollout(file: Path, given: str) -> Rollout:
    file.write_text(f"{CONTEXT}    rollout: {given}\n")
    return load_settings(config=file, environ={"HOME": "/"}).chosen.rollout


def test_without_a_word_an_engine_reads_both_lists_and_no_stages_by_symbol(file: Path) -> None:
    rules = rollout(file, "{}")
    assert rules.list_names == ["canary_symbols", "allowed_symbols"]
    assert (rules.symbol_stages, rules.reads, rules.furthest) == (False, "on change", None)


def test_waits_are_in_days_where_people_write_days(file: Path) -> None:
    rules = rollout(file, "{waits: {shadow: 7d}, features: {funding_forecast: {canary: 36h}}}")
    assert (rules.waits.shadow, rules.waits.canary) == (7 * 86400, None)
    assert rules.features["funding_forecast"].canary == 36 * 3600


def test_the_paper_engine_reads_stages_by_symbol() -> None:
    settings = load_settings(config=shipped_configs() / "console.yaml", environ={"HOME": "/"})
    assert settings.contexts["paper"].rollout.symbol_stages


@pytest.mark.parametrize(
    ("given", "mistake"),
    [
        ("{furthest: Canary}", "rollout.furthest: allowed: 'disabled', 'shadow'"),
        ("{list_names: []}", "5:27: contexts.prod.rollout.list_names"),
        ("{watched: 2}", "5:24: contexts.prod.rollout.watched"),
        ("{waits: {shadow: soon}}", "5:31: contexts.prod.rollout.waits.shadow: a duration is a number"),
        ("{waits: {production: 7d}}", "rollout.waits.production: unknown field; allowed: shadow"),
        ("{features: {a: {live: 7d}}}", "rollout.features.a.live: unknown field; allowed: shadow"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(file: Path, given: str, mistake: str) -> None:
    with pytest.raises(SettingsError) as caught:
        rollout(file, given)
    assert mistake in str(caught.value)
