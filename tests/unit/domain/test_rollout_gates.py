"""What has to hold before a feature goes further: each gate on its own, in a world where all others pass."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from console.domain.access import Role
from console.domain.kill_state import KillState, Verdict
from console.domain.rollout.following import Following
from console.domain.rollout.gates import (
    WAIT,
    Asked,
    Ground,
    InStage,
    Past,
    Policy,
    Present,
    rollout_gates,
    typed_for,
)
from console.domain.rollout.operations import CanaryOnly, Enable, Operation, Promote, SetStage
from console.domain.rollout.plan import Plan
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import PAPER, Dialect, Stage
from console.domain.severity import Severity
from console.domain.status import Alert, Judged
from console.domain.surfaces import Feature, Flags
from console.domain.vigil import Episode

NOW = 2_000_000_000.0
LISTINGS = {"BTCUSDT": "2", "ETHUSDT": "2", "BTC/USD": "3"}
WAITS = {Stage.SHADOW: WAIT, Stage.CANARY: WAIT}
GOOD = Judged(1.8, Severity.OK)
LASTED = 8 * 86400.0
WATCHED = 0.95 * LASTED


def flags(**entry: object) -> Flags:
    feature = Feature(**{"name": "guard", "enabled": True, "stage": "shadow"} | entry)  # type: ignore[arg-type]
    return Flags("flags.yaml", "digest", False, None, (feature,))


SHADOW = flags()
CANARY = flags(stage="canary", canary_symbols=("BTCUSDT",))
TO_CANARY = CanaryOnly("guard", ("BTCUSDT",))


def plan_of(now: Flags, operation: Operation, dialect: Dialect = PAPER) -> Plan:
    plan = planned(now, operation, LISTINGS, dialect)
    assert isinstance(plan, Plan), plan
    return plan


def ground(now: Flags) -> Ground:
    """A ground on which everything passes."""
    return Ground(
        flags=now,
        policy=Policy("production", Stage.PRODUCTION, WAITS, 0.9),
        in_stage=InStage(NOW - LASTED, "the journal"),
        past=Past(watched=WATCHED, critical=(), liquidations=0),
        present=Present((), Verdict(KillState.CLEAR, ""), {"Margin ratio": GOOD}, Following()),
        phrase="production guard",
        role=Role.OPERATOR,
        wall=NOW,
    )


ASKED = Asked("two quiet weeks in shadow", "production guard")


def failing(plan: Plan, on: Ground, asked: Asked = ASKED) -> Mapping[str, bool | None]:
    """The gates that don't pass, by name."""
    return {gate.name: gate.passes for gate in rollout_gates(plan, asked, on) if gate.passes is not True}


def words(plan: Plan, on: Ground, name: str, asked: Asked = ASKED) -> str:
    (gate,) = (gate for gate in rollout_gates(plan, asked, on) if gate.name == name)
    return gate.words


@pytest.mark.parametrize(
    ("now", "operation"),
    [(SHADOW, TO_CANARY), (CANARY, SetStage("guard", Stage.PRODUCTION)),
     (CANARY, SetStage("guard", Stage.CANARY, ("ETHUSDT",))), (flags(stage="disabled"), Promote("guard")),
     (flags(enabled=False, stage="production"), Enable("guard"))],
)  # fmt: skip
def test_where_all_is_well_one_step_up_passes(now: Flags, operation: Operation) -> None:
    assert failing(plan_of(now, operation), ground(now)) == {}


def test_without_a_reason_nothing_goes_up() -> None:
    assert failing(plan_of(SHADOW, TO_CANARY), ground(SHADOW), Asked("x")) == {"reason": False}


def test_an_environment_has_its_furthest_stage() -> None:
    policy = Policy("staging", Stage.CANARY, WAITS, 0.9)
    staging = replace(ground(CANARY), policy=policy)
    to_production = plan_of(CANARY, SetStage("guard", Stage.PRODUCTION))
    assert failing(to_production, staging) == {"environment": False}
    assert failing(plan_of(SHADOW, TO_CANARY), replace(ground(SHADOW), policy=policy)) == {}


@pytest.mark.parametrize(
    ("now", "operation", "said"),
    [
        (SHADOW, SetStage("guard", Stage.PRODUCTION), "shadow to production leaves out canary"),
        (flags(stage="disabled"), TO_CANARY, "disabled to canary leaves out shadow"),
        (flags(enabled=False, stage="canary", canary_symbols=("BTCUSDT",)), Enable("guard", Stage.CANARY),
         "disabled to canary leaves out shadow"),
        (SHADOW, SetStage("guard", Stage.PRODUCTION, ("BTCUSDT",)), "shadow to production leaves out canary"),
    ],
)  # fmt: skip
def test_a_stage_is_not_left_out(now: Flags, operation: Operation, said: str) -> None:
    plan = plan_of(now, operation)
    assert failing(plan, ground(now)) == {"step": False}
    assert words(plan, ground(now), "step") == said


def test_a_symbol_with_a_stage_of_its_own_leaves_none_out_either() -> None:
    apart = flags(stage="canary", canary_symbols=("BTCUSDT",), symbol_stages={"ETHUSDT": "shadow"})
    plan = plan_of(apart, SetStage("guard", Stage.PRODUCTION))
    assert failing(plan, ground(apart)) == {"step": False}


@pytest.mark.parametrize(
    ("known", "passes"),
    [(InStage(NOW - WAIT + 60, "git"), False), (InStage(None, "no journal, no git"), None),
     (InStage(NOW + 60, "the file's time"), None), (InStage(NOW - WAIT, "git"), True)],
)  # fmt: skip
def test_a_stage_lasts_its_time(known: InStage, passes: bool | None) -> None:
    on = replace(ground(SHADOW), in_stage=known)
    assert failing(plan_of(SHADOW, TO_CANARY), on).get("time in stage", True) is passes


def test_time_is_told_with_its_source() -> None:
    on = replace(ground(SHADOW), in_stage=InStage(NOW - 3 * 86400, "git"))
    assert words(plan_of(SHADOW, TO_CANARY), on, "time in stage").endswith("by git")


def test_a_canary_takes_in_more_symbols_only_after_its_time() -> None:
    on = replace(ground(CANARY), in_stage=InStage(NOW - 86400, "the journal"))
    wider = plan_of(CANARY, SetStage("guard", Stage.CANARY, ("ETHUSDT",)))
    assert failing(wider, on) == {"time in stage": False}


def test_what_was_critical_in_that_time_keeps_it_back() -> None:
    was = Episode("margin", "BTCUSDT", NOW - 90, NOW - 60)
    on = replace(ground(SHADOW), past=Past(WATCHED, (was,), 0))
    assert failing(plan_of(SHADOW, TO_CANARY), on) == {"calm": False}


@pytest.mark.parametrize(
    "past",
    [Past(0.89 * LASTED, (), 0), Past(LASTED, (), 0, "vigil.json: permission denied")],
)
def test_what_nobody_has_watched_was_not_calm(past: Past) -> None:
    on = replace(ground(SHADOW), past=past)
    assert failing(plan_of(SHADOW, TO_CANARY), on) == {"calm": None}


@pytest.mark.parametrize(
    ("watched", "said"),
    [(0.0, "0.0 s of 8 d, it has to be 90%"), (12, "12 s of 8 d, it has to be 90%"), (WATCHED, "7 d of 8 d")],
)
def test_how_long_was_watched_is_told_however_short(watched: float, said: str) -> None:
    on = replace(ground(SHADOW), past=Past(watched, (), 0))
    assert words(plan_of(SHADOW, TO_CANARY), on, "calm").endswith(f"a console looked for {said}")


@pytest.mark.parametrize(("count", "passes"), [(1, False), (None, None)])
def test_a_liquidation_in_that_time_keeps_it_back(count: int | None, passes: bool | None) -> None:
    on = replace(ground(SHADOW), past=Past(WATCHED, (), count))
    assert failing(plan_of(SHADOW, TO_CANARY), on) == {"liquidations": passes}


def test_from_off_to_shadow_needs_no_time() -> None:
    off = flags(stage="disabled")
    on = replace(ground(off), in_stage=InStage(NOW, "the journal"), past=Past(0.0, (), None))
    assert failing(plan_of(off, Promote("guard")), on) == {}


@pytest.mark.parametrize(
    ("present", "gate", "passes"),
    [
        ({"alerts": (Alert("margin", Severity.CRITICAL, "", "BTCUSDT"),)}, "alerts", False),
        ({"alerts": (Alert("margin", Severity.UNKNOWN, ""),)}, "alerts", None),
        ({"kill": Verdict(KillState.TRIPPED, "the engine says so")}, "kill switch", False),
        ({"kill": Verdict(KillState.UNKNOWN, "no metrics")}, "kill switch", None),
        ({"targets": {"Slippage": Judged(12.0, Severity.HIGH)}}, "targets", False),
        ({"targets": {"Slippage": Judged(7.0, Severity.WARNING)}}, "targets", False),
        ({"targets": {"Slippage": Judged(float("nan"), Severity.UNKNOWN)}}, "targets", None),
        ({"targets": {}}, "targets", None),
        ({"following": Following(differing=("BTCUSDT",))}, "acknowledged", False),
        ({"following": Following(unknown=("BTCUSDT",))}, "acknowledged", None),
        ({"following": Following(doubt="stale for 9.0 s")}, "acknowledged", None),
    ],
)
def test_what_is_wrong_now_keeps_it_back_and_no_override_helps(
    present: dict[str, object], gate: str, passes: bool | None
) -> None:
    well = ground(SHADOW)
    on = replace(well, present=replace(well.present, **present), role=Role.ADMIN)  # type: ignore[arg-type]
    plan = plan_of(SHADOW, TO_CANARY)
    assert failing(plan, on) == {gate: passes}
    assert failing(plan, on, replace(ASKED, override="it has to go out today")) == {gate: passes}


def test_only_production_has_to_be_typed() -> None:
    to_production = plan_of(CANARY, SetStage("guard", Stage.PRODUCTION))
    assert typed_for(to_production, CANARY)
    assert not typed_for(plan_of(SHADOW, TO_CANARY), SHADOW)
    assert failing(to_production, ground(CANARY), replace(ASKED, typed="production")) == {
        "confirmation": False
    }


EARLY = replace(
    ground(SHADOW),
    in_stage=InStage(NOW, "the journal"),
    past=Past(0.0, (Episode("margin", None, NOW, NOW),), 3),
)


def test_an_admin_may_do_without_what_only_time_gives_and_it_is_marked() -> None:
    asked = replace(ASKED, override="the fix can't wait a week")
    admin = replace(EARLY, role=Role.ADMIN)
    plan = plan_of(SHADOW, TO_CANARY)
    assert failing(plan, EARLY, ASKED).keys() == {"time in stage", "calm", "liquidations"}
    assert failing(plan, admin, asked) == {}
    assert words(plan, admin, "time in stage", asked).startswith("OVERRIDDEN: the fix can't wait a week (")


def test_nobody_else_may_and_no_empty_word_does() -> None:
    plan = plan_of(SHADOW, TO_CANARY)
    by_operator = failing(plan, EARLY, replace(ASKED, override="the fix can't wait a week"))
    assert by_operator.keys() == {"time in stage", "calm", "liquidations"}
    assert "time in stage" in failing(plan, replace(EARLY, role=Role.ADMIN), replace(ASKED, override="x"))
