"""What steps took, by the moves of their runs, and in words."""

from dataclasses import replace

import pytest

from console.runbooks.run import State, StepRun
from console.runbooks.store import Moved
from console.runbooks.times import lasted, lasting, usual_seconds


def attempt(begun: float, ended: float, state: State = State.PASSED, step: str = "stop") -> list[Moved]:
    """The two moves of one attempt at a step."""
    running = Moved(step, 1, State.RUNNING.value, begun, "alice", "", "")
    return [running, replace(running, version=2, state=state.value, at=ended)]


def test_the_usual_time_is_the_median_of_the_attempts_that_passed() -> None:
    runs = [attempt(0, 4), attempt(10, 18), attempt(20, 29), attempt(30, 90, State.FAILED)]
    assert usual_seconds(runs) == {"stop": 8}


def test_each_attempt_counts_from_its_own_begin() -> None:
    twice = [*attempt(0, 5, State.FAILED), *attempt(60, 62)]
    assert [(move.state, span) for move, span in lasted(twice)] == [("failed", 5), ("passed", 2)]


def test_steps_that_overlap_are_told_apart() -> None:
    (a1, a2), (b1, b2) = attempt(0, 9), attempt(1, 3, step="see")
    assert [(move.step, span) for move, span in lasted([a1, b1, b2, a2])] == [("see", 2), ("stop", 9)]


def test_a_step_that_passed_without_being_begun_has_no_time() -> None:
    already = attempt(0, 1)[1:]
    assert usual_seconds([already]) == {}


def test_a_clock_that_was_set_back_makes_no_time_negative() -> None:
    assert [span for _, span in lasted(attempt(100, 40))] == [0.0]


@pytest.mark.parametrize(
    ("usual", "words"),
    [({}, "for 12 s"), ({"stop": 8.0}, "for 12 s, usually 8.0 s"), ({"see": 8.0}, "for 12 s")],
)
def test_how_long_it_has_been_is_told_against_the_usual_time(usual: dict[str, float], words: str) -> None:
    assert lasting(StepRun("stop", State.RUNNING, since=100.0), 112.0, usual) == words
