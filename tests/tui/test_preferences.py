"""What the operator keeps: there after a restart, and never a reason not to start."""

import json
import os
from pathlib import Path

import pytest

from console.tui.preferences import Preferences


def test_a_choice_is_there_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state" / "screen.json"
    before = Preferences(file)
    before.keep_columns("symbols", ("state", "-upnl"))
    before.keep("theme", "light")
    after = Preferences(file)
    assert after.columns("symbols") == ("state", "-upnl")
    assert after.columns("positions") is None
    assert after.get("theme") == "light"
    assert after.complaint() == ""


def test_without_a_file_choices_last_in_memory() -> None:
    preferences = Preferences()
    preferences.keep_columns("symbols", ("state",))
    assert preferences.columns("symbols") == ("state",)
    assert preferences.complaint() == ""


def test_nothing_is_written_before_anything_is_chosen(tmp_path: Path) -> None:
    preferences = Preferences(tmp_path / "screen.json")
    assert preferences.get("theme") is None
    assert preferences.complaint() == ""
    assert list(tmp_path.iterdir()) == []


def test_what_an_older_or_newer_console_wrote_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "screen.json"
    file.write_text(
        json.dumps({"version": 9, "columns": {"a": ["x"], "b": "y", "c": [1]}, "words": {"t": "d", "n": 3}}),
        encoding="utf-8",
    )
    preferences = Preferences(file)
    assert preferences.columns("a") == ("x",)
    assert preferences.columns("b") is None
    assert preferences.columns("c") is None
    assert (preferences.get("t"), preferences.get("n")) == ("d", None)
    assert preferences.complaint() == ""


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[1]", b"null", b'{"columns": 3, "words": []}', b"[" * 100_000]
)
def test_a_broken_file_gives_the_defaults_and_one_complaint_at_most(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "screen.json"
    file.write_bytes(content)
    preferences = Preferences(file)
    assert preferences.columns("symbols") is None
    assert preferences.get("theme") is None
    complaint = preferences.complaint()
    assert complaint == "" or (complaint.startswith("screen.json ") and str(tmp_path) in complaint)
    assert "\n" not in complaint
    assert preferences.complaint() == ""


def test_a_broken_file_is_replaced_by_the_next_choice(tmp_path: Path) -> None:
    file = tmp_path / "screen.json"
    file.write_text("{", encoding="utf-8")
    preferences = Preferences(file)
    assert "can't be read" in preferences.complaint()
    preferences.keep("theme", "light")
    assert Preferences(file).get("theme") == "light"


def test_a_place_that_cannot_be_written_is_complained_of_once(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be", encoding="utf-8")
    preferences = Preferences(tmp_path / "state" / "screen.json")
    preferences.keep("theme", "light")
    assert preferences.get("theme") == "light"
    assert preferences.complaint() != ""
    preferences.keep("theme", "dark")
    assert preferences.complaint() == ""


def test_a_write_that_fails_leaves_the_old_file_whole_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "screen.json"
    preferences = Preferences(file)
    preferences.keep("theme", "light")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    preferences.keep("theme", "dark")
    assert "No space left on device" in preferences.complaint()
    assert [path.name for path in tmp_path.iterdir()] == ["screen.json"]
    assert Preferences(file).get("theme") == "light"


def test_another_complaint_than_the_last_is_made_too(tmp_path: Path) -> None:
    file = tmp_path / "screen.json"
    file.mkdir()
    preferences = Preferences(file)
    assert "can't be read" in preferences.complaint()
    assert not preferences.complaint()
    preferences.keep("theme", "light")
    assert "can't be written" in preferences.complaint()
    preferences.keep("theme", "dark")
    assert not preferences.complaint()
