"""Trails: what is kept of the past, how finely, and for how long."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from console.domain.reading import Reading
from console.domain.trails import COARSE_SPAN, COARSE_STEP, FINE_SPAN, FINE_STEP, Trails, instant_of

NAMES = ("BTC", "SOL")


def watched(instants: list[float]) -> Trails:
    trails = Trails()
    for at in instants:
        trails = trails.with_moment(at, NAMES, (at, -at))
    return trails


def test_what_was_seen_last_is_there_at_once() -> None:
    trails = watched([1.0, 2.0, 3.0])
    assert trails.newest is not None
    assert trails.newest.of("SOL") == -3.0


def test_moments_closer_than_the_step_replace_each_other() -> None:
    assert [at for at, _ in watched([0.0, 1.0, 2.0, 3.0, 4.0]).of("BTC")] == [0.0, 4.0]


def test_an_instant_that_is_not_after_the_newest_is_left_out() -> None:
    trails = watched([1.0, 2.0])
    assert trails.with_moment(2.0, NAMES, (9.0, 9.0)) is trails
    assert trails.with_moment(1.5, NAMES, (9.0, 9.0)) is trails


def test_a_column_that_says_the_same_is_kept_once() -> None:
    trails = Trails()
    for at in (0.0, 10.0, 20.0):
        trails = trails.with_moment(at, NAMES, (1.0, math.nan))
    assert len({id(moment.values) for moment in trails.moments()}) == 1


def test_where_names_stand_is_taken_from_who_knows() -> None:
    places = {"BTC": 0, "SOL": 1}
    newest = Trails().with_moment(0.0, NAMES, (1.0, 2.0), places).newest
    assert newest is not None
    assert newest.places is places


@given(st.floats(0.2, 40), st.integers(1, 3000))
def test_an_endless_watch_keeps_a_bounded_and_orderly_past(step: float, count: int) -> None:
    trails = watched([step * number for number in range(count)])
    instants = [at for at, _ in trails.of("BTC")]
    assert instants == sorted(set(instants))
    assert len(trails.fine) <= FINE_SPAN / FINE_STEP + 2
    assert len(trails.coarse) <= COARSE_SPAN / COARSE_STEP + 2
    assert instants[-1] == step * (count - 1)


def test_the_recent_past_is_fine_and_the_older_one_coarse() -> None:
    trails = watched([float(second) for second in range(7200)])
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(trails.of("BTC"))]
    assert max(gaps[-int(FINE_SPAN / FINE_STEP) + 2 :]) <= FINE_STEP
    assert max(gaps) <= COARSE_STEP + FINE_STEP


def test_what_is_older_than_the_longest_span_goes_even_after_a_long_gap() -> None:
    trails = watched([*range(0, 600, 5), COARSE_SPAN * 2, COARSE_SPAN * 2 + 10])
    assert trails.of("BTC")[0][0] >= COARSE_SPAN


def test_the_newest_is_a_step_of_its_own_once_it_is_late_enough() -> None:
    early, late = watched([0.0, 5.0, 10.0, 13.0]), watched([0.0, 5.0, 10.0, 15.0])
    assert [moment.at for moment in early.steps(8.0)] == [5.0, 10.0]
    assert [moment.at for moment in late.steps(8.0)] == [10.0, 15.0]
    assert watched([]).steps(8.0) == ()


def test_names_may_come_and_go() -> None:
    trails = Trails().with_moment(0, ("BTC", "SOL"), (1, 2)).with_moment(10, ("ADA", "SOL"), (3, 4))
    assert trails.of("BTC") == [(0, 1)]
    assert trails.of("ADA") == [(10, 3)]
    assert trails.of("SOL") == [(0, 2), (10, 4)]


def test_a_moment_without_a_value_is_left_out_of_the_trail() -> None:
    trails = watched([0.0]).with_moment(10.0, NAMES, (math.nan, 1.0))
    assert [at for at, _ in trails.of("BTC")] == [0.0]


def test_a_trail_can_be_had_from_an_instant_on() -> None:
    assert [at for at, _ in watched([float(n) for n in range(0, 100, 5)]).of("BTC", since=80)] == [
        80,
        85,
        90,
        95,
    ]


def test_a_number_too_great_for_32_bits_is_infinite() -> None:
    assert Trails().with_moment(0.0, NAMES, (1e300, 1.0)).of("BTC") == [(0.0, math.inf)]


def test_the_same_names_share_their_places() -> None:
    trails = watched([0.0, 10.0])
    assert trails.newest is not None
    assert trails.newest.places is trails.fine[0].places


def test_a_reading_stands_for_the_instant_it_speaks_of() -> None:
    assert instant_of(Reading("metrics", 10.0, 0.1, value=1, data_at=9.0)) == 9.0
    assert instant_of(Reading("metrics", 10.0, 0.1, value=1)) == 10.0
