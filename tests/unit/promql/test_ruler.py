import math
from collections.abc import Mapping

import pytest

from console.domain.alert_book import Raised, RuleStanding
from console.domain.alert_state import Phase
from console.domain.metrics import Series, Vector
from console.domain.silences import Acknowledgement, Marks
from console.promql.query import Query
from console.promql.rule_file import AlertRule, Intervals, RuleFile, rules_of
from console.promql.ruler import Ruler
from console.promql.samples import SampleStore
from console.yaml_file import parse_document

BTC, ETH = (Series("ratio", (("symbol", symbol),)) for symbol in ("BTC", "ETH"))
ERRORS = Series("errors_total", (("symbol", "BTC"),))

LOW = """\
groups:
  - name: g
    interval: 5s
    rules:
      - alert: Low
        expr: ratio < 1.05
        for: 10s
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.symbol }} at {{ $value }}"}
"""
BURST = """\
groups:
  - name: g
    interval: 5s
    rules:
      - alert: Burst
        expr: increase(errors_total[1m]) > 0
"""


class Engine:
    """Rules over scrapes that the test makes up, a second each, from 1,000 s on."""

    def __init__(self, text: str, retention: float = 3900.0) -> None:
        self.files = [rules_of(parse_document(text, "rules.yaml"))]
        self.store = SampleStore(retention=retention)
        self.store.keep(queries(self.files[0]))
        self.ruler = Ruler(self.files, self.store, Intervals(1, 15))
        self.at = 1000.0

    def scrape(self, samples: Mapping[str, Vector], seconds: int = 1) -> None:
        for _ in range(seconds):
            self.at += 1
            self.store.append(self.at, samples)
            self.ruler.evaluate(self.at)

    def alert(self) -> Raised:
        (alert,) = self.ruler.raised()
        return alert

    def standing(self) -> RuleStanding:
        return self.ruler.standings()[0]


def queries(file: RuleFile) -> list[Query]:
    rules = [rule for _, rule in file.rules]
    return [query for rule in rules if isinstance(rule, AlertRule) for query in (rule.query, *rule.watched)]


def ratio(value: float) -> Mapping[str, Vector]:
    return {"ratio": {BTC: value}}


def errors(value: float) -> Mapping[str, Vector]:
    return {"errors_total": {ERRORS: value}}


def test_an_alert_is_pending_then_firing_with_its_texts_and_extremes() -> None:
    engine = Engine(LOW)
    engine.scrape(ratio(1.04), 5)
    assert (engine.alert().phase, engine.alert().active_at) == (Phase.PENDING, 1001)
    engine.scrape(ratio(1.01), 5)
    engine.scrape(ratio(1.03), 5)
    alert = engine.alert()
    assert (alert.phase, alert.value, alert.lowest) == (Phase.FIRING, 1.03, 1.01)
    assert alert.annotations == (("summary", "BTC at 1.03"),)


def test_groups_are_evaluated_when_they_are_due_and_missed_turns_are_left_out() -> None:
    engine = Engine(LOW)
    turns = []
    for second in range(1000, 1031):
        engine.store.append(second, ratio(2.0))
        if engine.ruler.evaluate(second):
            turns.append(second)
    assert turns == [1000, 1005, 1010, 1015, 1020, 1025, 1030]
    assert engine.ruler.evaluate(1052.5)
    assert not engine.ruler.evaluate(1054.9)
    assert engine.ruler.evaluate(1055)


def test_what_a_rule_compares_with_and_cannot_catch_stands_beside_it() -> None:
    rule = Engine(BURST + "        for: 2m\n").standing().rule
    assert (rule.sign, rule.threshold, rule.metrics, rule.place) == (
        ">",
        0.0,
        ("errors_total",),
        "rules.yaml:6:15",
    )
    assert rule.holes


def test_a_series_that_vanishes_while_firing_is_lost_until_somebody_says_so() -> None:
    engine = Engine(LOW)
    engine.scrape(ratio(1.01), 20)
    engine.scrape({"ratio": {ETH: 2.0}}, 5)
    lost = engine.alert()
    assert lost.lost_since is not None
    known = Acknowledgement(lost.labels, "ann", "delisted", engine.at + 100, engine.at + 1000)
    engine.ruler.acknowledge_losses(Marks(acknowledgements=(known,)), wall_ahead=99.0)
    assert engine.alert().lost_since is None


def test_an_acknowledgement_from_before_the_loss_is_none_of_it() -> None:
    engine = Engine(LOW)
    engine.scrape(ratio(1.01), 20)
    early = Acknowledgement(engine.alert().labels, "ann", "on it", engine.at, engine.at + 1000)
    engine.scrape({"ratio": {ETH: 2.0}}, 5)
    engine.ruler.acknowledge_losses(Marks(acknowledgements=(early,)), wall_ahead=0.0)
    assert engine.alert().lost_since is not None


def test_a_failed_scrape_loses_what_fires() -> None:
    engine = Engine(LOW)
    engine.scrape(ratio(1.01), 20)
    engine.store.fail(engine.at + 1)
    engine.ruler.evaluate(engine.at + 5)
    assert engine.alert().lost_since is not None


def test_a_rule_without_any_series_has_no_data() -> None:
    engine = Engine(LOW)
    engine.scrape({"other": {Series("other", ()): 1.0}}, 6)
    assert engine.standing().no_data_since == 1001


def test_a_query_that_fails_keeps_what_was_known_and_says_why() -> None:
    engine = Engine(LOW.replace("ratio < 1.05", "ratio / on () other < 1.05"))
    other = {"other": {Series("other", ()): 1.0}}
    engine.scrape({**ratio(1.0), **other}, 20)
    engine.scrape({"ratio": {BTC: 1.0, ETH: 1.0}, **other}, 5)
    assert engine.standing().error is not None
    assert engine.alert().phase is Phase.FIRING


def test_an_increase_stands_beside_the_exact_number_of_events() -> None:
    engine = Engine(BURST)
    engine.scrape(errors(3), 60)
    engine.scrape(errors(5), 2)
    engine.scrape(errors(8), 5)
    assert engine.alert().count == 5
    assert engine.alert().value != 5


def test_an_alert_over_a_counter_says_since_when_that_stands_still() -> None:
    engine = Engine(BURST + "        keep_firing_for: 5m\n")
    engine.scrape(errors(3), 60)
    engine.scrape(errors(5), 20)
    assert engine.alert().still_since == 1061
    engine.scrape(errors(5), 80)
    assert engine.alert().count is None  # the minute that it looks back is over
    assert engine.alert().still_since == 1061
    engine.scrape(errors(6), 30)
    assert engine.alert().still_since == 1161
    engine.scrape(errors(0), 10)  # a restart may hide anything
    assert engine.alert().still_since == 1191


def test_in_a_gap_a_counter_may_have_moved() -> None:
    engine = Engine(BURST.replace("[1m]", "[5m]"))
    engine.scrape(errors(3), 310)
    engine.scrape(errors(5), 10)
    engine.at += 100
    engine.scrape(errors(5), 5)
    assert engine.alert().still_since == 1421


def test_a_gap_that_reaches_into_the_range_may_hide_a_move() -> None:
    engine = Engine(BURST + "        keep_firing_for: 5m\n")
    engine.scrape(errors(3), 310)
    engine.scrape(errors(5), 10)
    engine.at += 100
    engine.scrape(errors(5), 5)
    assert (engine.at, engine.alert().still_since) == (1425, 1421)


def test_a_sum_by_some_labels_stands_still_since_the_last_of_its_counters_does() -> None:
    engine = Engine(
        BURST.replace("increase(errors_total[1m])", "sum by (symbol) (increase(errors_total[5m]))")
    )
    one, other = (Series("errors_total", (("account", who), ("symbol", "BTC"))) for who in "12")
    engine.scrape({"errors_total": {one: 3.0, other: 3.0}}, 310)
    engine.scrape({"errors_total": {one: 4.0, other: 3.0}}, 10)
    engine.scrape({"errors_total": {one: 4.0, other: 4.0}}, 20)
    assert engine.alert().still_since == 1321


@pytest.mark.parametrize(
    "condition",
    [
        "increase(errors_total[1m]) == 0",  # begins by the standstill
        "sum(increase(errors_total[1m])) < 1",
        "increase(errors_total[5m]) > 0 and on () (ratio > 0)",  # or with what else is so
    ],
)
def test_what_begins_while_its_counter_stands_still_is_new(condition: str) -> None:
    engine = Engine(BURST.replace("increase(errors_total[1m]) > 0", condition))
    engine.scrape({**errors(3), **ratio(0.0)}, 300)
    engine.scrape({**errors(5), **ratio(0.0)}, 80)
    engine.scrape({**errors(5), **ratio(1.0)}, 10)
    assert engine.alert().still_since is None


def test_a_counter_that_has_vanished_or_is_not_alone_is_not_known_to_stand_still() -> None:
    gone = Engine(BURST.replace("[1m]", "[5m]"))
    gone.scrape(errors(3), 310)
    gone.scrape(errors(5), 10)
    gone.scrape({}, 5)
    assert gone.alert().still_since == gone.at
    mixed = Engine(BURST.replace("> 0", "> 0 or ratio > 1"))
    mixed.scrape({**errors(3), **ratio(1.0)}, 60)
    mixed.scrape({**errors(5), **ratio(1.0)}, 10)
    assert mixed.alert().still_since is None


def test_after_a_start_a_rule_says_how_much_of_its_past_is_watched() -> None:
    engine = Engine(BURST)
    engine.scrape(errors(3), 20)
    assert (engine.standing().watched, engine.standing().needed) == (19.0, 60.0)
    engine.scrape(errors(3), 60)
    assert not engine.standing().warming


def test_what_was_firing_goes_on_after_a_restart() -> None:
    before = Engine(LOW)
    before.scrape(ratio(1.01), 20)
    kept = before.ruler.remembered(before.at, before.at)
    after = Engine(LOW)
    after.at = before.at + 10
    after.ruler.restore(kept, after.at, after.at)
    after.scrape(ratio(1.01))
    assert (after.alert().phase, after.alert().fired_at) == (Phase.FIRING, before.alert().fired_at)


def test_what_was_restored_stays_while_too_little_of_the_past_is_watched() -> None:
    before = Engine(BURST)
    before.scrape(errors(3), 60)
    before.scrape(errors(4), 5)
    after = Engine(BURST)
    after.at = before.at + 5
    after.ruler.restore(before.ruler.remembered(before.at, before.at), after.at, after.at)
    after.scrape(errors(4), 30)
    assert after.alert().phase is Phase.FIRING
    after.scrape(errors(4), 60)
    assert after.alert().phase is Phase.RESOLVED


def test_what_came_only_after_the_start_is_taken_back_however_little_is_watched() -> None:
    engine = Engine(LOW.replace("ratio <", "last_over_time(ratio[1m]) <"))
    engine.scrape(ratio(1.01), 5)
    engine.scrape(ratio(2.0), 10)
    assert list(engine.ruler.raised()) == []


def test_a_rule_is_about_what_it_compares_and_not_about_what_says_when() -> None:
    engine = Engine(LOW.replace("ratio < 1.05", "ratio < 1.05 unless on () other > 30"))
    assert engine.standing().rule.metrics == ("ratio",)


@pytest.mark.parametrize("kept", [[], {"alerts": 1}])
def test_a_damaged_memory_is_refused(kept: object) -> None:
    with pytest.raises(ValueError, match="a rule's state is a mapping"):
        Engine(LOW).ruler.restore({"rules.yaml g 0 Low": kept}, 1000, 1000)


def test_a_recorded_metric_is_there_for_the_rules_after_it() -> None:
    text = LOW.replace("rules:\n", "rules:\n      - record: lowest\n        expr: min(ratio)\n", 1)
    engine = Engine(text.replace("ratio < 1.05", "lowest < 1.05").replace("{{ $labels.symbol }} ", ""))
    engine.scrape({"ratio": {BTC: 1.01, ETH: 2.0}}, 15)
    assert (engine.alert().phase, engine.alert().value) == (Phase.FIRING, 1.01)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_raises_only_what_it_compares_to(value: float) -> None:
    engine = Engine(LOW)
    engine.scrape(ratio(value), 20)
    assert [alert.phase for alert in engine.ruler.raised()] == ([Phase.FIRING] if value == -math.inf else [])


def test_alerts_that_are_as_they_were_are_the_same_objects() -> None:
    engine = Engine(LOW)
    engine.scrape(ratio(1.01), 20)
    first = engine.alert()
    engine.scrape(ratio(1.01), 5)
    assert engine.alert() is first
