"""Who is told, and where heads go besides: what may stand there, and one clear line for what may not."""

from pathlib import Path

import pytest

from console.actions.alert_notify import variables_of
from console.settings_file import SettingsError, load_settings, shipped_configs
from console.settings_memory import SettingsMemory

CONTEXT = "contexts: {prod: {environment: production, colour: red}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "console.yaml"


def test_by_default_nobody_is_told_and_syslog_is_left_alone(file: Path) -> None:
    file.write_text(CONTEXT)
    settings = load_settings(config=file, environ={"HOME": "/"})
    assert (settings.notify.urls_env, settings.audit.syslog, settings.audit.database) == (None, None, True)
    assert settings.notify.tell == ["trip", "reset", "lost", "break_glass", "approval"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [("true", Path("/dev/log")), ("false", None), ("/run/log", Path("/run/log"))],
)
def test_syslog_is_the_usual_one_or_another(file: Path, given: str, meant: Path | None) -> None:
    file.write_text(f"{CONTEXT}audit: {{syslog: {given}}}\n")
    assert load_settings(config=file, environ={"HOME": "/"}).audit.syslog == meant


@pytest.mark.parametrize(
    ("given", "mistake"),
    [
        (
            "notify: {urls_env: 'json://key@host'}",
            "2:20: notify.urls_env: the name of an environment variable",
        ),
        (
            "notify: {tell: [trip, tea]}",
            "2:23: notify.tell.1: allowed: 'trip', 'reset', 'lost', 'break_glass'",
        ),
        ("notify: {url: x}", "2:10: notify.url: unknown field; allowed: urls_env, tell, alerts, timeout"),
        (
            "notify: {alerts: {fatal: {urls_env: X}}}",
            "2:19: notify.alerts.fatal: unknown field; allowed: page, critical, high, unknown, warning",
        ),
        (
            "notify: {alerts: {page: {urls_env: 'pagerduty://key@host'}}}",
            "2:36: notify.alerts.page.urls_env: the name of an environment variable",
        ),
        ("notify: {alerts: {repeat: 1s}}", "2:27: notify.alerts.repeat: "),
        ("audit: {syslog: log}", "2:17: audit.syslog: true for /dev/log, false, or the path"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(file: Path, given: str, mistake: str) -> None:
    file.write_text(f"{CONTEXT}{given}\n")
    with pytest.raises(SettingsError) as told:
        load_settings(config=file, environ={"HOME": "/"})
    assert str(told.value).startswith(f"{file}:{mistake}")


def test_what_is_recalled_at_the_next_start_is_the_same(file: Path, tmp_path: Path) -> None:
    alerts = "alerts: {page: {urls_env: PAGE_URLS}}"
    file.write_text(f"{CONTEXT}notify: {{urls_env: NOTIFY_URLS, {alerts}}}\naudit: {{syslog: true}}\n")
    memory = SettingsMemory(file, None, tmp_path, {"HOME": str(tmp_path)})
    memory.keep(load_settings(config=file, state=tmp_path, environ={"HOME": str(tmp_path)}))
    recalled = memory.recall()
    assert recalled is not None
    assert (recalled.notify.urls_env, recalled.notify.timeout) == ("NOTIFY_URLS", 10)
    assert recalled.audit.syslog == Path("/dev/log")
    assert variables_of(recalled.notify.alerts) == {"page": "PAGE_URLS"}


def test_the_sections_that_the_shipped_file_shows_are_valid(file: Path, tmp_path: Path) -> None:
    shown = (shipped_configs() / "console.yaml").read_text().splitlines()
    begin = shown.index("# notify:")
    notify = shown[begin : shown.index("", begin)]
    audit = [line for line in shown if line.startswith("# audit:")]
    file.write_text(CONTEXT + "\n".join(line.removeprefix("# ") for line in (*notify, *audit)))
    settings = load_settings(config=file, environ={"HOME": str(tmp_path)})
    assert (settings.notify.urls_env, settings.audit.syslog) == ("NOTIFY_URLS", Path("/dev/log"))
    assert settings.notify.alerts.model_dump() == {
        "page": None,
        "critical": {"urls_env": "PAGERDUTY_URLS"},
        "high": None,
        "unknown": None,
        "warning": {"urls_env": "SLACK_URLS"},
        "watchdog": {"urls_env": "DEADMAN_URLS", "every": 300},
        "group_wait": 5,
        "group_interval": 60,
        "repeat": 14400,
        "resolved": True,
    }


def test_by_default_nobody_is_told_of_alerts(file: Path) -> None:
    file.write_text(CONTEXT)
    alerts = load_settings(config=file, environ={"HOME": "/"}).notify.alerts
    assert (alerts.page, alerts.critical, alerts.warning, alerts.watchdog) == (None, None, None, None)
