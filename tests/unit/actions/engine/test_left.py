"""What outlived an engine is written down for those who share the state folder, and for nobody else."""

import os
import stat
from pathlib import Path

import pytest

from console.actions.engine.left import keep_left, left_file, read_left
from console.actions.engine.process import process_seen


@pytest.mark.parametrize(("state", "folder", "file"), [(0o700, 0o700, 0o600), (0o2770, 0o2770, 0o660)])
def test_it_is_for_those_only_who_share_the_state_folder(
    tmp_path: Path, state: int, folder: int, file: int
) -> None:
    shared = tmp_path / "state"
    shared.mkdir()
    shared.chmod(state)
    child = process_seen(os.getpid(), "a child of the engine's")
    assert child is not None
    kept = left_file(shared, "prod")
    keep_left(kept, [child])
    assert [each.key for each in read_left(kept)] == [child.key]
    assert [stat.S_IMODE(each.stat().st_mode) for each in (kept.parent, kept)] == [folder, file]
