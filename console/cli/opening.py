"""The command line without a command: the console opens on the context.

What the first picture doesn't need is imported and made behind it, off the event loop.
"""

import functools
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from console.black_box import BlackBox
from console.cli.command_line import log_to, operator, panels_of, require_terminal
from console.cli.recovered import recovered_in
from console.cli.screen import (
    Journal,
    access_of,
    calendar_of,
    guide_of,
    marking_of,
    open_runs_of,
    rollout_of,
    run_screen,
    runs_of,
    standing_here,
)

if TYPE_CHECKING:
    from console.actions.kill.switch import KillSwitch
    from console.actions.vigil_file import VigilFile
    from console.audit.anchors import Witness
    from console.domain.access import Standing
    from console.domain.clock import Clock
    from console.domain.thresholds import Panel
    from console.monitor import Monitor
    from console.settings import Settings
    from console.tui.access import Access
    from console.tui.tools import Tools
    from console.tui.view import ContextView
    from console.wiring.run_desk import RunDesk

T = TypeVar("T")

_PREPARES_AFTER = 1.5
"""Seconds after which the kill switch keeps its space on the disks, and others the journal's head."""


def open_console(
    settings: "Settings",
    fps: float | None,
    low_bandwidth: bool,
    *,
    owns_engine: bool = False,
    config: Path | None = None,
) -> int:
    """Show the context until the operator leaves; returns the exit code.

    `fps` comes before the settings'; `owns_engine` says that the engine ends with the console, and `config`
    is the settings file where one was named.
    """
    require_terminal()
    from console.tui import garbage  # noqa: PLC0415 (no other command needs it)

    garbage.hold()
    standing = standing_here(settings)
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415 (not before somebody may be here)
    from console.domain.clock import SystemClock  # noqa: PLC0415

    log_to(settings.state / "console.log")
    panels, clock = panels_of(settings), SystemClock()
    switch = KillSwitch(settings, clock, recovered=recovered_in(settings))
    vigil = functools.cache(functools.partial(_vigil, settings, clock))
    box, made = BlackBox(settings, operator()), _Made(settings, clock, switch, vigil, config)
    try:
        return run_screen(
            settings,
            _context_view(settings, owns_engine),
            functools.partial(made.watch, panels, box),
            tools=made.tools(standing),
            fps=fps,
            low_bandwidth=low_bandwidth,
            box=box,
        )
    finally:
        _tell_of_runs(made.desks)
        _leave(switch, made.leaving, box)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a console is opened with, and what it has made by and by, which ends with it."""

    settings: "Settings"
    clock: "Clock"
    switch: "KillSwitch"
    vigil: "Callable[[], VigilFile]"
    config: Path | None
    leaving: ExitStack = field(default_factory=ExitStack)
    witnesses: "list[Witness]" = field(default_factory=list)
    desks: "list[RunDesk]" = field(default_factory=list)

    def watch(self, panels: "tuple[Panel, ...]", box: BlackBox) -> "Monitor":
        """What the screen watches."""
        _later(self.prepare)
        return _monitor(self.settings, panels, self.clock, self.switch, self.vigil, box=box)

    def tools(self, standing: "Standing") -> "Tools":
        """What the screen does things with: each makes itself when it is first wanted."""
        from console.tui.tools import Tools  # noqa: PLC0415 (not before somebody may be here)

        settings, clock = self.settings, self.clock
        access = _once(lambda: access_of(settings, self.switch, standing, clock, self.leaving))
        return Tools(
            kill=self.switch,
            journal=Journal(settings.state, self.witnesses),
            rollout=functools.cache(lambda: rollout_of(settings, clock, self.vigil)),
            marking=functools.cache(lambda: marking_of(settings, clock)),
            runs=_once(lambda: self._desk(access)),
            open_runs=_once(lambda: open_runs_of(settings, clock)),
            calendar=_once(lambda: calendar_of(settings, clock)),
            guide=_once(lambda: guide_of(settings, clock)),
            access=access,
        )

    def prepare(self) -> None:
        """Make what the first picture doesn't wait for."""
        from console.actions.anchoring import anchored  # noqa: PLC0415 (as above)

        self.witnesses.append(self.leaving.enter_context(anchored(self.settings, os.environ)))
        self.switch.prepare()

    def _desk(self, access: "Callable[[], Access]") -> "RunDesk":
        self.desks.append(runs_of(self.settings, self.clock, access, self.config))
        return self.desks[0]


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
    from console.promql.known import KNOWN  # noqa: PLC0415 (as above)
    from console.wiring import open_monitor  # noqa: PLC0415 (as above)

    KNOWN.recall(os.environ)
    monitor = open_monitor(settings, panels, clock=clock, kill_switch=switch, vigil=vigil)
    box.watch(monitor)
    return monitor


def _once(make: "Callable[[], T]") -> "Callable[[], T]":
    """Makes it when it is first wanted, and once, whatever threads want it at the same time."""
    lock, made = threading.Lock(), list[T]()

    def get() -> T:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get


def _later(prepare: Callable[[], None]) -> None:
    preparing = threading.Timer(_PREPARES_AFTER, prepare)
    preparing.daemon = True
    preparing.start()


def _tell_of_runs(desks: "Sequence[RunDesk]") -> None:
    """Say which runs this console was doing something with: a step that was begun ends by itself."""
    for run in (run for desk in desks for run in desk.under_way):
        words = f"opsconsole: run {run} was under way, and is kept as it is: opsconsole runbook resume {run}"
        click.echo(words, err=True)


def _leave(switch: "KillSwitch", leaving: ExitStack, box: BlackBox) -> None:
    """See a trip through, end what the screen had, and say what was not recorded."""
    from console.actions.kill.trip import TRIP_WAIT  # noqa: PLC0415 (as said above)

    switch.close(TRIP_WAIT)
    leaving.close()
    box.close()
    if box.note:
        click.echo(f"opsconsole: {box.note}", err=True)
