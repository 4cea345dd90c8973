"""The kill switch reads TRIPPED on proof only, and every other state says why."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.kill_state import Evidence, KillState, Process, Seen, Written, judge
from console.domain.severity import Severity

CLEAR = Seen(0.0, 1.0, 5.0)
TRIPPED = Seen(1.0, 1.0, 5.0)
NO_FILLS = Seen(0.0, 1.0, 5.0)
ALL = (Written("flag file", True), Written("database", True))


def said(evidence: Evidence) -> tuple[KillState, str]:
    verdict = judge(evidence)
    return verdict.state, verdict.words


def test_clear_is_what_the_engine_and_every_surface_say() -> None:
    quiet = Evidence(CLEAR, NO_FILLS, {"flag file": False, "database": False})
    assert said(quiet) == (KillState.CLEAR, "the engine says so, and no surface is set")


def test_while_actuators_are_fired_the_state_counts_them() -> None:
    verdict = judge(Evidence(TRIPPED, NO_FILLS, written=(*ALL, Written("command", None))))
    assert verdict.title == "TRIPPING 2/3"
    assert verdict.words == "waiting for command"


def test_tripped_needs_the_engines_word_and_no_fills() -> None:
    assert said(Evidence(TRIPPED, NO_FILLS, written=ALL)) == (
        KillState.TRIPPED,
        "the engine says so, and no fill since",
    )


def test_an_engine_that_tripped_itself_is_tripped() -> None:
    assert judge(Evidence(TRIPPED, NO_FILLS)).state is KillState.TRIPPED


def test_a_deaf_engine_is_unconfirmed() -> None:
    deaf = Evidence(CLEAR, NO_FILLS, {"flag file": True, "database": True}, ALL)
    assert said(deaf) == (
        KillState.UNCONFIRMED,
        "set in flag file, database; the engine says that it is clear",
    )


def test_of_an_engine_that_trades_on_after_a_trip_that_is_told_first() -> None:
    fills = Seen(5.0, 1.0, 5.0)
    for engine in (CLEAR, Seen(None, None, 5.0)):
        verdict = judge(Evidence(engine, fills, {"flag file": True}, ALL[:1]))
        assert verdict.state is KillState.UNCONFIRMED
        assert verdict.words.startswith("5 fills since; set in flag file")


def test_a_killed_engine_is_unconfirmed_with_its_cause() -> None:
    gone = Evidence(
        Seen(0.0, 40.0, 5.0, "connection refused"),
        NO_FILLS,
        {"flag file": True},
        ALL[:1],
        (Process("engine", alive=False),),
    )
    assert said(gone) == (
        KillState.UNCONFIRMED,
        "set in flag file; the engine has not acknowledged; engine is not running; "
        "the engine's metrics: stale for 40 s: connection refused",
    )


def test_a_forgetful_engine_is_lost() -> None:
    lost = judge(Evidence(CLEAR, NO_FILLS, {"flag file": True}, ALL, confirmed=True))
    assert (lost.state, lost.state.severity) == (KillState.LOST, Severity.CRITICAL)
    assert lost.words == "the engine acknowledged the trip, and now says that it is clear"


def test_a_loss_stays_a_loss_whatever_the_engine_says_after_it_but_that_it_is_tripped() -> None:
    assert said(Evidence(CLEAR, NO_FILLS, written=ALL, lost=True))[0] is KillState.LOST
    silent = Seen(None, None, 5.0, "connection refused")
    assert said(Evidence(silent, NO_FILLS, written=ALL, lost=True)) == (
        KillState.LOST,
        "the engine has cleared an acknowledged trip by itself; the engine's metrics: connection refused",
    )
    assert said(Evidence(TRIPPED, NO_FILLS, written=ALL, lost=True))[0] is KillState.TRIPPED


def test_an_engine_that_falls_silent_after_it_acknowledged_is_said_to_have_done_so() -> None:
    silent = Seen(None, None, 5.0, "connection refused")
    assert said(Evidence(silent, NO_FILLS, written=ALL[:1], confirmed=True)) == (
        KillState.UNCONFIRMED,
        "set in flag file; the engine has acknowledged, and says nothing now; "
        "the engine's metrics: connection refused",
    )


@pytest.mark.parametrize(
    ("engine", "word"),
    [(TRIPPED, True), (CLEAR, False), (Seen(1.0, 9.0, 5.0), None), (Seen(0.5, 1.0, 5.0), None)],
)
def test_the_engines_own_word_is_told_beside_the_state(engine: Seen, word: bool | None) -> None:
    assert judge(Evidence(engine, NO_FILLS)).acknowledged is word


def test_a_trip_of_one_account_names_it() -> None:
    assert judge(Evidence(TRIPPED, NO_FILLS, written=ALL, scope="usdm")).title == "TRIPPED USDM"


def test_a_process_that_follows_while_another_is_silent_makes_it_partial() -> None:
    two = (Process("usdm", True, tripped=TRIPPED), Process("coin", True, tripped=Seen(1.0, 9.0, 5.0)))
    assert said(Evidence(Seen(1.0, 9.0, 5.0), NO_FILLS, written=ALL, processes=two)) == (
        KillState.PARTIAL,
        "only usdm is tripped; coin did not follow: stale for 9.0 s",
    )


def test_an_actuator_that_did_not_follow_makes_it_partial_and_is_named() -> None:
    failed = Written("feature flags", False, "flags.yaml:3:1: duplicate key")
    assert said(Evidence(TRIPPED, NO_FILLS, written=(*ALL, failed))) == (
        KillState.PARTIAL,
        "the engine says that it is tripped, but: feature flags: flags.yaml:3:1: duplicate key",
    )


def test_one_process_of_two_that_hangs_makes_it_partial() -> None:
    two = (Process("usdm", True, tripped=TRIPPED), Process("coin", True, held=True, tripped=CLEAR))
    assert said(Evidence(TRIPPED, NO_FILLS, written=ALL, processes=two)) == (
        KillState.PARTIAL,
        "the engine says that it is tripped, but: coin hangs",
    )


def test_one_process_of_two_that_does_not_answer_makes_it_partial() -> None:
    silent = Process("coin", True, tripped=Seen(None, None, 5.0, "connection refused"))
    assert judge(Evidence(TRIPPED, NO_FILLS, written=ALL, processes=(silent,))).words == (
        "the engine says that it is tripped, but: coin did not follow: connection refused"
    )


def test_a_process_that_follows_an_engine_that_does_not_makes_it_partial() -> None:
    one = (Process("usdm", True, tripped=TRIPPED), Process("coin", True, tripped=CLEAR))
    assert said(Evidence(CLEAR, NO_FILLS, {"flag file": True}, ALL, one)) == (
        KillState.PARTIAL,
        "only usdm is tripped; the engine says that it is clear",
    )


def test_fills_that_go_on_contradict_the_engine() -> None:
    assert said(Evidence(TRIPPED, Seen(2.0, 1.0, 5.0), written=ALL)) == (
        KillState.PARTIAL,
        "the engine says that it is tripped, but: 2 fills since",
    )


def test_fills_that_cannot_be_seen_leave_it_unconfirmed() -> None:
    blind = Seen(0.0, 9.0, 5.0, "no answer within 2 s")
    assert said(Evidence(TRIPPED, blind, written=ALL)) == (
        KillState.UNCONFIRMED,
        "the engine says that it is tripped; fills can't be seen: stale for 9.0 s: no answer within 2 s",
    )


@pytest.mark.parametrize("fills", [1.0, -1.0, 0.5])
def test_whatever_is_not_0_fills_contradicts_the_engine(fills: float) -> None:
    assert judge(Evidence(TRIPPED, Seen(fills, 1.0, 5.0))).state is KillState.PARTIAL


@pytest.mark.parametrize("age", [5.0, -0.1, math.nan, math.inf, -math.inf, None])
def test_a_word_of_no_good_age_is_none(age: float | None) -> None:
    assert judge(Evidence(Seen(1.0, age, 5.0), NO_FILLS)).state is KillState.UNKNOWN
    assert judge(Evidence(TRIPPED, Seen(0.0, age, 5.0))).state is KillState.UNCONFIRMED
    assert judge(Evidence(Seen(0.0, age, 5.0), NO_FILLS)).state is KillState.UNKNOWN


def test_a_process_that_cannot_be_seen_leaves_it_unconfirmed() -> None:
    unseen = (Process("coin", None),)
    assert judge(Evidence(TRIPPED, NO_FILLS, processes=unseen)).state is KillState.UNCONFIRMED


def test_a_trip_of_which_nothing_was_written_is_never_shown_as_clear() -> None:
    nothing = (Written("flag file", False, "read-only file system"),)
    assert said(Evidence(CLEAR, NO_FILLS, {"flag file": False}, nothing)) == (
        KillState.PARTIAL,
        "nothing is set: flag file: read-only file system; the engine says that it is clear",
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_an_engine_that_says_nothing_is_unknown(value: float | None) -> None:
    assert judge(Evidence(Seen(value, 1.0, 5.0), NO_FILLS)).state is KillState.UNKNOWN


def test_a_value_that_is_neither_0_nor_1_is_unknown() -> None:
    assert said(Evidence(Seen(0.5, 1.0, 5.0), NO_FILLS)) == (
        KillState.UNKNOWN,
        "the engine's metrics: it reports 0.5, neither 0 nor 1",
    )


def test_a_surface_that_cannot_be_read_is_not_clear() -> None:
    assert said(Evidence(CLEAR, NO_FILLS, {"database": None})) == (KillState.UNKNOWN, "can't read database")


def test_what_was_written_and_is_gone_is_not_clear() -> None:
    gone = Evidence(CLEAR, NO_FILLS, {"flag file": False}, ALL[:1])
    assert said(gone) == (
        KillState.PARTIAL,
        "nothing is set: what was written is gone again; the engine says that it is clear",
    )


def test_only_proof_is_calm() -> None:
    calm = {state for state in KillState if state.severity <= Severity.WARNING}
    assert calm == {KillState.CLEAR}


_values = st.one_of(st.sampled_from([0.0, 1.0]), st.sampled_from([None, -1.0, 2.0, math.nan]), st.floats())
_ages = st.one_of(st.sampled_from([0.0, 1.0]), st.sampled_from([None, -1.0, 5.0, math.nan]), st.floats())
_limits = st.one_of(st.just(5.0), st.floats())
_seen = st.builds(Seen, _values, _ages, _limits, st.text(max_size=5))
_names = st.sampled_from(["flag file", "database", "command", "http"])
_evidence = st.builds(
    Evidence,
    _seen,
    _seen,
    st.dictionaries(_names, st.sampled_from([True, False, None])),
    st.lists(st.builds(Written, _names, st.sampled_from([True, False, None]), st.text(max_size=5))),
    st.lists(
        st.builds(Process, _names, st.sampled_from([True, False, None]), st.booleans(), st.none() | _seen)
    ),
    st.booleans(),
)


def _is_proven(evidence: Evidence) -> bool:
    """Written out again, apart from the rules: every single thing that has to hold for TRIPPED."""

    def says(seen: Seen, wanted: float) -> bool:
        if seen.value is None or seen.age is None:
            return False
        return seen.value == wanted and seen.age >= 0.0 and seen.age < seen.limit

    return (
        says(evidence.engine, 1)
        and says(evidence.fills, 0)
        and all(each.done is True for each in evidence.written)
        and all(
            each.alive is False
            or (each.alive is True and not each.held and (each.tripped is None or says(each.tripped, 1)))
            for each in evidence.processes
        )
    )


@given(_evidence)
def test_it_is_tripped_if_and_only_if_it_is_proven(evidence: Evidence) -> None:
    assert (judge(evidence).state is KillState.TRIPPED) == _is_proven(evidence)


@given(_evidence)
def test_whatever_is_known_there_is_a_state_with_words(evidence: Evidence) -> None:
    verdict = judge(evidence)
    assert verdict.words
    assert 0 <= verdict.done <= verdict.fired


@given(_evidence)
def test_it_is_clear_only_where_the_engine_says_so_and_nothing_is_set(evidence: Evidence) -> None:
    if judge(evidence).state is KillState.CLEAR:
        assert evidence.engine.known == 0
        assert not any(evidence.surfaces.values())
        assert not evidence.written
        assert not evidence.confirmed


@given(_evidence)
def test_without_the_engines_word_it_is_never_tripped(evidence: Evidence) -> None:
    silent = replace(evidence, engine=Seen(None, None, 5.0, "no answer"))
    assert judge(silent).state is not KillState.TRIPPED
