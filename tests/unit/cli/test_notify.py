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
        "opsconsole: nobody is told anything: the settings have no notify.urls_env\n",
    )


def test_who_is_not_reached_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_URLS", raising=False)
    result = run(tmp_path, "notify: {urls_env: NOTIFY_URLS}\n", monkeypatch)
    assert result.exit_code == 1
    assert (
        result.stderr == "opsconsole: nobody can be told: the environment variable NOTIFY_URLS is not set\n"
    )


def test_what_is_sent_says_that_it_is_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[News] = []

    def send(news: News, *_: object) -> str:
        sent.append(news)
        return ""

    monkeypatch.setattr(sending, "send", send)
    result = run(tmp_path, "notify: {urls_env: NOTIFY_URLS}\n", monkeypatch)
    assert (result.exit_code, result.stdout) == (0, "OK: every service has taken it\n")
    assert [(news.kind, news.context) for news in sent] == [(Kind.TEST, "prod")]
