"""A feature about which something is asked, and the two answers: an entry that does it, or why none does."""

from dataclasses import dataclass, replace
from functools import cached_property

from console.domain.rollout.operations import Operation
from console.domain.rollout.plan import Listings, with_named
from console.domain.rollout.stages import Dialect, Stage, StageRule, stage_rule
from console.domain.surfaces import Feature, Flags


@dataclass(frozen=True)
class Case:
    """One feature of a file whose kill switch is taken as off."""

    flags: Flags
    feature: Feature
    listings: Listings
    dialect: Dialect

    @property
    def name(self) -> str:
        return self.feature.name

    @cached_property
    def rule(self) -> StageRule:
        return self.rule_of(self.feature)

    @cached_property
    def trading(self) -> tuple[str, ...]:
        """The symbols that the feature trades now."""
        symbols = with_named(self.listings, self.rule)
        return tuple(symbol for symbol in symbols if (self.stage(symbol) or Stage.DISABLED).trades)

    def rule_of(self, feature: Feature) -> StageRule:
        """The rule that another entry in the place of the feature's would give."""
        return stage_rule(replace(self.flags, features=(feature,)), self.name, self.dialect)

    def stage(self, symbol: str) -> Stage | None:
        """The stage that the symbol has now."""
        return self.rule.stage(symbol, self.listings.get(symbol))

    def with_stage(self, stage: Stage) -> Feature:
        """The entry that says one stage for all symbols."""
        own = None if self.dialect.symbol_stages else self.feature.symbol_stages
        return replace(self.feature, stage=stage.word, symbol_stages=own)


@dataclass(frozen=True, slots=True)
class Target:
    """What was asked, resolved, and the entry that does it."""

    operation: Operation
    feature: Feature


@dataclass(frozen=True, slots=True)
class Declined:
    """Why nothing does it, and what to ask instead."""

    reason: str
    instead: tuple[Operation, ...] = ()
