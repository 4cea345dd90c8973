"""Where the engine has another stage loaded than the flags file says, and since when.

Thousands of cells may differ at once, and they are looked at with every answer of the engine's: what rests
on the same stages as before is not looked for again.
"""

import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from console.domain.rollout.loaded import Loaded, stage_of
from console.domain.rollout.stages import Stage, StageRule

CellName = tuple[str, str]
"""A feature and a symbol."""
Pair = tuple[Stage, Stage]
"""The stage that the file says, and another that the engine has loaded."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`since` is when it was first seen, in seconds on the console's clock."""

    since: float
    desired: Stage
    loaded: Stage

    @property
    def trades_against_the_file(self) -> bool:
        return self.loaded.trades and not self.desired.trades


@dataclass(frozen=True, slots=True)
class Drifting:
    """What lasts in one feature: in how many symbols, and the one of them that says most."""

    feature: str
    symbols: int
    worst: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Differences:
    """`every` cell that differs, and since when those do that are `lasting`; `by_feature` sums these up.

    `due` are the numbers of the engine's series as the file wants them, NaN where that can't be told.
    `next_since` is the earliest instant since when one differs that isn't lasting yet.
    """

    loaded: Loaded
    rules: Mapping[str, StageRule]
    due: "array[float]"
    every: Mapping[CellName, Difference] = field(default_factory=dict)
    lasting: Mapping[CellName, float] = field(default_factory=dict)
    by_feature: tuple[Drifting, ...] = ()
    next_since: float = -math.inf


def differences(
    loaded: Loaded,
    rules: Mapping[str, StageRule],
    accounts: Mapping[str, str | None],
    before: Differences | None,
    *,
    since: float,
    lasts_before: float,
) -> Differences:
    """Compare the engine's word with the file's `rules`.

    What differs does so `since` the instant of the younger of the two, and lasts where it already did
    `lasts_before`. A difference that becomes another one begins anew.
    """
    if before is not None and before.rules is rules and before.loaded is loaded:
        known = before
    else:
        due = _due(loaded, rules, accounts, before)
        every = _carried(_found(loaded, due), {} if before is None else before.every, since)
        known = Differences(loaded, rules, due, every)
    return known if known.next_since >= lasts_before else _lasting(known, lasts_before)


def _due(
    loaded: Loaded,
    rules: Mapping[str, StageRule],
    accounts: Mapping[str, str | None],
    before: Differences | None,
) -> "array[float]":
    """What each series would say had the engine loaded the file; a feature that isn't in it is off."""
    if before is not None and before.rules is rules and before.loaded.features is loaded.features:
        return before.due
    due = array("d")
    for feature, symbol in zip(loaded.features, loaded.column.lineup.symbols, strict=True):
        stage = None
        if feature is not None and symbol is not None:
            rule = rules.get(feature)
            stage = Stage.DISABLED if rule is None else rule.stage(symbol, accounts.get(symbol))
        due.append(math.nan if stage is None else stage)
    return due


def _found(loaded: Loaded, due: "array[float]") -> dict[CellName, Pair]:
    """The cells in which a process has another stage loaded; of several processes the furthest counts."""
    found: dict[CellName, Pair] = {}
    features, symbols = loaded.features, loaded.column.lineup.symbols
    for place, (said, wanted) in enumerate(zip(loaded.column.numbers, due, strict=True)):
        if said == wanted:
            continue
        desired, has, feature, symbol = stage_of(wanted), stage_of(said), features[place], symbols[place]
        if desired is not None and has is not None and feature is not None and symbol is not None:
            pair = desired, has
            if found.setdefault((feature, symbol), pair) < pair:
                found[feature, symbol] = pair
    return found


def _carried(
    found: Mapping[CellName, Pair], before: Mapping[CellName, Difference], since: float
) -> Mapping[CellName, Difference]:
    """The differences, those that were there before since they were."""
    new: dict[Pair, Difference] = {}
    every = {}
    for cell, pair in found.items():
        known = before.get(cell)
        if known is None or (known.desired, known.loaded) != pair:
            known = new.get(pair)
            if known is None:
                known = new[pair] = Difference(since, *pair)
        every[cell] = known
    return every


def _lasting(known: Differences, until: float) -> Differences:
    """The same, where what has differed since before `until` lasts."""
    lasting = {cell: one.since for cell, one in known.every.items() if one.since < until}
    waiting = (one.since for one in known.every.values() if one.since >= until)
    return replace(
        known,
        lasting=lasting,
        by_feature=tuple(_by_feature(known.every, lasting)),
        next_since=min(waiting, default=math.inf),
    )


def _by_feature(
    every: Mapping[CellName, Difference], lasting: Mapping[CellName, float]
) -> Iterator[Drifting]:
    """What trades though it must not says most, then what has lasted longest."""
    symbols: dict[str, list[str]] = {}
    for feature, symbol in lasting:
        symbols.setdefault(feature, []).append(symbol)
    for feature, those in symbols.items():
        worst = min(those, key=partial(_order, every, feature))
        yield Drifting(feature, len(those), worst, every[feature, worst])


def _order(every: Mapping[CellName, Difference], feature: str, symbol: str) -> tuple[bool, float, str]:
    one = every[feature, symbol]
    return not one.trades_against_the_file, one.since, symbol
