"""A Prometheus-compatible server in small: tests say what it answers, and read what comes of it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from console.alert_feed.memory import AlertMemory
from console.alert_feed.served import ServedAlerts
from console.domain.alert_book import AlertBook, Raised, RuleStanding
from console.domain.silences import Marks
from console.sources.alertmanager import Alertmanager
from console.sources.prometheus_server import PrometheusServer
from tests.tui.fake import HandClock

MARGIN = "futures_margin_ratio < 1.05"

Labels = dict[str, str]


@dataclass
class RuleServer:
    """The server, and a console that reads it on a clock which tests turn by hand."""

    http: HTTPServer
    folder: Path
    clock: HandClock = field(default_factory=HandClock)
    ahead: float = 500.0
    """Seconds by which the server's clock is ahead of the console's."""
    rules: object = None
    status: int = 200
    alerts: list[dict[str, object]] | None = field(default_factory=list)
    queries: dict[str, object] = field(default_factory=dict)
    """What queries answer by their text: rows of labels with a value, samples of a range, or a refusal."""
    warnings: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    asked_for: dict[str, float] = field(default_factory=dict)
    """The times for which queries were asked, by their text."""
    marks: Marks | str = field(default_factory=Marks)
    """What people said; a text is why that can't be read."""

    def __post_init__(self) -> None:
        self.http.expect_request("/api/v1/query", method="POST").respond_with_handler(self._query)
        self.http.expect_request("/api/v1/rules").respond_with_handler(self._rules)
        self.http.expect_request("/api/v1/alerts").respond_with_handler(self._alerts)
        self.console = self.open()

    def open(self, alertmanager: Alertmanager | None = None) -> ServedAlerts:
        """A console that has just been started."""
        server = PrometheusServer(self.http.url_for(""), clock=self.clock, timeout=5)
        memory = AlertMemory(self.folder / "alerts.json")
        return ServedAlerts(
            server,
            clock=self.clock,
            scrape=15,
            marks=self._marks,
            memory=memory,
            alertmanager=alertmanager,
        )

    def now(self, later: float = 0.0) -> str:
        """The server's time as it writes it, some seconds before or after now."""
        return datetime.fromtimestamp(self.clock.at + self.ahead + later, UTC).isoformat()

    def serve(self, *rules: dict[str, object]) -> None:
        """Have it tell of these rules, all in one group."""
        self.rules = {"groups": [{"name": "futures", "file": "r.yaml", "interval": 15, "rules": [*rules]}]}

    def rule(self, *alerts: dict[str, object], query: str = MARGIN, **more: object) -> dict[str, object]:
        """A rule that has just been evaluated."""
        return {
            "name": "Margin",
            "query": query,
            "duration": 60,
            "labels": {"severity": "critical"},
            "annotations": {},
            "alerts": [*alerts],
            "health": "ok",
            "lastEvaluation": self.now(),
            "type": "alerting",
            **more,
        }

    def alert(
        self, symbol: str, value: float, state: str = "firing", since: float = -100, **more: object
    ) -> dict[str, object]:
        return {
            "labels": {"alertname": "Margin", "severity": "critical", "symbol": symbol},
            "annotations": {"summary": f"low on {symbol}"},
            "state": state,
            "activeAt": self.now(since),
            "value": repr(value),
            **more,
        }

    def fire(self, value: float = 1.04) -> None:
        """Let an alert of BTC fire, and the console see it."""
        self.serve(self.rule(self.alert("BTC", value)))
        self.read()

    def read(self) -> AlertBook:
        return self.console.read().value

    def after(self, seconds: float) -> None:
        self.clock.at += seconds

    def _marks(self) -> Marks:
        if isinstance(self.marks, str):
            raise ValueError(self.marks)
        return self.marks

    def _rules(self, request: Request) -> Response:
        assert request.args.to_dict() == {"type": "alert"}
        if self.status != 200:
            return Response("404 page not found", self.status)
        return _success(self.rules, self.warnings)

    def _alerts(self, _: Request) -> Response:
        if self.alerts is None:
            return Response("404 page not found", 404)
        return _success({"alerts": self.alerts})

    def _query(self, request: Request) -> Response:
        parameters = parse_qs(request.get_data(as_text=True))
        text = parameters["query"][0]
        at = self.clock.at + self.ahead
        if text == "time()":
            return _success({"resultType": "scalar", "result": [at, str(at)]})
        self.asked.append(text)
        if "time" in parameters:
            self.asked_for[text] = float(parameters["time"][0])
        answer = self.queries.get(text, [])
        if isinstance(answer, str):
            error = {"status": "error", "errorType": "execution", "error": answer}
            return Response(json.dumps(error), 422)
        return _success(_result(answer, at))


def _result(answer: object, at: float) -> object:
    assert isinstance(answer, list)
    if answer and isinstance(answer[0][1], list):
        rows = [{"metric": labels, "values": [[when, str(v)] for when, v in told]} for labels, told in answer]
        return {"resultType": "matrix", "result": rows}
    return {
        "resultType": "vector",
        "result": [{"metric": labels, "value": [at, str(value)]} for labels, value in answer],
    }


def _success(data: object, warnings: tuple[str, ...] = ()) -> Response:
    return Response(json.dumps({"status": "success", "data": data, "warnings": warnings}))


def instant(at: float) -> object:
    """What is equal to `at` but for what a time as a text leaves out."""
    return pytest.approx(at, rel=0, abs=1e-3)


def only(book: AlertBook) -> Raised:
    """The one alert of a book."""
    (raised,) = book.raised
    return raised


def standing(book: AlertBook) -> RuleStanding:
    """The one rule of a book."""
    (found,) = book.rules
    return found
