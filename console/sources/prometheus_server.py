"""Asking a Prometheus-compatible server: its HTTP API, and what may come back of it, checked.

Prometheus, Thanos, Mimir and VictoriaMetrics answer alike. What a server says is foreign: whatever isn't of
the documented shape is one SourceError.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from console.domain.clock import Clock
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.http import HttpClient, Response

MAX_BYTES = 32 << 20
_SINGLE = ("scalar", "string")
_QUERY = "/api/v1/query"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_NO_SUCH_PATH = (404, 405, 501)
_SHAPELESS = (LookupError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading an answer can raise that isn't of the documented shape."""


class RefusedQuery(SourceError):  # noqa: N818 - what the query is
    """The server is well, but will not evaluate this query. `kind` is the server's word for why."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class NoSuchPathError(SourceError):
    """The server knows nothing of this part of the API."""


@dataclass(frozen=True, slots=True)
class Results:
    """What a query evaluated to at `at`, seconds by the server's clock: label sets with values."""

    at: float
    results: Sequence[tuple[Mapping[str, str], float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One series with its samples: times in seconds since 1970, and values as Prometheus writes them."""

    labels: Mapping[str, str]
    samples: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer of any kind: vector, matrix, scalar or string. `notes` is what the server remarks on it."""

    kind: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_single(self) -> bool:
        """Whether it is of a kind that has one row, without labels."""
        return self.kind in _SINGLE


class PrometheusServer:
    """One server, whose requests keep a connection. Used by one thread at a time."""

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        timeout: float,
        max_bytes: int = MAX_BYTES,
        credentials: Credentials | None = None,
        ca_file: str | None = None,
    ) -> None:
        """`timeout` is in seconds, for one `asking` as a whole; `ca_file` names who is trusted for https."""
        self.url = base_url.rstrip("/")
        self._clock = clock
        self._timeout = timeout
        self._credentials = credentials or Credentials()
        self._client = HttpClient(clock=clock, timeout=timeout, max_bytes=max_bytes, ca_file=ca_file)

    def asking(self) -> "Asking":
        """Requests that share one deadline, which begins now. SourceError where credentials are missing."""
        headers = self._credentials.headers(self.url)
        return Asking(self._client, self.url, headers, self._clock.now() + self._timeout)

    def close(self) -> None:
        self._client.close()


class Asking:
    """The requests of one poll, all within its deadline.

    Every one raises SourceError where the server isn't well. `warnings` are what it remarks on its answers.
    """

    def __init__(self, client: HttpClient, url: str, headers: Mapping[str, str], until: float) -> None:
        self._client = client
        self._url = url
        self._headers = headers
        self._until = until
        self.warnings: list[str] = []

    def get(self, path: str, **parameters: str) -> object:
        """The `data` that `path` answers. NoSuchPathError where the server has no such thing."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self._said("GET", f"{self._url}{path}{query}")["data"]

    def ask(self, query: str, at: float | None = None) -> Results:
        """The vector or number that `query` comes to, at the server's present or at `at` by its clock.

        RefusedQuery where the server won't evaluate it.
        """
        said = self._said("POST", self._url + _QUERY, _body(query, at))
        try:
            return _results(said["data"])
        except _SHAPELESS as error:
            raise SourceError(_NOT_PROMETHEUS) from error

    def rows(self, query: str, at: float | None = None) -> Rows:
        """As `ask`, but an answer of any kind, with its values as they are written."""
        said = self._said("POST", self._url + _QUERY, _body(query, at))
        try:
            kind, result = str(said["data"]["resultType"]), said["data"]["result"]
            notes = (*(said.get("warnings") or ()), *(said.get("infos") or ()))
            return Rows(kind, tuple(_rows(kind, result)), tuple(map(one_line, map(str, notes))))
        except _SHAPELESS as error:
            raise SourceError(_NOT_PROMETHEUS) from error

    def _said(self, method: str, url: str, body: bytes | None = None) -> Mapping[str, Any]:
        """The whole answer of a server that is well."""
        headers = self._headers if body is None else {**_FORM, **self._headers}
        response = self._client.request(method, url, headers, body, until=self._until)
        said = _document(response)
        if said.get("status") == "error":
            kind = str(said.get("errorType"))
            raise RefusedQuery(one_line(f"{kind}: {said.get('error')}"), kind)
        if response.status != 200:
            raise SourceError(f"HTTP {response.status}")
        if "data" not in said:
            raise SourceError(_NOT_PROMETHEUS)
        warnings = said.get("warnings")
        for warning in warnings if isinstance(warnings, list) else []:
            line = one_line(str(warning))
            if line not in self.warnings:
                self.warnings.append(line)
        return said


class ServerClock:
    """A server's time, on the console's clock.

    What lies between a question and its answer bounds how far the two clocks are apart. The estimate moves no
    further than these bounds ask for, so that an instant is told as the same one at every poll.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def note(self, told: float, asked_at: float, answered_at: float) -> None:
        """The server said that it is `told`, between two instants on the console's clock."""
        lowest, highest = told - answered_at, told - asked_at
        before = (lowest + highest) / 2 if self._ahead is None else self._ahead
        self._ahead = min(max(before, lowest), highest)

    def here(self, told: float) -> float:
        """The instant on the console's clock; as told while nothing was noted."""
        return told - (self._ahead or 0.0)


def one_line(text: str) -> str:
    """What a server says, on one line of limited length."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"


_NOT_PROMETHEUS = "the answer is not a Prometheus server's"


def _body(query: str, at: float | None) -> bytes:
    wanted = {"query": query} if at is None else {"query": query, "time": f"{at:.3f}"}
    return urlencode(wanted, errors="replace").encode()


def _document(response: Response) -> Mapping[str, Any]:
    if response.status in _NO_SUCH_PATH:
        raise NoSuchPathError(f"HTTP {response.status}")
    try:
        said = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        raise SourceError(_no_answer(response)) from error
    if not isinstance(said, dict):
        raise SourceError(_no_answer(response))
    return said


def _no_answer(response: Response) -> str:
    return _NOT_PROMETHEUS if response.status == 200 else f"HTTP {response.status}"


def _results(data: Mapping[str, Any]) -> Results:
    """Read the `data` of an answer; whatever its shape lacks raises as Python does."""
    kind, result = data["resultType"], data["result"]
    if kind == "scalar":
        at, value = result
        return Results(_time(at), [({}, float(value))])
    if kind != "vector":
        raise RefusedQuery(f"the query answers a {kind}, not a vector")
    rows = [(_labels(row["metric"]), float(row["value"][1])) for row in result if "value" in row]
    return Results(_time(result[0]["value"][0]) if rows else 0.0, rows)


def _rows(kind: str, result: Any) -> Iterator[Row]:
    """The rows of an answer; whatever its shape lacks raises as Python does."""
    if kind in _SINGLE:
        yield Row({}, (_sample(result),))
        return
    for row in result:
        if "histogram" in row or "histograms" in row:
            raise SourceError("the answer holds native histograms, which can't be shown here")
        samples = row["values"] if kind == "matrix" else [row["value"]]
        yield Row(_labels(row["metric"]), tuple(map(_sample, samples)))


def _sample(pair: Any) -> tuple[float, str]:
    at, value = pair
    return _time(at), str(value)


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
