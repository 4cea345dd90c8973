"""An alert on its way: from an engine's endpoint, by a rule, to the service that people are told through."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from console.domain.clock import SystemClock
from console.settings_file import load_settings
from console.wiring import open_monitor
from tests.unit.actions.services import running_service
from tests.unit.domain.worlds import PANELS
from tests.waiting import until

RULES = """groups:
- name: futures
  interval: 1s
  rules:
  - alert: MarginCritical
    expr: futures_margin_ratio < 1.05
    labels: {severity: critical}
    annotations: {summary: 'Margin of {{ $labels.symbol }} is {{ $value }}'}
"""
SETTINGS = """
notify: {{timeout: 60s, alerts: {{critical: {{urls_env: PAGERDUTY_URLS}}, group_wait: 0s}}}}
contexts:
  prod: {{environment: production, colour: red, rules: rules.yaml, metrics_url: '{url}'}}
"""


async def test_an_alert_that_fires_is_told(tmp_path: Path, httpserver: HTTPServer) -> None:
    pytest.importorskip("apprise", reason="the extra [notify] isn't installed")
    exposed = '# TYPE futures_margin_ratio gauge\nfutures_margin_ratio{symbol="BTC"} 1.01\n'
    httpserver.expect_request("/metrics").respond_with_data(exposed, content_type="text/plain")
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "console.yaml").write_text(SETTINGS.format(url=httpserver.url_for("/metrics")))
    environ = {"HOME": str(tmp_path)}
    settings = load_settings(config=tmp_path / "console.yaml", state=tmp_path / "state", environ=environ)
    with running_service() as service:
        addresses = {**environ, "PAGERDUTY_URLS": service.address}
        monitor = open_monitor(settings, PANELS, clock=SystemClock(), environ=addresses)
        polling = asyncio.create_task(monitor.run(lambda: None))
        await until(lambda: service.taken)
        polling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await polling
    (told,) = service.taken
    assert told["title"] == "[production] prod: CRITICAL MarginCritical BTC"
    assert str(told["message"]).endswith("Z: firing: Margin of BTC is 1.01")
