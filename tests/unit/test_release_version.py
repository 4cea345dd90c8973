"""Which version an engine's word gives to the files that stand there."""

import os
import time
from pathlib import Path

import pytest

from console.domain.status import EngineStatus
from console.wiring import releases as wired
from tests.unit.actions.releases.code_trees import ONE, put, releases_in, settings_in


@pytest.mark.parametrize(("began", "version"), [(3600.0, "1.0"), (-3600.0, None)])
def test_an_engine_gives_its_version_to_no_files_that_were_unpacked_since_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, began: float, version: str | None
) -> None:
    """Unpacked, they are as old as their build: only when they came to be here tells them from what runs."""
    releases = releases_in(tmp_path)
    put(releases, ONE)
    for name in ONE:
        os.utime(releases.code.tree / name, (1.0, 1.0))
    says = EngineStatus("1.0", None, None, None, time.time() + began, alive=True)
    monkeypatch.setattr(wired, "engine_status", lambda _snapshot: says)
    assert wired.version_now(settings_in(tmp_path), releases, {}) == version
