import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.triggers import (
    Evidence,
    Judgement,
    Life,
    Missing,
    Past,
    Standing,
    crash,
    judged,
    liquidation,
    margin_calls,
    slippage,
    sync_errors,
)

DAY = 86400.0


def said(judgement: Judgement) -> tuple[Standing, str]:
    return judgement.standing, judgement.words


def test_every_row_of_the_guides_table_has_its_action() -> None:
    nobody = Missing("no answer")
    rows = judged(Evidence(nobody, nobody, nobody, nobody, nobody))
    assert {row.trigger.condition: row.trigger.procedure.name for row in rows} == {
        "Unexpected liquidation": "Pause, investigate",
        "Position sync errors > 5/min": "Rollback to shadow",
        "Slippage > 20 bps consistently": "Rollback to shadow",
        "Multiple margin calls": "Pause, reduce leverage",
        "System crash": "Full rollback",
    }
    assert {said(row) for row in rows} == {(Standing.UNKNOWN, "no answer")}
    assert all(row.trigger.procedure.steps for row in rows)


def test_one_liquidation_is_enough() -> None:
    assert said(liquidation(Past({"BTCUSDT": 1, "ETHUSDT": 0}, 10))) == (
        Standing.MET,
        "1 within an hour on BTCUSDT",
    )
    assert said(liquidation(Past({"BTCUSDT": 0}, DAY))) == (Standing.CLEAR, "none within an hour")


def test_more_than_five_sync_errors_in_a_minute_are_too_many_over_all_symbols() -> None:
    assert said(sync_errors(Past({"A": 2, "B": 4}, 60))) == (Standing.MET, "6 in the last minute on B, A")
    assert said(sync_errors(Past({"A": 5}, 60))) == (Standing.CLEAR, "5 in the last minute")


def test_slippage_counts_when_it_never_came_down() -> None:
    figures = {"A": 25.0, "B": 20.0, "C": 31.25}
    assert said(slippage(Past(figures, 300))) == (Standing.MET, "never below 31.2 bps in 5 m on C, A")
    assert slippage(Past({"B": 20.0}, 300)).standing is Standing.CLEAR


def test_slippage_that_was_watched_for_too_short_a_time_is_not_known_to_be_consistent() -> None:
    assert said(slippage(Past({"A": 25.0}, 60))) == (
        Standing.UNKNOWN,
        "never below 25.0 bps on A, for 60 s of 5 m",
    )


def test_two_symbols_with_a_margin_call_are_multiple_the_lowest_is_named_first() -> None:
    ratios = {"A": 1.04, "B": 1.01, "C": 1.05}
    assert said(margin_calls(Past(ratios, 10))) == (
        Standing.MET,
        "2 below 1.05 within an hour on B, A",
    )
    assert said(margin_calls(Past({"A": 1.04, "C": 1.05}, DAY))) == (
        Standing.CLEAR,
        "1 below 1.05 within an hour on A",
    )


def test_more_than_three_symbols_are_counted() -> None:
    words = liquidation(Past(dict.fromkeys("ABCDE", 1.0), DAY)).words
    assert words == "5 within an hour on A, B, C and 2 more"


@pytest.mark.parametrize("judge", [liquidation, sync_errors, margin_calls])
def test_a_past_that_was_hardly_watched_is_unknown(judge: object) -> None:
    assert callable(judge)
    harmless = Past({"A": 0.0} if judge is not margin_calls else {"A": 9.0}, 20)
    found = judge(harmless)
    assert found.standing is Standing.UNKNOWN
    assert "of which 20 s were watched" in found.words


@pytest.mark.parametrize("judge", [liquidation, sync_errors, slippage, margin_calls])
def test_what_is_not_exported_is_unknown(judge: object) -> None:
    assert callable(judge)
    assert said(judge(Past({}, DAY))) == (Standing.UNKNOWN, "not exported by this engine")


def test_what_a_silent_engine_doesn_t_export_is_told_by_its_silence_and_what_was_seen_stays() -> None:
    silence = "no answer from the engine for 3 m: connection refused"
    seen, none = Past({"A": 1.0}, DAY), Past({}, DAY)
    told = judged(Evidence(seen, none, none, Missing("no server"), Life(1), silence))
    assert [said(one) for one in told[:4]] == [
        (Standing.MET, "1 within an hour on A"),
        (Standing.UNKNOWN, silence),
        (Standing.UNKNOWN, silence),
        (Standing.UNKNOWN, "no server"),
    ]


def test_an_engine_whose_heartbeat_stands_still_has_crashed_unless_it_was_stopped() -> None:
    assert said(crash(Life(59))) == (Standing.CLEAR, "the heartbeat is 59 s old")
    assert said(crash(Life(60))) == (
        Standing.MET,
        "the heartbeat is 60 s old, and nobody stopped the engine",
    )
    assert said(crash(Life(600, stopped=True))) == (
        Standing.CLEAR,
        "the heartbeat is 10 m old: the engine was stopped",
    )


def test_an_engine_whose_process_is_gone_has_crashed_however_young_its_heartbeat() -> None:
    assert said(crash(Life(5, gone=True))) == (
        Standing.MET,
        "the engine's process is gone, and nobody stopped it",
    )
    assert said(crash(Life(math.nan, gone=True)))[0] is Standing.MET
    for beat in (5, 600, math.nan):
        stopped = crash(Life(beat, gone=True, stopped=True))
        assert said(stopped) == (Standing.CLEAR, "the engine was stopped in order")


def test_a_young_heartbeat_that_is_no_longer_taken_for_the_present_clears_nobody() -> None:
    assert said(crash(Life(20, fresh=False))) == (Standing.UNKNOWN, "the heartbeat is 20 s old")


PASTS = st.builds(
    Past, st.dictionaries(st.sampled_from("ABC"), st.floats(0, 100)), st.floats(0, 2 * DAY)
) | st.just(Missing("no answer"))


@given(PASTS, PASTS, PASTS, PASTS, st.builds(Life, st.floats(0, DAY)) | st.just(Missing("no answer")))
def test_nothing_unknown_is_clear(
    liquidations: Past, errors: Past, slippages: Past, ratios: Past, life: Life
) -> None:
    evidence = (liquidations, errors, slippages, ratios, life)
    for given_, row in zip(evidence, judged(Evidence(*evidence)), strict=True):
        if isinstance(given_, Missing):
            assert row.standing is Standing.UNKNOWN
        assert row.words


def test_a_figure_that_is_no_number_is_unknown() -> None:
    for judge in (liquidation, sync_errors, slippage, margin_calls):
        assert judge(Past({"A": math.nan}, DAY)).standing is Standing.UNKNOWN
    assert crash(Life(math.nan)).standing is Standing.UNKNOWN
