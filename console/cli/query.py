"""The command `query`: what a PromQL expression comes to on the context, now or at a time. Thin.

A context's Prometheus server is asked; without one the engine's endpoint is scraped, and what the expression
looks back on comes from the black box. What the console measures itself is asked of the console. Answers are
what the HTTP API of Prometheus calls them.

Exit codes: 0 answered, be it with nothing, 1 it can't be told, 2 the expression is refused, or bad usage.
"""

import math
import time
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, settings_of, with_json, with_settings
from console.cli.query_own import looked, own_part
from console.cli.query_told import answer_of, tell, tell_json

if TYPE_CHECKING:
    from console.domain.clock import Clock
    from console.history.reel import Reel
    from console.promql.samples import SampleStore
    from console.settings import Prometheus, Settings
    from console.sources.prometheus_server import Rows

SERVER_TIMEOUT = 30.0
"""Seconds that a server may take: an expression is not one of the panels', and may be dear."""
_TOGETHER = 0.005
"""Seconds within which two recorded scrapes are one: a store tells no more than milliseconds apart."""


@click.command()
@with_settings
@click.argument("expression", metavar="EXPR")
@click.option("--at", metavar="TIME", help="At that time, in UTC: 14:05, 2026-01-02T14:05 or -10m.")
@click.option(
    "--watch",
    type=click.FloatRange(0, 86400),
    default=0,
    metavar="SECONDS",
    help="Look for so long before; not where a Prometheus server is asked.",
)
@with_json
@click.pass_context
def query(
    ctx: click.Context, /, *, expression: str, at: str | None, watch: float, as_json: bool, **given: Any
) -> None:
    """Evaluate the PromQL expression EXPR on the context's metrics.

    A Prometheus server is asked if the context has one. Otherwise the engine is scraped, and its past is what
    the console has recorded; how much of it was seen is said where that isn't all. For metrics that begin
    with opsconsole_, and what alert rules record, the console looks at all sources, as `alerts` does.
    """
    from console.domain.clock import SystemClock  # noqa: PLC0415
    from console.sources.errors import SourceError  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    server, clock = settings.chosen.prometheus, SystemClock()
    own = own_part(settings, expression)
    if watch and (at is not None or (server is not None and not own.any)):
        fail("--watch is for what is seen from here: neither with --at nor with a Prometheus server")
    try:
        if own.any:
            if at is not None:
                fail("--at: what the console measures, and rules record, can only be told of now", 1)
            answer = looked(settings, expression, own, watch)
        elif server is not None:
            when = None if at is None else _instant(at, 0.0, clock.wall())
            answer = _asked(server, expression, when, clock)
        else:
            answer = _evaluated(settings, expression, at, watch, clock)
    except SourceError as error:
        fail(str(error), 1)
    answer = replace(answer, notes=(*answer.notes, *own.doubts))
    if as_json:
        by = "console" if server is None or own.any else server.url
        tell_json(settings.context, by, expression, answer)
    else:
        tell(expression, answer)


def _asked(server: "Prometheus", expression: str, at: float | None, clock: "Clock") -> "Rows":
    """The server's answer. SourceError where it isn't well; a refused expression ends the command."""
    from console.sources.credentials import Credentials  # noqa: PLC0415
    from console.sources.prometheus_server import PrometheusServer, RefusedQuery  # noqa: PLC0415

    credentials = Credentials(server.bearer_env, server.username_env, server.password_env)
    ca_file = str(server.ca_file) if server.ca_file else None
    asked = PrometheusServer(
        server.url, clock=clock, timeout=SERVER_TIMEOUT, credentials=credentials, ca_file=ca_file
    )
    with closing(asked):
        try:
            return asked.asking().rows(expression, at)
        except RefusedQuery as error:
            fail(str(error), 2 if error.kind == "bad_data" else 1)


def _evaluated(settings: "Settings", expression: str, at: str | None, watch: float, clock: "Clock") -> "Rows":
    """What is seen from here. SourceError where the engine doesn't answer."""
    from console.promql.query import UnsupportedQuery, parse_query  # noqa: PLC0415
    from console.promql.samples import LOOKBACK, SampleStore  # noqa: PLC0415

    try:
        asked = parse_query(expression)
    except UnsupportedQuery as error:
        fail(str(error))
    retention = min(asked.window, settings.history.keep) + LOOKBACK
    store = SampleStore(asked.ranged, retention, asked.ranged_like)
    if at is None:
        if asked.window > 0:
            _recall(settings, store, clock.now(), retention)
        _scrape(settings, store, watch, clock)
        when = clock.now()
    else:
        when = _recall_at(settings, store, at, retention)
    return answer_of(asked, store, when)


def _recall(settings: "Settings", store: "SampleStore", until: float, seconds: float) -> None:
    """Put into `store` what was recorded of the metrics in the last `seconds`, if anything was."""
    from console.history.frames import RecordError  # noqa: PLC0415

    with suppress(RecordError):
        _replay(_reel(settings), store, until, seconds)


def _recall_at(settings: "Settings", store: "SampleStore", at: str, seconds: float) -> float:
    """As `_recall`, up to the instant that `at` says, which is returned; nothing there ends the command."""
    from console.history.frames import RecordError  # noqa: PLC0415
    from console.promql.samples import LOOKBACK  # noqa: PLC0415

    try:
        reel = _reel(settings)
    except RecordError as error:
        fail(f"--at: without a Prometheus server there is only what was recorded: {error}")
    when = _instant(at, reel.begin, reel.end)
    _replay(reel, store, when, seconds)
    if store.window(when, LOOKBACK) is None:
        fail(f"--at: {at!r}: nothing was recorded of the metrics then", 1)
    return when


def _reel(settings: "Settings") -> "Reel":
    from console.history.recording import record_folder  # noqa: PLC0415
    from console.history.reel import Reel  # noqa: PLC0415
    from console.history.segment import find_segments  # noqa: PLC0415

    return Reel(find_segments(record_folder(settings)))


def _replay(reel: "Reel", store: "SampleStore", until: float, seconds: float) -> None:
    """Put into `store` what the metrics answered in the `seconds` before `until`, failures included."""
    from console.history.frames import Kind  # noqa: PLC0415

    last = until - seconds
    for moment in reel.instants(last, math.nextafter(until, math.inf), (Kind.WHOLE, Kind.CHANGES)):
        reel.go_to(moment)
        reading = reel.snapshot.metrics.last
        if reading is not None and reading.fetched_at > last + _TOGETHER:
            last = reading.fetched_at
            store.append(last, {} if reading.value is None else reading.value.samples)


def _scrape(settings: "Settings", store: "SampleStore", seconds: float, clock: "Clock") -> None:
    """Scrape the engine once, or for so many seconds. SourceError where it doesn't answer in the end."""
    from console.sources.errors import SourceError  # noqa: PLC0415
    from console.sources.scrape import ScrapeSource  # noqa: PLC0415

    poll, until = settings.polling.metrics, clock.now() + seconds
    with closing(ScrapeSource(_endpoint(settings), clock=clock, timeout=poll.timeout)) as source:
        while True:
            is_last = clock.now() >= until
            try:
                store.append(clock.now(), source.read().samples)
            except SourceError:
                if is_last:
                    raise
                store.append(clock.now(), {})
            if is_last:
                return
            time.sleep(poll.interval)


def _endpoint(settings: "Settings") -> str:
    """The engine's own endpoint. SourceError where it can't be known."""
    from console.sources.engine import read_engine_file  # noqa: PLC0415
    from console.sources.errors import SourceError  # noqa: PLC0415

    url, file = settings.chosen.metrics_url, settings.chosen.engine_file
    if url is None and file is None:
        fail(f"the context {settings.context} has no metrics: it names neither prometheus nor metrics_url")
    if url is None and file is not None:
        engine = read_engine_file(file)
        url = None if engine is None or engine.ended else engine.text("metrics_url")
    if url is None:
        raise SourceError(f"no engine runs: {file} names no metrics_url")
    return url


def _instant(text: str, begin: float, end: float) -> float:
    from console.history.instants import InstantError, instant  # noqa: PLC0415

    try:
        return instant(text, begin, end)
    except InstantError as error:
        fail(f"--at: {error}")
