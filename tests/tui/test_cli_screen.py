"""What a command hands the screen beside what it shows."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from console.actions.kill.switch import KillSwitch
from console.audit.files import records
from console.black_box import BlackBox
from console.cli.screen import access_of, run_screen, standing_here
from console.domain.access import Role, arm
from console.domain.clock import SystemClock
from console.settings import Settings
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


def settings_with(tmp_path: Path, access: str) -> Settings:
    file = tmp_path / "console.yaml"
    file.write_text(
        "context: prod\ncontexts:\n  prod:\n    environment: production\n    colour: red\n"
        f"    metrics_url: http://127.0.0.1:9/metrics\n    access: {access}\n"
    )
    return load_settings(config=file, environ={"HOME": str(tmp_path)}, state=tmp_path)


def test_whoever_has_no_role_opens_no_screen_and_is_told_what_is_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_with(tmp_path, "{viewers: {users: [4000000]}}")
    with pytest.raises(SystemExit) as left:
        standing_here(settings)
    assert left.value.code == 1
    told = capsys.readouterr().err
    assert "is nobody here: named under no role" in told
    assert "`opsconsole kill trip` is open to everybody" in told


def test_what_arming_takes_is_disarmed_with_the_screen(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, f"{{operators: {{users: [{os.getuid()}]}}, approvals_expire: 5m}}")
    clock = SystemClock()
    with ExitStack() as leaving:
        access = access_of(settings, KillSwitch(settings), standing_here(settings), clock, leaving)
        assert access.lasting == 300
        assert access.catch.standing.role is Role.OPERATOR
        access.catch._state = arm("a test", clock.now(), lasting=60, idle=60, believed=frozenset())  # type: ignore[attr-defined]
    assert [record.action for record in records(tmp_path / "audit")] == ["access.disarm"]
