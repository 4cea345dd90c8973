"""A server's rules against answers of every shape."""

import json

import pytest
from pytest_httpserver import HTTPServer

from console.domain.clock import SystemClock
from console.sources.errors import SourceError
from console.sources.prometheus_rules import ServedAlert, ServedRule, read_alerts, read_rules
from console.sources.prometheus_server import Asking, NoSuchPathError, PrometheusServer

AT = 1_780_000_000.0
TOLD_AT = "2026-05-28T20:26:40Z"

Document = dict[str, object]


def alert(**more: object) -> Document:
    labels = {"alertname": "Margin", "symbol": "BTC", "empty": ""}
    told = {"labels": labels, "state": "firing", "activeAt": TOLD_AT, "value": "1.04e+00"}
    return {**told, "annotations": {"summary": "low"}, **more}


def rule(**more: object) -> Document:
    return {"name": "Margin", "query": "x < 1", "type": "alerting", "alerts": [], **more}


def groups(*rules: Document, **more: object) -> Document:
    return {"groups": [{"name": "g", "file": "f.yaml", "interval": 5, "rules": [*rules], **more}]}


def asking(server: HTTPServer, data: object, path: str = "/api/v1/rules") -> Asking:
    body = json.dumps({"status": "success", "data": data})
    server.expect_request(path).respond_with_data(body)
    return PrometheusServer(server.url_for("/"), clock=SystemClock(), timeout=2).asking()


def read(server: HTTPServer, data: object) -> tuple[ServedRule, ...]:
    return read_rules(asking(server, data))


def read_alert(server: HTTPServer, **more: object) -> ServedAlert:
    (found,) = read(server, groups(rule(alerts=[alert(**more)])))[0].alerts
    return found


def refusal(server: HTTPServer, data: object) -> str:
    with pytest.raises(SourceError) as caught:
        read(server, data)
    return str(caught.value)


def test_a_rule_is_read_as_prometheus_tells_it(httpserver: HTTPServer) -> None:
    told = rule(
        duration=60,
        keepFiringFor=30,
        labels={"severity": "page"},
        health="ok",
        lastEvaluation="2026-05-28T20:26:40.123456789Z",
    )
    assert read(httpserver, groups(told)) == (
        ServedRule(
            group="g",
            file="f.yaml",
            name="Margin",
            labels=(("severity", "page"),),
            alerts=(),
            evaluated_at=AT + 0.123456,
            expression="x < 1",
            hold=60,
            keep_firing_for=30,
            interval=5,
        ),
    )


def test_an_alert_is_read_with_what_it_says_for_people(httpserver: HTTPServer) -> None:
    assert read_alert(httpserver) == ServedAlert(
        (("alertname", "Margin"), ("symbol", "BTC")), (("summary", "low"),), True, 1.04, AT
    )


def test_an_alert_that_fires_on_says_since_when(httpserver: HTTPServer) -> None:
    assert read_alert(httpserver, keepFiringSince=TOLD_AT).quiet_since == AT


@pytest.mark.parametrize(("value", "meant"), [("NaN", "nan"), ("+Inf", "inf"), ("-Inf", "-inf"), (3, "3.0")])
def test_a_value_may_be_any_number(httpserver: HTTPServer, value: object, meant: str) -> None:
    assert str(read_alert(httpserver, value=value).value) == meant


def test_a_text_for_people_is_cut(httpserver: HTTPServer) -> None:
    ((_, text),) = read_alert(httpserver, annotations={"summary": "x" * 100_000}).annotations
    assert len(text) == 2000


def test_alerts_that_are_neither_pending_nor_firing_are_left_out(httpserver: HTTPServer) -> None:
    (found,) = read(httpserver, groups(rule(alerts=[alert(state="inactive"), alert(state="pending")])))
    assert [one.is_firing for one in found.alerts] == [False]


def test_alerts_come_in_one_order(httpserver: HTTPServer) -> None:
    alerts = [alert(labels={"symbol": symbol}) for symbol in "BCA"]
    (found,) = read(httpserver, groups(rule(alerts=alerts)))
    assert [dict(one.labels)["symbol"] for one in found.alerts] == ["A", "B", "C"]


def test_recording_rules_are_left_out(httpserver: HTTPServer) -> None:
    assert read(httpserver, groups(rule(type="recording"))) == ()


def test_what_go_writes_for_nothing_is_nothing(httpserver: HTTPServer) -> None:
    told = rule(alerts=None, labels=None, lastEvaluation="0001-01-01T00:00:00Z", health="unknown")
    (found,) = read(httpserver, groups(told, interval=0))
    assert (found.alerts, found.labels, found.evaluated_at, found.error) == ((), (), None, None)
    assert found.interval == 60


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"health": "err", "lastError": "many\nto many"}, "many to many"),
        ({"health": "error"}, "the server calls it error"),
    ],
)
def test_a_rule_that_fails_says_why(httpserver: HTTPServer, told: Document, error: str) -> None:
    assert read(httpserver, groups(rule(**told)))[0].error == error


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "data is no mapping"),
        ({"groups": 3}, "data.groups is no list"),
        ({"groups": [3]}, "data.groups[0] is no mapping"),
        ({"groups": [{}]}, "data.groups[0].name is no text"),
        (groups(rule(query=None)), "data.groups[0].rules[0].query is no text"),
        (groups(rule(duration=True)), "data.groups[0].rules[0].duration is no number"),
        (groups(rule(duration="NaN")), "data.groups[0].rules[0].duration is no duration"),
        (groups(rule(lastEvaluation="now")), "data.groups[0].rules[0].lastEvaluation is no time"),
        (groups(rule(labels={"a": 1})), "data.groups[0].rules[0].labels are no names with texts"),
        (groups(rule(alerts=[alert(value="")])), "data.groups[0].rules[0].alerts[0].value is no number"),
        (groups(rule(alerts=[alert(state=None)])), "data.groups[0].rules[0].alerts[0].state is no text"),
    ],
)
def test_what_has_another_shape_is_refused_in_one_line(
    httpserver: HTTPServer, data: object, why: str
) -> None:
    assert refusal(httpserver, data) == f"/api/v1/rules: {why}"


def test_alerts_of_a_rule_are_not_read_again_before_it_is_evaluated(httpserver: HTTPServer) -> None:
    told = rule(alerts=[alert()], lastEvaluation=TOLD_AT)
    ask = asking(httpserver, groups(told))
    before = read_rules(ask)
    assert read_rules(ask, before)[0].alerts is before[0].alerts


def test_alerts_of_a_rule_that_does_not_say_when_it_was_evaluated_are(httpserver: HTTPServer) -> None:
    ask = asking(httpserver, groups(rule(alerts=[alert()])))
    before = read_rules(ask)
    assert read_rules(ask, before)[0].alerts is not before[0].alerts


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_may_know_nothing_of_rules(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/api/v1/rules").respond_with_data("404 page not found", status)
    with pytest.raises(NoSuchPathError):
        read_rules(PrometheusServer(httpserver.url_for("/"), clock=SystemClock(), timeout=2).asking())


def test_alerts_alone_are_told_by_name_and_severity(httpserver: HTTPServer) -> None:
    labels = [
        {"alertname": name, "severity": severity, "symbol": symbol}
        for name, severity, symbol in (("A", "page", "X"), ("B", "page", "X"), ("A", "page", "Y"))
    ]
    told = asking(httpserver, {"alerts": [alert(labels=one) for one in labels]}, "/api/v1/alerts")
    rules = read_alerts(told, AT)
    assert [(one.name, dict(one.labels)["severity"], len(one.alerts)) for one in rules] == [
        ("A", "page", 2),
        ("B", "page", 1),
    ]
    assert {one.evaluated_at for one in rules} == {AT}
