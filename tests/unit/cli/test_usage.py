"""What is said of a command line that can't be read: one line, and where it is told how it should be."""

import pytest

from console.cli import main


def told(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr("sys.argv", ["opsconsole", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("command", ["flags", "kill", "audit", "access", "drill"])
def test_a_group_without_a_command_shows_its_commands(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = told([command], monkeypatch, capsys).splitlines()
    assert shown[0].startswith(f"Usage: opsconsole {command} ")
    assert "Commands:" in shown


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["nonsense"], "opsconsole"),
        (["flags", "status"], "opsconsole flags"),
        (["flags", "set"], "opsconsole flags set"),
        (["status", "--nonsense"], "opsconsole status"),
        (["approve", "nope"], "opsconsole approve"),
        (["flags", "promote", "guard", "--approval", "nope"], "opsconsole flags promote"),
    ],
)
def test_what_cannot_be_read_names_the_help_of_its_command(
    arguments: list[str], command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(arguments, monkeypatch, capsys)
    assert said.endswith(f" See `{command} --help`\n")
    assert said.count("\n") == 1
