"""The command line without a command: the console opens on the context.

What the first picture doesn't need is imported and made behind it, off the event loop.
"""

import functools
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from console.black_box import BlackBox
from console.cli.command_line import log_to, operator, panels_of, require_terminal
from console.cli.screen import access_of, marking_of, rollout_of, run_screen, standing_here

if TYPE_CHECKING:
    from console.actions.kill.switch import KillSwitch
    from console.actions.vigil_file import VigilFile
    from console.audit.anchors import Witness
    from console.domain.clock import Clock
    from console.domain.thresholds import Panel
    from console.monitor import Monitor
    from console.settings import Settings
    from console.tui.view import ContextView

_PREPARES_AFTER = 1.5
"""Seconds after which the kill switch keeps its space on the disks, and others the journal's head."""


def open_console(
    settings: "Settings", fps: float | None, low_bandwidth: bool, *, owns_engine: bool = False
) -> int:
    """Show the context until the operator leaves; returns the exit code.

    `fps` comes before the settings'; `owns_engine` says that the engine ends with the console.
    """
    require_terminal()
    from console.tui import garbage  # noqa: PLC0415 (no other command needs it)

    garbage.hold()
    standing = standing_here(settings)
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415 (not before somebody may be here)
    from console.domain.clock import SystemClock  # noqa: PLC0415

    log_to(settings.state / "console.log")
    panels, clock = panels_of(settings), SystemClock()
    box, switch, leaving = BlackBox(settings, operator()), KillSwitch(settings, clock), ExitStack()
    witnesses: list[Witness] = []
    vigil = functools.cache(functools.partial(_vigil, settings, clock))

    def watch() -> "Monitor":
        _later(functools.partial(_prepare, settings, switch, witnesses, leaving))
        return _monitor(settings, panels, clock, switch, vigil, box=box)

    try:
        return run_screen(
            settings,
            _context_view(settings, owns_engine),
            watch,
            fps=fps,
            low_bandwidth=low_bandwidth,
            box=box,
            kill=switch,
            rollout=functools.cache(lambda: rollout_of(settings, clock, vigil)),
            marking=functools.cache(lambda: marking_of(settings, clock)),
            access=lambda: access_of(settings, switch, standing, clock, leaving),
            witnesses=witnesses,
        )
    finally:
        _leave(switch, leaving, box)


def _context_view(settings: "Settings", owns_engine: bool) -> "ContextView":
    from console.tui.view import ContextView  # noqa: PLC0415 (with it comes most of textual)

    chosen = settings.chosen
    return ContextView(
        name=settings.context,
        environment=chosen.environment,
        colour=chosen.colour,
        database="",
        operator=operator(),
        owns_engine=owns_engine,
    )


def _vigil(settings: "Settings", clock: "Clock") -> "VigilFile":
    from console.wiring import own_vigil  # noqa: PLC0415 (the first paint doesn't wait)

    return own_vigil(settings, clock)


def _monitor(
    settings: "Settings",
    panels: "tuple[Panel, ...]",
    clock: "Clock",
    switch: "KillSwitch",
    vigil: "Callable[[], VigilFile]",
    *,
    box: BlackBox,
) -> "Monitor":
    from console.wiring import open_monitor  # noqa: PLC0415 (as above)

    monitor = open_monitor(settings, panels, clock=clock, kill_switch=switch, vigil=vigil)
    box.watch(monitor)
    return monitor


def _later(prepare: functools.partial[None]) -> None:
    preparing = threading.Timer(_PREPARES_AFTER, prepare)
    preparing.daemon = True
    preparing.start()


def _prepare(
    settings: "Settings", switch: "KillSwitch", witnesses: "list[Witness]", leaving: ExitStack
) -> None:
    from console.actions.anchoring import anchored  # noqa: PLC0415 (the first picture doesn't wait)

    witnesses.append(leaving.enter_context(anchored(settings, os.environ)))
    switch.prepare()


def _leave(switch: "KillSwitch", leaving: ExitStack, box: BlackBox) -> None:
    """See a trip through, end what the screen had, and say what was not recorded."""
    from console.actions.kill.trip import TRIP_WAIT  # noqa: PLC0415 (as said above)

    switch.close(TRIP_WAIT)
    leaving.close()
    box.close()
    if box.note:
        click.echo(f"opsconsole: {box.note}", err=True)
