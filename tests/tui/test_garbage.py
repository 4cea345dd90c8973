"""When the console looks for garbage: not while somebody may trip, not even at the end of its start.

And now and then at everything, so that what Python keeps for the next time goes back.
"""

import gc
import sys
from collections.abc import Iterator

import pytest

from console.tui import garbage


@pytest.fixture
def looks() -> Iterator[list[str]]:
    """The looks for garbage since the start was held."""
    seen: list[str] = []

    def look(phase: str, _: dict[str, int]) -> None:
        seen.append(phase)

    enabled, thresholds = gc.isenabled(), gc.get_threshold()
    garbage.hold()
    gc.callbacks.append(look)
    yield seen
    gc.callbacks.remove(look)
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


def test_a_start_ends_with_a_look(looks: list[str]) -> None:
    garbage.release()
    assert looks == ["start", "stop"]
    assert gc.isenabled()
    assert gc.get_threshold()[0] > 0


def test_a_start_that_ends_while_somebody_may_trip_ends_without_one(looks: list[str]) -> None:
    garbage.pause()
    garbage.release()
    assert looks == []
    assert gc.get_threshold()[0] == 0
    garbage.resume()
    assert gc.isenabled()
    assert gc.get_threshold()[0] > 0


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_everything_is_looked_at_now_and_then_but_not_again_at_once(looks: list[str]) -> None:
    garbage.release()
    looks.clear()
    clock = Clock()
    tidying = garbage.Tidying(clock)
    tidying.tidy()
    assert looks == []
    clock.now += 60
    tidying.tidy()
    tidying.tidy()
    assert looks == ["start", "stop"]
    clock.now += 24 * 3600
    tidying.tidy()
    assert looks == ["start", "stop"] * 2


def test_nothing_is_looked_at_while_somebody_may_trip(looks: list[str]) -> None:
    garbage.release()
    looks.clear()
    clock = Clock()
    tidying = garbage.Tidying(clock)
    garbage.pause()
    clock.now += 24 * 3600
    tidying.tidy()
    assert looks == []
    garbage.resume()
    tidying.tidy()
    assert looks == ["start", "stop"]


def test_a_look_at_everything_lets_go_of_the_tuples_that_python_keeps() -> None:
    """The reason for it: were it to end with a new Python, there would be no need to look."""
    kept = [tuple(number for number in range(16)) for _ in range(2000)]
    gc.collect()
    del kept
    before = sys.getallocatedblocks()
    gc.collect()
    assert before - sys.getallocatedblocks() > 1500
