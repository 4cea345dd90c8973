"""The headline says what matters most, in words that an operator would use."""

from dataclasses import replace

from console.domain.assessment import Rules, assess
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.thresholds import KEY_METRICS
from console.tui.headline import all_well, statements, symbol_statements
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.fake import (
    KEY_VALUES,
    PANELS,
    PAPER,
    START,
    Row,
    failing,
    metrics_of,
    nothing_yet,
    snapshot,
    symbol_rows,
)


def words(taken: Snapshot) -> list[str]:
    judged = assess(taken, Rules(PANELS, KEY_METRICS))
    return [statement.words for statement in statements(judged, symbol_statements(judged))]


def of(*rows: Row) -> list[str]:
    return words(snapshot(START, metrics_of([Row("A"), *rows])))


def test_when_all_is_well_there_is_nothing_to_state() -> None:
    judged = assess(snapshot(START, metrics_of(symbol_rows(58))), Rules(PANELS, KEY_METRICS))
    assert statements(judged, symbol_statements(judged)) == ()
    assert all_well(judged).words == "all 58 symbols inside their limits"


def test_a_key_metric_off_its_target_is_told_so_nothing_is_called_well() -> None:
    figures = (0.85, *KEY_VALUES[1:])
    assert words(snapshot(START, metrics_of([Row("A")], key_values=figures))) == [
        "Fill rate 85.0%, alert < 90%"
    ]


def test_near_equal_alerts_are_one_statement() -> None:
    said = of(*(Row(f"S{n:02}", sync_errors=0.01 + n / 1000) for n in range(12)))
    assert len(said) == 1
    assert said[0].startswith("12 symbols with position sync errors > 0")
    assert "worst S11 1.26" in said[0]


def test_several_symbols_are_counted_with_the_mildest_limit_and_the_worst_of_them() -> None:
    assert of(Row("B", 1.1), Row("C", 1.04), Row("D", 1.15), Row("E", 1.4))[0] == (
        "3 symbols with margin ratio below 1.2, worst C 1.040"
    )


def test_one_symbol_is_named() -> None:
    assert of(Row("B", 1.1))[0] == "B margin ratio 1.100, below 1.2"


def test_the_worst_funding_rate_is_the_one_furthest_from_zero() -> None:
    said = of(Row("B", funding=0.0004), Row("C", funding=-0.0009))
    assert said[0] == "2 symbols with funding rate beyond 0.03%, worst C -0.0900%"


def test_a_stale_source_is_named_with_its_cause_first() -> None:
    stale = replace(failing(snapshot(START, metrics_of([])), "connection refused", "metrics"), at=START + 4.2)
    assert words(stale)[0] == "metrics: connection refused (stale for 4.2 s)"


def test_sources_that_fail_for_the_same_cause_are_told_together() -> None:
    gone = failing(snapshot(START, metrics_of([])), "no route to host", "metrics", "database", "log")
    assert words(replace(gone, at=START + 30))[0] == (
        "metrics, database, log: no route to host (stale for 30 s)"
    )


def test_a_fresh_source_with_bad_news_is_not_called_fresh_beside_them() -> None:
    judged = assess(snapshot(START, metrics_of([Row("A")])), Rules(PANELS, KEY_METRICS))
    sources = tuple(
        replace(source, severity=Severity.CRITICAL, cause="process 7 is gone")
        if source.name == "engine"
        else source
        for source in judged.sources
    )
    said = statements(replace(judged, sources=sources), ())
    assert [statement.words for statement in said] == ["engine: process 7 is gone"]


def test_no_statement_nests_colons() -> None:
    at_fault = failing(snapshot(START, metrics_of([])), "can't connect: [Errno 111]: refused", "metrics")
    for said in words(replace(at_fault, at=START + 30)):
        assert said.count(": ") <= 1


def test_an_unknown_kill_switch_refers_to_the_cause_that_is_told_already() -> None:
    stale = replace(failing(snapshot(START, metrics_of([])), "connection refused", "metrics"), at=START + 4.2)
    assert words(stale)[1] == "kill switch unknown: metrics stale"


def test_stale_metrics_say_nothing_about_symbols() -> None:
    old = replace(snapshot(START, metrics_of([Row("B", 1.0)])), at=START + 5)
    assert not [said for said in words(old) if "margin ratio" in said]


def test_at_the_start_it_says_that_it_is_connecting() -> None:
    assert words(nothing_yet(START)) == ["connecting: no source has answered yet"]


def test_a_tripped_kill_switch_is_told() -> None:
    said = words(snapshot(START, metrics_of([Row("A")], tripped=1)))
    assert said[0] == "kill switch TRIPPED: the engine says so"


def test_what_is_said_of_symbols_is_kept_until_they_are_judged_anew() -> None:
    judged = assess(snapshot(START, metrics_of([Row("B", 1.1)])), Rules(PANELS, KEY_METRICS))
    first = View(PAPER, UNICODE).next(judged)
    assert first.of_symbols
    assert first.next(replace(judged, at=START + 1)).of_symbols is first.of_symbols
    worse = assess(snapshot(START, metrics_of([Row("B", 1.01)])), Rules(PANELS, KEY_METRICS))
    assert first.next(worse).of_symbols != first.of_symbols
