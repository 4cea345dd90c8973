"""What consoles keep is its owner's, unless the folder was made for a group."""

from collections.abc import Callable
from pathlib import Path

import pytest

from console.actions.drills import drills_file, keep_drill
from console.actions.open_drills import Before, OpenDrill, begin_drill, open_drill_file
from console.actions.shared_document import SharedDocument
from console.actions.told_file import Kept, keep_told, told_file
from console.actions.vigil_file import VigilFile, vigil_of
from console.domain.clock import SystemClock
from console.domain.readiness import Drilled

CLOCK = SystemClock()
DRILL = OpenDrill(
    "paper", "rollback_off", "calm", 1.0, 1.0, "dana", "db-1", ("1-1",), Before(1, "futures", "")
)


def document(state: Path) -> Path:
    file = state / "notes" / "one.json"
    kept: SharedDocument[object] = SharedDocument(file, None, lambda told: told, lambda value: value)
    kept.change(lambda _: {}, CLOCK)
    return file


def told(state: Path) -> Path:
    file = told_file(state, "paper")
    keep_told(file, Kept())
    return file


def vigil(state: Path) -> Path:
    file = vigil_of(state, "paper")
    VigilFile(file, CLOCK, lambda deed: deed()).keep()
    return file


def drilled(state: Path) -> Path:
    keep_drill(state, "rollback_off", Drilled(1.0, 2.0, passed=True, scenario="calm", words=""), CLOCK)
    return drills_file(state)


def open_drill(state: Path) -> Path:
    begin_drill(state, DRILL, CLOCK)
    return open_drill_file(state, "paper")


@pytest.mark.parametrize("keep", [document, told, vigil, drilled, open_drill])
@pytest.mark.parametrize(("of_folder", "of_file"), [(0o700, 0o600), (0o2770, 0o660)])
def test_a_file_is_open_to_those_who_share_its_folder_and_to_nobody_else(
    tmp_path: Path, keep: Callable[[Path], Path], of_folder: int, of_file: int
) -> None:
    state = tmp_path / "state"
    for folder in (state, state / "notes", state / "notices", state / "vigil"):
        folder.mkdir()
        folder.chmod(of_folder)
    file = keep(state)
    assert file.stat().st_mode & 0o777 == of_file
