"""Contexts of a console for the fault tests, polled quickly, and a monitor that runs on them."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL, make_url

from console.domain.assessment import Assessment
from console.domain.status import SourceStatus
from console.monitor import Monitor
from console.panels import load_panels
from console.promql.query import parse_query
from console.settings_file import load_settings, shipped_configs
from console.wiring import open_monitor
from tests.waiting import DEADLINE

SETTINGS = """\
panels: {panels}
poll:
  metrics:  {{interval: 200ms, timeout: 500ms, stale_after: 600ms}}
  database: {{interval: 200ms, timeout: 500ms, stale_after: 800ms}}
  exchange: {{interval: 200ms, timeout: 500ms, stale_after: 800ms}}
  flags:    {{interval: 100ms, timeout: 500ms, stale_after: 600ms}}
  engine:   {{interval: 100ms, timeout: 500ms, stale_after: 600ms}}
  log:      {{interval: 100ms, timeout: 500ms, stale_after: 600ms}}
contexts:
  tested:
    environment: paper
    colour: cyan
{surfaces}
"""


PASSWORD = "TESTED_DB_PASSWORD"


def database(url: str) -> str:
    """The settings' line for a database; its password goes through the environment, as it has to."""
    parsed = make_url(url)
    os.environ[PASSWORD] = parsed.password or ""
    bare = URL.create(parsed.drivername, parsed.username, None, parsed.host, parsed.port, parsed.database)
    named = f", password_env: {PASSWORD}" if parsed.password else ""
    return f"database: {{url: '{bare.render_as_string()}'{named}}}"


def monitor_of(folder: Path, *surfaces: str) -> Monitor:
    """A monitor on a context that has just these `surfaces`, lines of the settings file."""
    file = folder / "console.yaml"
    lines = "\n".join(f"    {line}" for line in surfaces)
    file.write_text(SETTINGS.format(panels=shipped_configs() / "dashboard.yaml", surfaces=lines))
    settings = load_settings(config=file, state=folder, environ={})
    return open_monitor(settings, load_panels(settings.panels, parse_query))


async def until(
    monitor: Monitor, condition: Callable[[Assessment], bool], seconds: float = DEADLINE
) -> Assessment:
    """The first assessment of which `condition` holds; the last one's alerts are told when none comes."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        assessment = monitor.assessment()
        if condition(assessment):
            return assessment
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(
                [(source.name, source.health, source.cause) for source in assessment.sources]
            )
        await asyncio.sleep(0.02)


async def source_until(
    monitor: Monitor, name: str, condition: Callable[[SourceStatus], bool], seconds: float = DEADLINE
) -> SourceStatus:
    """One source's status, once `condition` holds of it."""
    assessment = await until(monitor, lambda now: condition(now.source(name)), seconds)
    return assessment.source(name)
