from pathlib import Path

import pytest

from console.sources.errors import SourceError
from console.sources.flags import FlagsSource, parse_flags

FILE = b"""\
global_kill_switch: false
environment: staging
features:
  unified_risk_guard:
    stage: canary            # hand-edited
    canary_symbols: [BTCUSDT]
  smart_exit: {enabled: off, stage: production, allowed_symbols: [ETHUSDT]}
"""


def test_features_are_read_as_an_engine_reads_them() -> None:
    flags = parse_flags(FILE, "flags.yaml")
    guard, smart_exit = flags.features
    assert (flags.global_kill_switch, flags.environment) == (False, "staging")
    assert (guard.name, guard.enabled, guard.stage, guard.canary_symbols) == (
        "unified_risk_guard",
        True,
        "canary",
        ("BTCUSDT",),
    )
    assert (smart_exit.enabled, smart_exit.canary_symbols) == (False, ("ETHUSDT",))


def test_an_empty_file_has_no_features() -> None:
    assert parse_flags(b"", "flags.yaml").features == ()


def test_a_duplicate_key_is_readable_but_remarked() -> None:
    flags = parse_flags(FILE + b"global_kill_switch: true\n", "flags.yaml")
    assert flags.global_kill_switch
    assert flags.remarks == ("flags.yaml:8:1: 'global_kill_switch' appears twice; engines take the last",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"  unified", b"\tunified", "flags.yaml:4:1: a tab character"),
        (b"switch: false", b"switch: maybe", "flags.yaml:1:21: 'maybe' is neither true nor false"),
        (b"[BTCUSDT]", b"BTCUSDT", "flags.yaml:6:21: the symbols of 'unified_risk_guard' are a list"),
        (b"environment: staging", b"- x", "flags.yaml:2:1: "),
        (b"staging", b"\xff", "flags.yaml:1:1: byte 39 is not UTF-8"),
    ],
)
def test_what_an_engine_could_not_read_is_named_by_place(old: bytes, new: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_flags(FILE.replace(old, new, 1), "flags.yaml")
    assert str(caught.value).startswith(message)


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
