"""The headline says what matters most, in words that an operator would use."""

from dataclasses import replace

from console.domain.assessment import Assessment, Judgement, Rules, assess
from console.domain.last_trip import LastTrip
from console.domain.metrics import Answer, Series
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot, with_own_trip
from console.domain.thresholds import KEY_METRICS
from console.tui.headline import Statement, all_well, statements, symbol_statements, worst_alert
from console.tui.screens.overview.summary import TEXTS
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
from tests.tui.world import in_full

SLIPPAGE = next(metric for metric in KEY_METRICS if metric.name == "Slippage")


def words(taken: Snapshot) -> list[str]:
    return [statement.words for statement in said_of(judged_at(taken))]


def judged_at(taken: Snapshot, later: float = 0.0) -> Assessment:
    return assess(replace(taken, at=taken.at + later), Rules(PANELS, KEY_METRICS))


def said_of(
    shown: Assessment, live: Assessment | None = None, paused_for: float | None = None
) -> tuple[Statement, ...]:
    return statements(shown, tuple(symbol_statements(shown)), live or shown, paused_for)


def of(*rows: Row) -> list[str]:
    return words(snapshot(START, metrics_of([Row("A"), *rows])))


def test_when_all_is_well_there_is_nothing_to_state() -> None:
    judged = assess(snapshot(START, metrics_of(symbol_rows(58))), Rules(PANELS, KEY_METRICS))
    assert said_of(judged) == ()
    assert all_well(judged).words == "all 58 symbols inside their limits"


def test_a_key_metric_off_its_target_is_told_so_nothing_is_called_well() -> None:
    figures = (0.85, *KEY_VALUES[1:])
    assert words(snapshot(START, metrics_of([Row("A")], key_values=figures))) == [
        "Fill rate 85.0%, alert < 90%"
    ]


def test_what_is_well_but_not_for_long_says_so() -> None:
    said = all_well(after_three_minutes(2.0))
    assert said.words == "all 2 symbols inside their limits; B 1.928 is falling, ~17 min to warning"
    assert said.brief == "B 1.928 is falling, ~17 min to warning"


def test_the_headline_is_made_anew_when_what_is_foretold_changes() -> None:
    early, late = (View(PAPER, UNICODE).next(after_three_minutes(margin)) for margin in (2.0, 1.9))
    assert early.statements == late.statements == ()
    assert TEXTS["headline"].inputs(early) != TEXTS["headline"].inputs(late)


def test_near_equal_alerts_are_one_statement() -> None:
    said = of(*(Row(f"S{n:02}", sync_errors=0.01 + n / 1000) for n in range(12)))
    assert len(said) == 1
    assert said[0].startswith("12 symbols with position sync errors > 0")
    assert "worst S11 1.26" in said[0]


def test_several_symbols_are_counted_with_the_mildest_limit_and_the_worst_of_them() -> None:
    assert of(Row("B", 1.1), Row("C", 1.04), Row("D", 1.15), Row("E", 1.4))[0] == (
        "3 symbols with margin ratio below 1.2, 1 of them below 1.05, worst C 1.040"
    )
    assert of(Row("B", 1.1), Row("D", 1.15))[0] == "2 symbols with margin ratio below 1.2, worst B 1.100"


def test_of_values_that_are_written_alike_the_overviews_first_row_is_named() -> None:
    said = of(
        Row("C", 1.0, liquidations=1.01), Row("B", 1.3, liquidations=1), Row("D", 1.0, liquidations=1.1)
    )
    assert said[0] == "3 symbols liquidated, worst C 1"


def slipping(*rows: Row) -> Snapshot:
    """Orders in XRP/USD slip by 64.1 basis points, and nobody else's."""
    taken = in_full(snapshot(START, metrics_of([*rows, Row("XRP/USD")])))
    assert taken.metrics.good is not None
    values = taken.metrics.good.value
    assert values is not None
    answers = {**values.answers, SLIPPAGE.query: Answer({Series("", ()): 64.1})}
    samples = {
        **values.samples,
        "futures_slippage_bps": {Series("futures_slippage_bps", (("symbol", "XRP/USD"),)): 64.1},
    }
    reading = replace(taken.metrics.good, value=replace(values, answers=answers, samples=samples))
    return replace(taken, metrics=replace(taken.metrics, good=reading, last=reading))


def test_a_key_metric_of_symbols_names_the_one_whose_it_is() -> None:
    said = words(slipping(Row("BTC/USD")))
    assert "Slippage 64.1 bps, alert > 10 bps, worst XRP/USD" in said


def margin_alone(symbols: float, key: float) -> list[str]:
    """What is said of the margin ratio where one symbol has the one value, and the key metric the other."""
    figures = tuple(
        key if each.name == "Margin ratio" else said
        for each, said in zip(KEY_METRICS, KEY_VALUES, strict=True)
    )
    return words(snapshot(START, metrics_of([Row("A"), Row("B", symbols)], key_values=figures)))


def test_a_figure_that_is_a_panel_s_and_a_key_metric_s_is_told_once() -> None:
    assert margin_alone(1.1, 1.1) == ["B margin ratio 1.100, below 1.2"]


def test_a_key_metric_that_is_worse_than_its_panel_is_told_too() -> None:
    assert margin_alone(1.4, 1.1) == [
        "Margin ratio 1.100, alert < 1.2, worst B",
        "B margin ratio 1.400, below 1.5",
    ]


def test_a_key_metric_that_is_worse_than_any_panel_s_value_is_the_alert_to_name() -> None:
    alert = worst_alert(judged_at(slipping(Row("BTC/USD", 1.4))))
    assert alert is not None
    assert (alert.name, alert.symbol) == ("Slippage", "XRP/USD")


def test_one_symbol_is_named() -> None:
    assert of(Row("B", 1.1))[0] == "B margin ratio 1.100, below 1.2"


def test_the_worst_funding_rate_is_the_one_furthest_from_zero() -> None:
    said = of(Row("B", funding=0.0004), Row("C", funding=-0.0009))
    assert said[0] == "2 symbols with funding rate beyond 0.03%, 1 of them beyond 0.05%, worst C -0.0900%"


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
    said = said_of(replace(judged, sources=sources))
    assert [statement.words for statement in said] == ["engine: process 7 is gone"]


def test_no_statement_nests_colons() -> None:
    at_fault = failing(snapshot(START, metrics_of([])), "can't connect: [Errno 111]: refused", "metrics")
    for said in words(replace(at_fault, at=START + 30)):
        assert said.count(": ") <= 1


def test_an_unknown_kill_switch_refers_to_the_cause_that_is_told_already() -> None:
    stale = replace(failing(snapshot(START, metrics_of([])), "connection refused", "metrics"), at=START + 4.2)
    assert words(stale)[1] == "kill switch unknown: metrics stale"


def test_of_stale_metrics_it_is_told_what_was_last_seen_as_of_something_unknown() -> None:
    rows = [Row("A", 1.1), Row("B", 1.0), Row("C", 2.0)]
    cause, seen, *_ = said_of(judged_at(snapshot(START, metrics_of(rows)), later=42))
    assert cause.words.startswith("6 sources: no answer")
    words = "margin ratio below 1.2, 1 of them below 1.05, worst B 1.000"
    assert seen.words == f"last seen 42 s ago: 2 symbols with {words}"
    assert seen.brief == "last seen 42 s ago: 2 symbols below 1.2, 1 below 1.05, worst B 1.000"
    assert seen.severity is Severity.UNKNOWN


def test_where_the_metrics_never_answered_nothing_was_seen() -> None:
    silent = replace(failing(nothing_yet(START), "connection refused", "metrics"), at=START + 5)
    assert not [said for said in words(silent) if "last seen" in said]


def test_a_held_picture_is_told_as_what_was_then() -> None:
    held = judged_at(snapshot(START, metrics_of([Row("A", 1.1), Row("B", funding=0.001)])))
    paused, *others = said_of(held, paused_for=12)
    assert paused.words == "PAUSED, as it was 12 s ago: B funding rate 0.1000%, beyond 0.05%"
    assert paused.severity is Severity.UNKNOWN
    assert [said.words for said in others] == ["then: A margin ratio 1.100, below 1.2"]


def test_a_held_picture_in_which_all_was_well_says_so() -> None:
    held = judged_at(snapshot(START, metrics_of(symbol_rows(58))))
    assert [said.words for said in said_of(held, paused_for=3)] == [
        "PAUSED, as it was 3 s ago: all 58 symbols inside their limits"
    ]


def test_a_held_picture_that_has_grown_old_blames_no_source_and_still_says_what_was_wrong() -> None:
    taken = snapshot(START, metrics_of([Row("A", 1.1)]))
    fresh = replace(snapshot(START + 60, metrics_of([Row("A", 1.1)])), at=START + 60)
    assert [said.words for said in said_of(judged_at(taken, later=60), judged_at(fresh), 60)] == [
        "PAUSED, as it was 60 s ago: A margin ratio 1.100, below 1.2"
    ]


def test_what_is_wrong_at_present_with_sources_and_kill_switch_is_told_above_a_held_picture() -> None:
    held = judged_at(snapshot(START, metrics_of([Row("A", 1.1), Row("B", funding=0.001)])))
    now = snapshot(START, metrics_of([Row("A")], tripped=1))
    live = judged_at(replace(failing(now, "gone", "database"), at=START + 20))
    said = [statement.words for statement in said_of(held, live, 20)]
    assert said[0].startswith("PAUSED, as it was 20 s ago: B")
    assert any(words.startswith("database: gone (stale") for words in said)
    assert any(words.startswith("kill switch unknown") for words in said)
    assert said[-1] == "then: A margin ratio 1.100, below 1.2"


def test_what_a_source_reports_at_present_is_told_beside_a_held_picture() -> None:
    held = judged_at(snapshot(START, metrics_of([Row("A")])), later=60)
    now = snapshot(START + 60, metrics_of([Row("A")]))
    assert now.log.good is not None
    assert now.log.value is not None
    reading = replace(now.log.good, value=replace(now.log.value, criticals=6))
    live = judged_at(replace(now, log=replace(now.log, good=reading, last=reading)))
    assert [said.words for said in said_of(held, live, 60)] == [
        "PAUSED, as it was 60 s ago: the one symbol is inside its limits",
        "log: 6 CRITICAL in 5 min",
    ]


def test_liquidations_are_told_before_a_margin_that_is_worse() -> None:
    said = of(Row("B", 1.0), Row("C", 1.3, liquidations=2))
    assert said[:2] == ["C liquidated: 2", "B margin ratio 1.000, below 1.05"]
    assert of(Row("B", liquidations=1), Row("C", liquidations=3))[0] == "2 symbols liquidated, worst C 3"


def test_liquidations_are_told_with_the_time_that_they_are_counted_over() -> None:
    panels = tuple(replace(panel, window=3600.0) for panel in PANELS)
    judged = assess(snapshot(START, metrics_of([Row("C", liquidations=2)])), Rules(panels, KEY_METRICS))
    assert said_of(judged)[0].words == "C liquidated: 2 in 1 h"


def after_three_minutes(margin: float, **liquidations: float) -> Assessment:
    """B's margin has been falling since it was `margin`."""
    before: Judgement | None = None
    for step in range(19):
        rows = [Row("A"), Row("B", margin - step * 0.004, **liquidations)]
        taken = snapshot(START + step * 10, metrics_of(rows))
        before = taken, assess(taken, Rules(PANELS, KEY_METRICS), before)
    assert before is not None
    return before[1]


def falling(**liquidations: float) -> list[str]:
    """What is said when B's margin has been falling for three minutes."""
    return [said.words for said in said_of(after_three_minutes(1.19, **liquidations))]


def test_a_margin_that_falls_is_told_to_and_what_it_comes_to_in_the_words_of_severity() -> None:
    assert falling() == ["B margin ratio 1.118, below 1.2 and falling, ~2 min to critical"]


def test_no_direction_is_told_of_a_symbol_that_is_being_liquidated() -> None:
    assert falling(liquidations=1) == ["B liquidated: 1", "B margin ratio 1.118, below 1.2"]


def test_at_the_start_it_says_that_it_is_connecting() -> None:
    assert words(nothing_yet(START)) == ["connecting: no source has answered yet"]


def test_a_tripped_kill_switch_is_told() -> None:
    said = words(snapshot(START, metrics_of([Row("A")], tripped=1)))
    assert said[0] == "kill switch TRIPPED: the engine says so, and no fill since"


def test_a_drill_s_trip_is_told_as_one() -> None:
    taken = snapshot(START, metrics_of([Row("A")], tripped=1))
    drill = LastTrip(START - 5, "bob", "a drill", "all", drill=True)
    said = words(replace(taken, last_trip=with_own_trip(taken.last_trip, drill, START)))
    assert said[0].startswith("kill switch TRIPPED in a DRILL: ")


def test_what_is_said_of_symbols_is_kept_until_they_are_judged_anew() -> None:
    judged = assess(snapshot(START, metrics_of([Row("B", 1.1)])), Rules(PANELS, KEY_METRICS))
    first = View(PAPER, UNICODE).next(judged)
    assert first.of_symbols
    assert first.next(replace(judged, at=START + 1, alerts=())).of_symbols is first.of_symbols
    worse = assess(snapshot(START, metrics_of([Row("B", 1.01)])), Rules(PANELS, KEY_METRICS))
    assert first.next(worse).of_symbols != first.of_symbols
