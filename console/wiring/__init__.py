"""From settings to a Monitor: which source reads which surface of the chosen context.

Sources are made in the reader's thread at their first poll, with their imports: a screen is painted before.
"""

import functools
import os
import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from console.actions.rollout.dialect import dialect_of
from console.domain.alert_book import AlertBook
from console.domain.assessment import Assessment, Rules
from console.domain.clock import Clock, SystemClock
from console.domain.reading import Health
from console.domain.thresholds import KEY_METRICS, Panel
from console.monitor import Monitor, Watches
from console.polling import Polling, Watch
from console.promql.query import Query
from console.promql.sampling import Sampling
from console.sources.own_metrics import OF_DATABASE
from console.sources.source import Source
from console.wiring.alerts import alert_source
from console.wiring.surfaces import Surfaces

if TYPE_CHECKING:
    from console.actions.alert_notify import AlertNotices
    from console.actions.kill.switch import KillSwitch
    from console.actions.vigil_file import VigilFile
    from console.settings import Poll, Polls, Settings

HEAD_START = 0.5
"""Seconds that the metrics have for themselves at most when a screen opens; the others come after them."""
_LAST_TRIP = Polling(1.0, 2.0, 4.0)
_ALERTS = Polling(1.0, 5.0, 4.0)
"""Of the rules, of which each group has an interval of its own."""


def open_monitor(
    settings: "Settings",
    panels: tuple[Panel, ...],
    *,
    clock: Clock | None = None,
    chance: random.Random | None = None,
    environ: Mapping[str, str] = os.environ,
    once: bool = False,
    kill_switch: "KillSwitch | None" = None,
    vigil: "Callable[[], VigilFile] | None" = None,
) -> Monitor:
    """Build the chosen context's monitor; nothing is connected before its first poll.

    `once` is for a command that looks a single time; `kill_switch` is told what each judgement says of it.
    Alert rules are evaluated where panels are judged. `vigil` makes, once, what remembers the judgements;
    without it an `own_vigil` does, but neither of a single look nor where no panels are judged, so that
    nothing could be seen to be critical.
    """
    clock, rules = clock or SystemClock(), _rules(settings, panels)
    surfaces = Surfaces(settings, rules, clock, environ, once=once)
    head_start = 0.0 if once else HEAD_START
    monitor = _monitor(settings, rules, surfaces, clock, environ, chance=chance, head_start=head_start)
    if kill_switch is not None:
        monitor.own_trip = lambda: kill_switch.latest
    if vigil is None and panels and not once:
        vigil = functools.cache(functools.partial(own_vigil, settings, clock))
    notices = functools.cache(functools.partial(own_notices, settings, clock, environ))
    telling = notices if panels and not once else None
    monitor.on_assessed = functools.partial(_told, kill_switch, vigil, telling, clock)
    return monitor


def open_look(settings: "Settings", panels: tuple[Panel, ...], asked: Query) -> tuple[Monitor, Sampling]:
    """The monitor of a single look, and what it samples: what `asked` looks back on is kept there."""
    clock, rules = SystemClock(), _rules(settings, panels)
    surfaces = Surfaces(settings, rules, clock, os.environ, once=True, asked=(asked,))
    return _monitor(settings, rules, surfaces, clock, os.environ), surfaces.sampling


def _rules(settings: "Settings", panels: tuple[Panel, ...]) -> Rules:
    chosen = settings.chosen
    pinned = None if chosen.database is None else chosen.database.server
    missing = frozenset(chosen.not_exported)
    if chosen.database is None and chosen.engine_file is None:
        missing |= OF_DATABASE
    return Rules(panels, KEY_METRICS, missing, chosen.quiet_after, pinned, dialect_of(chosen))


def _monitor(
    settings: "Settings",
    rules: Rules,
    surfaces: Surfaces,
    clock: Clock,
    environ: Mapping[str, str],
    *,
    chance: random.Random | None = None,
    head_start: float = 0.0,
) -> Monitor:
    alerts = alert_source(settings, surfaces, clock, environ) if rules.panels else None
    return Monitor(
        _watches(surfaces, settings.polling, alerts),
        rules,
        clock,
        chance or random.Random(),  # noqa: S311 (no secret)
        focus=surfaces.focus,
        logs=surfaces.logs(),
        head_start=head_start,
    )


def _watches(surfaces: Surfaces, poll: "Polls", alerts: Source[AlertBook] | None) -> Watches:
    return Watches(
        metrics=surfaces.metrics(),
        database=surfaces.watched("database", surfaces.database(), poll.database),
        exchange=surfaces.watched("exchange", surfaces.exchange(), poll.exchange),
        flags=surfaces.watched("flags", surfaces.flags(), poll.flags),
        engine=surfaces.watched("engine", surfaces.engine(), poll.engine),
        log=surfaces.watched("log", surfaces.log(), poll.log),
        last_trip=Watch(surfaces.last_trip(), _as_patient(_LAST_TRIP, poll.engine)),
        alerts=Watch(alerts, _as_patient(_ALERTS, poll.metrics)),
    )


def _as_patient(polling: Polling, poll: "Poll") -> Polling:
    """With no less time than the settings give a source that this one is like: a slow machine delays both."""
    timeout, stale_after = max(polling.timeout, poll.timeout), max(polling.stale_after, poll.stale_after)
    return Polling(polling.interval, timeout, stale_after)


def _told(
    kill_switch: "KillSwitch | None",
    vigil: "Callable[[], VigilFile] | None",
    notices: "Callable[[], AlertNotices | None] | None",
    clock: Clock,
    assessment: Assessment,
) -> None:
    """Tell those who follow what is judged; all but the kill switch, once every source has answered.

    They import a lot, and the first judgement is waited for.
    """
    if kill_switch is not None:
        kill_switch.observed(assessment.kill, clock.wall())
    if any(source.health is Health.WAITING for source in assessment.sources):
        return
    if vigil is not None:
        vigil().noted(assessment)
    if notices is not None and (telling := notices()) is not None:
        telling.observed(assessment)


def own_vigil(settings: "Settings", clock: Clock) -> "VigilFile":
    """What remembers the judgements of this process, and adds them to those of others."""
    from console.actions.vigil_file import VigilFile, vigil_of  # noqa: PLC0415 (a picture is shown before)

    return VigilFile(vigil_of(settings.state, settings.context), clock, _keep_vigil)


def own_notices(settings: "Settings", clock: Clock, environ: Mapping[str, str]) -> "AlertNotices | None":
    """What tells people of alerts while this process watches; None where the settings name nobody."""
    from console.actions.alert_notify import alert_notices  # noqa: PLC0415 (a picture is shown before)

    return alert_notices(settings, clock, environ)


def _keep_vigil(keep: Callable[[], None]) -> None:
    from console.actions.kill.trip import in_thread  # noqa: PLC0415 (not before it is wanted)

    in_thread(keep, "keep the vigil")
