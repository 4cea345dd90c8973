"""How ready a context is to go back, from the files that drills and backups leave."""

import sys
from dataclasses import replace
from pathlib import Path
from subprocess import run

import pytest

from console.actions.backup.folder import Checked, Rehearsal, keep_checked, keep_manifest
from console.actions.backup.place import folder_of, newest_in
from console.actions.drills import drills_file, keep_drill
from console.actions.readiness import readiness_of
from console.domain.backup import Copy
from console.domain.clock import SystemClock
from console.domain.readiness import NewestBackup
from console.domain.rollback import Drilled
from tests.unit.actions.contexts import settings_with
from tests.unit.domain.test_backup import MANIFEST, NOW


def made(folder: Path, hour: int, context: str = "paper", rehearsal: Rehearsal | None = None) -> None:
    """A backup as it is written, with its copy left out."""
    copy = Copy(f"20260101T{hour:02}0000Z.sql.gz", 12, "00")
    backup = keep_manifest(folder, replace(MANIFEST, context=context, made=NOW + hour, copy=copy))
    if rehearsal is not None:
        keep_checked(backup, Checked(rehearsal=rehearsal))


def test_the_newest_backup_of_the_context_is_found_with_its_rehearsal(tmp_path: Path) -> None:
    assert newest_in(tmp_path / "missing", "paper") is None
    made(tmp_path, 1, rehearsal=Rehearsal(5.0, 1.0, ()))
    made(tmp_path, 3, context="other")
    assert newest_in(tmp_path, "paper") == NewestBackup(NOW + 1, 5.0, equal=True)
    made(tmp_path, 2, rehearsal=Rehearsal(6.0, 1.0, ("futures_orders: missing",)))
    assert newest_in(tmp_path, "paper") == NewestBackup(NOW + 2, 6.0, equal=False)
    made(tmp_path, 4)
    assert newest_in(tmp_path, "paper") == NewestBackup(NOW + 4)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"context": "paper"}'])
def test_a_manifest_that_cannot_be_read_is_no_word_on_the_newest(tmp_path: Path, content: str) -> None:
    made(tmp_path, 1)
    (tmp_path / "20260101T050000Z.json").write_text(content)
    with pytest.raises(ValueError, match=r"20260101T050000Z\.json"):
        newest_in(tmp_path, "paper")


def test_drills_and_backups_are_told_together(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    state = settings.state
    state.mkdir()
    told = readiness_of(settings, 2_000.0)
    assert told.words == "no rollback was ever drilled; there is no backup"
    keep_drill(state, "rollback_full", Drilled(1_000.0, 3.0, True, "crash", ""), SystemClock())
    full = next(each for each in readiness_of(settings, 2_000.0).practised if each.procedure == "full")
    assert (full.at, full.passed, full.late) == (1_000.0, True, False)
    assert "last drill of full 31 d ago" in readiness_of(settings, 1_000.0 + 31 * 86400).words


@pytest.mark.parametrize("damage", ["{", "[" * 100_000])
def test_damage_is_told_and_never_taken_for_good(tmp_path: Path, damage: str) -> None:
    settings = settings_with(tmp_path)
    state = settings.state
    state.mkdir()
    drills_file(state).write_text(damage)
    folder = folder_of(settings)
    folder.mkdir(parents=True)
    (folder / "20260101T050000Z.json").write_text(damage)
    told = readiness_of(settings, 2_000.0)
    assert not told.is_good
    assert "drills can't be read" in told.words
    assert "backups can't be read: 20260101T050000Z.json" in told.words


def test_a_look_each_minute_loads_neither_databases_nor_schemas() -> None:
    code = "import sys, console.actions.readiness; print(*sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "pydantic", "textual", "console.runbooks", "console.domain.rollback"}
    assert not heavy & set(done.stdout.split())
