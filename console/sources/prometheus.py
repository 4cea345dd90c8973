"""Metrics from a Prometheus server, which keeps the samples and evaluates the queries itself."""

import json
import math
from collections.abc import Mapping, Sequence

from console.domain.clock import Clock
from console.domain.metrics import Answer, Column, Labels, Lineup, Series, Vector, column_of
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.heartbeat import Stamp, ahead, oldest_heartbeat
from console.sources.prometheus_server import MAX_BYTES, Asking, PrometheusServer, RefusedQuery
from console.sources.scrape import Scraped

_EVERYTHING = '{__name__=~"futures_.+"}'


class PrometheusSource:
    """Asks one server for the engine's series and for what the panels want to know."""

    def __init__(
        self,
        base_url: str,
        queries: Sequence[str],
        *,
        clock: Clock,
        timeout: float,
        max_bytes: int = MAX_BYTES,
        credentials: Credentials | None = None,
        ca_file: str | None = None,
    ) -> None:
        """`timeout` is in seconds, for one poll as a whole; `ca_file` names who is trusted for https."""
        self._server = PrometheusServer(
            base_url,
            clock=clock,
            timeout=timeout,
            max_bytes=max_bytes,
            credentials=credentials,
            ca_file=ca_file,
        )
        self._queries = tuple(queries)
        self._clock = clock
        self._heartbeat = Stamp()
        self._known: dict[Labels, Series] = {}
        self._seen: dict[Labels, Series] = {}
        self._lineups: dict[str, Lineup] = {}

    def read(self) -> Scraped:
        """Ask once, blocking up to the deadline, which all requests of one poll share.

        A query that the server refuses has that as its Answer; SourceError says in one sentence why there
        is nothing at all.
        """
        begun = self._clock.now()
        asking = self._server.asking()
        everything = asking.ask(_EVERYTHING)
        vectors: dict[str, dict[Series, float]] = {}
        for metric, value in everything.results:
            series = self._series(metric)
            vectors.setdefault(series.name, {})[series] = value
        samples = {name: self._column(name, vector) for name, vector in vectors.items()}
        newest = _newest(asking, samples)
        answers = {query: self._answer(asking, query) for query in self._queries}
        self._forget()
        notes = tuple(asking.warnings)
        ages = [] if newest is None else [everything.at - newest]
        beat = oldest_heartbeat(samples)
        if beat is not None:
            ages.append(self._heartbeat.age(beat, everything.at, begun))
            notes += ahead(beat, everything.at)
        data_at = begun - max(0.0, *ages) if ages else None
        return Scraped(samples, data_at, notes, answers)

    def close(self) -> None:
        self._server.close()

    def _answer(self, asking: Asking, query: str) -> Answer:
        try:
            answer = asking.ask(query)
        except RefusedQuery as error:
            return Answer({}, str(error))
        return Answer(self._column(query, {self._series(metric): value for metric, value in answer.results}))

    def _column(self, question: str, vector: Vector) -> Column:
        """What was answered to `question`, or of a metric, with the lineup of last time if it is the same."""
        column = column_of(vector, self._lineups.get(question))
        self._lineups[question] = column.lineup
        return column

    def _series(self, metric: Mapping[str, str]) -> Series:
        """The series of a label set; the same object for as long as the server goes on answering it."""
        key = tuple(sorted(metric.items()))
        series = self._known.get(key)
        if series is None:
            series = Series(metric.get("__name__", ""), tuple(pair for pair in key if pair[0] != "__name__"))
        self._seen[key] = series
        return series

    def _forget(self) -> None:
        self._known, self._seen = self._seen, {}


def _newest(asking: Asking, samples: Mapping[str, object]) -> float | None:
    """When the newest of all samples was taken, seconds by the server's clock; None without samples.

    A server goes on answering the last sample for five minutes. timestamp() drops the metric's name, and
    refuses series that then look the same, so each metric is asked for by name.
    """
    if not samples:
        return None
    each = " or ".join(f"timestamp({{__name__={json.dumps(name)}}})" for name in sorted(samples))
    newest = asking.ask(f"max({each})").results
    if newest and not math.isfinite(newest[0][1]):
        raise SourceError("the newest sample's time is no time")
    return newest[0][1] if newest else None
