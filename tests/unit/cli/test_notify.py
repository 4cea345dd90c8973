"""`notify test`: whether everybody would be told, and its exit codes."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.actions import sending
from console.cli.notify import notify
from console.domain.news import Kind, News

CONTEXT = "contexts: {prod: {environment: production, colour: red}}\n"


def run(folder: Path, settings: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setenv("HOME", str(folder))
    (folder / "console.yaml").write_text(CONTEXT + settings)
    return CliRunner().invoke(
        notify, ["test", "--config", str(folder / "console.yaml"), "--state", str(folder)]
    )


def test_without_services_in_the_settings_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(tmp_path, "", monkeypatch)
    assert (result.exit_code, result.stderr) == (
        2,
        "opsconsole: nobody is told anything: "
        "the settings have no notify.urls_env, and none under notify.alerts\n",
    )


def test_who_is_not_reached_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_URLS", raising=False)
    result = run(tmp_path, "notify: {urls_env: NOTIFY_URLS}\n", monkeypatch)
    assert result.exit_code == 1
    assert result.stderr == (
        "opsconsole: kill switch: nobody can be told: the environment variable NOTIFY_URLS is not set\n"
    )


def test_what_is_sent_says_that_it_is_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = caught(monkeypatch)
    result = run(tmp_path, "notify: {urls_env: NOTIFY_URLS}\n", monkeypatch)
    assert (result.exit_code, result.stdout) == (0, "OK: every service has taken it\n")
    assert [(variable, news.kind, news.context) for variable, news in sent] == [
        ("NOTIFY_URLS", Kind.TEST, "prod")
    ]


def test_everybody_who_is_told_of_alerts_is_sent_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = caught(monkeypatch, "PAGE_URLS")
    alerts = "{page: {urls_env: PAGE_URLS}, warning: {urls_env: X}, watchdog: {urls_env: PAGE_URLS}}"
    result = run(tmp_path, f"notify: {{alerts: {alerts}}}\n", monkeypatch)
    assert [variable for variable, _ in sent] == ["PAGE_URLS", "X"]
    assert (result.exit_code, result.stderr) == (1, "opsconsole: page, watchdog: not taken\n")


def caught(monkeypatch: pytest.MonkeyPatch, *fails: str) -> list[tuple[str, News]]:
    """What is sent from here on, with the variable that has the addresses; those of `fails` don't take it."""
    sent: list[tuple[str, News]] = []

    def send_to(variable: str, news: News, *_: object) -> str:
        sent.append((variable, news))
        return "not taken" if variable in fails else ""

    monkeypatch.setattr(sending, "send_to", send_to)
    return sent
