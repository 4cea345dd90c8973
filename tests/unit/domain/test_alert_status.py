from dataclasses import replace

import pytest

from console.domain.alert_book import NO_EVIDENCE, AlertBook, AlertingRule, Raised, RuleStanding
from console.domain.alert_rows import AlertState
from console.domain.alert_state import Phase
from console.domain.assessment import Assessment, Rules, assess
from console.domain.metrics import Metrics
from console.domain.reading import Reading, SourceState
from console.domain.severity import Severity
from console.domain.silences import Acknowledgement, Marks
from console.domain.snapshot import Snapshot
from console.domain.status import Alert
from console.domain.triggers import Past, Standing
from tests.unit.domain.worlds import ENGINE, NOW, answered, healthy, judged

LOW = AlertingRule("g", "Low", "ratio < 1.05", 60, 0, 5, "critical", metrics=("ratio",))
LABELS = (("alertname", "Low"), ("symbol", "SOLUSDT"))
FIRING = Raised(
    labels=LABELS,
    rule=0,
    phase=Phase.FIRING,
    value=1.03,
    lowest=1.01,
    highest=1.04,
    active_at=NOW - 100,
    fired_at=NOW - 40,
    annotations=(("summary", "SOL is low"),),
)
BOOK = AlertBook((RuleStanding(LOW, NOW),), (FIRING,))
CALM = replace(BOOK, raised=())


def alerts_read(
    book: AlertBook | None, *, age: float = 0.0, error: str | None = None
) -> SourceState[AlertBook]:
    good = None if book is None else Reading("alerts", NOW - age, 0.0, value=book)
    last = good if error is None else Reading("alerts", NOW, 0.0, error=error)
    return SourceState("alerts", 4.0, last, good)


def snapshot(state: SourceState[AlertBook]) -> Snapshot:
    return replace(healthy(), alerts=state)


def seen(state: SourceState[AlertBook]) -> Assessment:
    return judged(snapshot(state))


def test_rules_that_find_nothing_leave_all_well() -> None:
    assert seen(alerts_read(CALM)).severity is judged(healthy()).severity


def test_what_fires_is_among_what_is_wrong() -> None:
    assessment = seen(alerts_read(BOOK))
    assert Alert("Low", Severity.CRITICAL, "SOL is low", "SOLUSDT") in assessment.alerts
    assert (assessment.severity, list(assessment.by_symbol)) == (Severity.CRITICAL, ["SOLUSDT"])


@pytest.mark.parametrize(
    ("state", "severity", "words"),
    [
        (
            alerts_read(None, error="rules.yaml:3:1: no"),
            Severity.UNKNOWN,
            "are not evaluated: rules.yaml:3:1: no",
        ),
        (alerts_read(BOOK, age=60), Severity.UNKNOWN, "evaluated: stale for"),
        (alerts_read(replace(CALM, notes=("marks: damaged",))), Severity.WARNING, "marks: damaged"),
    ],
)
def test_rules_that_cannot_be_told_are_said_to_be_so(
    state: SourceState[AlertBook], severity: Severity, words: str
) -> None:
    (alert,) = (alert for alert in seen(state).alerts if alert.name == "alerts")
    assert (alert.severity, words in alert.summary) == (severity, True)


def test_what_was_firing_when_the_rules_were_last_told_is_unknown_by_now() -> None:
    (row,) = seen(alerts_read(BOOK, age=60)).alert_rows
    assert (row.state, row.severity) == (AlertState.FIRING, Severity.UNKNOWN)


def test_a_trigger_that_was_clear_when_the_rules_were_last_told_is_unknown_by_now() -> None:
    calm, called = Past({"": 0.0}, 3600.0), Past({"SOL": 1.01, "XRP": 1.01}, 3600.0)
    evidence = replace(NO_EVIDENCE, liquidations=calm, margin_ratios=called)
    for age, standing in ((0, Standing.CLEAR), (60, Standing.UNKNOWN)):
        told = seen(alerts_read(replace(CALM, evidence=evidence), age=age)).triggers
        by_key = {one.trigger.key: one.standing for one in told}
        assert (by_key["liquidation"], by_key["margin_calls"]) == (standing, Standing.MET)


def test_that_nobody_can_be_told_is_worse_than_a_note() -> None:
    told = seen(alerts_read(replace(CALM, untold="no way"))).alerts
    assert Alert("notify", Severity.HIGH, "people aren't told of alerts: no way") in told


def test_the_rows_are_the_same_object_while_nothing_changes() -> None:
    first = snapshot(alerts_read(BOOK)), seen(alerts_read(BOOK))
    again = replace(first[0], at=NOW + 1, alerts=alerts_read(replace(BOOK, raised=(replace(FIRING),))))
    assert assess(again, RULES, first).alert_rows is first[1].alert_rows


def test_an_acknowledgement_ends_in_time_though_nothing_is_read_anew() -> None:
    known = Acknowledgement(LABELS, "ann", "on it", NOW - 10, NOW + 2)
    state = alerts_read(replace(BOOK, marks=Marks(acknowledgements=(known,))))
    before = snapshot(state), seen(state)
    assert before[1].alert_rows[0].muted
    assert before[1].next_change is not None and before[1].next_change <= NOW + 2
    assert not assess(replace(before[0], at=NOW + 3), RULES, before).alert_rows[0].muted


def test_the_engines_life_is_seen_by_its_heartbeat() -> None:
    (crash,) = (one for one in seen(alerts_read(CALM)).triggers if one.trigger.key == "crash")
    assert crash.standing is not Standing.MET


@pytest.mark.parametrize(
    ("answer", "alive", "words"),
    [
        (0.0, True, "not exported by this engine"),
        (180.0, True, "no answer from the engine for 3 m: connection refused"),
        (180.0, False, "no answer from the engine for 3 m: its process is gone; connection refused"),
        (None, False, "no answer from the engine: its process is gone; connection refused"),
    ],
)
def test_an_engine_that_does_not_answer_is_no_engine_without_the_metric(
    answer: float | None, alive: bool, words: str
) -> None:
    evidence = replace(NO_EVIDENCE, sync_errors=Past({}, 3600.0))
    world = snapshot(alerts_read(replace(CALM, evidence=evidence)))
    good = world.metrics.good
    if answer != 0.0:
        good = None if answer is None or good is None else replace(good, data_at=NOW - answer)
        failed: Reading[Metrics] = Reading("metrics", NOW, 0.0, error="connection refused")
        world = replace(world, metrics=replace(world.metrics, good=good, last=failed))
    told = judged(replace(world, engine=answered("engine", replace(ENGINE, alive=alive)))).triggers
    assert next(one.words for one in told if one.trigger.key == "sync_errors") == words


def test_an_engine_whose_process_has_ended_has_crashed_at_once() -> None:
    ended = replace(snapshot(alerts_read(CALM)), engine=answered("engine", replace(ENGINE, alive=False)))
    (crash,) = (one for one in judged(ended).triggers if one.trigger.key == "crash")
    assert crash.standing is Standing.MET


RULES = Rules((), ())
