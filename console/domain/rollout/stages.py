"""The stage that an engine applies to a feature, for one symbol and account, by what the flags file says.

Engines decide so (ENGINE, section 2): a kill switch, `enabled: false` or an account that isn't allowed is
off; else the stage counts, and a canary trades the listed symbols, or every symbol where none is listed.
Where engines would read a file differently from each other there is no stage: None, which is never green.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from zlib import crc32

from console.domain.surfaces import Feature, Flags


class Stage(IntEnum):
    """Ordered by risk; the number is that of `futures_feature_stage`."""

    DISABLED = 0
    SHADOW = 1
    CANARY = 2
    PRODUCTION = 3

    @property
    def word(self) -> str:
        """As the flags file has it."""
        return self.name.lower()

    @property
    def letter(self) -> str:
        return self.name[0]

    @property
    def trades(self) -> bool:
        return self >= Stage.CANARY


UNTOLD = len(Stage)
"""Stands for no stage where stages are bytes."""

STAGES: Mapping[str, Stage] = {stage.word: stage for stage in Stage}
"""Stages by their word; in any other letter case a word is none."""

LISTS = ("canary_symbols", "allowed_symbols")
"""The two names of a canary's list: the document's, and that of engine code."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """In what engines differ.

    `symbol_stages` says that it reads stages by symbol, `lists` under which names it looks for a canary's
    symbols. `chooses_by_crc` says that it takes a percentage of the symbols by the CRC-32 of
    `feature:symbol`, as the paper engine does; which ones another engine takes, only that engine knows.
    `at_start` says that it reads the file only then.
    """

    symbol_stages: bool = False
    lists: tuple[str, ...] = LISTS
    chooses_by_crc: bool = False
    at_start: bool = False


PAPER = Dialect(symbol_stages=True, chooses_by_crc=True)
"""The paper engine's."""


@dataclass(frozen=True, slots=True)
class StageRule:
    """One feature's stage for any symbol: `default`, but for the `exceptions`; None where it can't be told.

    A `share` in percent makes the default a canary of so many symbols, chosen by CRC-32. An account that
    isn't among `accounts` has the feature off; None: every account has it.
    """

    feature: str
    default: Stage | None
    exceptions: Mapping[str, Stage | None] = field(default_factory=dict)
    share: float | None = None
    accounts: frozenset[str] | None = None

    def stage(self, symbol: str, account: str | None = None) -> Stage | None:
        """The stage for a symbol of an account; None as account is one that the feature allows."""
        if self.accounts is not None and account is not None and account not in self.accounts:
            return Stage.DISABLED
        if symbol in self.exceptions:
            return self.exceptions[symbol]
        if self.share is not None:
            return _chosen(self.feature, symbol, self.share)
        return self.default

    def stages(self, symbols: Sequence[str], accounts: Mapping[str, str | None]) -> bytes:
        """The stage of each symbol, by the account that trades it: a byte each, UNTOLD for none."""
        found = bytearray([_code(self.default)]) * len(symbols)
        if self.share is not None:
            begun, share, stages = crc32(_encoded(f"{self.feature}:")), self.share, _BY_CHOICE
            found = bytearray(stages[crc32(_encoded(symbol), begun) % 100 < share] for symbol in symbols)
        if self.exceptions:
            for place, symbol in enumerate(symbols):
                if symbol in self.exceptions:
                    found[place] = _code(self.exceptions[symbol])
        if self.accounts is not None:
            for place, account in enumerate(map(accounts.get, symbols)):
                if account is not None and account not in self.accounts:
                    found[place] = Stage.DISABLED
        return bytes(found)


def effective_stage(
    flags: Flags, feature: str, symbol: str, account: str | None, dialect: Dialect
) -> Stage | None:
    """The stage that an engine applies; DISABLED for an unknown feature, None where it can't be told."""
    return stage_rule(flags, feature, dialect).stage(symbol, account)


def stage_rules(flags: Flags, dialect: Dialect) -> Mapping[str, StageRule]:
    """Every feature's rule: whoever draws a matrix asks once for each state of the file."""
    return {feature.name: _rule(flags, feature, dialect) for feature in flags.features}


def stage_rule(flags: Flags, feature: str, dialect: Dialect) -> StageRule:
    """One feature's rule; that of an unknown one is off."""
    found = feature_named(flags, feature)
    return StageRule(feature, Stage.DISABLED) if found is None else _rule(flags, found, dialect)


def feature_named(flags: Flags, name: str) -> Feature | None:
    """The feature of that name; of several the last, which is the one that counts."""
    return next((feature for feature in reversed(flags.features) if feature.name == name), None)


def symbols_listed(feature: Feature, dialect: Dialect) -> tuple[str, ...] | None:
    """The list to which an engine limits a canary, empty for every symbol; None where two lists differ."""
    lists = _lists(feature, dialect)
    if len({frozenset(each) for each in lists}) > 1:
        return None
    return lists[0] if lists else ()


def same_meaning(one: Flags, other: Flags) -> bool:
    """Whether two files say the same to every engine: in other words, places and comments they may differ."""
    return replace(one, path="", digest="", findings=()) == replace(other, path="", digest="", findings=())


def _rule(flags: Flags, feature: Feature, dialect: Dialect) -> StageRule:
    name = feature.name
    if flags.global_kill_switch or not feature.enabled:
        return StageRule(name, Stage.DISABLED)
    stage = STAGES.get(feature.stage)
    if flags.global_kill_switch is None or feature.malformed or stage is None:
        return StageRule(name, None)
    accounts = frozenset(feature.allowed_accounts) if feature.allowed_accounts else None
    rule = _canary(feature, dialect) if stage is Stage.CANARY else StageRule(name, stage)
    own = feature.symbol_stages if dialect.symbol_stages else None
    exceptions = {symbol: STAGES.get(word) for symbol, word in (own or {}).items()}
    return replace(rule, exceptions={**rule.exceptions, **exceptions}, accounts=accounts)


def _canary(feature: Feature, dialect: Dialect) -> StageRule:
    """A canary's rule. Where two lists differ, whatever is in one only depends on the engine."""
    lists = [frozenset(each) for each in _lists(feature, dialect)]
    if not any(lists):
        every = _in_share(feature, None, dialect)
        chosen = every is None and dialect.chooses_by_crc
        return StageRule(feature.name, every, share=feature.canary_percentage if chosen else None)
    sure = frozenset.intersection(*filter(None, lists))
    exceptions = dict.fromkeys(frozenset.union(*lists) - sure)
    return StageRule(
        feature.name,
        Stage.DISABLED if all(lists) else None,
        {**exceptions, **{symbol: _in_share(feature, symbol, dialect) for symbol in sure}},
    )


def _lists(feature: Feature, dialect: Dialect) -> list[tuple[str, ...]]:
    """The lists that the engine looks at, as far as they are there."""
    written = {"canary_symbols": feature.canary_symbols, "allowed_symbols": feature.allowed_symbols}
    return [found for name in dialect.lists if (found := written[name]) is not None]


def _in_share(feature: Feature, symbol: str | None, dialect: Dialect) -> Stage | None:
    """The stage by the percentage alone; without a symbol, that of every one."""
    share = feature.canary_percentage
    if share is None or share >= 100:
        return Stage.CANARY
    if share <= 0:
        return Stage.DISABLED
    if symbol is None or not dialect.chooses_by_crc:
        return None
    return _chosen(feature.name, symbol, share)


def _code(stage: Stage | None) -> int:
    return UNTOLD if stage is None else stage


_BY_CHOICE = bytes((Stage.DISABLED, Stage.CANARY))


def _chosen(feature: str, symbol: str, share: float) -> Stage:
    number = crc32(_encoded(f"{feature}:{symbol}"))
    return Stage.CANARY if number % 100 < share else Stage.DISABLED


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
