"""What the checklist asks of the settings, and whether an engine has ended."""

import fcntl
import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from console.actions.engine.processes import LOCK
from console.domain.clock import SystemClock
from console.runbooks.checks.deployment import deployment_checks
from console.runbooks.checks.deployment_settings import (
    commands,
    flags,
    keys,
    limits,
    resources,
)
from console.settings import Settings
from console.settings_file import load_settings

LIVE = "exchange: {usdm: 'https://fapi.example.net', key_env: LIVE_KEY, secret_env: LIVE_SECRET}"
BY_FILE = "engine_file: engine.json"
KEYS = {"LIVE_KEY": "a", "LIVE_SECRET": "b", "PAPER_KEY": "c", "PAPER_SECRET": "d"}
FLAGS = "features:\n  guard: {enabled: true, stage: STAGE, canary_symbols: [BTCUSDT]}\n"


def settings(
    folder: Path, *lines: str, top: str = "", environment: str = "production", others: str = ""
) -> Settings:
    own = "".join(f"    {line}\n" for line in lines)
    here = f"contexts:\n  here:\n    environment: {environment}\n    colour: red\n"
    text = f"{top}\ncontext: here\n{here}{own}{others}"
    (folder / "console.yaml").write_text(text)
    return load_settings(config=folder / "console.yaml", state=folder, environ={"HOME": str(folder)})


def test_the_shipped_panels_are_as_strict_as_the_guide(tmp_path: Path) -> None:
    assert limits(settings(tmp_path)).passes


@pytest.mark.parametrize(
    ("bounds", "observed"),
    [
        ((1.3, 1.2, 1.05), "margin_ratio 1.49 is ok, not warning"),
        ((1.5, 1.1, 1.05), "margin_ratio 1.19 is warning, not high"),
        ((1.5, 1.2, 1.01), "margin_ratio 1.04 is high, not critical"),
    ],
)
def test_a_panel_that_is_laxer_is_named(
    tmp_path: Path, bounds: tuple[float, float, float], observed: str
) -> None:
    colours = zip(bounds, ("green", "yellow", "red"), strict=True)
    steps = ", ".join(f"{{value: {bound}, color: {colour}}}" for bound, colour in colours)
    text = f"panels:\n  - {{name: Margin Ratio, query: futures_margin_ratio, thresholds: [{steps}]}}\n"
    (tmp_path / "panels.yaml").write_text(text)
    found = limits(settings(tmp_path, top="panels: panels.yaml"))
    assert found.passes is False
    assert observed in found.observed
    assert "has no panel funding_rate" in found.observed


@pytest.mark.parametrize(
    ("stage", "at_most", "passes"),
    [
        ("shadow", "shadow", True),
        ("canary", "shadow", False),
        ("production", "environment", True),
        ("production", "canary", False),
    ],
)
def test_a_feature_beyond_the_stage_is_found(tmp_path: Path, stage: str, at_most: str, passes: bool) -> None:
    (tmp_path / "flags.yaml").write_text(FLAGS.replace("STAGE", stage))
    found = flags(settings(tmp_path, "flags_file: flags.yaml"), at_most)
    assert found.passes is passes
    assert passes or found.observed == f"guard is in {stage}"


def test_a_symbol_for_which_a_feature_goes_further_is_found_too(tmp_path: Path) -> None:
    stages = "{BTCUSDT: production, ETHUSDT: canary}"
    (tmp_path / "flags.yaml").write_text(
        f"features:\n  guard: {{enabled: true, stage: shadow, symbol_stages: {stages}}}\n"
    )
    found = flags(settings(tmp_path, "flags_file: flags.yaml"), "shadow")
    assert found.observed == "guard is in production; guard is in canary"


def test_a_stage_that_no_engine_knows_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "flags.yaml").write_text(FLAGS.replace("STAGE", "Shadow"))
    assert flags(settings(tmp_path, "flags_file: flags.yaml"), "shadow").passes is False


def test_staging_allows_no_production(tmp_path: Path) -> None:
    (tmp_path / "flags.yaml").write_text(FLAGS.replace("STAGE", "production"))
    staging = settings(tmp_path, "flags_file: flags.yaml", environment="staging")
    assert flags(staging, "environment").passes is False


def test_flags_that_cannot_be_read_do_not_pass(tmp_path: Path) -> None:
    assert flags(settings(tmp_path, "flags_file: none.yaml"), "environment").passes is False
    assert flags(settings(tmp_path), "environment").passes is None


def test_keys_that_are_set_pass_and_are_not_shown(tmp_path: Path) -> None:
    found = keys(settings(tmp_path, LIVE), {**KEYS, "LIVE_SECRET": "very-secret"})
    assert (found.passes, found.observed) == (True, "LIVE_KEY and LIVE_SECRET are set")


def test_a_key_that_is_missing_is_named(tmp_path: Path) -> None:
    assert keys(settings(tmp_path, LIVE), {"LIVE_KEY": "a"}).observed == "LIVE_SECRET is not set"


@pytest.mark.parametrize(("name", "passes"), [("LIVE_KEY", False), ("PAPER_KEY", True)])
def test_paper_and_live_have_different_keys(tmp_path: Path, name: str, passes: bool) -> None:
    paper = "exchange: {usdm: 'https://test.example.net', key_env: NAME, secret_env: PAPER_SECRET}"
    others = f"  p:\n    environment: paper\n    colour: cyan\n    {paper.replace('NAME', name)}\n"
    found = keys(settings(tmp_path, LIVE, others=others), KEYS)
    assert found.passes is passes
    assert passes or found.observed == "p (paper) has the same"


def test_commands_have_to_be_named_and_here() -> None:
    python = (sys.executable, "-V")
    named = dict.fromkeys(("start", "stop", "sync_positions", "verify_positions"), python)
    assert commands(named).passes
    assert commands({**named, "stop": ("no-such-program",)}).observed == "stop: no program no-such-program"
    assert commands({"stop": python}).observed.startswith("no command start; no command sync_positions")


def test_resources_are_told_with_what_is_needed(tmp_path: Path) -> None:
    found = resources(settings(tmp_path))
    assert found.expected.startswith("1.0 GiB of disk and 0.5 GiB of memory free")
    assert found.observed.count("GiB") == 2


def engine_file(folder: Path, pid: int) -> Path:
    file = folder / "engine.json"
    start = psutil.Process().create_time()
    file.write_text(json.dumps({"pid": pid, "start_time": start}))
    return file


def stopped(folder: Path, *lines: str) -> bool | None:
    """Whether the deployment's check has the engine for stopped."""
    here = settings(folder, *lines)
    return deployment_checks(here, {}, SystemClock(), {})["engine_stopped"]({}).passes


def test_an_engine_that_runs_has_not_ended_and_one_whose_process_is_gone_has(tmp_path: Path) -> None:
    engine_file(tmp_path, os.getpid())
    assert stopped(tmp_path, BY_FILE) is False
    engine_file(tmp_path, 2**22 - 1)
    assert stopped(tmp_path, BY_FILE) is True


def test_another_process_that_the_settings_name_counts_as_well_before_an_engine_is_started(
    tmp_path: Path,
) -> None:
    engine_file(tmp_path, 2**22 - 1)
    (tmp_path / "worker.pid").write_text(str(os.getpid()))
    assert stopped(tmp_path, BY_FILE, "processes: {pid_files: [worker.pid]}") is not True
    (tmp_path / "worker.pid").write_text(str(2**22 - 1))
    assert stopped(tmp_path, BY_FILE, "processes: {pid_files: [worker.pid]}") is True
    assert stopped(tmp_path, "processes: {pid_files: [worker.pid]}") is True


def test_an_engine_that_took_its_file_with_it_has_ended_once_nobody_has_its_folder(tmp_path: Path) -> None:
    assert stopped(tmp_path, BY_FILE) is None
    with (tmp_path / LOCK).open("w") as lock:
        assert stopped(tmp_path, BY_FILE) is True
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert stopped(tmp_path, BY_FILE) is not True


def test_without_anything_that_names_a_process_nothing_proves_its_end(tmp_path: Path) -> None:
    assert stopped(tmp_path) is None
