"""Whether a change raises the risk: also where a file, an account or a list can't be told."""

from dataclasses import replace

import pytest

from console.domain.rollout.operations import (
    Demote,
    Disable,
    Enable,
    Operation,
    Undo,
)
from console.domain.rollout.plan import Direction, Effect, Move, Refusal
from console.domain.rollout.stages import PAPER, Dialect
from tests.unit.domain.planning import (
    CANARY,
    LIVE,
    OFF,
    PLAIN,
    SHADOW,
    asked,
    only,
    plan,
    refusal,
    to,
)


@pytest.mark.parametrize(
    ("moves", "direction"),
    [
        ([Move(OFF, CANARY)], Direction.RAISES),
        ([Move(CANARY, LIVE)], Direction.RAISES),
        ([Move(CANARY, OFF), Move(OFF, CANARY)], Direction.RAISES),
        ([Move(None, CANARY)], Direction.RAISES),
        ([Move(SHADOW, None)], Direction.RAISES),
        ([Move(OFF, SHADOW)], Direction.RAISES),
        ([Move(LIVE, CANARY)], Direction.LOWERS),
        ([Move(CANARY, SHADOW), Move(OFF, SHADOW)], Direction.LOWERS),
        ([Move(LIVE, None)], Direction.LOWERS),
        ([Move(None, SHADOW)], Direction.LOWERS),
        ([Move(None, OFF)], Direction.LOWERS),
        ([Move(SHADOW, OFF)], Direction.LOWERS),
        ([Move(CANARY, CANARY), Move(None, None)], Direction.SAME),
    ],
)
def test_any_symbol_that_trades_more_raises_the_risk(moves: list[Move], direction: Direction) -> None:
    assert Effect(dict.fromkeys(moves, ("BTC",)), others=Move(OFF, OFF)).direction is direction


def test_a_symbol_that_is_listed_tomorrow_counts_too() -> None:
    assert Effect({Move(LIVE, OFF): ("BTC",)}, others=Move(OFF, CANARY)).direction is Direction.RAISES


MALFORMED = ("canary_percentage: '25'", "canary_percentage: 250", "allowed_accounts: 3")


@pytest.mark.parametrize("malformed", [*MALFORMED, "enabled: 'yes'", "symbol_stages: {ETH: Shadow}"])
@pytest.mark.parametrize(
    "operation", [to(LIVE), only("BTC"), Undo("guard", {"stage": "shadow"}, {"stage": "production"})]
)
def test_nothing_goes_up_beside_a_key_that_nobody_understands(malformed: str, operation: Operation) -> None:
    entry = f"{{stage: shadow, canary_symbols: [BTC], {malformed}}}"
    assert isinstance(asked(entry, operation), Refusal)


@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_longer_list_beside_a_key_that_nobody_understands_is_refused(malformed: str) -> None:
    entry = f"{{stage: canary, canary_symbols: [BTC], {malformed}}}"
    longer = Undo("guard", {"canary_symbols": ["BTC"]}, {"canary_symbols": ["BTC", "ETH"]})
    assert "to be mended first" in refusal(entry, longer).reason


@pytest.mark.parametrize("malformed", MALFORMED)
@pytest.mark.parametrize(
    ("entry", "operation"),
    [
        ("stage: production", to(SHADOW)),
        ("stage: canary", Disable("guard")),
        ("stage: shadow", to(OFF)),
        (
            "stage: canary, canary_symbols: [BTC, ETH]",
            Undo("guard", {"canary_symbols": ["BTC", "ETH"]}, {"canary_symbols": ["BTC"]}),
        ),
    ],
)
def test_what_is_plainly_lower_goes_down_beside_it(malformed: str, entry: str, operation: Operation) -> None:
    assert plan(f"{{{entry}, {malformed}}}", operation).direction is Direction.LOWERS


def test_what_moves_nothing_waits_until_such_a_file_is_mended() -> None:
    other_order = Undo("guard", {}, {"canary_symbols": ["ETH", "BTC"]})
    entry = "{stage: shadow, canary_symbols: [BTC, ETH]}"
    assert plan(entry, other_order).direction is Direction.SAME
    assert "to be mended first" in refusal(entry, other_order, head="global_kill_switch: maybe").reason


def test_a_feature_that_is_off_already_can_be_switched_off_in_any_file() -> None:
    found = plan("{stage: disabled}", Disable("guard"), head="global_kill_switch: maybe")
    assert found.wrote == {"enabled": False}


@pytest.mark.parametrize(
    ("entry", "operation"),
    [
        ("{stage: shadow, canary_symbols: [BTC], canary_percentage: 0}", to(CANARY)),
        ("{stage: production, canary_percentage: 0, enabled: false}", Enable("guard", CANARY)),
        ("{stage: shadow, allowed_accounts: [main]}", to(LIVE)),
        ("{stage: shadow, symbol_stages: {BTC: production}, canary_symbols: [BTC]}", to(CANARY)),
    ],
)
@pytest.mark.parametrize("dialect", [PLAIN, PAPER])
def test_an_entry_that_goes_up_raises_the_risk_whatever_limits_it(
    entry: str, operation: Operation, dialect: Dialect
) -> None:
    found = plan(entry, operation, dialect)
    assert found.direction is Direction.RAISES


@pytest.mark.parametrize(
    ("now", "before", "direction"),
    [(["BTC"], ["BTC", "SOL"], Direction.RAISES), (["BTC", "SOL"], ["BTC"], Direction.LOWERS)],
)
def test_a_list_counts_for_accounts_that_are_not_known_here(
    now: list[str], before: list[str], direction: Direction
) -> None:
    entry = f"{{stage: canary, canary_symbols: [{', '.join(now)}], allowed_accounts: [main]}}"
    found = plan(entry, Undo("guard", {"canary_symbols": now}, {"canary_symbols": before}))
    assert (found.effect.direction, found.direction) == (Direction.SAME, direction)


def test_what_raises_the_risk_though_no_symbol_moves_says_why() -> None:
    entry = "{stage: canary, canary_symbols: [BTC], allowed_accounts: [main]}"
    (remark,) = plan(entry, Undo("guard", {}, {"canary_symbols": ["BTC", "ETH"]})).remarks
    assert "counts as raising the risk" in remark


def test_stages_by_symbol_that_the_engine_is_said_not_to_read_count_too() -> None:
    undo = Undo("guard", {"symbol_stages": None}, {"symbol_stages": {"BTC": "production"}})
    assert plan("{stage: shadow}", undo).direction is Direction.RAISES


def test_stages_by_symbol_that_it_does_not_read_and_that_stay_hold_nothing_up() -> None:
    found = plan("{stage: Canary, symbol_stages: {BTC: production}}", to(SHADOW))
    assert found.direction is Direction.LOWERS


def test_a_symbol_of_an_account_that_is_not_known_here_can_be_stopped() -> None:
    found = plan(
        "{stage: shadow, allowed_accounts: [main], symbol_stages: {BTC: canary}}", to(OFF, "BTC"), PAPER
    )
    assert found.wrote == {"symbol_stages": {"BTC": "disabled"}}
    assert found.direction is Direction.LOWERS


def test_a_symbol_that_has_its_stage_by_itself_keeps_it() -> None:
    entry = "{stage: canary, canary_percentage: 0, symbol_stages: {BTC: disabled}}"
    assert refusal(entry, to(OFF, "BTC"), PAPER).reason.endswith("the file says so already")


def test_what_cannot_be_told_before_or_after_counts_as_a_raise() -> None:
    untold = Move(None, None)
    found = plan("{stage: production}", to(SHADOW))
    same = replace(found, effect=Effect({}, untold), entry=frozenset())
    assert same.direction is Direction.RAISES


def test_symbols_in_different_stages_go_down_by_one_each() -> None:
    entry = "{stage: shadow, symbol_stages: {BTC: production, ETH: canary}}"
    found = plan(entry, Demote("guard", ("BTC", "ETH", "SOL")), PAPER)
    assert found.wrote == {"symbol_stages": {"BTC": "canary", "SOL": "disabled"}}
    assert (found.operation, found.direction) == (Demote("guard", ("BTC", "ETH", "SOL")), Direction.LOWERS)


def test_a_symbol_that_is_off_stays_off_when_others_go_down() -> None:
    entry = "{stage: canary, canary_symbols: [BTC, ETH]}"
    assert plan(entry, Demote("guard", ("SOL", "BTC")), PAPER).wrote == {"symbol_stages": {"BTC": "shadow"}}


@pytest.mark.parametrize(
    ("entry", "instead"),
    [
        (
            "{stage: canary, canary_symbols: [BTC, ETH]}",
            [to(OFF, "BTC"), to(SHADOW), Disable("guard")],
        ),
        ("{stage: canary, canary_symbols: [BTC]}", [to(SHADOW), Disable("guard")]),
        (
            "{stage: canary, canary_symbols: [BTC, ETH], allowed_symbols: [ETH]}",
            [to(SHADOW), Disable("guard")],
        ),
    ],
)
def test_symbols_that_cannot_go_down_by_one_each_can_go_down_together(
    entry: str, instead: list[Operation]
) -> None:
    found = refusal(entry, Demote("guard", ("BTC", "SOL")))
    assert [each.operation for each in found.instead] == instead
    assert {each.direction for each in found.instead} == {Direction.LOWERS}


DIFFERING = "canary_symbols: [BTC], allowed_symbols: [BTC, ETH]"


@pytest.mark.parametrize("dialect", [PLAIN, Dialect(lists=("canary_symbols",))])
@pytest.mark.parametrize(
    ("entry", "operation"),
    [
        (f"{{stage: shadow, {DIFFERING}}}", to(CANARY)),
        (f"{{stage: production, {DIFFERING}}}", Demote("guard")),
        (f"{{stage: canary, enabled: false, {DIFFERING}}}", Enable("guard", CANARY)),
        (
            "{stage: production, canary_symbols: [BTC], allowed_symbols: [BTC]}",
            Undo("guard", {"allowed_symbols": ["BTC"]}, {"allowed_symbols": ["BTC", "ETH"]}),
        ),
        (
            "{stage: canary, canary_symbols: [BTC], allowed_symbols: [BTC]}",
            Undo("guard", {"canary_symbols": ["BTC"]}, {"canary_symbols": ["ETH"]}),
        ),
    ],
)
def test_two_lists_that_differ_are_not_written_and_begin_no_canary(
    dialect: Dialect, entry: str, operation: Operation
) -> None:
    assert refusal(entry, operation, dialect).reason.startswith("the two lists of guard differ")


def test_a_feature_that_trades_without_its_lists_is_not_led_down_for_them() -> None:
    differing = Undo("guard", {}, {"allowed_symbols": ["ETH"]})
    assert refusal("{stage: production, canary_symbols: [BTC]}", differing).instead == ()


def test_a_canary_that_is_switched_off_may_lose_its_list() -> None:
    entry = "{stage: canary, enabled: false, canary_symbols: [BTC]}"
    assert plan(entry, Undo("guard", {}, {"canary_symbols": None})).wrote == {"canary_symbols": None}


def test_two_lists_that_differ_do_not_keep_a_feature_from_going_down() -> None:
    assert plan(f"{{stage: canary, {DIFFERING}}}", to(SHADOW)).wrote == {"stage": "shadow"}
