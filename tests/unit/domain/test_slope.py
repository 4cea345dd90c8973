"""A slope is told of what goes somewhere, and seldom of what only wanders."""

import math
import random
from collections.abc import Iterator, Sequence
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.slope import SHORTEST, slope
from console.domain.trend import outlook
from console.paper.market import Market
from console.paper.universe import listings
from tests.examples import examples
from tests.unit.domain.worlds import MARGIN, NOW

STEP = 5.0
WINDOW = 37
"""Points of the last three minutes, a step apart."""


def told(values: Sequence[float], step: float = STEP) -> float | None:
    """The slope of values that stood a step apart, as far as they are looked back on."""
    recent = values[-WINDOW:]
    return slope(tuple(NOW + step * number for number in range(len(recent))), recent)


def line(change: float, points: int, start: float = 2.0) -> list[float]:
    return [start + change * STEP * number for number in range(points)]


def looks(values: Sequence[float], begin: int) -> Iterator[tuple[int, float | None]]:
    """What is told at each step from the number `begin` on: seconds until the margin ratio's next bound."""
    for number in range(begin, len(values)):
        seen = values[: number + 1]
        change = told(seen)
        yield number, None if change is None else outlook(MARGIN, seen[-1], change).seconds


def share_told(walks: Sequence[Sequence[float]]) -> float:
    answers = [seconds for walk in walks for _, seconds in looks(walk, 8)]
    return sum(seconds is not None for seconds in answers) / len(answers)


@given(st.floats(-0.01, 0.01), st.integers(8, WINDOW))
def test_the_slope_of_a_line_is_its_own(change: float, points: int) -> None:
    found = told(line(change, points))
    if found is None:
        assert change * SHORTEST == pytest.approx(0, abs=1e-12)  # it drowns in the sixteenth digit
    else:
        assert math.isclose(found, change, rel_tol=1e-3, abs_tol=1e-9)


@pytest.mark.parametrize("step", [1.0, 5.0, 15.0, 20.0])
def test_a_line_is_seen_at_any_step(step: float) -> None:
    points = min(WINDOW, int(180 / step) + 1)
    assert told(line(-0.002, points), step) is not None or points * step < SHORTEST


@pytest.mark.parametrize("values", [[], line(-0.01, 7), line(-0.01, 2)])
def test_few_points_or_a_short_time_have_no_slope(values: list[float]) -> None:
    assert told(values) is None


def test_points_that_scatter_have_no_slope() -> None:
    assert told([2.0 - 0.01 * number + (-1) ** number for number in range(24)]) is None


def test_a_value_that_stands_still_has_a_slope_of_nought() -> None:
    assert told(line(0.0, 20)) == 0.0


@pytest.mark.parametrize("odd", [math.inf, math.nan])
def test_a_value_that_is_no_number_has_no_slope(odd: float) -> None:
    assert told([*line(-0.01, 20), odd]) is None


def calm_market(seed: int, symbols: int = 40, minutes: int = 12) -> list[list[float]]:
    """The margin ratios of the paper engine's calm market: one position a symbol, opened at the beginning."""
    listed = listings(symbols)
    market = Market(listed, seed)
    entries = {listing.symbol: market.mark(listing.symbol) for listing in listed}
    ratios: dict[str, list[float]] = {listing.symbol: [] for listing in listed}
    for second in range(minutes * 60):
        market.step()
        for listing in listed if second % STEP == 0 else ():
            entry = entries[listing.symbol]
            side = 1 if entry <= listing.price else -1
            leverage = (3, 5, 8, 10, 15, 20)[crc32(listing.symbol.encode()) % 6]
            moved = side * (market.mark(listing.symbol) / entry - 1)
            ratios[listing.symbol].append((1 / leverage + moved) / 0.005)
    return list(ratios.values())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_a_calm_market_a_time_is_hardly_ever_told(seed: int) -> None:
    assert share_told(calm_market(seed)) < 0.01


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_of_walks_close_above_a_bound_a_time_is_told_for_less_than_two_in_a_hundred_looks(seed: int) -> None:
    chance = random.Random(seed)
    walks = []
    for _ in range(60):
        walk = [1.5 + chance.uniform(0.05, 2.0)]
        while len(walk) < 150:
            walk.append(max(1.501, walk[-1] + chance.gauss(0, 0.02)))
        walks.append(walk)
    assert share_told(walks) < 0.02


@settings(max_examples=examples(20, 40))
@given(seed=st.integers(0, 10_000), noise=st.floats(0, 0.04))
def test_a_noisy_fall_out_of_the_calm_is_told_within_a_minute_and_rightly(seed: int, noise: float) -> None:
    """It falls by 1.2 a minute: the noise is up to a thirtieth of that."""
    chance, calm, pace = random.Random(seed), WINDOW, 0.02
    exact = [9.5] * calm + [9.5 - pace * STEP * number for number in range(1, 61)]
    values = [value + chance.gauss(0, noise) for value in exact]
    answers = dict(looks(values, calm))
    assert any(answers[calm + number] is not None for number in range(13))
    answered = [(exact[at], seconds) for at, seconds in answers.items() if seconds is not None]
    right = [abs(seconds * pace / (value - 1.5) - 1) <= 0.2 for value, seconds in answered]
    assert sum(right) >= 0.9 * len(right)
    assert len(answered) >= 40


@pytest.mark.parametrize("points", [1, 2, 6, 12, 24])
def test_a_fall_that_has_gone_flat_is_not_told_any_longer(points: int) -> None:
    fallen = [10.0] * WINDOW + [10 - 8.88 * number / points for number in range(1, points + 1)]
    values = fallen + [1.12] * WINDOW
    later = [seconds for at, seconds in looks(values, WINDOW) if at >= len(fallen) + 4]
    assert set(later) == {None}


@pytest.mark.parametrize("points", [1, 2, 3])
def test_a_jump_is_no_trend(points: int) -> None:
    values = [10.0] * WINDOW + [10 - 8.88 * number / points for number in range(1, points + 1)] + [1.12] * 9
    assert {seconds for _, seconds in looks(values, WINDOW)} == {None}


def test_a_fall_is_told_at_the_second_look_that_shows_it() -> None:
    values = [9.5] * WINDOW + [9.5 - 0.1 * number for number in range(1, 30)]
    first = next(at for at, seconds in looks(values, WINDOW) if seconds is not None)
    assert (first + 1 - WINDOW) * STEP == 45
