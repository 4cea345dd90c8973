"""Answers of servers with any one part replaced: they are read, or refused in one line, and never more."""

import contextlib
import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.sources.alertmanager import silence_from
from console.sources.errors import SourceError
from console.sources.http import HttpClient, Response
from console.sources.prometheus_rules import read_alerts, read_rules
from console.sources.prometheus_server import Asking
from tests.tui.fake import START, HandClock

ALERT = {
    "labels": {"alertname": "A"},
    "annotations": {"summary": "b"},
    "state": "firing",
    "activeAt": "2026-05-28T20:26:40Z",
    "value": "1e+00",
    "keepFiringSince": "2026-05-28T20:26:40Z",
}
RULE = {
    "name": "A",
    "query": "x < 1",
    "duration": 60,
    "keepFiringFor": 1,
    "labels": {"severity": "page"},
    "alerts": [ALERT],
    "health": "err",
    "lastError": "c",
    "lastEvaluation": "2026-05-28T20:26:40Z",
    "type": "alerting",
}
RULES = {"groups": [{"name": "g", "file": "f", "interval": 5, "rules": [RULE]}]}
SILENCE = {
    "id": "7",
    "status": {"state": "active"},
    "matchers": [{"name": "a", "value": "b", "isRegex": True, "isEqual": False}],
    "startsAt": "2026-05-28T20:00:00Z",
    "endsAt": "2026-05-28T23:00:00Z",
    "createdBy": "d",
    "comment": "e",
}

Way = tuple[str | int, ...]


@contextlib.contextmanager
def one_line_at_most(kind: type[Exception] = SourceError) -> Iterator[None]:
    """Within, only a refusal of this kind may be raised, of one line."""
    try:
        yield
    except kind as error:
        assert "\n" not in str(error)


class Answering(HttpClient):
    """A connection on which one answer comes, whatever is asked."""

    def __init__(self, data: object) -> None:
        super().__init__(clock=HandClock(), timeout=1, max_bytes=1)
        self._body_told = json.dumps({"status": "success", "data": data}).encode()

    def request(self, *_: object, **__: object) -> Response:
        return Response(200, {}, self._body_told)


def asking(data: object) -> Asking:
    return Asking(Answering(data), "http://a", {}, 0.0)


def ways(document: object, way: Way = ()) -> Iterator[Way]:
    """The way to each part of a document, the whole included."""
    yield way
    parts: Any = {}
    if isinstance(document, Mapping):
        parts = document
    elif isinstance(document, list):
        parts = dict(enumerate(document))
    for key, part in parts.items():
        yield from ways(part, (*way, key))


def replaced(document: object, way: Way, by: object) -> object:
    if not way:
        return by
    changed: Any = copy.deepcopy(document)
    part = changed
    for key in way[:-1]:
        part = part[key]
    part[way[-1]] = by
    return changed


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("9999-12-31T23:59:59-23:59"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(ways(RULES))), anything)
def test_rules(way: Way, by: object) -> None:
    with one_line_at_most():
        read_rules(asking(replaced(RULES, way, by)))


@given(st.sampled_from(list(ways({"alerts": [ALERT]}))), anything)
def test_alerts(way: Way, by: object) -> None:
    with one_line_at_most():
        read_alerts(asking(replaced({"alerts": [ALERT]}, way, by)), START)


@given(st.sampled_from(list(ways(SILENCE))), anything)
def test_silences(way: Way, by: object) -> None:
    with one_line_at_most(ValueError):
        silence_from(replaced(SILENCE, way, by), START)


QUERIES = {
    "vector": {"resultType": "vector", "result": [{"metric": {"a": "b"}, "value": [1, "2"]}]},
    "matrix": {"resultType": "matrix", "result": [{"metric": {"a": "b"}, "values": [[1, "2"]]}]},
    "scalar": {"resultType": "scalar", "result": [1, "2"]},
}


@pytest.mark.parametrize("kind", QUERIES)
@given(st.data())
def test_queries(kind: str, data: st.DataObject) -> None:
    way = data.draw(st.sampled_from(list(ways(QUERIES[kind]))))
    answer = asking(replaced(QUERIES[kind], way, data.draw(anything)))
    with one_line_at_most():
        answer.ask("x")
    with one_line_at_most():
        answer.rows("x")
