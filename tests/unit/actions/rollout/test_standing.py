"""Since when a feature stands in its stage: by the journal, by git, by the file's own time."""

import os
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from console.actions.rollout.history import Change
from console.actions.rollout.look import Look
from console.actions.rollout.standing import in_stage
from console.sources.flags import parse_flags

NOW = 2_000_000_000.0
DAY = 86400.0
SHADOW = b"features:\n  guard:\n    stage: shadow  # watched\n"
CANARY = SHADOW.replace(b"shadow", b"canary")
OTHER = SHADOW + b"  other:\n    stage: shadow\n"


def looked(file: Path, content: bytes) -> Look:
    return Look(content, parse_flags(content, str(file)), str(file))


def sha(content: bytes) -> str:
    return sha256(content).hexdigest()


def change(at: float, seen: bytes, left: bytes, feature: str = "guard", key: str = "stage") -> Change:
    return Change(1, at, "dana", "", feature, "", {key: "x"}, {key: "y"}, "", True, sha(seen), sha(left))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A flags file that was last touched a day ago."""
    file = tmp_path / "flags.yaml"
    put(file, SHADOW, NOW - DAY)
    return file


def put(file: Path, content: bytes, at: float) -> None:
    file.write_bytes(content)
    os.utime(file, (at, at))


def git(folder: Path, *arguments: str, at: float = NOW) -> None:
    stamp = f"{at:.0f} +0000"
    names = {
        "GIT_AUTHOR_NAME": "d",
        "GIT_AUTHOR_EMAIL": "d",
        "GIT_COMMITTER_NAME": "d",
        "GIT_COMMITTER_EMAIL": "d",
    }
    environ = {**os.environ, **names, "GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=environ, capture_output=True)


def commit(file: Path, content: bytes, at: float) -> None:
    put(file, content, at)
    git(file.parent, "add", file.name)
    git(file.parent, "commit", "-m", "flags", at=at)


def test_with_no_other_witness_the_file_itself_says_since_when(file: Path) -> None:
    known = in_stage(looked(file, SHADOW), "guard", ())
    assert (known.since, known.known_from) == (NOW - DAY, "the file's time")


def test_the_journal_knows_the_change_that_led_there(file: Path) -> None:
    known = in_stage(looked(file, SHADOW), "guard", [change(NOW - 9 * DAY, CANARY, SHADOW)])
    assert (known.since, known.known_from) == (NOW - 9 * DAY, "the journal")


def test_changes_of_other_features_dont_begin_a_stage_anew(file: Path) -> None:
    put(file, OTHER, NOW - DAY)
    history = [
        change(NOW - DAY, SHADOW, OTHER, feature="other"),
        change(NOW - 8 * DAY, CANARY, SHADOW),
        change(NOW - 20 * DAY, SHADOW, CANARY),
    ]
    assert in_stage(looked(file, OTHER), "guard", history).since == NOW - 8 * DAY


def test_a_list_that_was_changed_begins_anew(file: Path) -> None:
    history = [change(NOW - 60, CANARY, SHADOW, key="canary_symbols"), change(NOW - 8 * DAY, OTHER, CANARY)]
    assert in_stage(looked(file, SHADOW), "guard", history).since == NOW - 60


def test_neither_git_nor_an_old_copy_overrules_our_own_change(file: Path) -> None:
    git(file.parent, "init", "-q")
    commit(file, SHADOW, NOW - 30 * DAY)
    there_and_back = [change(NOW - 60, CANARY, SHADOW), change(NOW - 120, SHADOW, CANARY)]
    assert in_stage(looked(file, SHADOW), "guard", there_and_back).since == NOW - 60
    by_hand_since = [change(NOW - 120, SHADOW, CANARY)]
    known = in_stage(looked(file, SHADOW), "guard", by_hand_since)
    assert (known.since, known.known_from) == (NOW - 120, "the journal")


def test_a_journal_that_others_have_written_over_says_nothing(file: Path) -> None:
    known = in_stage(looked(file, SHADOW), "guard", [change(NOW - 9 * DAY, CANARY, SHADOW + b"# by hand\n")])
    assert known.known_from == "the file's time"


def test_a_change_by_hand_in_between_breaks_the_chain(file: Path) -> None:
    history = [change(NOW - 2 * DAY, OTHER, SHADOW, feature="other"), change(NOW - 9 * DAY, CANARY, SHADOW)]
    assert in_stage(looked(file, SHADOW), "guard", history).since == NOW - 2 * DAY


def test_git_knows_the_oldest_commit_in_a_row_with_that_stage(file: Path) -> None:
    git(file.parent, "init", "-q")
    commit(file, SHADOW, NOW - 30 * DAY)
    commit(file, CANARY, NOW - 20 * DAY)
    commit(file, SHADOW, NOW - 10 * DAY)
    commit(file, OTHER, NOW - 5 * DAY)
    known = in_stage(looked(file, OTHER), "guard", ())
    assert (known.since, known.known_from) == (NOW - 10 * DAY, "git")


def test_git_says_nothing_of_a_file_that_isnt_committed_as_it_is(file: Path) -> None:
    git(file.parent, "init", "-q")
    commit(file, SHADOW, NOW - 30 * DAY)
    put(file, OTHER, NOW - DAY)
    assert in_stage(looked(file, OTHER), "guard", ()).known_from == "the file's time"


def test_a_feature_that_the_file_lacks_has_no_stage(file: Path) -> None:
    known = in_stage(looked(file, SHADOW), "nobody", ())
    assert known.since is None
    assert "no feature 'nobody'" in known.known_from


def test_a_git_that_hangs_is_given_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = file.parent / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("console.actions.rollout.standing.GIT_DEADLINE", 0.1)
    assert in_stage(looked(file, SHADOW), "guard", ()).known_from == "the file's time"
