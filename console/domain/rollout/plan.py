"""A change of the flags file before it is made: what it writes, and what it does to every symbol."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from console.domain.edits import Edit
from console.domain.rollout.operations import Operation, Written
from console.domain.rollout.stages import Stage, StageRule
from console.domain.surfaces import Flags

Listings = Mapping[str, str | None]
"""Every symbol that the engine knows, with the id of the account that trades it, None where nobody knows."""


class Direction(Enum):
    """What a change does to the risk. A step up to shadow raises it, though nothing trades yet."""

    RAISES = "raises"
    LOWERS = "lowers"
    SAME = "leaves"


@dataclass(frozen=True, slots=True)
class Move:
    """From a stage to a stage; None where it can't be told."""

    before: Stage | None
    after: Stage | None

    @property
    def starts(self) -> bool:
        """Whether trading begins with it."""
        return _may_trade(self.after) and not _trades(self.before)

    @property
    def stops(self) -> bool:
        """Whether trading ends with it."""
        return _may_trade(self.before) and not _may_trade(self.after)

    @property
    def only_shadows(self) -> bool:
        return self.after is Stage.SHADOW

    @property
    def rises(self) -> bool:
        """Whether the stage is, or may be, higher after it."""
        if self.after is None:
            return self.before is not None and self.before < Stage.PRODUCTION
        return self.after.trades if self.before is None else self.after > self.before

    @property
    def falls(self) -> bool:
        return self.before is not self.after and not self.rises


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of every symbol: those that make the same move together, listed ones first.

    `others` is the move of a symbol that nobody has named, such as one that is listed tomorrow.
    """

    moves: Mapping[Move, tuple[str, ...]]
    others: Move

    @property
    def starting(self) -> tuple[str, ...]:
        """The symbols that start, or may start, to trade."""
        return self._those(move for move in self.moves if move.starts)

    @property
    def stopping(self) -> tuple[str, ...]:
        """The symbols that stop trading."""
        return self._those(move for move in self.moves if move.stops)

    @property
    def shadowing(self) -> tuple[str, ...]:
        """The symbols that only shadow afterwards."""
        return self._those(move for move in self.moves if move.only_shadows)

    @property
    def changed(self) -> Mapping[Move, tuple[str, ...]]:
        """The moves that lead elsewhere."""
        return {move: symbols for move, symbols in self.moves.items() if move.before is not move.after}

    @property
    def direction(self) -> Direction:
        """Any symbol that trades more raises the risk, whatever the others do."""
        return _direction((*self.moves, self.others))

    def _those(self, moves: Iterable[Move]) -> tuple[str, ...]:
        return tuple(symbol for move in moves for symbol in self.moves[move])


@dataclass(frozen=True, slots=True)
class Plan:
    """A change that can be written.

    `operation` is what was asked, resolved: a promotion is the stage to which it leads. `before` and `wrote`
    are the keys that it changes, for the journal and for Undo. `after` is what the file says then. `entry` is
    what becomes of the feature's own stage, and of symbols where an engine has other accounts than are known
    here, or makes something else of a key: moves that nobody may see, but that count. `remarks` are what a
    person should know besides.
    """

    operation: Operation
    edits: tuple[Edit, ...]
    before: Written
    wrote: Written
    after: Flags
    effect: Effect
    entry: frozenset[Move]
    remarks: tuple[str, ...] = ()

    @property
    def direction(self) -> Direction:
        """What can't be told raises the risk, unless something is plainly lower."""
        moves = {*self.effect.moves, self.effect.others, *self.entry}
        found = _direction(moves)
        untold = any(move.before is None for move in moves)
        return Direction.RAISES if found is Direction.SAME and untold else found


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change isn't written, and the nearest ones that could be, each with its effect."""

    operation: Operation
    reason: str
    instead: tuple[Plan, ...] = ()


def effect_of(before: StageRule, after: StageRule, listings: Listings) -> Effect:
    """What becomes of every symbol when one rule takes the place of the other."""
    moves: dict[Move, list[str]] = {}
    for symbol, account in with_named(listings, before, after).items():
        move = Move(before.stage(symbol, account), after.stage(symbol, account))
        moves.setdefault(move, []).append(symbol)
    others = Move(before.default, after.default)
    return Effect({move: tuple(symbols) for move, symbols in moves.items()}, others)


def with_named(listings: Listings, *rules: StageRule) -> Listings:
    """The listings, and after them what only the flags file names, such as a symbol that was delisted."""
    named = {symbol for rule in rules for symbol in rule.exceptions if symbol not in listings}
    return {**listings, **dict.fromkeys(sorted(named))} if named else listings


def _direction(moves: Collection[Move]) -> Direction:
    if any(move.rises and _may_trade(move.after) for move in moves):
        return Direction.RAISES
    if any(move.falls for move in moves):
        return Direction.LOWERS
    return Direction.RAISES if any(move.rises for move in moves) else Direction.SAME


def _trades(stage: Stage | None) -> bool:
    return stage is not None and stage.trades


def _may_trade(stage: Stage | None) -> bool:
    return stage is None or stage.trades
