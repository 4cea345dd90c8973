"""Random changes, one after another: the model, the file and the paper engine say the same after each."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

import pytest

from console.domain.rollout.operations import (
    CanaryOnly,
    Demote,
    Disable,
    Enable,
    Operation,
    Promote,
    SetStage,
    Undo,
)
from console.domain.rollout.plan import Direction, Move, Plan
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import PAPER, Dialect, Stage, effective_stage, feature_named, same_meaning
from console.domain.surfaces import Flags
from console.paper import flags as paper
from console.sources.flags import parse_flags
from console.yaml_span import edited

LISTINGS = {"BTCUSDT": "2", "ETHUSDT": "2", "SOLUSDT": "2", "BTC/USD": "3", "ETH/USD": "3"}
SYMBOLS = tuple(LISTINGS)
FILE = b"""\
global_kill_switch: false
features:
  guard:
    stage: disabled       # a comment
  listed:
    enabled: true
    stage: canary
    canary_symbols:
      - BTCUSDT           # most liquid
      - ETHUSDT
    allowed_symbols: [BTCUSDT, ETHUSDT]
  shared: {stage: canary, canary_percentage: 60}
  narrow: {stage: canary, canary_symbols: [BTCUSDT, SOLUSDT], canary_percentage: 50}
  coin:
    stage: production
    allowed_accounts: ["3"]
  own:
    stage: shadow
    symbol_stages: {BTCUSDT: canary, SOLUSDT: disabled}
  everyone: {stage: canary}
"""
FEATURES = ("guard", "listed", "shared", "narrow", "coin", "own", "everyone")
Cells = dict[tuple[str, str], Stage | None]


def wish(chance: Random, done: list[Plan]) -> Operation:
    """Anything that a person may ask for, sensible or not."""
    feature, stage = chance.choice(FEATURES), chance.choice(list(Stage))
    some = tuple(chance.sample(SYMBOLS, chance.randint(1, 3)))
    named = chance.choice((None, some))
    wishes: list[Operation] = [
        SetStage(feature, stage, named),
        SetStage(feature, stage, some),
        CanaryOnly(feature, some),
        Promote(feature, named),
        Demote(feature, named),
        Disable(feature),
        Enable(feature, stage),
        Enable(feature),
    ]
    if done:
        last = chance.choice(done[-5:])
        wishes.append(Undo(last.operation.feature, last.wrote, last.before))
    return chance.choice(wishes)


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a walk; `content` is the file after it."""

    before: Flags
    asked: Operation
    plan: Plan
    content: bytes
    after: Flags


def walk(seed: int, wishes: int, dialect: Dialect) -> Iterator[Step]:
    """The changes that become of so many wishes."""
    chance, content, flags, done = Random(seed), FILE, parse_flags(FILE, "f"), list[Plan]()
    for _ in range(wishes):
        asked = wish(chance, done)
        plan = planned(flags, asked, LISTINGS, dialect)
        if isinstance(plan, Plan):
            content = edited(content, plan.edits, "f")
            before, flags = flags, parse_flags(content, "f")
            done.append(plan)
            yield Step(before, asked, plan, content, flags)


def cells(flags: Flags, dialect: Dialect) -> Cells:
    return {
        (feature, symbol): effective_stage(flags, feature, symbol, LISTINGS[symbol], dialect)
        for feature, symbol in product(FEATURES, SYMBOLS)
    }


def by_paper(content: bytes) -> Cells:
    loaded = paper.parse_flags(content.decode())
    return {
        (feature, symbol): Stage(paper.effective_stage(loaded, feature, symbol, int(LISTINGS[symbol])))
        for feature, symbol in product(FEATURES, SYMBOLS)
    }


@pytest.fixture(scope="module", params=[PAPER, Dialect(chooses_by_crc=True)], ids=["by symbol", "plain"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    assert isinstance(request.param, Dialect)
    return request.param


@pytest.fixture(scope="module")
def taken(dialect: Dialect) -> list[Step]:
    return [step for seed in range(3) for step in walk(seed, 60, dialect)]


def test_the_walk_takes_changes_of_every_kind(taken: list[Step]) -> None:
    kinds = {type(step.asked) for step in taken}
    assert kinds == {SetStage, CanaryOnly, Promote, Demote, Disable, Enable, Undo}


@pytest.mark.parametrize("dialect", [PAPER], indirect=True)
def test_the_model_says_what_the_paper_engine_applies(taken: list[Step]) -> None:
    for step in taken:
        assert cells(step.after, PAPER) == by_paper(step.content)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(20))
def test_the_model_says_what_the_paper_engine_applies_on_a_long_walk(seed: int) -> None:
    for step in walk(seed, 2_000, PAPER):
        assert same_meaning(step.after, step.plan.after)
        assert cells(step.after, PAPER) == by_paper(step.content)


def test_the_file_says_then_what_was_planned(taken: list[Step]) -> None:
    for step in taken:
        assert same_meaning(step.after, step.plan.after), step.asked


def test_the_effect_names_the_move_of_every_symbol(taken: list[Step], dialect: Dialect) -> None:
    for step in taken:
        old, new = cells(step.before, dialect), cells(step.after, dialect)
        moves = {symbol: move for move, symbols in step.plan.effect.moves.items() for symbol in symbols}
        feature = step.asked.feature
        assert moves == {symbol: Move(old[feature, symbol], new[feature, symbol]) for symbol in SYMBOLS}


def test_no_other_feature_moves(taken: list[Step], dialect: Dialect) -> None:
    for step in taken:
        old, new = cells(step.before, dialect), cells(step.after, dialect)
        assert {feature for feature, symbol in old if old[feature, symbol] is not new[feature, symbol]} <= {
            step.asked.feature
        }


def test_a_change_that_lowers_the_risk_lets_no_symbol_trade_more(taken: list[Step]) -> None:
    for step in taken:
        gains = [move for move in step.plan.effect.moves if move.after and move.after.trades and move.rises]
        assert not gains or step.plan.direction is Direction.RAISES, step.asked


def test_no_change_makes_a_canary_that_nothing_limits(taken: list[Step]) -> None:
    for step in taken:
        old, new = (feature_named(flags, step.asked.feature) for flags in (step.before, step.after))
        assert old is not None
        assert new is not None
        lists = [each for each in (new.canary_symbols, new.allowed_symbols) if each is not None]
        assert () not in lists, step.asked
        assert len({frozenset(each) for each in lists}) <= 1, step.asked
        if old.stage != "canary" == new.stage:
            assert lists or new.canary_percentage is not None, step.asked


def test_what_was_switched_off_does_not_come_back_in_production(taken: list[Step]) -> None:
    for step in taken:
        old, new = (feature_named(flags, step.asked.feature) for flags in (step.before, step.after))
        if old is not None and new is not None and not old.enabled:
            assert new.stage != "production", step.asked


def test_an_undo_leads_back(taken: list[Step], dialect: Dialect) -> None:
    led_back = 0
    for step in taken:
        undo = Undo(step.asked.feature, step.plan.wrote, step.plan.before)
        back = planned(step.after, undo, LISTINGS, dialect)
        if isinstance(back, Plan):
            assert cells(back.after, dialect) == cells(step.before, dialect), step.asked
            led_back += 1
    assert led_back > len(taken) / 3
