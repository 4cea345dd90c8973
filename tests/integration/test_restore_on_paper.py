"""`opsconsole backup restore` against the paper engine: tripped, stopped in order, its exchange going on."""

import json
from pathlib import Path

import pytest

from console.actions.backup.folder import backups_in
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import PATIENT, run
from tests.waiting import eventually


@pytest.mark.campaign
def test_a_stopped_paper_engine_s_book_is_restored_and_what_it_lacks_is_told(tmp_path: Path) -> None:
    state = tmp_path / "state"

    def said(code: int, *arguments: str) -> str:
        told = run(tmp_path, *arguments, "--state", str(state), more=PATIENT)
        assert told.returncode == code, told.stdout + told.stderr
        return told.stdout

    def asked(code: int, name: str) -> str:
        return said(code, "backup", "restore", name, "--reason", "it is damaged", "--confirm", "paper paper")

    with PaperProcess(state) as engine:
        said(0, "backup", "create")
        (made,) = backups_in(state / "backups" / "paper")[0]

        def lost() -> dict[str, object]:
            document: dict[str, object] = json.loads(said(0, "backup", "losses", made.name, "--json"))
            return document

        eventually(lambda: lost()["contracts"], 60)
        assert "engine: its process" in asked(3, made.name)
        said(0, "kill", "trip", "--reason", "restoring a backup", "--wait", "60")
        assert engine.stop() == 0
        gaps = lost()["contracts"]
        assert isinstance(gaps, list)
        told = asked(0, made.name).splitlines()
        assert told[-1].startswith("RESTORED: ")
        assert len([line for line in told if line.startswith("exchange       ") and "lacks" in line]) == len(
            gaps
        )
        assert lost()["tables"] == []
        assert len(backups_in(state / "backups" / "paper")[0]) == 2
