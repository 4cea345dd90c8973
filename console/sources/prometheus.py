"""Metrics from a Prometheus server, which keeps the samples and evaluates the queries itself."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from console.domain.clock import Clock
from console.domain.metrics import Answer, Column, Labels, Lineup, Series, Vector, column_of
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.heartbeat import Stamp, ahead, oldest_heartbeat
from console.sources.http import HttpClient
from console.sources.scrape import Scraped

MAX_BYTES = 32 << 20

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
        self._url = base_url.rstrip("/") + "/api/v1/query"
        self._queries = tuple(queries)
        self._clock = clock
        self._timeout = timeout
        self._credentials = credentials or Credentials()
        self._client = HttpClient(clock=clock, timeout=timeout, max_bytes=max_bytes, ca_file=ca_file)
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
        asking = _Asking(self._client, self._url, self._headers(), begun + self._timeout)
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
        self._client.close()

    def _headers(self) -> dict[str, str]:
        return {"Content-Type": "application/x-www-form-urlencoded", **self._credentials.headers(self._url)}

    def _answer(self, asking: "_Asking", query: str) -> Answer:
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


class RefusedQuery(SourceError):  # noqa: N818 - what the query is
    """The server is well, but will not evaluate this query."""


@dataclass(frozen=True, slots=True)
class _Results:
    """What a query evaluated to at `at`, seconds by the server's clock: label sets with values."""

    at: float
    results: Sequence[tuple[Mapping[str, str], float]]


class _Asking:
    """The queries of one poll, all within its deadline."""

    def __init__(self, client: HttpClient, url: str, headers: Mapping[str, str], until: float) -> None:
        self._client = client
        self._url = url
        self._headers = headers
        self._until = until
        self.warnings: list[str] = []

    def ask(self, query: str) -> _Results:
        """The query at the server's present. RefusedQuery, or SourceError where the server isn't well."""
        body = urlencode({"query": query}).encode()
        response = self._client.request("POST", self._url, self._headers, body, until=self._until)
        try:
            answer = json.loads(response.body)
        except (ValueError, RecursionError) as error:
            raise SourceError(_not_prometheus(response.status)) from error
        if not isinstance(answer, dict):
            raise SourceError(_not_prometheus(response.status))
        if answer.get("status") == "error":
            raise RefusedQuery(_one_line(f"{answer.get('errorType')}: {answer.get('error')}"))
        if response.status != 200:
            raise SourceError(f"HTTP {response.status}")
        self._warn(answer.get("warnings"))
        try:
            return _results(answer["data"])
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise SourceError(_not_prometheus(response.status)) from error

    def _warn(self, warnings: object) -> None:
        for warning in warnings if isinstance(warnings, list) else []:
            line = _one_line(str(warning))
            if line not in self.warnings:
                self.warnings.append(line)


def _results(data: Mapping[str, Any]) -> _Results:
    """Read the `data` of an answer; whatever its shape lacks raises as Python does."""
    kind, result = data["resultType"], data["result"]
    if kind == "scalar":
        at, value = result
        return _Results(_time(at), [({}, float(value))])
    if kind != "vector":
        raise RefusedQuery(f"the query answers a {kind}, not a vector")
    rows = [(_labels(row["metric"]), float(row["value"][1])) for row in result if "value" in row]
    return _Results(_time(result[0]["value"][0]) if rows else 0.0, rows)


def _labels(metric: Mapping[str, object]) -> dict[str, str]:
    labels = {name: value for name, value in metric.items() if isinstance(value, str)}
    if len(labels) < len(metric):
        raise ValueError("a label that isn't text")
    return labels


def _time(value: Any) -> float:
    at = float(value)
    if not math.isfinite(at):
        raise ValueError("not a time")
    return at


def _newest(asking: _Asking, samples: Mapping[str, object]) -> float | None:
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


def _not_prometheus(status: int) -> str:
    return "the answer is not a Prometheus server's" if status == 200 else f"HTTP {status}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"
