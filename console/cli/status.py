"""The command `status`: how the engine is, once or again and again.

Its exit codes, and those of a headless demo, follow the monitoring-plugin convention: 0 OK, 1 WARNING,
2 CRITICAL, 3 UNKNOWN.
"""

import asyncio
import gc
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, monitor_of, settings_of, with_settings

if TYPE_CHECKING:
    from console.monitor import Monitor
    from console.settings import Settings


@click.command()
@with_settings
@click.option("--json", "as_json", is_flag=True, help="The documented JSON instead of text.")
@click.option("--watch", is_flag=True, help="Again and again, until interrupted; JSON as one line each.")
@click.pass_context
def status(ctx: click.Context, /, *, as_json: bool, watch: bool, **given: Any) -> None:
    """Say how the engine is: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""
    if not watch:
        gc.disable()  # a run of half a second leaves its garbage to its end, and is a tenth shorter
    settings = settings_of(ctx, Given(**given))
    try:
        code = asyncio.run(_keep_watching(settings, as_json) if watch else _look_once(settings, as_json))
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:  # whoever read our output has seen enough, which is no WARNING
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code)


async def watch_quietly(settings: "Settings", seconds: float, as_json: bool) -> int:
    """Watch for a while without a word, then say how it is; returns the exit code."""
    monitor = monitor_of(settings, once=True)
    polling = asyncio.create_task(monitor.run(lambda: None))
    await asyncio.wait({polling}, timeout=seconds)
    code = _print(settings, monitor, as_json)
    polling.cancel()
    return code


async def _look_once(settings: "Settings", as_json: bool) -> int:
    monitor = monitor_of(settings, once=True)
    await monitor.look_once()
    return _print(settings, monitor, as_json)


async def _keep_watching(settings: "Settings", as_json: bool) -> int:
    """Say how it is after an answer, once an interval, until interrupted."""
    monitor, news = monitor_of(settings), asyncio.Event()
    await monitor.look_once()
    polling = asyncio.create_task(monitor.run(news.set))
    while True:
        code = _print(settings, monitor, as_json, indent=None)
        if polling.done():
            return code
        await asyncio.sleep(settings.polling.metrics.interval / 2)
        news.clear()
        await asyncio.wait({polling, asyncio.create_task(news.wait())}, return_when=asyncio.FIRST_COMPLETED)


def _print(settings: "Settings", monitor: "Monitor", as_json: bool, indent: int | None = 2) -> int:
    from console.cli import report  # noqa: PLC0415
    from console.domain.alert_severity import engine_severity  # noqa: PLC0415

    now = monitor.assessment()
    environment = settings.chosen.environment
    if as_json:
        click.echo(report.as_json(now, settings.context, environment, monitor.clock.wall(), indent=indent))
    else:
        click.echo(report.as_text(now, settings.context, environment))
    return engine_severity(now).exit_code
