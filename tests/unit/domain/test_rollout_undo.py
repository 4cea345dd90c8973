"""Taking a change back by what the journal has, and what operations say of themselves."""

import json

import pytest

from console.domain.edits import Put, Remove
from console.domain.rollout.operations import (
    Demote,
    Disable,
    Enable,
    Operation,
    Promote,
    Undo,
)
from console.domain.rollout.plan import Direction
from tests.unit.domain.planning import (
    CANARY,
    OFF,
    SHADOW,
    at,
    only,
    plan,
    refusal,
    to,
)


def test_an_undo_takes_what_a_journal_has_kept() -> None:
    done = plan("{stage: canary, canary_symbols: [BTC, ETH]}", to(OFF, "BTC"))
    before, wrote = json.loads(json.dumps([done.before, done.wrote]))
    back = plan("{stage: canary, canary_symbols: [ETH]}", Undo("guard", wrote, before))
    assert back.wrote == {"canary_symbols": ("BTC", "ETH")}
    assert back.direction is Direction.RAISES


def test_an_undo_leaves_out_a_list_that_was_empty() -> None:
    done = plan("{stage: shadow, canary_symbols: []}", only("BTC"))
    back = plan("{stage: canary, canary_symbols: [BTC]}", Undo("guard", done.wrote, done.before))
    assert back.edits == (Put(at("stage"), "shadow"), Remove(at("canary_symbols")))


@pytest.mark.parametrize(
    ("entry", "wrote", "before", "reason", "instead"),
    [
        (
            "{stage: canary, canary_symbols: [BTC]}",
            {"stage": "shadow"},
            {"stage": "disabled"},
            "stage of guard has been changed since: it is canary",
            [],
        ),
        (
            "{stage: production, enabled: false}",
            {"enabled": False},
            {"enabled": True},
            "guard was switched off; it doesn't come back as it was, but in shadow",
            [Enable("guard")],
        ),
        (
            "{stage: canary, canary_symbols: [BTC], enabled: false}",
            {"enabled": False},
            {"enabled": True},
            "guard was switched off; it doesn't come back as it was, but in shadow",
            [Enable("guard"), Enable("guard", CANARY)],
        ),
        (
            "{stage: canary, canary_symbols: [BTC]}",
            {"canary_symbols": ["BTC"]},
            {"canary_symbols": None},
            "a canary without symbols trades every symbol",
            [to(SHADOW)],
        ),
        (
            "{stage: shadow}",
            {"symbol_stages": None},
            {"symbol_stages": {"BTC": "live"}},
            "what stood in guard before can't be put back",
            [],
        ),
        (
            "{stage: shadow}",
            {"stage": "shadow"},
            {"stage": "Canary"},
            "what stood in guard before can't be put back",
            [],
        ),
        (
            "{stage: shadow}",
            {"stage": "shadow"},
            {"owner": "x"},
            "what stood in guard before can't be put",
            [],
        ),
        (
            "{stage: shadow}",
            {"stage": "shadow"},
            {"stage": "canary"},
            "a canary without symbols trades every symbol",
            [],
        ),
    ],
)
def test_an_undo_that_is_none_any_more_is_refused(
    entry: str, wrote: dict[str, object], before: dict[str, object], reason: str, instead: list[Operation]
) -> None:
    found = refusal(entry, Undo("guard", wrote, before))
    assert found.reason.startswith(reason)
    assert [each.operation for each in found.instead] == instead


@pytest.mark.parametrize(
    ("operation", "symbols"),
    [
        (to(OFF, "BTC"), ("BTC",)),
        (only("BTC"), ("BTC",)),
        (Promote("guard"), None),
        (Disable("guard"), None),
        (Enable("guard"), None),
        (Undo("guard", {}, {}), None),
    ],
)
def test_an_operation_names_symbols_or_means_the_feature(
    operation: Operation, symbols: tuple[str, ...] | None
) -> None:
    assert operation.symbols == symbols


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (to(CANARY, "BTC"), "guard to canary for BTC"),
        (to(OFF), "guard to disabled"),
        (to(CANARY, "BTC", "ETH"), "guard to canary for 2 symbols"),
        (only("BTC"), "guard to canary for BTC only"),
        (Promote("guard"), "guard up one stage"),
        (Demote("guard", ("BTC",)), "guard down one stage for BTC"),
        (Disable("guard"), "guard off"),
        (Enable("guard"), "guard on again, in shadow"),
        (Undo("guard", {}, {"stage": "shadow"}), "guard: stage as before"),
    ],
)
def test_an_operation_says_what_it_does(operation: Operation, words: str) -> None:
    assert str(operation) == words
