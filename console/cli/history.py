"""The commands of the black box: `record` writes without a screen, `replay` shows what was written."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import (
    Given,
    fail,
    log_to,
    monitor_of,
    operator,
    require_terminal,
    say,
    settings_of,
    with_settings,
)
from console.cli.screen import run_screen

if TYPE_CHECKING:
    from console.history.player import Player
    from console.history.recorder import Recorder
    from console.monitor import Monitor
    from console.settings import Settings

LOOKS_EVERY = 1.0
"""Seconds between two looks at whether recording still goes well."""


@click.command()
@with_settings
@click.option("--seconds", type=click.FloatRange(0.1), help="End after so long, instead of when told to.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write there instead."
)
@click.pass_context
def record(ctx: click.Context, /, *, seconds: float | None, out: Path | None, **given: Any) -> None:
    """Record what the sources say, without a screen, until SIGTERM or Ctrl-C."""
    from console.history.recording import recording  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    monitor = monitor_of(settings)
    recorder = recording(settings, monitor, operator(), folder=out)
    asyncio.run(_run_until_told(monitor, recorder, seconds))
    recorder.close()
    if recorder.note:
        fail(recorder.note, 1)
    say(recorder.summary)


@click.command()
@with_settings
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--at", metavar="TIME", help="Begin there, in UTC: 14:05, 2026-01-02T14:05, -10m before the end."
)
@click.option(
    "--speed",
    type=click.FloatRange(0.125, 128),
    default=1.0,
    show_default=True,
    help="Seconds of the record in a second.",
)
@click.pass_context
def replay(ctx: click.Context, /, *, file: Path | None, at: str | None, speed: float, **given: Any) -> None:
    """Show what was recorded, as the console showed it; FILE is a record or a folder of them.

    Without FILE, what was recorded of the context. Nothing can be changed in a replay.
    """
    from console.domain.clock import SystemClock  # noqa: PLC0415
    from console.history.frames import RecordError  # noqa: PLC0415
    from console.history.instants import InstantError  # noqa: PLC0415
    from console.history.player import open_player  # noqa: PLC0415
    from console.history.recording import record_folder  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    try:
        player = open_player(file or record_folder(settings), at, speed, SystemClock())
    except RecordError as error:
        fail(str(error))
    except InstantError as error:
        fail(f"--at: {error}")
    require_terminal()
    log_to(settings.state / "console.log")
    sys.exit(_show(settings, player))


def _show(settings: "Settings", player: "Player") -> int:
    from console.tui.view import ContextView  # noqa: PLC0415

    header = player.header
    view = ContextView(
        name=header.context,
        environment=header.environment,
        colour=header.colour,
        database="",
        operator=header.operator,
    )
    return run_screen(settings, view, lambda: player)


async def _run_until_told(monitor: "Monitor", recorder: "Recorder", seconds: float | None) -> None:
    """Poll until a signal comes or the time is up; say what keeps the record from being written."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(sign, told.set)
    polling = asyncio.create_task(monitor.run(lambda: None))
    complaining = asyncio.create_task(_complain(recorder))
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({polling, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, complaining, polling):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await polling


async def _complain(recorder: "Recorder") -> None:
    said = ""
    while True:
        await asyncio.sleep(LOOKS_EVERY)
        if recorder.note not in ("", said):
            click.echo(f"opsconsole: {recorder.note}", err=True)
        said = recorder.note
