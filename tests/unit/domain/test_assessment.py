"""Law 2, unknown is never green, and the agreement of every part with the overall severity."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.assessment import Rules, aged, assess, is_older_view
from console.domain.kill_state import KillState
from console.domain.metrics import Answer, Metrics
from console.domain.reading import Health, SourceState
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.surfaces import EngineState, Finding
from console.domain.thresholds import KEY_METRICS
from tests.unit.domain.worlds import (
    BOOKS,
    ENGINE,
    EXCHANGE,
    FLAGS,
    LIMIT,
    LOG,
    MARGIN,
    NOW,
    PANELS,
    account,
    answered,
    failing,
    healthy,
    judged,
    metrics,
    of,
    series,
)

DUPLICATE = Finding(3, 5, "'stage' appears twice", "engines take the last", serious=False)


def test_a_healthy_engine_is_ok_and_has_no_alert() -> None:
    assessment = judged(healthy())
    assert (assessment.severity, assessment.alerts) == (Severity.OK, ())


def test_values_older_than_their_limit_are_unknown_with_their_age() -> None:
    snapshot = replace(healthy(), metrics=answered("metrics", metrics(), age=LIMIT))
    row = judged(snapshot).symbols[0]
    assert {value.severity for value in row.values.values()} == {Severity.UNKNOWN}
    assert row.values[MARGIN.key].reason.startswith("stale for 2.0 s")


@given(st.floats(0, 10), st.floats(allow_nan=True))
def test_no_value_past_its_limit_is_ever_ok(age: float, margin: float) -> None:
    snapshot = replace(healthy(), metrics=answered("metrics", metrics(margin=of("", BTC=margin)), age=age))
    value = next(row for row in judged(snapshot).symbols if row.symbol == "BTC").values[MARGIN.key]
    if age >= LIMIT or math.isnan(margin):
        assert value.severity is Severity.UNKNOWN
    else:
        assert (value.severity is Severity.OK) == (margin >= 1.5)


def test_a_stale_source_makes_the_whole_unknown() -> None:
    snapshot = replace(healthy(), exchange=failing(answered("exchange", EXCHANGE, 9), "HTTP 503"))
    assessment = judged(snapshot)
    assert assessment.severity is Severity.UNKNOWN
    assert assessment.source("exchange").health is Health.STALE
    assert "HTTP 503" in assessment.alerts[0].summary


def test_a_failed_poll_inside_the_limit_is_a_warning_with_its_cause() -> None:
    assessment = judged(replace(healthy(), flags=failing(answered("flags", FLAGS), "flags.yaml:3:1: a tab")))
    assert assessment.source("flags").health is Health.FAILING
    assert (assessment.severity, assessment.alerts[0].summary) == (
        Severity.WARNING,
        "failing, value 0.5 s old: flags.yaml:3:1: a tab",
    )


def test_a_source_that_never_answered_is_not_ok() -> None:
    waiting: SourceState[Metrics] = SourceState("metrics", LIMIT)
    assert judged(replace(healthy(), metrics=waiting)).severity is Severity.UNKNOWN


def test_a_context_without_any_source_is_unknown() -> None:
    everything = {
        state.name: replace(state, good=None, last=None, configured=False) for state in healthy().sources()
    }
    assert judged(Snapshot(NOW, **everything)).severity is Severity.UNKNOWN


def test_a_held_symbol_without_a_margin_ratio_is_unknown() -> None:
    snapshot = replace(healthy(), metrics=answered("metrics", metrics(margin=of("", BTC=2.0))))
    sol = judged(snapshot).symbols[1]
    assert (sol.severity, sol.values[MARGIN.key].reason) == (Severity.UNKNOWN, "not exported")


def test_a_symbol_without_a_position_is_flat_not_unknown() -> None:
    flat = metrics(margin=of("", BTC=2.0))
    samples = {**flat.samples, "futures_position_quantity": of("futures_position_quantity", BTC=1.0)}
    snapshot = replace(
        healthy(),
        metrics=answered("metrics", replace(flat, samples=samples)),
        database=answered("database", replace(BOOKS, positions=())),
    )
    sol = judged(snapshot).symbols[1]
    assert (sol.severity, sol.values[MARGIN.key].reason) == (Severity.OK, "flat")


def test_a_metric_that_nobody_exports_is_unknown_unless_known_to_be_missing() -> None:
    bare = metrics()
    without = replace(bare, answers={**bare.answers, KEY_METRICS[0].query: Answer({})})
    snapshot = replace(healthy(), metrics=answered("metrics", without))
    assert judged(snapshot).key_metrics[0].value.reason == "not exported"
    assert judged(snapshot).severity is Severity.UNKNOWN
    assert judged(snapshot, frozenset({"futures_fill_ratio"})).severity is Severity.OK


def test_a_query_that_failed_is_unknown_with_its_error() -> None:
    bare = metrics()
    broken = replace(bare, answers={**bare.answers, MARGIN.query: Answer({}, "out of memory")})
    assessment = judged(replace(healthy(), metrics=answered("metrics", broken)))
    assert assessment.totals[MARGIN.key].reason == "out of memory"
    assert assessment.severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("margin", "severity"),
    [(1.5, Severity.OK), (1.2, Severity.WARNING), (1.05, Severity.HIGH), (1.04, Severity.CRITICAL)],
)
def test_the_worst_symbol_decides_the_whole(margin: float, severity: Severity) -> None:
    snapshot = replace(healthy(), metrics=answered("metrics", metrics(margin=of("", BTC=2.0, SOL=margin))))
    assert judged(snapshot).severity is severity


def test_a_counter_without_symbols_is_judged_for_the_engine_and_not_repeated_in_rows() -> None:
    counted = metrics(sync={series(""): 0.01})
    assessment = judged(replace(healthy(), metrics=answered("metrics", counted)))
    assert assessment.totals["position_sync_errors"].severity is Severity.HIGH
    assert [row.severity for row in assessment.symbols] == [Severity.OK, Severity.OK]


def test_a_range_that_was_watched_only_in_part_says_so() -> None:
    assessment = judged(replace(healthy(), metrics=answered("metrics", metrics(covered=20))))
    assert assessment.symbols[0].values["position_sync_errors"].reason == "watched for 20 s of 300 s"


def test_a_window_without_observations_falls_back_to_the_engines_lifetime() -> None:
    bare = metrics(key_metrics=(*HEALTHY[:4], math.nan, HEALTHY[5]))
    latency = KEY_METRICS[4]
    assert latency.lifetime is not None
    full = replace(bare, answers={**bare.answers, latency.lifetime: Answer({series(""): 50e-6})})
    value = judged(replace(healthy(), metrics=answered("metrics", full))).key_metrics[4].value
    assert (value.severity, value.reason) == (Severity.OK, "since the engine's start")


HEALTHY = (0.99, 1.0, 2.0, 0.999, 40e-6, 300e-6)


def test_of_several_series_for_a_symbol_the_worst_counts() -> None:
    several = {series("", "BTC", account="2"): 1.01, series("", "BTC", account="3"): 9.0, **of("", SOL=2.0)}
    for order in (several, dict(reversed(several.items()))):
        snapshot = replace(healthy(), metrics=answered("metrics", metrics(margin=order)))
        assert judged(snapshot).symbols[0].values[MARGIN.key].number == 1.01


def test_a_series_without_a_symbol_counts_beside_those_that_have_one() -> None:
    mixed = {**of("", BTC=9.0, SOL=9.0), series(""): 0.5}
    assessment = judged(replace(healthy(), metrics=answered("metrics", metrics(margin=mixed))))
    assert assessment.totals[MARGIN.key].severity is Severity.CRITICAL
    assert assessment.severity is Severity.CRITICAL


def test_of_several_series_of_a_key_metric_the_worst_counts() -> None:
    bare = metrics()
    several = Answer({series("", account="2"): 0.99, series("", account="3"): 0.10})
    snapshot = replace(bare, answers={**bare.answers, KEY_METRICS[0].query: several})
    fill_rate = judged(replace(healthy(), metrics=answered("metrics", snapshot))).key_metrics[0].value
    assert (fill_rate.number, fill_rate.severity) == (0.10, Severity.HIGH)


@pytest.mark.parametrize("name", ["futures_fill", "f", "ratio"])
def test_a_part_of_a_name_is_no_metric_that_is_known_to_be_missing(name: str) -> None:
    bare = metrics()
    without = replace(bare, answers={**bare.answers, KEY_METRICS[0].query: Answer({})})
    snapshot = replace(healthy(), metrics=answered("metrics", without))
    assert judged(snapshot, frozenset({name})).severity is Severity.UNKNOWN


def test_balances_that_the_engine_no_longer_writes_are_unknown() -> None:
    snapshot = replace(healthy(), database=answered("database", replace(BOOKS, quiet_for=9.6), age=0.5))
    fresh = assess(snapshot, Rules(PANELS, KEY_METRICS, quiet_after=10.2))
    assert fresh.severity is Severity.OK
    assert fresh.next_change == pytest.approx(NOW + 0.1)
    quiet = assess(snapshot, Rules(PANELS, KEY_METRICS, quiet_after=10.0))
    assert {status.reason for status in quiet.accounts} == {"the engine has written nothing for 10 s"}
    assert quiet.severity is Severity.UNKNOWN


@pytest.mark.parametrize("accounts", [None, ()])
def test_a_database_without_accounts_is_unknown(accounts: tuple[()] | None) -> None:
    empty = replace(BOOKS, accounts=accounts)
    assert judged(replace(healthy(), database=answered("database", empty))).severity is Severity.UNKNOWN


def test_equity_that_is_no_number_is_unknown() -> None:
    odd = replace(BOOKS, accounts=(account(2, "NaN"),))
    assert judged(replace(healthy(), database=answered("database", odd))).severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("engine", "severity", "cause"),
    [
        (replace(ENGINE, alive=False), Severity.CRITICAL, "process 1 is gone"),
        (replace(ENGINE, stopped=True), Severity.HIGH, "process 1 is stopped"),
        (replace(ENGINE, alive=False, ended=True), Severity.HIGH, "process 1 has ended: it was stopped"),
    ],
)
def test_a_dead_or_stopped_engine_is_no_green_source(
    engine: EngineState, severity: Severity, cause: str
) -> None:
    source = judged(replace(healthy(), engine=answered("engine", engine))).source("engine")
    assert (source.health, source.severity, source.cause) == (Health.FRESH, severity, cause)


def test_symbols_are_judged_anew_once_their_data_is_old() -> None:
    snapshot = healthy()
    before = judged(snapshot)
    late = replace(snapshot, at=NOW + LIMIT, flags=answered("flags", FLAGS, age=-LIMIT))
    again = assess(late, Rules(PANELS, KEY_METRICS), before=(snapshot, before))
    assert {row.severity for row in again.symbols} == {Severity.UNKNOWN}
    sooner = replace(snapshot, at=NOW + 0.1, flags=answered("flags", FLAGS))
    assert assess(sooner, Rules(PANELS, KEY_METRICS), before=(snapshot, before)).symbols is before.symbols


def test_low_equity_is_critical_and_unknown_equity_is_unknown() -> None:
    poor = replace(BOOKS, accounts=(account(3, "99.99999999"), account(2, None)))
    assessment = judged(replace(healthy(), database=answered("database", poor)))
    assert [status.severity for status in assessment.accounts] == [Severity.CRITICAL, Severity.UNKNOWN]
    assert assessment.severity is Severity.CRITICAL


def test_what_a_schema_lacks_is_a_warning_by_name() -> None:
    older = replace(BOOKS, missing=("futures_positions.coin_margin: no such column",))
    alert = judged(replace(healthy(), database=answered("database", older))).alerts[0]
    assert (alert.severity, alert.summary) == (
        Severity.WARNING,
        "futures_positions.coin_margin: no such column",
    )


@pytest.mark.parametrize(
    ("change", "summary"),
    [
        (
            {"database": answered("database", replace(BOOKS, response_time=1.2))},
            "answers in 1.2 s, above 1 s",
        ),
        ({"log": answered("log", replace(LOG, errors=2))}, "2 ERROR in 5 min"),
        ({"log": answered("log", replace(LOG, criticals=6))}, "6 CRITICAL in 5 min"),
        ({"log": answered("log", replace(LOG, errors=2, criticals=6))}, "2 ERROR, 6 CRITICAL in 5 min"),
        ({"engine": answered("engine", replace(ENGINE, alive=False))}, "process 1 is gone"),
        (
            {"flags": answered("flags", replace(FLAGS, findings=(DUPLICATE,)))},
            "flags.yaml:3:5: 'stage' appears twice; engines take the last",
        ),
    ],
)
def test_what_a_surface_says_is_wrong_becomes_an_alert(change: dict[str, object], summary: str) -> None:
    assert judged(replace(healthy(), **change)).alerts[0].summary == summary  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, KillState.CLEAR),
        ({"metrics": answered("metrics", metrics(tripped=1.0))}, KillState.TRIPPED),
        ({"metrics": answered("metrics", metrics(tripped=1.0), age=9)}, KillState.UNKNOWN),
        ({"metrics": answered("metrics", metrics(tripped=None))}, KillState.UNKNOWN),
        ({"metrics": answered("metrics", metrics(tripped=math.nan))}, KillState.UNKNOWN),
        ({"engine": answered("engine", replace(ENGINE, flag=True))}, KillState.UNCONFIRMED),
        ({"engine": answered("engine", replace(ENGINE, tripped=True))}, KillState.UNCONFIRMED),
        ({"flags": answered("flags", replace(FLAGS, global_kill_switch=True))}, KillState.UNCONFIRMED),
        ({"flags": answered("flags", FLAGS, age=9)}, KillState.UNKNOWN),
        (
            {
                "database": answered(
                    "database", replace(BOOKS, switches=dict.fromkeys(BOOKS.switches or (), "0"))
                )
            },
            KillState.UNCONFIRMED,
        ),
    ],
)
def test_the_kill_switch_is_tripped_only_when_the_engine_says_so(
    change: dict[str, object], state: KillState
) -> None:
    assert judged(replace(healthy(), **change)).kill.state is state  # type: ignore[arg-type]


def test_an_assessment_ages_without_being_judged_again_until_something_changes() -> None:
    snapshot = healthy()
    assessment = judged(snapshot)
    later = replace(snapshot, at=NOW + 1)
    assert is_older_view(snapshot, assessment, later)
    assert aged(assessment, later).source("metrics").age == pytest.approx(1.5)
    assert not is_older_view(snapshot, assessment, replace(snapshot, at=NOW + 1.5))
    answer = replace(snapshot, flags=answered("flags", FLAGS))
    assert not is_older_view(snapshot, assessment, answer)


@given(st.floats(0, 1.49))
def test_an_aged_assessment_is_what_judging_anew_would_give(elapsed: float) -> None:
    snapshot = healthy()
    later = replace(snapshot, at=NOW + elapsed)
    older, anew = aged(judged(snapshot), later), assess(later, Rules(PANELS, KEY_METRICS))
    assert list(older.symbols) == list(anew.symbols)
    assert replace(older, symbols=anew.symbols) == anew
