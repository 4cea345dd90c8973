"""The flags file as the paper engine reads it."""

import logging
import os
from pathlib import Path

import pytest

from console.paper.flags import (
    CANARY,
    DISABLED,
    PRODUCTION,
    SHADOW,
    FlagsError,
    FlagsFile,
    effective_stage,
    parse_flags,
)
from console.paper.flags_template import TEMPLATE


def stage(entry: str, symbol: str = "BTCUSDT", account: int = 2, head: str = "") -> int:
    return effective_stage(parse_flags(f"{head}\nfeatures:\n  guard: {entry}\n"), "guard", symbol, account)


@pytest.mark.parametrize(
    ("name", "number"),
    [("disabled", DISABLED), ("shadow", SHADOW), ("canary", CANARY), ("production", PRODUCTION)],
)
def test_a_stage_has_its_number(name: str, number: int) -> None:
    assert stage(f"{{stage: {name}}}") == number


def test_the_kill_switch_disables_every_feature() -> None:
    assert stage("{stage: production}", head="global_kill_switch: on") == DISABLED


def test_enabled_false_disables_whatever_the_stage() -> None:
    assert stage("{stage: production, enabled: off}") == DISABLED


def test_a_bare_off_is_a_disabled_stage() -> None:
    assert stage("{stage: off}") == DISABLED


@pytest.mark.parametrize("key", ["canary_symbols", "allowed_symbols"])
def test_a_canary_list_counts_under_either_name(key: str) -> None:
    entry = f"{{stage: canary, {key}: [BTCUSDT]}}"
    assert (stage(entry), stage(entry, "ETHUSDT")) == (CANARY, DISABLED)


@pytest.mark.parametrize("entry", ["{stage: canary}", "{stage: canary, canary_symbols: []}"])
def test_an_empty_canary_list_means_every_symbol(entry: str) -> None:
    assert stage(entry, "DOGEUSDT") == CANARY


def test_a_percentage_takes_its_share_of_the_symbols() -> None:
    flags = parse_flags("features: {guard: {stage: canary, canary_percentage: 25}}")
    chosen = sum(effective_stage(flags, "guard", f"S{number}USDT", 2) == CANARY for number in range(1000))
    assert 200 < chosen < 300


@pytest.mark.parametrize(("percentage", "number"), [(0, DISABLED), (100, CANARY)])
def test_the_ends_of_the_percentage_are_none_and_all(percentage: int, number: int) -> None:
    assert stage(f"{{stage: canary, canary_percentage: {percentage}}}") == number


def test_an_account_that_is_not_allowed_is_disabled() -> None:
    entry = '{stage: production, allowed_accounts: ["3"]}'
    assert (stage(entry, account=2), stage(entry, account=3)) == (DISABLED, PRODUCTION)


def test_a_symbol_stage_stands_in_for_the_features_own() -> None:
    entry = "{stage: production, symbol_stages: {BTCUSDT: shadow}}"
    assert (stage(entry), stage(entry, "ETHUSDT")) == (SHADOW, PRODUCTION)


def test_an_unknown_feature_is_disabled() -> None:
    assert effective_stage(parse_flags("features: {}"), "guard", "BTCUSDT", 2) == DISABLED


@pytest.mark.parametrize(
    "text",
    [
        "features:\n\tguard: {}",
        "[]",
        "features: [guard]",
        "features: {guard: yes}",
        "features: {guard: {stage: everywhere}}",
        "features: {guard: {stage: canary, canary_symbols: BTCUSDT}}",
        "features: {guard: {stage: canary, canary_percentage: many}}",
        "features: {guard: {symbol_stages: [BTCUSDT]}}",
    ],
)
def test_what_is_no_flags_file_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(FlagsError) as refused:
        parse_flags(text)
    assert "\n" not in str(refused.value)


def test_a_changed_file_is_loaded_once(tmp_path: Path) -> None:
    file = FlagsFile(tmp_path / "flags.yaml")
    file.create_if_missing()
    polls = [file.poll(), file.poll()]
    file.path.write_text("features: {guard: {stage: shadow}}")
    polls += [file.poll(), file.poll()]
    assert (polls, list(file.loaded.features)) == ([True, False, True, False], ["guard"])


def test_a_file_replaced_with_the_same_size_and_time_is_noticed(tmp_path: Path) -> None:
    file = FlagsFile(tmp_path / "flags.yaml")
    file.path.write_text("features: {one: {stage: shadow}}")
    file.poll()
    status = file.path.stat()
    fresh = tmp_path / "fresh"
    fresh.write_text("features: {two: {stage: shadow}}")
    os.utime(fresh, ns=(status.st_atime_ns, status.st_mtime_ns))
    fresh.replace(file.path)
    file.poll()
    assert list(file.loaded.features) == ["two"]


def test_a_broken_file_keeps_what_was_loaded(tmp_path: Path) -> None:
    file = FlagsFile(tmp_path / "flags.yaml")
    file.create_if_missing()
    file.poll()
    before = file.loaded
    file.path.write_text("features: [")
    assert (file.poll(), file.loaded) == (False, before)


def test_a_broken_file_is_complained_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = FlagsFile(tmp_path / "flags.yaml")
    file.path.write_text("features: [")
    for _ in range(3):
        file.poll()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    file = FlagsFile(tmp_path / "flags.yaml")
    file.path.write_text("features: {mine: {stage: shadow}}")
    file.create_if_missing()
    assert "mine" in file.path.read_text()


def test_the_template_is_the_shipped_file() -> None:
    shipped = Path(__file__).parents[3] / "configs" / "feature_flags_futures.yaml"
    assert shipped.read_text(encoding="utf-8") == TEMPLATE


def test_the_template_lets_the_strategy_trade_everywhere() -> None:
    assert effective_stage(parse_flags(TEMPLATE), "unified_risk_guard", "T0099USDT", 2) == PRODUCTION
