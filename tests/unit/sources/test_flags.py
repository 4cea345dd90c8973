from pathlib import Path

import pytest

from console.sources.errors import SourceError
from console.sources.flags import FlagsSource, findings, parse_flags

FILE = b"""\
global_kill_switch: false
environment: staging
features:
  unified_risk_guard:
    stage: canary            # hand-edited
    canary_symbols: [BTCUSDT]
    canary_percentage: 25
  smart_exit: {enabled: off, stage: production, allowed_symbols: [], allowed_accounts: ["3"]}
"""


def test_the_head_of_the_file_is_read() -> None:
    flags = parse_flags(FILE, "flags.yaml")
    assert (flags.path, flags.global_kill_switch, flags.environment) == ("flags.yaml", False, "staging")


def test_features_are_read_as_they_are_written() -> None:
    guard, smart_exit = parse_flags(FILE, "flags.yaml").features
    assert (guard.name, guard.enabled, guard.stage) == ("unified_risk_guard", True, "canary")
    assert (guard.canary_symbols, guard.allowed_symbols, guard.canary_percentage) == (
        ("BTCUSDT",),
        None,
        25.0,
    )
    assert (smart_exit.enabled, smart_exit.allowed_symbols) == (False, ())
    assert (smart_exit.allowed_accounts, smart_exit.symbol_stages) == (("3",), None)


def test_a_key_that_stands_twice_is_found() -> None:
    (found,) = findings(FILE + b"environment: staging\n", "flags.yaml")
    assert str(found) == "9:1: 'environment' appears twice; engines take the last"


def test_an_empty_file_has_no_features() -> None:
    assert parse_flags(b"", "flags.yaml").features == ()


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    assert parse_flags(FILE + b"global_kill_switch: true\n", "flags.yaml").global_kill_switch


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"  unified", b"\tunified", "flags.yaml:4:1: a tab character"),
        (b"environment: staging", b"- x", "flags.yaml:2:1: "),
        (b"features:", b"features: [a]\nothers:", "flags.yaml:3:11: features is a mapping"),
        (b"staging", b"\xff", "flags.yaml:1:1: byte 39 is not UTF-8"),
    ],
)
def test_what_no_engine_can_read_is_named_by_place(old: bytes, new: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_flags(FILE.replace(old, new, 1), "flags.yaml")
    assert str(caught.value).startswith(message)


def test_a_file_without_a_fault_has_no_finding() -> None:
    assert findings(FILE, "flags.yaml") == ()


def test_what_no_engine_can_read_is_the_only_finding() -> None:
    (found,) = findings(FILE.replace(b"  unified", b"\tunified"), "a:b.yaml")
    assert (found.line, found.column, found.serious) == (4, 1, True)
    assert found.what.startswith("a tab character")


@pytest.mark.parametrize(
    ("lines", "place", "what", "serious"),
    [
        ("stage: off", "3:12", "a bare off is false", False),
        ("stage: Canary", "3:12", "stage 'Canary' is not 'canary'", True),
        ("stage: 2", "3:12", "2 is no stage", True),
        ("stage:", "3:11", "None is no stage", True),
        ("enabled: true", "3:5", "'guard' has no stage", False),
        ("{stage: shadow, enabled: 1}", "3:30", "enabled 1 is neither true nor false", True),
        ("{stage: shadow, enabled: }", "3:30", "enabled is empty", True),
        ("stage: canary", "3:5", "a canary without symbols", False),
        ("{stage: canary, canary_symbols: []}", "3:21", "a canary without symbols", False),
        ("{stage: canary, allowed_symbols: BTC}", "3:38", "allowed_symbols is not a list", True),
        ("{stage: canary, canary_symbols: [A, 7]}", "3:41", "7 is not text", False),
        ("{stage: canary, canary_symbols: [A], allowed_symbols: [B]}", "3:42", "the two lists differ", True),
        ("{stage: shadow, canary_symbols: [A], allowed_symbols: [B]}", "3:42", "the two lists differ", False),
        ("{stage: shadow, canary_percentage: 101}", "3:40", "canary_percentage 101 is not between", True),
        ("{stage: shadow, canary_percentage: .nan}", "3:40", "canary_percentage nan is not between", True),
        ("{stage: shadow, canary_percentage: 5%}", "3:40", "canary_percentage '5%' is not a number", True),
        ("{stage: shadow, allowed_accounts: []}", "3:39", "allowed_accounts is empty", False),
        ("{stage: shadow, allowed_accounts: [3]}", "3:40", "3 is not text", False),
        ("{stage: shadow, symbol_stages: [A]}", "3:36", "symbol_stages is not a mapping", True),
        ("{stage: shadow, symbol_stages: {A: live}}", "3:40", "'live' is no stage", True),
        ("{stage: shadow, Canary-Symbols: [A]}", "3:21", "'Canary-Symbols' is not 'canary_symbols'", False),
        ("[shadow]", "3:5", "feature 'guard' is not a mapping", True),
    ],
)
def test_what_an_engine_would_misread_is_found(lines: str, place: str, what: str, serious: bool) -> None:
    (found,) = findings(f"features:\n  guard:\n    {lines}\n".encode(), "flags.yaml")
    assert str(found).startswith(f"{place}: {what}")
    assert (found.serious, found.feature) == (serious, "guard")


@pytest.mark.parametrize(
    ("head", "place", "what", "serious"),
    [
        ("global_kill_switch: maybe", "2:21", "global_kill_switch 'maybe' is neither", True),
        ("global_kill_switch: 'false'", "2:21", "global_kill_switch 'false' is neither", True),
        ("global_kill_switch:", "2:20", "global_kill_switch is empty", False),
        ("Global_Kill_Switch: true", "2:1", "'Global_Kill_Switch' is not 'global_kill_switch'", False),
        ("environment: prod", "2:14", "environment 'prod' is not development", False),
        ("guard: {stage: canary}", "2:1", "'guard' stands outside features", False),
    ],
)
def test_the_head_of_the_file_is_looked_at_too(head: str, place: str, what: str, serious: bool) -> None:
    (found,) = findings(f"features: {{x: {{stage: shadow}}}}\n{head}\n".encode(), "flags.yaml")
    assert str(found).startswith(f"{place}: {what}")
    assert (found.serious, found.feature) == (serious, "")


def test_a_malformed_switch_says_neither_on_nor_off() -> None:
    assert (
        parse_flags(FILE.replace(b"switch: false", b"switch: maybe"), "flags.yaml").global_kill_switch is None
    )


def test_a_malformed_key_is_named_in_its_feature() -> None:
    flags = parse_flags(
        b"features: {a: {stage: live, symbol_stages: {B: no}}, b: {stage: shadow}}", "flags.yaml"
    )
    assert [feature.malformed for feature in flags.features] == [("stage",), ()]


def test_a_number_that_python_does_not_write_out_is_read_past() -> None:
    content = f"features: {{a: {{stage: 0x{'f' * 5_000}, canary_percentage: 0x{'f' * 5_000}}}}}".encode()
    assert [finding.what for finding in findings(content, "flags.yaml")] == [
        "an endless number is no stage",
        "canary_percentage an endless number is not between 0 and 100",
    ]


def test_findings_are_in_the_order_of_the_file() -> None:
    found = findings(b"stray: {stage: off}\nfeatures: {a: {stage: X, enabled: 2}}\nenvironment: x\n", "f")
    assert [(each.line, each.column) for each in found] == [(1, 1), (2, 23), (2, 35), (3, 14)]


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not_parsed_again(tmp_path: Path) -> None:
    file = tmp_path / "flags.yaml"
    file.write_bytes(FILE)
    source = FlagsSource(file)
    first = source.read().value
    assert source.read().value is first
    file.write_bytes(FILE.replace(b"switch: false", b"switch: true"))
    assert source.read().value.global_kill_switch


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"flags\.yaml: No such file or directory"):
        FlagsSource(tmp_path / "flags.yaml").read()
