"""A trip over time: when it was acknowledged, when it was lost, and when that is over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.domain.kill_watch import MOST_PROCESSES, KillWatch, Word, watched
from console.domain.last_trip import LastTrip

TRIP = LastTrip(at=100.0, by="dana", reason="test", scope="all")
RESET = replace(TRIP, reset=200.0)
SET = {"flag file": True}
FREE = {"flag file": False}

Step = tuple[LastTrip | None, float | None, float]
"""The last trip of ours, the engine's word, and the instant it speaks of."""


def after(*steps: Step, surfaces: Mapping[str, bool | None] = SET) -> KillWatch:
    watch = KillWatch()
    for trip, value, at in steps:
        watch = watched(watch, trip, Word(value, at), surfaces)
    return watch


def test_a_trip_is_acknowledged_by_the_first_word_of_the_engine_after_it() -> None:
    assert after((TRIP, 0, 99), (TRIP, 0, 101), (TRIP, 1, 102), (TRIP, 1, 103)).acknowledged == 102


def test_a_word_from_before_the_trip_acknowledges_nothing() -> None:
    assert after((TRIP, 1, 99)).acknowledged is None


def test_what_another_console_has_noted_counts() -> None:
    noted = replace(TRIP, acknowledged=101.5, lost=130.0)
    assert after((noted, None, 140)) == KillWatch(100.0, 101.5, 130.0)


def test_a_trip_that_the_engine_takes_back_is_lost_from_then_on() -> None:
    assert after((TRIP, 1, 102), (TRIP, 0, 110), (TRIP, 0, 111)).lost == 110


def test_a_loss_stays_while_the_engine_is_silent() -> None:
    assert after((TRIP, 1, 102), (TRIP, 0, 110), (TRIP, None, 120)).lost == 110


def test_a_word_older_than_another_consoles_acknowledgement_loses_nothing() -> None:
    assert after((replace(TRIP, acknowledged=110.0), 0, 109)).lost is None


def test_a_loss_is_over_when_the_engine_is_tripped_again() -> None:
    noted = replace(TRIP, acknowledged=102.0, lost=110.0)
    again = after((noted, 1, 102), (noted, 0, 110), (noted, 1, 120), (noted, 1, 121))
    assert (again.acknowledged, again.lost) == (120, None)


def test_a_new_trip_begins_anew() -> None:
    newer = replace(TRIP, at=150.0)
    assert after((TRIP, 1, 102), (TRIP, 0, 110), (newer, 0, 151)) == KillWatch(150.0)


def test_what_is_added_to_a_trip_has_to_be_acknowledged_after_that() -> None:
    added = replace(TRIP, renewed=150.0)
    assert after((TRIP, 1, 102), (added, 1, 149)) == KillWatch(150.0)
    assert after((TRIP, 1, 102), (added, 1, 149), (added, 1, 151)).acknowledged == 151


def test_a_reset_ends_a_loss() -> None:
    assert after((TRIP, 1, 102), (TRIP, 0, 110), (RESET, 0, 201)).lost is None


def test_an_engine_that_follows_a_reset_late_has_lost_nothing() -> None:
    late = after((TRIP, 1, 102), (RESET, 1, 201), (RESET, 0, 202))
    assert (late.acknowledged, late.lost) == (None, None)


def test_a_trip_that_somebody_else_makes_after_a_reset_is_seen() -> None:
    theirs = after((TRIP, 1, 102), (RESET, 0, 201), (RESET, 0, 202), (RESET, 1, 300), (RESET, 0, 310))
    assert (theirs.acknowledged, theirs.lost) == (300, 310)


def test_a_trip_of_somebody_else_is_lost_while_a_surface_is_set() -> None:
    assert after((None, 1, 50), (None, 0, 60)).lost == 60


def test_a_trip_of_somebody_else_that_was_taken_back_everywhere_is_over() -> None:
    assert after((None, 1, 50), (None, 0, 60), surfaces=FREE) == KillWatch(clear=60)


def test_a_trip_at_first_sight_is_told_from_one_that_was_seen_to_come() -> None:
    assert not after((None, 1, 50)).was_seen_to_come
    assert after((None, 0, 49), (None, 1, 50)).was_seen_to_come
    assert not after((None, 0, 40), (None, None, 45), (None, 1, 50)).was_seen_to_come


def test_a_surface_that_cannot_be_read_may_be_set() -> None:
    assert after((None, 1, 50), (None, 0, 60), surfaces={"database": None}).lost == 60


_steps = st.lists(
    st.tuples(
        st.sampled_from([None, TRIP, RESET, replace(TRIP, at=300.0)]),
        st.sampled_from([None, 0.0, 1.0]),
        st.floats(0, 400),
    ),
    max_size=8,
)


@given(_steps)
def test_a_loss_always_comes_after_an_acknowledgement(steps: Sequence[Step]) -> None:
    watch = after(*steps)
    if watch.lost is not None:
        assert watch.acknowledged is not None and watch.lost > watch.acknowledged


@given(_steps)
def test_judging_the_same_twice_changes_nothing(steps: Sequence[Step]) -> None:
    assert after(*steps, *steps[-1:]) == after(*steps)


def test_labels_without_end_are_not_kept() -> None:
    watch = KillWatch()
    for number in range(MOST_PROCESSES + 10):
        heard = frozenset({(("instance", str(number)),)})
        watch = watched(watch, TRIP, Word(1, 101 + number, heard), SET)
    assert len(watch.processes) == MOST_PROCESSES
