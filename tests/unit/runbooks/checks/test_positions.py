"""What the checks of positions make of the truth, and how often they look before they tell it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from console.domain.assessment import Assessment
from console.domain.surfaces import EngineState, ExchangePosition
from console.domain.truth import Finding, Flatness, Row, Truth
from console.runbooks.checks.positions import (
    MOST_LOOKS,
    Truths,
    doubt_of_books,
    not_flat,
    positions,
    positions_told,
)
from tests.unit.domain.test_truth import booked, there, world
from tests.unit.domain.worlds import BOOKS, answered, healthy, judged

HELD = booked("BTCUSDT", "LONG", "2")
FLAT, HOLDS = Flatness(True, True), Flatness(False, False)


def row(finding: Finding) -> Row:
    two = Decimal(2)
    return Row("usdm", "BTCUSDT", "LONG", two, two, two, two, by_engine=finding, by_exchange=finding)


def seen(*exchange: ExchangePosition) -> Assessment:
    return judged(world([HELD], usdm=exchange))


def truths(*looks: Assessment) -> tuple[Truths, list[float]]:
    """What is seen one look after the other, the last again and again; and how long was waited."""

    def each() -> Iterator[Assessment]:
        yield from looks
        while True:
            yield looks[-1]

    left, waits = each(), list[float]()
    return Truths(lambda *_sources: next(left), wait=waits.append), waits


@pytest.mark.parametrize(
    ("truth", "same", "told"),
    [
        (Truth(), True, True),
        (Truth((row(Finding.MATCHED),)), True, True),
        (Truth((row(Finding.QUANTITY),)), False, True),
        (Truth((row(Finding.UNKNOWN),)), None, None),
        (Truth((row(Finding.MATCHED),), {"exchange": "down"}), None, None),
        (Truth((row(Finding.FLIPPED),), {"exchange": "down"}), False, None),
    ],
)
def test_telling_is_one_thing_and_agreeing_another(
    truth: Truth, same: bool | None, told: bool | None
) -> None:
    assert (positions(truth).passes, positions_told(truth).passes) == (same, told)


@pytest.mark.parametrize(
    ("truth", "passes"),
    [
        (Truth(flat={"usdm": FLAT, "coinm": HOLDS}), True),
        (Truth(flat={"usdm": Flatness(False, True), "coinm": HOLDS}), False),
        (Truth(flat={"usdm": Flatness(True, False)}), False),
        (Truth(flat={"usdm": HOLDS}, doubts={"coinm": "no keys"}), None),
        (Truth(flat={"usdm": Flatness(True, False)}, doubts={"coinm": "no keys"}), False),
        (Truth(flat={"usdm": HOLDS}, doubts={"engine": "down"}), True),
        (Truth(), None),
    ],
)
def test_flat_on_one_side_alone_takes_more_than_a_difference(truth: Truth, passes: bool | None) -> None:
    assert not_flat(truth).passes is passes


def test_what_agrees_is_looked_at_once_and_what_differs_twice() -> None:
    same, waits = truths(seen(there("BTCUSDT", "2")))
    assert (same.now().agrees, len(waits)) == (True, 0)
    less, waits = truths(seen(there("BTCUSDT", "1")))
    assert (less.now().agrees, len(waits)) == (False, 1)


def test_what_is_on_its_way_is_waited_for() -> None:
    late, waits = truths(seen(there("BTCUSDT", "1")), seen(there("BTCUSDT", "2")))
    assert (late.now().agrees, len(waits)) == (True, 1)


def test_what_changes_at_each_look_is_unknown_in_the_end() -> None:
    restless = [seen(there("BTCUSDT", amount)) for amount in ("1", "-1", "1", "-1", "1")]
    told, waits = truths(*restless)
    assert (told.now().agrees, len(waits)) == (None, MOST_LOOKS - 1)


def test_quiet_books_are_the_present_only_once_the_engine_has_ended() -> None:
    quiet = answered("database", replace(BOOKS, quiet_for=3600.0))
    running = replace(judged(replace(healthy(), database=quiet)), books_doubt="nothing was written for 1 h")
    assert doubt_of_books(running) == "nothing was written for 1 h"
    ended = replace(running.snapshot, engine=answered("engine", EngineState(pid=7, alive=False)))
    assert doubt_of_books(replace(running, snapshot=ended)) == ""
    another = replace(running, snapshot=ended, wrong_server="the server is db-2, and has to be db-1")
    assert doubt_of_books(another) == "the server is db-2, and has to be db-1"
