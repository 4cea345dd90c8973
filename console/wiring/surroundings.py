"""From settings to what checks ask: a lookout over the chosen context, and its books."""

import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from console.actions.engine.processes import processes_of
from console.domain.clock import Clock
from console.monitor import Monitor
from console.panels import PanelError, load_panels
from console.panels_memory import remembered
from console.promql.query import parse_query
from console.runbooks.askable import Surroundings
from console.runbooks.begun import Begun
from console.runbooks.checks.books import books_of, check_ledger, snapshot
from console.runbooks.lookout import IDLE, Lookout
from console.runbooks.store import store_of
from console.wiring import open_monitor

if TYPE_CHECKING:
    from console.domain.thresholds import Panel
    from console.settings import Settings


def surroundings_of(
    settings: "Settings", environ: Mapping[str, str], clock: Clock, *, idle: float = IDLE
) -> Surroundings:
    """What the checks of the chosen context ask; nothing is connected before they do.

    `idle` is for how many seconds the context is watched after the last question.
    """

    def opened() -> Monitor:
        return open_monitor(settings, _panels(settings, environ), clock=clock, environ=environ, once=True)

    lookout = Lookout(opened, clock, idle=idle)
    return Surroundings(
        look=lookout.anew,
        ledger=lambda: check_ledger(settings, environ, clock),
        database=lambda: snapshot(books_of(settings.chosen, environ)),
        begun=Begun(partial(store_of, settings, environ)),
        clock=clock,
        wait=time.sleep,
        not_exported=frozenset(settings.chosen.not_exported),
        ended=lambda: processes_of(settings, environ).ended,
        let_go=lookout.let_go,
    )


def _panels(settings: "Settings", environ: Mapping[str, str]) -> "tuple[Panel, ...]":
    """The panels to judge by; with a mistake in their file none, and then nothing tells of alerts."""
    try:
        return remembered(settings.panels, lambda: load_panels(settings.panels, parse_query), environ)
    except PanelError:
        return ()
