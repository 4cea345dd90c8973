"""Where file and engine differ, and for how long: what of it is drift, and what alert that makes."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from console.domain.reading import Reading
from console.domain.rollout.drift import Cell, Standing
from console.domain.rollout.stages import PAPER, Stage
from console.domain.severity import Severity
from tests.unit.domain.rollouts import (
    ALL_LIVE,
    ALL_SHADOW,
    LIMIT,
    alerts,
    at,
    drift,
    engine,
    flags,
    judged,
    last,
    read,
)
from tests.unit.domain.worlds import NOW

_, SHADOW, CANARY, LIVE = Stage


def test_what_differs_is_drift_once_it_outlives_the_limit_of_the_metrics() -> None:
    file, said = flags("guard: {stage: canary}"), engine(ALL_SHADOW)
    looks = [at(later, file, said) for later in (0, 1, LIMIT, 2.5)]
    found = [assessment.rollout for assessment in judged(looks)]
    assert [len(drift(status)) for status in found] == [0, 0, 0, 2]
    assert found[-1].cell("guard", "BTC") == Cell(CANARY, SHADOW, "", Standing.DRIFT, NOW)


def test_a_change_that_the_engine_follows_in_time_is_never_drift() -> None:
    old, new = flags(), flags("guard: {stage: canary}")
    looks = [
        at(0, old, engine(ALL_SHADOW)),
        at(60, new, engine(ALL_SHADOW)),
        at(61, new, engine(dict.fromkeys(ALL_SHADOW, 2.0))),
        at(65, new, engine(dict.fromkeys(ALL_SHADOW, 2.0))),
    ]
    assert [len(drift(one.rollout)) for one in judged(looks)] == [0, 0, 0, 0]
    assert last(*looks).cell("guard", "BTC").standing is Standing.LOADED


def test_words_of_an_engine_that_were_read_before_the_file_prove_nothing_against_it() -> None:
    old, new = at(0, flags(), engine(ALL_SHADOW)), flags("guard: {stage: canary}")
    first = replace(old, at=NOW + 1.5, flags=read("flags", new, NOW + 1.5))
    assert drift(last(old, first, at(3, new, engine(ALL_SHADOW)))) == {}


def test_a_file_that_cannot_be_read_again_does_not_make_drift_of_a_change() -> None:
    first = at(0, flags(), engine(ALL_SHADOW))
    looks = [at(later, flags(), engine(ALL_LIVE)) for later in (1, 2, 3, 4)]
    unread = [
        replace(
            look, flags=replace(first.flags, stale_after=9, last=Reading("flags", look.at, 0, error="gone"))
        )
        for look in looks
    ]
    assert drift(last(first, *unread)) == {}


def test_a_difference_that_becomes_another_one_begins_anew() -> None:
    file = flags("guard: {stage: production}")
    looks = [at(later, file, engine(ALL_SHADOW)) for later in (0, 5)]
    further = engine({**ALL_SHADOW, ("guard", "SOL"): 2.0})
    assert drift(last(*looks, at(6, file, further))) == {("guard", "BTC"): NOW}


def test_a_comment_in_the_file_does_not_take_the_age_of_a_difference() -> None:
    file, said = flags("guard: {stage: canary}"), engine(ALL_SHADOW)
    other = flags("guard: {stage: canary}  # soon")
    assert (
        drift(last(at(0, file, said), at(1, other, said), at(2.5, other, said))).keys() == ALL_SHADOW.keys()
    )


def test_drift_ends_when_the_engine_follows() -> None:
    file = flags("guard: {stage: production}")
    looks = [at(0, file, engine(ALL_SHADOW)), at(5, file, engine(ALL_SHADOW)), at(6, file, engine(ALL_LIVE))]
    assert [len(drift(one.rollout)) for one in judged(looks)] == [0, 2, 0]


def test_an_engine_that_no_longer_exports_stages_does_not_drift_any_more() -> None:
    looks = [at(later, flags(), engine(ALL_LIVE)) for later in (0, 9)]
    assert drift(last(*looks))
    assert alerts(*looks, at(10, flags(), engine({}))) == []


def test_a_drift_that_cannot_be_looked_at_any_more_is_told_as_last_seen() -> None:
    looks = [at(later, flags(), engine(ALL_LIVE)) for later in (0, 3)]
    (alert,) = alerts(*looks, replace(looks[-1], at=NOW + 30))
    assert (alert.severity, alert.summary[:15]) == (Severity.UNKNOWN, "last seen high,")


def test_an_engine_that_reads_at_its_start_needs_a_restart_and_does_not_drift() -> None:
    dialect = replace(PAPER, at_start=True)
    looks = [at(later, flags("guard: {stage: canary}"), engine(ALL_SHADOW)) for later in (0, 9)]
    assert last(looks[0], dialect=dialect).cell("guard", "BTC").standing is Standing.RESTART
    status = last(*looks, dialect=dialect)
    assert (len(drift(status)), status.at_start) == (2, True)
    assert [alert.name for alert in alerts(*looks, dialect=dialect)] == ["restart needed"]


def test_each_feature_has_one_alert_with_the_symbol_that_says_most() -> None:
    file = flags("guard: {stage: canary}\n  exits: {stage: shadow}")
    said = engine({**ALL_SHADOW, ("guard", "ETH"): 1.0, ("exits", "SOL"): 1.0, ("exits", "BTC"): 3.0})
    found = alerts(at(0, file, said), at(12, file, said))
    assert [(alert.name, alert.severity, alert.summary) for alert in found] == [
        ("rollout drift", Severity.HIGH, "exits: BTC has production loaded, the file says shadow, for 12 s"),
        (
            "rollout drift",
            Severity.WARNING,
            "guard: 3 symbols, BTC has shadow loaded, the file says canary, for 12 s",
        ),
    ]


def test_what_trades_against_the_file_is_named_before_what_has_drifted_for_longer() -> None:
    early = engine({("guard", "BTC"): 0.0, ("guard", "SOL"): 1.0})
    late = engine({("guard", "BTC"): 0.0, ("guard", "SOL"): 3.0})
    looks = [at(0, flags(), early), at(20, flags(), late), at(30, flags(), late)]
    (alert,) = alerts(*looks)
    assert alert.severity is Severity.HIGH
    assert alert.summary == "guard: 2 symbols, SOL has production loaded, the file says shadow, for 10 s"


def test_nothing_is_looked_for_again_while_file_and_engine_say_the_same() -> None:
    file, said = flags(), engine({**ALL_SHADOW, ("guard", "SOL"): 3.0})
    found = [one.rollout for one in judged(at(later, file, said) for later in (0, 3, 4, 5))]
    assert found[-1].differences is found[1].differences
    for one, other in pairwise(found):
        assert (one.rules, one.features, one.listings) == (other.rules, other.features, other.listings)
        assert one.rules is other.rules
        assert one.features is other.features
        assert one.listings is other.listings


STAGES = st.sampled_from([0.0, 1.0, 2.0, 3.0, float("nan")])


@given(
    st.lists(
        st.tuples(
            st.floats(0.1, 3),
            st.sampled_from(["disabled", "shadow", "canary", "production"]),
            st.fixed_dictionaries({("guard", symbol): STAGES for symbol in ("BTC", "SOL")}),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_going_on_from_what_was_found_comes_to_what_stands_there(
    steps: list[tuple[float, str, dict[tuple[str, str], float]]],
) -> None:
    later, looks = 0.0, []
    for pause, stage, said in steps:
        later += pause
        looks.append(at(later, flags(f"guard: {{stage: {stage}}}"), engine(said)))
    for look, assessment in zip(looks, judged(looks), strict=True):
        status, alone = assessment.rollout, last(look)
        assert status.following("guard") == alone.following("guard")
        for symbol in ("BTC", "SOL"):
            cell, fresh = status.cell("guard", symbol), alone.cell("guard", symbol)
            assert (cell.desired, cell.loaded) == (fresh.desired, fresh.loaded)
            drifts = cell.standing is Standing.DRIFT
            assert drifts == (("guard", symbol) in drift(status))
            assert not drifts or (cell.since is not None and look.at - cell.since > LIMIT)
