import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alert_feed.counting import events, selector, still_since

Samples = list[tuple[float, float]]


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([5, 5, 5], 0),
        ([5, 6, 9], 4),
        ([5, 6, 0, 2], 3),
        ([5, 3], 3),
        ([], 0),
    ],
)
def test_events_are_the_steps_of_a_counter_and_what_it_counts_after_a_restart(
    values: list[float], count: float
) -> None:
    samples = list(enumerate([5.0, *values]))
    assert events(samples, 0, born=False) == count


def test_a_step_counts_when_its_later_sample_is_in_the_window() -> None:
    samples = [(0.0, 1.0), (10.0, 3.0), (20.0, 7.0)]
    assert [events(samples, start, born=False) for start in (-1, 0, 9.9, 10, 20)] == [6, 6, 6, 4, 0]


def test_a_counter_that_came_while_it_was_watched_began_at_0() -> None:
    assert events([(5, 2), (10, 3)], 0, born=True) == 3


def test_of_a_counter_that_may_have_been_there_before_only_its_growth_is_known() -> None:
    assert events([(5, 2), (10, 3)], 0, born=False) == 1


def test_a_counter_that_was_there_before_was_not_born() -> None:
    assert events([(0, 2), (10, 3)], 0, born=True) == 1


@given(st.lists(st.integers(0, 3), max_size=30), st.sets(st.integers(0, 29)), st.integers(-1, 30))
def test_every_event_is_counted_once_however_often_the_engine_restarts(
    grown: list[int], restarts: set[int], start: int
) -> None:
    """A restart is seen where the counter is then lower than before; here it always is."""
    samples: Samples = [(-1.0, 0.0)]
    for at, step in enumerate(grown):
        last = samples[-1][1]
        restarted = at in restarts and step < last
        samples.append((float(at), float(step if restarted else last + step)))
    expected = sum(step for at, step in enumerate(grown) if at > start)
    assert events(samples, start, born=False) == expected


@given(st.lists(st.tuples(st.floats(0, 9), st.integers(0, 9)), max_size=9), st.integers(1, 9))
def test_windows_that_follow_each_other_count_what_one_does(steps: list[tuple[float, int]], cut: int) -> None:
    times = sorted({at for at, _ in steps})
    values = itertools.accumulate(value for _, value in steps)
    samples = list(zip(times, values, strict=False))
    before = [one for one in samples if one[0] <= cut]
    whole = events(samples, 0, born=False)
    assert events(before, 0, born=False) + events(samples, cut, born=False) == whole


def test_a_selector_takes_labels_of_any_text() -> None:
    assert selector("x_total", (("a", 'q"\\'), ("b", "é"))) == r'x_total{a="q\"\\",b="é"}'


@pytest.mark.parametrize(
    ("samples", "since"),
    [
        ([(0, 5), (60, 5), (120, 5), (180, 5)], 100),
        ([(90, 5), (120, 6), (180, 6)], 120),
        ([(90, 5), (120, 0), (180, 0)], 120),
        ([(60, 5), (151, 5), (180, 5)], 151),  # whatever was between
        ([(150, 5), (180, 5)], 150),  # born
        ([(60, 5), (99, 5)], 200),  # not seen since
        ([], 200),
    ],
)
def test_a_counter_stands_still_since_no_earlier_than_it_moved(samples: Samples, since: float) -> None:
    assert still_since(samples, 100, 200) == since
