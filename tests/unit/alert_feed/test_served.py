"""What becomes of a server's alerts from evaluation to evaluation; a real one is in the integration tests."""

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from console.alert_feed.served import ALERTS_ALONE
from console.domain.alert_state import RESOLVED_KEPT, Phase
from console.domain.silences import Acknowledgement, Marks
from tests.unit.alert_feed.rule_server import RuleServer, instant, only, standing

WATCHED = "(futures_margin_ratio)"


@pytest.fixture
def server(httpserver: HTTPServer, tmp_path: Path) -> RuleServer:
    return RuleServer(httpserver, tmp_path)


def gone(server: RuleServer, *still_there: str) -> None:
    """Fifteen seconds later it doesn't fire any more, and these symbols have a margin ratio."""
    server.queries[WATCHED] = [({"symbol": symbol}, 2.0) for symbol in still_there]
    server.after(15)
    server.serve(server.rule())


def test_an_alert_fires_since_its_for_was_over_on_the_consoles_clock(server: RuleServer) -> None:
    server.serve(server.rule(server.alert("BTC", 1.04, since=-100)))
    raised, now = only(server.read()), server.clock.at
    assert (raised.phase, raised.value, raised.annotations) == (
        Phase.FIRING,
        1.04,
        (("summary", "low on BTC"),),
    )
    assert (raised.active_at, raised.fired_at) == (instant(now - 100), instant(now - 40))


def test_an_alert_that_was_seen_pending_fires_from_the_evaluation_on_that_says_so(server: RuleServer) -> None:
    server.serve(server.rule(server.alert("BTC", 1.04, "pending", since=-50)))
    assert only(server.read()).phase is Phase.PENDING
    server.after(15)
    server.serve(server.rule(server.alert("BTC", 1.03, since=-65)))
    raised = only(server.read())
    assert (raised.phase, raised.fired_at) == (Phase.FIRING, instant(server.clock.at))


def test_the_extremes_of_an_alert_are_those_since_it_is_active(server: RuleServer) -> None:
    for number, value in enumerate((1.04, 1.01, 1.03)):
        server.serve(server.rule(server.alert("BTC", value, since=-100 - 15 * number)))
        raised = only(server.read())
        server.after(15)
    assert (raised.lowest, raised.value, raised.highest) == (1.01, 1.03, 1.04)


def test_an_alert_that_is_raised_anew_between_two_looks_has_new_extremes(server: RuleServer) -> None:
    server.fire(1.01)
    server.after(120)
    server.serve(server.rule(server.alert("BTC", 1.04, since=-70)))
    assert only(server.read()).lowest == 1.04


def test_an_alert_that_is_back_is_active_since_when_the_server_says(server: RuleServer) -> None:
    server.fire()
    gone(server, "BTC")
    server.read()
    server.after(15)
    server.serve(server.rule(server.alert("BTC", 1.04, since=-130)))
    raised = only(server.read())
    assert (raised.phase, raised.active_at) == (Phase.FIRING, instant(server.clock.at - 130))


def test_no_alert_is_active_since_later_than_it_was_evaluated(server: RuleServer) -> None:
    """Such as after the server's clock was set back."""
    server.serve(server.rule(server.alert("BTC", 1.04, since=600)))
    raised = only(server.read())
    assert (raised.active_at, raised.fired_at) == (instant(server.clock.at), instant(server.clock.at))


def test_an_alert_whose_condition_is_over_is_resolved_for_a_while(server: RuleServer) -> None:
    server.fire()
    gone(server, "BTC", "ETH")
    raised = only(server.read())
    assert (raised.phase, raised.lost_since) == (Phase.RESOLVED, None)
    assert raised.resolved_at == instant(server.clock.at)
    assert raised.annotations == (("summary", "low on BTC"),)
    server.after(RESOLVED_KEPT + 1)
    server.serve(server.rule())
    assert server.read().raised == ()


def test_an_alert_whose_series_has_vanished_is_lost(server: RuleServer) -> None:
    server.fire()
    gone(server, "ETH")
    server.after(5)
    lost_at = server.clock.at - 5
    assert only(server.read()).lost_since == instant(lost_at)
    assert server.asked_for[WATCHED] == instant(lost_at + server.ahead)


def test_a_lost_alert_stays_lost_past_the_time_of_a_resolved_one(server: RuleServer) -> None:
    server.fire()
    gone(server, "ETH")
    lost = only(server.read()).lost_since
    gone(server, "ETH")
    server.after(RESOLVED_KEPT)
    server.serve(server.rule())
    assert only(server.read()).lost_since == lost


def test_a_lost_alert_whose_series_is_back_and_harmless_is_resolved(server: RuleServer) -> None:
    server.fire()
    gone(server, "ETH")
    server.read()
    gone(server, "BTC")
    raised = only(server.read())
    assert (raised.phase, raised.lost_since) == (Phase.RESOLVED, None)


def test_a_lost_alert_that_is_pending_again_stays_lost(server: RuleServer) -> None:
    server.fire()
    gone(server, "ETH")
    server.read()
    server.after(15)
    server.serve(server.rule(server.alert("BTC", 1.04, "pending", since=0)))
    raised = only(server.read())
    assert (raised.phase, raised.lost_since) == (Phase.PENDING, instant(server.clock.at - 15))


def test_a_loss_that_is_acknowledged_is_resolved(server: RuleServer) -> None:
    server.fire()
    gone(server, "ETH")
    labels, now = only(server.read()).labels, server.clock.at
    server.marks = Marks((), (Acknowledgement(labels, "dana", "known", now + 1, now + 60),))
    raised = only(server.read())
    assert (raised.phase, raised.lost_since) == (Phase.RESOLVED, None)


def test_an_alert_that_only_fires_on_is_quiet(server: RuleServer) -> None:
    server.fire()
    gone(server, "BTC")
    server.serve(server.rule(server.alert("BTC", 1.04, since=-115, keepFiringSince=server.now())))
    raised = only(server.read())
    assert (raised.phase, raised.quiet_since) == (Phase.FIRING, instant(server.clock.at))
    assert raised.lost_since is None


def test_an_alert_that_is_quiet_when_the_console_starts_has_been_since_the_server_says(
    server: RuleServer,
) -> None:
    alert = server.alert("BTC", 1.04, keepFiringSince=server.now(-20))
    server.serve(server.rule(alert))
    assert only(server.read()).quiet_since == instant(server.clock.at - 20)


def test_an_alert_that_only_fires_on_for_want_of_its_series_is_lost(server: RuleServer) -> None:
    server.fire()
    gone(server, "ETH")
    server.serve(server.rule(server.alert("BTC", 1.04, since=-115, keepFiringSince=server.now())))
    raised = only(server.read())
    assert (raised.phase, raised.lost_since) == (Phase.FIRING, instant(server.clock.at))


def test_where_it_is_not_told_whether_a_series_is_there_the_alert_stays_with_the_reason(
    server: RuleServer,
) -> None:
    server.fire()
    gone(server, "ETH")
    server.queries[WATCHED] = "too many samples"
    book = server.read()
    assert only(book).phase is Phase.FIRING
    assert standing(book).error == "whether its series are there isn't told: execution: too many samples"


def test_a_server_that_has_not_evaluated_anew_is_asked_for_no_more(server: RuleServer) -> None:
    server.fire()
    server.after(1)
    server.asked.clear()
    server.read()
    assert WATCHED not in server.asked


def test_a_server_that_tells_of_alerts_alone_is_read_with_a_note(server: RuleServer) -> None:
    server.status = 404
    server.alerts = [server.alert("BTC", 1.04)]
    book = server.read()
    assert (book.notes, standing(book).rule.name, standing(book).rule.severity) == (
        (ALERTS_ALONE,),
        "Margin",
        "critical",
    )
    server.alerts = []
    server.after(1)
    assert only(server.read()).phase is Phase.RESOLVED


def test_a_loss_is_remembered_over_a_restart_of_the_console(server: RuleServer) -> None:
    server.fire()
    gone(server, "ETH")
    lost_at = server.clock.at
    server.read()
    server.console = server.open()
    server.after(1)
    assert only(server.read()).lost_since == instant(lost_at)


def test_the_extremes_are_remembered_over_a_restart_of_the_console(server: RuleServer) -> None:
    server.fire(1.01)
    server.console = server.open()
    server.after(15)
    server.serve(server.rule(server.alert("BTC", 1.04, since=-115)))
    assert only(server.read()).lowest == 1.01


def test_what_was_firing_before_the_console_restarted_and_has_vanished_is_lost(server: RuleServer) -> None:
    server.fire()
    gone(server, "ETH")
    server.console = server.open()
    assert only(server.read()).lost_since is not None


def test_a_step_of_the_servers_clock_makes_no_new_alert(server: RuleServer) -> None:
    server.fire(1.01)
    told = server.alert("BTC", 1.04)
    server.after(15)
    server.ahead -= 600
    server.serve(server.rule(told))
    raised = only(server.read())
    assert (raised.lowest, raised.active_at) == (1.01, instant(server.clock.at - 115))


@pytest.mark.parametrize(
    ("condition", "is_told"),
    [
        ("> 0", True),
        (">= 1 or 0 < rate(futures_sync_errors_total[5m])", True),
        ("< 9", False),
        ("> 0 and increase(futures_sync_errors_total[1m]) < 1", False),
        ("> 0 and on () (hour() > 8)", False),
    ],
)
def test_the_events_of_an_increase_are_counted(server: RuleServer, condition: str, is_told: bool) -> None:
    """Since when they are over is told where only they begin the alert."""
    query, now = f"increase(futures_sync_errors_total[5m]) {condition}", server.clock.at + server.ahead
    server.queries['futures_sync_errors_total{symbol="BTC"}[600s]'] = [
        ({"symbol": "BTC"}, [(now - 310, 2), (now - 100, 4), (now - 50, 1)])
    ]
    server.serve(server.rule(server.alert("BTC", 3.13), query=query))
    raised = only(server.read())
    assert (raised.count, raised.still_since) == (3, server.clock.at - 50 if is_told else None)
