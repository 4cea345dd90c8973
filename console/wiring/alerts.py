"""The alert rules of a context: evaluated over what is scraped, or by the Prometheus server that it names."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from console.domain.alert_book import AlertBook
from console.domain.clock import Clock
from console.domain.silences import Marks
from console.own_folder import own_folder
from console.sources.discovered import Deferred
from console.sources.source import Source
from console.wiring.surfaces import Surfaces, credentials_of

if TYPE_CHECKING:
    from console.alert_feed.memory import AlertMemory
    from console.alert_feed.ruled import RuledAlerts
    from console.alert_feed.served import ServedAlerts
    from console.promql.rule_file import RuleFile
    from console.settings import HttpServer, Prometheus, Settings

T = TypeVar("T")

_ALERTMANAGER = 1.0
"""Seconds that Alertmanager has for an answer: the rules wait meanwhile."""


def alert_source(
    settings: "Settings", surfaces: Surfaces, clock: Clock, environ: Mapping[str, str]
) -> Source[AlertBook] | None:
    """What reads the context's alerts; None where there are no metrics to have rules on."""
    context = settings.chosen
    if context.prometheus is not None:
        server = context.prometheus
        return Deferred(lambda: _both(settings, server, surfaces, clock, environ))
    if context.metrics_url is None and context.engine_file is None:
        return None
    return Deferred(lambda: _ruled(settings, surfaces, clock, load_files))


def load_files(files: Sequence[Path]) -> "list[RuleFile]":
    """The rules of all files, which can't look back further than samples are kept. RuleFileError."""
    from console.feed import KEPT_FOR  # noqa: PLC0415 (a picture is shown before)
    from console.promql.query import query_within  # noqa: PLC0415 (as above)
    from console.promql.rule_file import load_rules  # noqa: PLC0415 (as above)

    return [load_rules(file, functools.partial(query_within, longest=KEPT_FOR)) for file in files]


Load = Callable[[Sequence[Path]], "list[RuleFile]"]


def _ruled(settings: "Settings", surfaces: Surfaces, clock: Clock, load: Load) -> "RuledAlerts":
    from console.alert_feed.ruled import RuledAlerts  # noqa: PLC0415 (as above)
    from console.promql.rule_file import Intervals  # noqa: PLC0415 (as above)

    return RuledAlerts(
        functools.partial(load, settings.rule_files),
        surfaces.sampling,
        clock,
        Intervals(settings.polling.metrics.interval, settings.chosen.evaluation),
        queries=surfaces.asked,
        marks=_marks(settings),
        untold=_untold(settings, clock),
        memory=_memory(settings),
        patience=settings.polling.metrics.timeout + 1.0,
    )


def _both(
    settings: "Settings", server: "Prometheus", surfaces: Surfaces, clock: Clock, environ: Mapping[str, str]
) -> Source[AlertBook]:
    """The server's rules, and those of the context's files that only the console can evaluate."""
    from console.alert_feed.both import BothAlerts, own_rules  # noqa: PLC0415 (as above)

    def load(files: Sequence[Path]) -> "list[RuleFile]":
        return [own_rules(file) for file in load_files(files)]

    surfaces.sampling.begun.set()  # nothing is scraped here that could be waited for
    own = _ruled(settings, surfaces, clock, load)
    return BothAlerts(_served(settings, server, clock, environ), own)


def _served(
    settings: "Settings", server: "Prometheus", clock: Clock, environ: Mapping[str, str]
) -> "ServedAlerts":
    from console.alert_feed.served import ServedAlerts  # noqa: PLC0415 (as above)
    from console.sources.alertmanager import Alertmanager  # noqa: PLC0415 (as above)
    from console.sources.prometheus_server import PrometheusServer  # noqa: PLC0415 (as above)

    def reached(make: "Callable[..., T]", at: "HttpServer", timeout: float) -> T:
        ca_file = str(at.ca_file) if at.ca_file else None
        credentials = credentials_of(at, environ)
        return make(at.url, clock=clock, timeout=timeout, credentials=credentials, ca_file=ca_file)

    named = server.alertmanager
    return ServedAlerts(
        reached(PrometheusServer, server, settings.polling.metrics.timeout),
        clock=clock,
        scrape=settings.chosen.evaluation,
        marks=_marks(settings),
        memory=_memory(settings, "-server"),
        alertmanager=None if named is None else reached(Alertmanager, named, _ALERTMANAGER),
    )


def _memory(settings: "Settings", of: str = "") -> "AlertMemory":
    from console.alert_feed.memory import AlertMemory  # noqa: PLC0415 (as above)

    name = f"{quote(settings.context, safe=' ')}{of}.json"
    return AlertMemory(own_folder(settings.state) / "rules" / name)


def _untold(settings: "Settings", clock: Clock) -> Callable[[], str]:
    from console.actions.told_file import Complaint, told_file  # noqa: PLC0415 (as above)

    complaint = Complaint(told_file(settings.state, settings.context))
    return lambda: complaint.at(clock.wall())


def _marks(settings: "Settings") -> Callable[[], Marks]:
    from console.actions.alert_marks import marks_file, read_marks  # noqa: PLC0415 (as above)

    return functools.partial(read_marks, marks_file(settings.state, settings.context))
