"""Ageing takes certainty away in time, and never gives any."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.domain.assessment import assess
from console.domain.kill_switch import KillState
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import Assessment
from console.domain.thresholds import KEY_METRICS
from console.tui.ageing import LEAD, aged, next_expiry
from tests.tui.fake import PANELS, START, metrics_of, snapshot, symbol_rows

WHOLE = snapshot(START, metrics_of(symbol_rows(5)))
LIMIT = 3.0


def judged(later: float) -> Assessment:
    return assess(replace(WHOLE, at=START + later), PANELS, KEY_METRICS)


@given(st.floats(0, 30), st.floats(0, 30))
def test_an_aged_assessment_is_never_surer_than_a_fresh_one(first: float, more: float) -> None:
    old, fresh = aged(judged(first), START + first + more), judged(first + more)
    assert old.severity >= fresh.severity or fresh.severity is not Severity.UNKNOWN
    for mine, theirs in zip(old.symbols, fresh.symbols, strict=True):
        assert mine.severity >= theirs.severity
    for known, then in zip(old.accounts, fresh.accounts, strict=True):
        assert known.severity >= then.severity
    if fresh.kill_switch.state is not KillState.CLEAR:
        assert old.kill_switch.state is not KillState.CLEAR


@given(st.floats(0, LIMIT))
def test_ages_go_on(later: float) -> None:
    age = aged(judged(0), START + later).source("metrics").age
    assert age is not None
    assert abs(age - later) < 1e-6


def test_values_expire_a_little_before_their_limit() -> None:
    before = aged(judged(0), START + LIMIT - LEAD - 0.01)
    after = aged(judged(0), START + LIMIT - LEAD + 0.01)
    assert {row.severity for row in before.symbols} == {Severity.OK}
    assert {row.severity for row in after.symbols} == {Severity.UNKNOWN}
    assert {key.value.severity for key in after.key_metrics} == {Severity.UNKNOWN}
    assert after.source("metrics").health is Health.STALE


def test_the_next_expiry_is_that_of_the_source_with_the_least_time_left() -> None:
    left = next_expiry(judged(1.0))
    assert left is not None
    assert abs(left - (LIMIT - 1.0 - LEAD)) < 1e-6


def test_with_nothing_fresh_nothing_can_expire() -> None:
    assert next_expiry(judged(1000)) is None


def test_unchanged_rows_are_the_same_object_so_that_the_table_need_not_sort() -> None:
    assessment = judged(0)
    assert aged(assessment, START + 1).symbols is assessment.symbols
