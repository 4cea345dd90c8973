"""Whether alerts have rules, here or at a server, and whether people can be told of them."""

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from console.domain.clock import SystemClock
from console.runbooks.checks.deployment_alerts import (
    COIN_ALERTS,
    GUIDE_ALERTS,
    alert_channels,
    alert_rules,
)
from console.runbooks.model import Found
from console.settings import Settings
from console.settings_file import load_settings

CONTEXT = "context: here\ncontexts:\n  here:\n    environment: production\n    colour: red\n"


def settings(folder: Path, *lines: str, top: str = "") -> Settings:
    own = "".join(f"    {line}\n" for line in lines)
    (folder / "console.yaml").write_text(f"{top}\n{CONTEXT}{own}")
    return load_settings(config=folder / "console.yaml", state=folder, environ={"HOME": str(folder)})


def rules(given: Settings, names: tuple[str, ...]) -> Found:
    return alert_rules(given, names, {}, SystemClock())


def test_the_guides_rules_have_its_alerts_and_only_the_hardened_ones_the_coin_documents(
    tmp_path: Path,
) -> None:
    assert rules(settings(tmp_path), GUIDE_ALERTS).passes
    assert rules(settings(tmp_path), COIN_ALERTS).observed.startswith("no rule CoinConnectionFailures")
    assert rules(settings(tmp_path, "rules: hardened"), COIN_ALERTS).passes


def test_a_file_that_is_refused_has_no_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("groups: 1\n")
    found = rules(settings(tmp_path, "rules: rules.yaml"), GUIDE_ALERTS)
    assert (found.passes, "rules.yaml:1:" in found.observed) == (False, True)


def served(server: HTTPServer, *names: str) -> str:
    """The settings' line for a server that has alerting rules of these names."""
    alerts = [
        {"type": "alerting", "name": name, "query": "up", "alerts": [], "health": "ok", "duration": 0}
        for name in names
    ]
    group = {"name": "g", "file": "f", "interval": 15, "rules": alerts}
    answer = {"status": "success", "data": {"groups": [group]}}
    server.expect_request("/api/v1/rules").respond_with_json(answer)
    return f"prometheus: {{url: '{server.url_for('')}'}}"


def test_of_a_server_its_own_rules_count_and_not_those_in_our_files(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    found = rules(settings(tmp_path, served(httpserver, *GUIDE_ALERTS[:3])), GUIDE_ALERTS)
    assert (found.passes, found.observed) == (False, "no rule FuturesHighSlippage")


def test_what_only_the_console_can_evaluate_it_does_beside_a_server(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    given = settings(tmp_path, "rules: hardened", served(httpserver, *GUIDE_ALERTS))
    assert rules(given, (*GUIDE_ALERTS, "DatabaseSlow")).passes


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_server_that_does_not_tell_its_rules_is_unknown(
    tmp_path: Path, httpserver: HTTPServer, status: int
) -> None:
    httpserver.expect_request("/api/v1/rules").respond_with_data("no", status=status)
    given = settings(tmp_path, f"prometheus: {{url: '{httpserver.url_for('')}'}}")
    assert rules(given, GUIDE_ALERTS).passes is None


def test_without_addresses_nobody_is_told(tmp_path: Path) -> None:
    assert alert_channels(settings(tmp_path), {}).passes is False


def test_addresses_that_are_not_set_are_named_and_never_shown(tmp_path: Path) -> None:
    named = settings(tmp_path, top="notify: {urls_env: ALL, alerts: {critical: {urls_env: PAGER}}}")
    found = alert_channels(named, {"ALL": "json://secret-token@host"})
    assert found.passes is False
    assert "critical: nobody can be told: the environment variable PAGER is not set" in found.observed
    assert "secret-token" not in found.observed


def test_trips_alone_are_not_enough(tmp_path: Path) -> None:
    found = alert_channels(settings(tmp_path, top="notify: {urls_env: ALL}"), {"ALL": "json://host"})
    assert "nobody is told of alerts" in found.observed
