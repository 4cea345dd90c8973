"""What a command hands the screen beside what it shows."""

from pathlib import Path

import pytest

from console.black_box import BlackBox
from console.cli_screen import run_screen
from console.settings_file import load_settings
from console.tui.app import OpsConsole
from tests.tui.fake import PAPER
from tests.tui.plain import calm


def test_why_the_black_box_records_nothing_reaches_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(environ={"HOME": str(tmp_path)}, state=tmp_path)
    opened: list[OpsConsole] = []

    def run(console: OpsConsole) -> None:
        opened.append(console)

    monkeypatch.setattr(OpsConsole, "run", run)
    monkeypatch.setattr(BlackBox, "note", "history is not recorded: no space left")
    run_screen(settings, PAPER, calm, box=BlackBox(settings, "dana"))
    assert opened[0]._painting.unrecorded() == "history is not recorded: no space left"
