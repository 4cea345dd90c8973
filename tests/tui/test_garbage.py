"""When the console looks for garbage: not while somebody may trip, not even at the end of its start."""

import gc
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
