"""Which releases stay whatever their age."""

import pytest

from console.domain.release import Event, past_of, previous_of
from console.domain.release_pruning import needed
from tests.unit.domain.test_release import event

GOOD = ("deployed A", "healthy A", "deployed B", "healthy B", "deployed C", "healthy C", "deployed D")


def events(*told: str) -> list[Event]:
    return [event(at, *words.split()) for at, words in enumerate(told)]


@pytest.mark.parametrize(
    ("told", "stays"),
    [
        (GOOD, "CD"),
        ((*GOOD, "back C"), "BC"),
        ((*GOOD, "begun B"), "BCD"),
        (GOOD[:-1], "BC"),
        ((*GOOD[:5], "deployed D"), "BD"),  # C never was healthy
    ],
)
def test_what_is_deployed_and_what_there_is_to_go_back_to_stay(told: tuple[str, ...], stays: str) -> None:
    assert "".join(sorted(needed(events(*told), None, None, {}))) == stays


def test_an_open_run_goes_by_what_stood_there_when_it_began() -> None:
    told = needed(events(*GOOD, "healthy D", "deployed E"), None, None, {"run7": 3.5})  # B had just come
    assert {name for name, why in told.items() if why == "run run7 is open"} == {"A", "B", "C"}
    assert told["E"] == "it is deployed"


def test_one_that_was_removed_is_nothing_to_go_back_to() -> None:
    past = past_of(events(*GOOD, "removed C"))
    assert previous_of(past, "D").id == "B"
