"""What a person asks for and what comes of it: edits and their effect, or a reason and what is nearest."""

import pytest

from console.domain.edits import Edit, Put, Remove
from console.domain.rollout.operations import (
    Demote,
    Disable,
    Enable,
    Operation,
    Promote,
    SetStage,
)
from console.domain.rollout.plan import Direction, Move, Plan
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import PAPER, Dialect, Stage
from console.sources.flags import parse_flags
from tests.unit.domain.planning import BOTH, CANARY, LIVE, OFF, PLAIN, SHADOW, at, only, plan, refusal, to


@pytest.mark.parametrize(
    ("entry", "operation", "edits"),
    [
        ("{stage: shadow}", to(OFF), [Put(at("stage"), "disabled")]),
        ("{stage: shadow}", to(LIVE), [Put(at("stage"), "production")]),
        ("{stage: shadow, allowed_symbols: [BTC]}", to(CANARY), [Put(at("stage"), "canary")]),
        ("{stage: shadow, canary_percentage: 5}", to(CANARY), [Put(at("stage"), "canary")]),
        ("{stage: production}", Disable("guard"), [Put(at("enabled"), False)]),
        (
            "{stage: production, enabled: false}",
            Enable("guard"),
            [Put(at("enabled"), True), Put(at("stage"), "shadow")],
        ),
        ("{stage: shadow, enabled: false}", Enable("guard"), [Put(at("enabled"), True)]),
        (
            "{stage: shadow}",
            only("BTC"),
            [
                Put(at("stage"), "canary"),
                Put(at("canary_symbols"), ("BTC",), "stage"),
                Put(at("allowed_symbols"), ("BTC",), "canary_symbols"),
            ],
        ),
        (
            "{stage: canary, canary_symbols: [BTC]}",
            to(CANARY, "ETH"),
            [Put(at("canary_symbols"), ("BTC", "ETH"), "stage")],
        ),
        (
            "{stage: canary, allowed_symbols: [BTC]}",
            to(CANARY, "ETH"),
            [Put(at("allowed_symbols"), ("BTC", "ETH"), "stage")],
        ),
        (
            f"{{stage: canary, {BOTH}}}",
            to(OFF, "BTC"),
            [
                Put(at("canary_symbols"), ("ETH",), "stage"),
                Put(at("allowed_symbols"), ("ETH",), "canary_symbols"),
            ],
        ),
        (
            "{stage: canary, canary_symbols: [BTC, ETH], allowed_symbols: [ETH, BTC]}",
            to(CANARY, "SOL"),
            [
                Put(at("canary_symbols"), ("BTC", "ETH", "SOL"), "stage"),
                Put(at("allowed_symbols"), ("ETH", "BTC", "SOL"), "canary_symbols"),
            ],
        ),
    ],
)
def test_only_the_keys_of_the_change_are_written(entry: str, operation: Operation, edits: list[Edit]) -> None:
    assert list(plan(entry, operation).edits) == edits


@pytest.mark.parametrize(
    ("entry", "operation", "edits"),
    [
        ("{stage: shadow}", to(CANARY, "BTC"), [Put(at("symbol_stages"), {"BTC": "canary"}, "stage")]),
        (
            "{stage: shadow, symbol_stages: {BTC: canary}}",
            to(LIVE, "ETH"),
            [Put(at("symbol_stages"), {"BTC": "canary", "ETH": "production"}, "stage")],
        ),
        (
            "{stage: shadow, symbol_stages: {BTC: canary, ETH: canary}}",
            to(SHADOW, "BTC"),
            [Put(at("symbol_stages"), {"ETH": "canary"}, "stage")],
        ),
        ("{stage: shadow, symbol_stages: {BTC: canary}}", to(SHADOW, "BTC"), [Remove(at("symbol_stages"))]),
        (
            "{stage: shadow, symbol_stages: {BTC: canary}}",
            to(LIVE),
            [Put(at("stage"), "production"), Remove(at("symbol_stages"))],
        ),
        (
            "{stage: canary, canary_symbols: [BTC], symbol_stages: {ETH: shadow}}",
            to(CANARY, "ETH"),
            [Put(at("canary_symbols"), ("BTC", "ETH"), "stage"), Remove(at("symbol_stages"))],
        ),
        (
            "{stage: canary, canary_symbols: [BTC]}",
            to(SHADOW, "BTC"),
            [Put(at("symbol_stages"), {"BTC": "shadow"}, "stage")],
        ),
    ],
)
def test_stages_by_symbol_are_written_where_the_engine_reads_them(
    entry: str, operation: Operation, edits: list[Edit]
) -> None:
    assert list(plan(entry, operation, PAPER).edits) == edits


def test_an_engine_that_reads_one_name_gets_its_list_under_it() -> None:
    found = plan("{stage: shadow, canary_symbols: [BTC]}", only("ETH"), Dialect(lists=("allowed_symbols",)))
    assert found.wrote == {"stage": "canary", "canary_symbols": ("ETH",), "allowed_symbols": ("ETH",)}


def test_stages_by_symbol_that_the_engine_does_not_read_are_left() -> None:
    assert plan("{stage: shadow, symbol_stages: {BTC: canary}}", to(LIVE)).wrote == {"stage": "production"}


@pytest.mark.parametrize(
    ("entry", "operation", "stage"),
    [
        ("{stage: disabled}", Promote("guard"), SHADOW),
        ("{stage: shadow, canary_symbols: [BTC]}", Promote("guard"), CANARY),
        ("{stage: canary, canary_symbols: [BTC]}", Promote("guard"), LIVE),
        ("{stage: production, canary_symbols: [BTC]}", Demote("guard"), CANARY),
        ("{stage: canary}", Demote("guard"), SHADOW),
        ("{stage: shadow}", Demote("guard"), OFF),
    ],
)
def test_a_step_of_the_feature_is_one_stage(entry: str, operation: Operation, stage: Stage) -> None:
    assert plan(entry, operation).operation == to(stage)


def test_a_step_of_symbols_starts_from_where_they_are() -> None:
    found = plan("{stage: shadow, symbol_stages: {BTC: canary}}", Promote("guard", ("BTC",)), PAPER)
    assert found.operation == to(LIVE, "BTC")


def test_the_effect_is_that_of_every_symbol_in_the_order_of_the_listings() -> None:
    effect = plan(f"{{stage: canary, {BOTH}}}", only("SOL", "ETH")).effect
    assert effect.moves == {
        Move(CANARY, OFF): ("BTC",),
        Move(CANARY, CANARY): ("ETH",),
        Move(OFF, CANARY): ("SOL",),
        Move(OFF, OFF): ("BTC/USD",),
    }
    assert (effect.starting, effect.stopping, effect.shadowing) == (("SOL",), ("BTC",), ())
    assert list(effect.changed) == [Move(CANARY, OFF), Move(OFF, CANARY)]


def test_a_symbol_that_nobody_has_named_moves_too() -> None:
    assert plan("{stage: shadow}", to(LIVE)).effect.others == Move(SHADOW, LIVE)


def test_an_account_that_is_not_allowed_stays_off() -> None:
    effect = plan('{stage: shadow, allowed_accounts: ["3"]}', to(LIVE)).effect
    assert effect.moves == {Move(OFF, OFF): ("BTC", "ETH", "SOL"), Move(SHADOW, LIVE): ("BTC/USD",)}


@pytest.mark.parametrize(
    ("entry", "operation", "reason", "instead"),
    [
        (
            "{stage: canary, canary_symbols: [BTC]}",
            to(OFF, "BTC"),
            "BTC is the last canary symbol of guard",
            [to(OFF), to(SHADOW), Disable("guard")],
        ),
        (
            "{stage: shadow}",
            to(CANARY, "BTC"),
            "guard to canary for BTC, the others unchanged: this file can't say so",
            [only("BTC")],
        ),
        (
            "{stage: canary, canary_symbols: [BTC]}",
            to(LIVE, "ETH"),
            "guard to production for ETH, the others unchanged",
            [only("BTC", "ETH"), to(LIVE)],
        ),
        (
            "{stage: canary, canary_symbols: [BTC, ETH]}",
            to(SHADOW, "BTC"),
            "guard to shadow for BTC, the others unchanged",
            [only("ETH"), to(SHADOW), Disable("guard")],
        ),
        (
            "{stage: canary, canary_symbols: [BTC]}",
            to(SHADOW, "ETH"),
            "guard to shadow for ETH, the others unchanged",
            [to(CANARY, "ETH"), to(SHADOW), Disable("guard")],
        ),
        (
            "{stage: production}",
            to(OFF, "BTC"),
            "guard to disabled for BTC, the others unchanged",
            [only("ETH", "SOL", "BTC/USD"), to(SHADOW), Disable("guard")],
        ),
        ("{stage: production}", to(CANARY, "BTC"), "guard to canary for BTC, the others unch", [only("BTC")]),
        (
            "{stage: canary, canary_symbols: [BTC]}",
            to(OFF, "ETH", "BTC"),
            "BTC is the last canary symbol of guard",
            [to(OFF), to(SHADOW), Disable("guard")],
        ),
        ("{stage: shadow}", to(CANARY), "a canary without symbols trades every symbol", []),
        ("{stage: shadow, canary_percentage: 100}", to(CANARY), "a canary without symbols trades", []),
        (
            "{stage: canary, enabled: false}",
            Enable("guard", CANARY),
            "a canary without symbols trades every symbol",
            [Enable("guard")],
        ),
        ("{stage: production}", Demote("guard"), "a canary without symbols trades every sy", [to(SHADOW)]),
        (
            "{stage: shadow, canary_symbols: [BTC], allowed_symbols: [ETH]}",
            Promote("guard"),
            "the two lists of guard differ",
            [],
        ),
        (
            "{stage: production, enabled: false}",
            to(LIVE),
            "guard is switched off: it is to come back first",
            [Enable("guard")],
        ),
        (
            "{stage: production, enabled: false}",
            Enable("guard", LIVE),
            "guard doesn't come back straight into production",
            [Enable("guard")],
        ),
        (
            "{stage: production, enabled: false}",
            Enable("guard", CANARY),
            "a canary without symbols trades every symbol",
            [Enable("guard")],
        ),
        (
            "{stage: disabled}",
            Enable("guard"),
            "guard isn't switched off: its stage is disabled",
            [to(SHADOW)],
        ),
        ("{stage: canary}", Enable("guard"), "guard isn't switched off: its stage is canary", []),
        ("{stage: production}", Promote("guard"), "guard is in production already, where the stages end", []),
        ("{stage: disabled}", Demote("guard"), "guard is in disabled already, where the stages end", []),
        (
            "{stage: canary, canary_symbols: [BTC]}",
            Promote("guard", ("BTC", "ETH")),
            "the symbols are in different stages: set one",
            [],
        ),
        (
            "{stage: canary, canary_symbols: [BTC]}",
            to(CANARY, "BTC"),
            "guard to canary for BTC: the file",
            [],
        ),
        (
            "{stage: canary, canary_symbols: [BTC]}",
            to(CANARY, "DOGE"),
            "DOGE is no symbol of this engine",
            [],
        ),
        (
            '{stage: canary, canary_symbols: [BTC], allowed_accounts: ["2"]}',
            to(CANARY, "BTC/USD"),
            "BTC/USD is traded by account 3, which allowed_accounts leaves out",
            [],
        ),
        ("{stage: shadow}", only(), "no symbols are named", []),
        ("{stage: shadow}", Promote("guard", ()), "no symbols are named", []),
        ("{stage: shadow}", SetStage("guard", CANARY, ()), "no symbols are named", []),
        ("{stage: shadow}", Disable("other"), "flags.yaml has no feature 'other'", []),
        (
            "{stage: Canary}",
            Promote("guard"),
            "it can't be told in which stage guard is",
            [to(SHADOW), Disable("guard")],
        ),
        (
            "{stage: canary, canary_symbols: BTC}",
            to(CANARY, "ETH"),
            "canary_symbols of guard can't be understood",
            [to(SHADOW), Disable("guard")],
        ),
        ("{stage: shadow, enabled: false}", Disable("guard"), "guard off: the file says so already", []),
    ],
)
def test_what_is_not_written_has_a_reason_and_what_is_nearest(
    entry: str, operation: Operation, reason: str, instead: list[Operation]
) -> None:
    found = refusal(entry, operation)
    assert found.reason.startswith(reason)
    assert [each.operation for each in found.instead] == instead


def test_a_canary_share_that_leaves_a_symbol_out_is_not_widened_by_the_list() -> None:
    entry = "{stage: canary, canary_symbols: [BTC], canary_percentage: 0}"
    assert "this file can't say so" in refusal(entry, to(CANARY, "ETH")).reason


def test_a_symbol_that_is_listed_no_more_can_still_be_taken_out() -> None:
    found = plan("{stage: canary, canary_symbols: [BTC, GONE]}", to(OFF, "GONE"))
    assert found.wrote == {"canary_symbols": ("BTC",)}


def test_a_symbol_that_is_listed_no_more_can_still_stop_to_trade() -> None:
    found = plan("{stage: canary, canary_symbols: [BTC, GONE]}", to(SHADOW, "GONE"), PAPER)
    assert found.wrote == {"symbol_stages": {"GONE": "shadow"}}


def test_symbols_that_only_the_file_names_are_part_of_the_effect() -> None:
    flags = parse_flags(b"features: {guard: {stage: canary, canary_symbols: [GONE, BTC]}}", "flags.yaml")
    found = planned(flags, to(OFF, "GONE"), {}, PLAIN)
    assert isinstance(found, Plan)
    assert (found.effect.stopping, found.direction) == (("GONE",), Direction.LOWERS)


def test_what_comes_nearest_keeps_a_symbol_that_is_listed_no_more() -> None:
    found = refusal("{stage: canary, canary_symbols: [BTC, GONE]}", to(SHADOW, "BTC"))
    assert found.instead[0].operation == only("GONE")


def test_what_is_nearest_says_what_it_does_to_the_others() -> None:
    (nearest,) = refusal("{stage: shadow}", to(CANARY, "BTC")).instead
    assert nearest.effect.moves[Move(SHADOW, OFF)] == ("ETH", "SOL", "BTC/USD")


def test_nothing_raises_the_risk_in_a_file_that_engines_read_differently() -> None:
    reason = refusal("{stage: shadow}", to(LIVE), head="global_kill_switch: maybe").reason
    assert reason.startswith("flags.yaml:3:21: global_kill_switch 'maybe' is neither true nor false")


def test_what_lowers_the_risk_is_planned_in_such_a_file_and_told() -> None:
    found = plan("{stage: production}", Disable("guard"), head="  other: {stage: Live}")
    assert found.direction is Direction.LOWERS
    assert found.remarks == (
        "flags.yaml:3:18: 'Live' is no stage; an engine refuses it, or the whole file; "
        "disabled, shadow, canary or production is allowed",
    )


@pytest.mark.parametrize("entry", ["{stage: Canary}", "{stage: canary, canary_percentage: x}", "{stage: 3}"])
def test_a_malformed_feature_can_be_switched_off(entry: str) -> None:
    found = plan(entry, Disable("guard"))
    assert found.direction is Direction.LOWERS
    assert {move.after for move in found.effect.moves} == {OFF}


def test_a_stage_that_is_none_is_mended_by_setting_one() -> None:
    found = plan("{stage: Canary}", to(SHADOW))
    assert (found.direction, found.after.features[0].malformed) == (Direction.LOWERS, ())


def test_the_effect_is_what_shows_once_the_kill_switch_is_cleared() -> None:
    found = plan("{stage: shadow}", to(LIVE), head="global_kill_switch: true")
    assert (found.effect.others, found.after.global_kill_switch) == (Move(SHADOW, LIVE), True)
    assert found.remarks == ("global_kill_switch is on: this shows once that is cleared",)
