"""What a server's rules come to as a whole: their standing, what is said beside them, how they grow old."""

import random
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from console.alert_feed.served import LOOKED_FOR, NO_RULES
from console.domain.alert_state import RESOLVED_KEPT, Phase
from console.domain.reading import Health
from console.domain.silences import Acknowledgement, LabelMatcher, Marks, Silence
from console.polling import Poller, Polling, Watch
from console.sources.alertmanager import SILENCES_PATH, Alertmanager
from console.sources.errors import SourceError
from tests.tui.fake import HandClock
from tests.unit.alert_feed.rule_server import MARGIN, RuleServer, instant, only, standing
from tests.waiting import DEADLINE

WATCHED = "(futures_margin_ratio)"


@pytest.fixture
def server(httpserver: HTTPServer, tmp_path: Path) -> RuleServer:
    return RuleServer(httpserver, tmp_path)


def test_a_rule_is_told_with_its_threshold_its_metrics_and_its_holes(server: RuleServer) -> None:
    server.serve(server.rule(keepFiringFor=30))
    rule = standing(server.read()).rule
    assert (rule.group, rule.name, rule.expression, rule.place) == ("futures", "Margin", MARGIN, "r.yaml")
    assert (rule.hold, rule.keep_firing_for, rule.interval, rule.severity) == (60, 30, 15, "critical")
    assert (rule.sign, rule.threshold, rule.metrics) == ("<", 1.05, ("futures_margin_ratio",))
    assert any("when the exporter of futures_margin_ratio dies" in hole for hole in rule.holes)


def test_an_expression_that_only_the_server_knows_has_that_as_its_hole(server: RuleServer) -> None:
    server.serve(server.rule(query="rollup_rate(futures_margin_ratio[5m]) < 1"))
    (hole,) = standing(server.read()).rule.holes
    assert hole.startswith("that its series vanish isn't seen here, which can't read its expression: ")


def test_a_rule_without_any_series_has_no_data(server: RuleServer) -> None:
    server.serve(server.rule())
    begun = server.clock.at
    assert standing(server.read()).no_data_since == begun
    server.queries[f"count({WATCHED})"] = [({}, 2)]
    server.after(6)
    assert standing(server.read()).no_data_since is None


def test_a_rule_over_what_the_console_measures_is_not_said_to_have_no_data(server: RuleServer) -> None:
    server.serve(server.rule(query="opsconsole_up == 0"))
    assert standing(server.read()).no_data_since is None


def test_the_data_of_few_rules_is_looked_for_at_once(server: RuleServer) -> None:
    server.serve(*(server.rule(query=f"futures_{number} > 1") for number in range(LOOKED_FOR + 2)))
    server.read()
    assert len([query for query in server.asked if query.startswith("count((")]) == LOOKED_FOR
    server.read()
    assert all(rule.no_data_since is not None for rule in server.read().rules)


def test_a_rule_whose_query_fails_says_why_and_keeps_its_alerts(server: RuleServer) -> None:
    server.fire()
    server.after(15)
    failing = {"health": "err", "lastError": "many-to-many\nmatching"}
    server.serve(server.rule(server.alert("BTC", 1.04, since=-115), **failing))
    book, since = server.read(), server.clock.at
    assert (standing(book).error, only(book).phase) == ("many-to-many matching", Phase.FIRING)
    server.after(15)
    server.serve(server.rule(server.alert("BTC", 1.04, since=-130), **failing))
    found = standing(server.read())
    assert (found.failing_since, found.evaluated_at) == (instant(since), instant(since - 15))


def test_a_rule_that_is_not_evaluated_any_more_is_an_error(server: RuleServer) -> None:
    server.serve(server.rule())
    server.read()
    server.after(45)
    assert standing(server.read()).error is None
    server.after(300)
    assert standing(server.read()).error == "not evaluated for 5 m"


def test_a_rule_that_never_was_evaluated_is_one_too(server: RuleServer) -> None:
    server.serve(server.rule(health="unknown", lastEvaluation="0001-01-01T00:00:00Z"))
    assert standing(server.read()).error is None
    server.after(46)
    assert standing(server.read()).error == "not evaluated for 46 s"


def test_a_server_without_rules_says_so(server: RuleServer) -> None:
    server.rules = {"groups": []}
    assert server.read().notes == (NO_RULES,)


def test_a_rule_that_the_server_has_no_more_while_it_fires_is_told(server: RuleServer) -> None:
    server.fire()
    server.serve(server.rule(name="Other"))
    assert server.read().notes == ("the server has no rule Margin any more, which was firing",)
    server.serve(server.rule())
    assert server.read().notes == ()


def test_a_rule_that_is_gone_is_told_for_a_while(server: RuleServer) -> None:
    server.fire()
    server.serve(server.rule(name="Other"))
    server.read()
    server.after(RESOLVED_KEPT + 1)
    assert server.read().notes == ()


def test_a_rule_that_is_gone_without_an_alert_is_none_to_tell_of(server: RuleServer) -> None:
    server.serve(server.rule())
    server.read()
    server.serve(server.rule(name="Other"))
    assert server.read().notes == ()


def test_what_the_server_warns_of_is_told(server: RuleServer) -> None:
    server.serve(server.rule())
    server.warnings = ("a store did not answer",)
    assert server.read().notes == ("a store did not answer",)


def test_marks_that_can_not_be_read_stay_as_they_were_with_the_reason(server: RuleServer) -> None:
    server.fire()
    said = Acknowledgement(only(server.read()).labels, "dana", "known", server.clock.at, server.clock.at + 60)
    server.marks = Marks((), (said,))
    server.read()
    server.marks = "marks.json: not JSON"
    book = server.read()
    assert (book.marks, book.notes) == (Marks((), (said,)), ("marks.json: not JSON",))


def test_silences_of_alertmanager_stand_beside_those_made_here(
    server: RuleServer, httpserver: HTTPServer
) -> None:
    told = {
        "id": "7f3a",
        "matchers": [{"name": "symbol", "value": "BTC", "isRegex": False}],
        "startsAt": server.now(-1000),
        "endsAt": server.now(600),
        "createdBy": "alice",
        "comment": "known",
    }
    httpserver.expect_request(SILENCES_PATH).respond_with_json([told])
    own = Silence("1", (LabelMatcher("symbol", "=", "ETH"),), "dana", "known", 0, 60)
    server.marks = Marks((own,))
    url = httpserver.url_for("/")
    server.console = server.open(Alertmanager(url, clock=server.clock, timeout=2))
    server.serve(server.rule())
    assert [silence.key for silence in server.read().marks.silences] == ["1", "7f3a"]


def test_an_alertmanager_that_does_not_answer_is_told(server: RuleServer, httpserver: HTTPServer) -> None:
    httpserver.expect_request(SILENCES_PATH).respond_with_data("", 503)
    url = httpserver.url_for("/")
    server.console = server.open(Alertmanager(url, clock=server.clock, timeout=2))
    server.serve(server.rule())
    assert server.read().notes == ("Alertmanager: HTTP 503: what is silenced there isn't known",)


def test_a_rule_that_is_changed_goes_on(server: RuleServer) -> None:
    server.fire(1.01)
    server.after(15)
    server.serve(server.rule(server.alert("BTC", 1.04, since=-115), query="futures_margin_ratio < 1.1"))
    book = server.read()
    assert (standing(book).rule.threshold, only(book).lowest) == (1.1, 1.01)


def test_two_rules_of_one_name_are_two(server: RuleServer) -> None:
    alert = server.alert("BTC", 1.04, "pending", since=-70)
    server.serve(server.rule(server.alert("BTC", 1.04, since=-70)), server.rule(alert, duration=300))
    server.read()
    server.after(1)
    assert [(one.rule, one.phase) for one in server.read().raised] == [(0, Phase.FIRING), (1, Phase.PENDING)]


def test_a_server_that_tells_of_nothing_can_not_be_read(server: RuleServer) -> None:
    server.status, server.alerts = 404, None
    with pytest.raises(SourceError, match=r"^the server tells of neither rules nor alerts: HTTP 404$"):
        server.read()


async def test_alerts_of_a_server_that_is_gone_grow_old(server: RuleServer, httpserver: HTTPServer) -> None:
    server.fire()
    watch = Watch(server.console, Polling(interval=1, timeout=DEADLINE, stale_after=4))
    poller = Poller("alerts", watch, server.clock, random.Random(1))
    await poller.poll()
    httpserver.clear()
    server.after(2)
    await poller.poll()
    assert poller.state.health(server.clock.at) is Health.FAILING
    server.after(2)
    assert poller.state.health(server.clock.at) is Health.STALE
    assert poller.state.doubt(server.clock.at) == "stale for 4.0 s: HTTP 500"


class UnsteadyClock(HandClock):
    """One whose time of day is not quite in step with its other time."""

    reads = 0

    def wall(self) -> float:
        self.reads += 1
        return self.at + self.reads / 1e6


def test_a_book_that_says_the_same_is_the_same(httpserver: HTTPServer, tmp_path: Path) -> None:
    server = RuleServer(httpserver, tmp_path, UnsteadyClock())
    server.fire()
    assert server.read() is server.read()


def test_a_time_of_day_that_was_set_is_told(httpserver: HTTPServer, tmp_path: Path) -> None:
    clock = UnsteadyClock()
    server = RuleServer(httpserver, tmp_path, clock)
    server.fire()
    clock.reads = 600_000_000
    assert server.read().wall_ahead == instant(600)
