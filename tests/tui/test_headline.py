"""The headline says what matters most, in words that an operator would use."""

from dataclasses import replace

from console.domain.assessment import assess
from console.domain.snapshot import Snapshot
from console.domain.thresholds import KEY_METRICS
from console.tui.headline import headline
from tests.tui.fake import PANELS, START, Row, failing, metrics_of, nothing_yet, snapshot, symbol_rows


def words(taken: Snapshot) -> list[str]:
    return [statement.words for statement in headline(assess(taken, PANELS, KEY_METRICS))]


def of(*rows: Row) -> list[str]:
    return words(snapshot(START, metrics_of([Row("A"), *rows])))


def test_when_all_is_well_it_says_so_and_names_the_closest() -> None:
    said = words(snapshot(START, metrics_of(symbol_rows(58))))
    assert said[0] == "all 58 symbols inside their limits"
    assert said[1].startswith("closest: ")


def test_several_symbols_are_counted_with_the_mildest_limit_and_the_worst_of_them() -> None:
    assert of(Row("B", 1.1), Row("C", 1.04), Row("D", 1.15), Row("E", 1.4))[0] == (
        "3 symbols with margin ratio below 1.2, worst C 1.040"
    )


def test_one_symbol_is_named() -> None:
    assert of(Row("B", 1.1))[0] == "B margin ratio 1.100, below 1.2"


def test_the_worst_funding_rate_is_the_one_furthest_from_zero() -> None:
    said = of(Row("B", funding=0.0004), Row("C", funding=-0.0009))
    assert said[0] == "2 symbols with funding rate beyond 0.03%, worst C -0.0900%"


def test_a_stale_source_is_named_with_its_age_and_cause() -> None:
    stale = replace(failing(snapshot(START, metrics_of([])), "connection refused", "metrics"), at=START + 4.2)
    assert words(stale)[0] == "metrics stale for 4.2s: connection refused"


def test_stale_metrics_say_nothing_about_symbols() -> None:
    old = replace(snapshot(START, metrics_of([Row("B", 1.0)])), at=START + 5)
    assert not [said for said in words(old) if "margin ratio" in said]


def test_at_the_start_it_says_that_it_is_connecting() -> None:
    assert words(nothing_yet(START)) == ["connecting: no source has answered yet"]


def test_a_tripped_kill_switch_is_told() -> None:
    said = words(snapshot(START, metrics_of([Row("A")], tripped=1)))
    assert said[0] == "kill switch TRIPPED: the engine says so"
