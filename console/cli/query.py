"""The command `query`: what a PromQL expression comes to on the context, now or at a time. Thin.

A context's Prometheus server is asked; without one the engine's endpoint is scraped, and what the expression
looks back on comes from the black box. Answers are what the HTTP API of Prometheus calls them.

Exit codes: 0 answered, be it with nothing, 1 it can't be told, 2 the expression is refused, or bad usage.
"""

import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, settings_of, tell_all, with_json, with_settings

if TYPE_CHECKING:
    from console.domain.clock import Clock
    from console.domain.metrics import Series
    from console.history.reel import Reel
    from console.promql.query import Query
    from console.promql.samples import SampleStore
    from console.promql.vectors import Value
    from console.settings import Prometheus, Settings
    from console.sources.prometheus_server import Rows

SERVER_TIMEOUT = 30.0
"""Seconds that a server may take: an expression is not one of the panels', and may be dear."""
_TOGETHER = 0.005
"""Seconds within which two recorded scrapes are one: a store tells no more than milliseconds apart."""
_OWN_ORDER = re.compile(r"\s*(sort|topk|bottomk)", re.IGNORECASE)
"""How an expression begins whose series come in the order that it asks for."""


@click.command()
@with_settings
@click.argument("expression", metavar="EXPR")
@click.option("--at", metavar="TIME", help="At that time, in UTC: 14:05, 2026-01-02T14:05 or -10m.")
@click.option(
    "--watch",
    type=click.FloatRange(0, 86400),
    default=0,
    metavar="SECONDS",
    help="Scrape for so long before; only without a Prometheus server.",
)
@with_json
@click.pass_context
def query(
    ctx: click.Context, /, *, expression: str, at: str | None, watch: float, as_json: bool, **given: Any
) -> None:
    """Evaluate the PromQL expression EXPR on the context's metrics.

    A Prometheus server is asked if the context has one. Otherwise the engine is scraped, and its past is what
    the console has recorded; how much of it was seen is said where that isn't all.
    """
    from console.domain.clock import SystemClock  # noqa: PLC0415
    from console.sources.errors import SourceError  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    server, clock = settings.chosen.prometheus, SystemClock()
    if watch and (server is not None or at is not None):
        fail("--watch scrapes the engine: neither with --at nor with a Prometheus server")
    try:
        if server is not None:
            when = None if at is None else _instant(at, 0.0, clock.wall())
            answer = _asked(server, expression, when, clock)
        else:
            answer = _evaluated(settings, expression, at, watch, clock)
    except SourceError as error:
        fail(str(error), 1)
    if as_json:
        _tell_json(settings, expression, answer)
    else:
        _tell(expression, answer)


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
    from console.promql.evaluate import EvaluationError, evaluate_any  # noqa: PLC0415
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
    try:
        value = evaluate_any(asked, store, when)
    except EvaluationError as error:
        fail(str(error), 1)
    return _told(value, when, _unseen(asked, store.covered(when)))


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
        url = None if engine is None else engine.text("metrics_url")
    if url is None:
        raise SourceError(f"no engine runs: {file} names no metrics_url")
    return url


def _instant(text: str, begin: float, end: float) -> float:
    from console.history.instants import InstantError, instant  # noqa: PLC0415

    try:
        return instant(text, begin, end)
    except InstantError as error:
        fail(f"--at: {error}")


def _unseen(asked: "Query", seen: float) -> tuple[str, ...]:
    """How little of the past that is looked back on was seen, where it is too little."""
    if asked.window <= seen:
        return ()
    back = f"{asked.window:g} s" if math.isfinite(asked.window) else "a set time"
    return (f"the expression looks back {back}, of which only the last {math.floor(seen)} s were seen",)


def _told(value: "Value", at: float, notes: tuple[str, ...]) -> "Rows":
    """The value as an answer."""
    from console.promql.vectors import Ranges  # noqa: PLC0415
    from console.sources.prometheus_server import Row, Rows  # noqa: PLC0415

    match value:
        case float():
            return Rows("scalar", (Row({}, ((at, _number(value)),)),), notes)
        case str():
            return Rows("string", (Row({}, ((at, value),)),), notes)
        case Ranges(samples=samples):
            stretches = (
                (series, tuple((ms / 1000, _number(one)) for ms, one in zip(*stretch, strict=True)))
                for series, stretch in samples.items()
            )
            return Rows("matrix", tuple(Row(_labels(series), told) for series, told in stretches), notes)
    rows = tuple(Row(_labels(series), ((at, _number(one)),)) for series, one in value.items())
    return Rows("vector", rows, notes)


def _labels(series: "Series") -> dict[str, str]:
    return {**({"__name__": series.name} if series.name else {}), **dict(series.labels)}


def _number(value: float) -> str:
    """As Prometheus writes it, with every digit that counts."""
    if math.isfinite(value):
        return repr(value).removesuffix(".0")
    return "NaN" if math.isnan(value) else f"{'-' if value < 0 else '+'}Inf"


def _tell(expression: str, answer: "Rows") -> None:
    from console.domain.foreign import visible  # noqa: PLC0415

    tell_all(_lines(expression, answer))
    notes = answer.notes if answer.rows else (*answer.notes, "no series: the answer is empty")
    for note in notes:
        click.echo(f"opsconsole: {visible(note)}", err=True)


def _lines(expression: str, answer: "Rows") -> Iterator[str]:
    """A line for each sample, by its series, which are sorted unless the expression sorts."""
    from console.domain.foreign import visible  # noqa: PLC0415

    if answer.is_single:
        yield answer.rows[0].samples[0][1]
        return
    rows = [(visible(_written(row.labels)), row.samples) for row in answer.rows]
    if not _OWN_ORDER.match(expression):
        rows.sort()
    width = max((len(series) for series, _ in rows), default=0)
    for series, samples in rows:
        for at, value in samples:
            when = f" @{at:.3f}" if answer.kind == "matrix" else ""
            yield f"{series:<{width}}  {value}{when}"


def _written(labels: Mapping[str, str]) -> str:
    """A series as an expression would select it."""
    pairs = (f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(labels.items()))
    chosen = ",".join(pair for pair in pairs if not pair.startswith("__name__="))
    name = labels.get("__name__", "")
    return f"{name}{{{chosen}}}" if chosen or not name else name


def _tell_json(settings: "Settings", expression: str, answer: "Rows") -> None:
    document = {
        "context": settings.context,
        "query": expression,
        "by": settings.chosen.prometheus.url if settings.chosen.prometheus else "console",
        "notes": answer.notes,
        "resultType": answer.kind,
        "result": _result(answer),
    }
    tell_all(json.dumps(document, indent=2).splitlines())


def _result(answer: "Rows") -> object:
    """What Prometheus' HTTP API says of such an answer."""
    if answer.is_single:
        return answer.rows[0].samples[0]
    if answer.kind == "matrix":
        return [{"metric": row.labels, "values": row.samples} for row in answer.rows]
    return [{"metric": row.labels, "value": row.samples[0]} for row in answer.rows]
