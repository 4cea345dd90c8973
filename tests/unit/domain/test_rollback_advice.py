"""Which row of the guide's table is advised, in which order, and for which feature."""

from console.domain.rollback import Change
from console.domain.rollback_advice import advised, feature_to_lower, trading_features, untold
from console.domain.rollout.stages import PAPER
from console.domain.surfaces import Feature, Flags
from console.domain.triggers import (
    CRASH,
    LIQUIDATION,
    MARGIN_CALLED,
    SLIPPAGE,
    SYNC_ERRORS,
    Judgement,
    Standing,
    Trigger,
)

EVERY = (LIQUIDATION, SYNC_ERRORS, SLIPPAGE, MARGIN_CALLED, CRASH)


def met(*triggers: Trigger) -> tuple[Judgement, ...]:
    return tuple(
        Judgement(one, Standing.MET if one in triggers else Standing.CLEAR, f"seen of {one.key}")
        for one in EVERY
    )


def changed(feature: str) -> Change:
    return Change(1.0, "ann", f"{feature}: shadow to canary", feature)


def test_nothing_is_advised_while_no_trigger_is_met() -> None:
    assert advised(met(), ("guard",), ()) == ()


def test_the_most_urgent_row_comes_first_with_its_document_s_action_and_runbook() -> None:
    told = [(one.trigger, one.action, one.runbook) for one in advised(met(*EVERY), (), ())]
    assert told == [
        ("crash", "Full rollback", "rollback_full"),
        ("liquidation", "Pause, investigate", "runaway_liquidation"),
        ("margin_calls", "Pause, reduce leverage", "invalid_margin"),
        ("sync_errors", "Rollback to shadow", "rollback_shadow"),
        ("slippage", "Rollback to shadow", "rollback_shadow"),
    ]


def test_the_evidence_is_what_the_trigger_was_judged_by() -> None:
    (one,) = advised(met(SLIPPAGE), ("guard",), ())
    assert (one.condition, one.evidence) == ("Slippage > 20 bps consistently", "seen of slippage")


def test_of_the_features_that_trade_the_one_is_meant_that_was_changed_last() -> None:
    (one,) = advised(met(SYNC_ERRORS), ("guard", "exits"), (changed("forecast"), changed("exits")))
    assert one.feature == "exits"
    why = "of those that trade it was changed last: exits: shadow to canary, by ann, 1970-01-01 00:00Z"
    assert one.why_feature == why


def test_without_such_a_change_all_that_trade_are_named_and_none_is_chosen() -> None:
    feature, why = feature_to_lower(("a", "b", "c", "d", "e"), (changed("forecast"),))
    assert (feature, why.rpartition(": ")[2]) == ("", "a, b, c, d and 1 more")


def test_the_only_one_that_trades_is_meant() -> None:
    assert feature_to_lower(("guard",), ())[0] == "guard"


def test_no_feature_is_guessed_where_the_file_tells_nothing() -> None:
    assert feature_to_lower(None, (changed("guard"),))[0] == ""
    assert feature_to_lower((), (changed("guard"),))[0] == ""


def test_only_a_row_about_a_feature_names_one() -> None:
    (one,) = advised(met(CRASH), ("guard",), (changed("guard"),))
    assert (one.feature, one.why_feature) == ("", "")


def test_what_can_t_be_told_is_said_and_is_no_advice() -> None:
    judged = (Judgement(CRASH, Standing.UNKNOWN, "no heartbeat is known"),)
    assert advised(judged, (), ()) == ()
    assert untold(judged) == ("System crash: no heartbeat is known",)


def test_a_feature_trades_that_does_for_one_symbol_or_that_nobody_can_tell_of() -> None:
    features = (
        Feature("off", enabled=False, stage="production"),
        Feature("shadow", enabled=True, stage="shadow"),
        Feature("one", enabled=True, stage="shadow", symbol_stages={"BTCUSDT": "production"}),
        Feature("odd", enabled=True, stage="prodution"),
        Feature("canary", enabled=True, stage="canary", canary_symbols=("BTCUSDT",)),
    )
    flags = Flags("f.yaml", "", global_kill_switch=False, environment=None, features=features)
    assert trading_features(flags, PAPER) == ("one", "odd", "canary")
