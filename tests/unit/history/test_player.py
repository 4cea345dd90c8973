"""A replay shows what the console showed: the same meaning, at the same ages, with the same trails."""

import asyncio
import math
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.assessment import Assessment, assess
from console.domain.metrics import Metrics
from console.domain.reading import Health, Reading
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.history.instants import InstantError
from console.history.player import FASTEST, Player, open_player
from console.history.tape import Tape
from tests.unit.domain.worlds import NOW
from tests.unit.history.records import (
    DAY,
    HEADER,
    RULES,
    HandClock,
    falling_margin,
    meaning,
    recorded,
)
from tests.waiting import until


def opened(folder: Path, at: str | None = None, speed: float = 1.0) -> tuple[Player, HandClock]:
    """A player on the record in `folder`, and the clock of whoever looks at it."""
    clock = HandClock(at=5_000_000.0)
    return open_player(folder, at, speed, clock), clock


def margin(assessment: Assessment, symbol: str = "BTC") -> float | None:
    row = next(row for row in assessment.symbols if row.symbol == symbol)
    return row.values["margin_ratio"].number


def test_each_recorded_instant_means_what_it_meant(tmp_path: Path) -> None:
    steps = falling_margin(30)
    player, clock = opened(recorded(tmp_path, steps))
    before = None
    for step in steps:
        seen = assess(step, RULES, before)
        assert meaning(player.assessment()) == meaning(seen)
        before = step, seen
        clock.at += 1.0


def test_between_two_steps_of_an_unbroken_record_what_was_fresh_stays_fresh(tmp_path: Path) -> None:
    steps = [step for number, step in enumerate(falling_margin(31)) if number % 5 == 0]
    clock = HandClock()
    tape = Tape(tmp_path, HEADER, DAY, clock)
    for step in steps:
        clock.at = step.at
        tape.step(step, 5.0)
    tape.close()
    player, clock = opened(tmp_path)
    clock.at += 4.5
    assert player.assessment().source("metrics").health is Health.FRESH


def test_values_grow_old_where_the_console_wrote_nothing(tmp_path: Path) -> None:
    steps = falling_margin(30)
    player, clock = opened(recorded(tmp_path, [*steps[:5], *steps[20:]]))
    clock.at += 15
    source = player.assessment().source("metrics")
    assert source.health is Health.STALE
    assert source.age == pytest.approx(11.01)


def test_time_runs_at_the_speed_asked_for(tmp_path: Path) -> None:
    player, clock = opened(recorded(tmp_path, falling_margin(100)), speed=4.0)
    clock.at += 10
    assert player.at == NOW + 40
    assert margin(player.assessment()) == pytest.approx(2 - 40 / 99)


def test_a_changed_speed_goes_on_from_where_the_replay_is(tmp_path: Path) -> None:
    player, clock = opened(recorded(tmp_path, falling_margin(100)))
    clock.at += 10
    player.set_speed(2.0)
    clock.at += 10
    assert player.at == NOW + 30


def test_a_speed_out_of_reach_becomes_the_nearest_one(tmp_path: Path) -> None:
    player, _ = opened(recorded(tmp_path, falling_margin(2)))
    player.set_speed(1e9)
    assert player.speed == FASTEST


def test_a_paused_replay_stands_still_and_then_goes_on(tmp_path: Path) -> None:
    player, clock = opened(recorded(tmp_path, falling_margin(100)))
    clock.at += 10
    player.paused = True
    clock.at += 50
    assert player.at == NOW + 10
    player.paused = False
    clock.at += 5
    assert player.at == NOW + 15


def test_at_the_end_of_the_record_time_stands_still(tmp_path: Path) -> None:
    steps = falling_margin(10)
    player, clock = opened(recorded(tmp_path, steps))
    clock.at += 1000
    assert (player.at, margin(player.assessment(ahead=0.1))) == (steps[-1].at, 1.0)


@pytest.mark.parametrize("to", [0, 5, 119, 120, 121, 250, 299])
def test_after_a_jump_the_instant_means_what_it_meant(tmp_path: Path, to: int) -> None:
    steps = falling_margin(300)
    player, _ = opened(recorded(tmp_path, steps), at="-1s")
    player.seek(steps[to].at)
    seen = player.assessment()
    assert (seen.snapshot, seen.severity) == (steps[to], assess(steps[to], RULES).severity)


def test_a_jump_out_of_the_record_goes_to_its_nearest_end(tmp_path: Path) -> None:
    steps = falling_margin(10)
    player, _ = opened(recorded(tmp_path, steps))
    player.seek(NOW + 5000)
    assert player.at == steps[-1].at
    player.seek(NOW - 5000)
    assert player.at == steps[0].at


@pytest.fixture(scope="module")
def long_record(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Snapshot], Path]:
    """What was shown for 1,600 seconds, and the folder of its record."""
    steps = falling_margin(1600)
    return steps, recorded(tmp_path_factory.mktemp("record"), steps)


@pytest.mark.parametrize("to", [40, 700, 1500])
def test_after_a_jump_the_trails_reach_back_as_far_as_those_of_the_screen(
    long_record: tuple[list[Snapshot], Path], to: int
) -> None:
    steps, folder = long_record
    player, _ = opened(folder, at="-1s")
    before = None
    for step in steps[: to + 1]:
        before = step, assess(step, RULES, before)
    assert before is not None
    player.seek(steps[to].at)
    shown, seen = (dict(judged.margins.of("BTC")) for judged in (player.assessment(), before[1]))
    begins = [min(trail) for trail in (shown, seen)]
    assert begins[0] - begins[1] <= 60
    line = {step.at: 2.0 - number / 1599 for number, step in enumerate(steps)}
    assert all(math.isclose(value, line[at], rel_tol=1e-6) for at, value in shown.items())
    recent = [at for at in shown if at >= steps[to].at - 180]
    assert len(recent) >= min(to, 180) / 10


def test_a_little_look_ahead_does_not_lose_the_place(tmp_path: Path) -> None:
    player, clock = opened(recorded(tmp_path, falling_margin(100)))
    clock.at += 50
    player.assessment()
    clock.at += 0.95
    ahead = player.assessment(ahead=0.1)
    assert player.assessment().snapshot is ahead.snapshot


def test_the_operators_keys_are_shown_near_their_instant(tmp_path: Path) -> None:
    clock = HandClock()
    tape = Tape(tmp_path, HEADER, DAY, clock)
    for number, snapshot in enumerate(falling_margin(60)):
        clock.at = snapshot.at
        if number in (10, 15, 40):
            tape.key(f"key{number}")
        tape.step(snapshot, 1.0)
    tape.close()
    player, _ = opened(tmp_path)
    shown = [player.keys_near(NOW + second) for second in (5, 16, 24, 45)]
    assert shown == [(), ("key10", "key15"), ("key15",), ("key40",)]


def test_a_replay_judges_by_the_recorded_rules(tmp_path: Path) -> None:
    player, _ = opened(recorded(tmp_path, falling_margin(3)))
    assert player.header == HEADER


def test_a_source_that_failed_then_fails_now(tmp_path: Path) -> None:
    steps = falling_margin(5)
    failed: Reading[Metrics] = Reading("metrics", steps[-1].at, 0.5, error="connection refused")
    broken = replace(steps[-1], at=NOW + 5, metrics=replace(steps[-1].metrics, last=failed))
    player, _ = opened(recorded(tmp_path, [*steps, broken]), at="-0s")
    assert player.assessment().source("metrics").cause == "connection refused"


def test_the_time_to_begin_at_lies_in_the_record(tmp_path: Path) -> None:
    folder = recorded(tmp_path, falling_margin(10))
    with pytest.raises(
        InstantError, match="outside of the record, which holds 2027-01-15 08:00:00 to 08:00:09 UTC"
    ):
        opened(folder, at="-1h")


def test_the_clock_tells_the_replayed_time_of_day(tmp_path: Path) -> None:
    clock = HandClock(wall_ahead=3600.0)
    tape = Tape(tmp_path, HEADER, DAY, clock)
    for snapshot in falling_margin(3):
        clock.at = snapshot.at
        tape.step(snapshot, 1.0)
    tape.close()
    player, _ = opened(tmp_path, at="-1s")
    assert (player.clock.now(), player.clock.wall()) == (NOW + 1, NOW + 3601)


def test_two_runs_of_the_console_are_replayed_one_after_the_other(tmp_path: Path) -> None:
    first, second = falling_margin(5), falling_margin(5, begin=NOW + 1000)
    recorded(tmp_path, second)
    recorded(tmp_path, first)
    player, clock = opened(tmp_path)
    clock.at += 4
    assert player.assessment().snapshot == first[4]
    clock.at += 500
    assert player.assessment().severity is Severity.UNKNOWN
    clock.at += 496
    assert player.assessment().snapshot == second[0]


async def test_running_tells_of_each_step_as_it_comes(tmp_path: Path) -> None:
    from console.domain.clock import SystemClock

    player = open_player(recorded(tmp_path, falling_margin(40)), None, 128.0, SystemClock())
    told: list[Snapshot] = []
    running = asyncio.create_task(player.run(lambda: told.append(player.assessment().snapshot)))
    await until(lambda: told and told[-1].at >= player.end)
    running.cancel()
    assert len(told) > 3
