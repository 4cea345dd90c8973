"""Where the engine has another stage loaded than the flags file says, and since when.

Thousands of cells may differ at once, and they are looked at with every answer of the engine's. So of a
feature's symbols columns are kept: how file and engine stand to each other as a byte, since when they differ
as a number. A feature of which neither says anything new is not looked at again.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from operator import ne, or_

from console.domain.rollout.loaded import Loaded, Row, codes_of
from console.domain.rollout.stages import UNTOLD, Stage, StageRule

_SAME, _UNKNOWN, _FIRST = 0, 1, 2
"""What a byte says of a cell: the same, or that one of the two isn't told; from `_FIRST` on they differ.

Of two processes that say different things the larger byte counts: the one that says most.
"""
_SHIFT = 3
"""Bits that a stage takes."""


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
    """What lasts in one feature: in how many symbols, `since` when, and the one of them that says most."""

    feature: str
    symbols: int
    since: float
    worst: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Compared:
    """One feature's row of the engine's series beside what the file `rule`s.

    Of each symbol `due` is the stage by the file, `found` how the engine stands to it, `since` when they
    differ, infinity where they don't, and `lasting` whether for long; where none differs these two are empty.
    `next_since` is the earliest instant since when one differs that isn't lasting yet.
    """

    row: Row
    rule: StageRule
    due: bytes
    found: bytes
    since: "array[float]"
    lasting: bytes = b""
    drifting: Drifting | None = None
    next_since: float = -math.inf

    @property
    def count(self) -> int:
        """In how many symbols the two differ."""
        return len(self.found) - self.found.count(_SAME) - self.found.count(_UNKNOWN)

    @property
    def is_known(self) -> bool:
        """Whether both tell a stage for each of the symbols."""
        return _UNKNOWN not in self.found

    @property
    def differing(self) -> tuple[str, ...]:
        """The symbols in which the two differ."""
        return tuple(compress(self._names, (code >= _FIRST for code in self.found)))

    @property
    def unknown(self) -> tuple[str, ...]:
        """The symbols of which one of the two tells no stage."""
        return tuple(compress(self._names, (code == _UNKNOWN for code in self.found)))

    @property
    def lasting_symbols(self) -> tuple[str, ...]:
        return tuple(compress(self._names, self.lasting))

    def lasts(self, symbol: str) -> bool:
        place = self.row.symbols.places.get(symbol)
        return place is not None and any(self.lasting[place : place + 1])

    def difference(self, symbol: str) -> Difference | None:
        place = self.row.symbols.places.get(symbol)
        if place is None or self.found[place] < _FIRST:
            return None
        return _difference(self.found[place], self.since[place])

    @property
    def _names(self) -> Sequence[str]:
        return self.row.symbols.names


@dataclass(frozen=True, slots=True)
class Differences:
    """Every feature of the engine's beside the file's, as `loaded` and `rules` have them."""

    loaded: Loaded
    rules: Mapping[str, StageRule]
    features: Mapping[str, Compared]

    @property
    def count(self) -> int:
        """How many cells differ."""
        return sum(one.count for one in self.features.values())

    @property
    def drifting(self) -> tuple[Drifting, ...]:
        """What lasts, feature by feature."""
        return tuple(one.drifting for one in self.features.values() if one.drifting is not None)


def differences(
    loaded: Loaded,
    rules: Mapping[str, StageRule],
    accounts: Mapping[str, str | None],
    before: Differences | None,
    *,
    since: float,
    lasts_before: float,
) -> Differences:
    """Compare the engine's word with the file's `rules`; a feature that isn't in it is off.

    What differs does so `since` the instant of the younger of the two, and lasts where it already did
    `lasts_before`. A difference that becomes another one begins anew.
    """
    known = before
    if known is None or known.rules is not rules or known.loaded is not loaded:
        known = Differences(loaded, rules, _features(loaded, rules, accounts, before, since))
    if all(one.next_since >= lasts_before for one in known.features.values()):
        return known
    features = {feature: _lasting(one, lasts_before) for feature, one in known.features.items()}
    return replace(known, features=features)


def _features(
    loaded: Loaded,
    rules: Mapping[str, StageRule],
    accounts: Mapping[str, str | None],
    before: Differences | None,
    now: float,
) -> Mapping[str, Compared]:
    """Every row of the engine's compared; one of which nobody says anything new is the one of before."""
    features = {}
    for feature, row in loaded.rows.items():
        rule = rules.get(feature) or StageRule(feature, Stage.DISABLED)
        old = None if before is None else before.features.get(feature)
        if old is not None and before is not None and _is_as_before(old, row, rule, loaded, before.loaded):
            features[feature] = old
        else:
            known = old is not None and row is old.row and rule == old.rule
            due = old.due if old is not None and known else rule.stages(row.symbols.names, accounts)
            found = _found(row, due, loaded)
            since_when = _since(found, *_carried(row, old), now)
            features[feature] = Compared(row, rule, due, found, since_when)
    return features


def _is_as_before(old: Compared, row: Row, rule: StageRule, loaded: Loaded, before: Loaded) -> bool:
    if row is not old.row or rule != old.rule or row.others:
        return False
    return row.numbers(loaded.column).tobytes() == row.numbers(before.column).tobytes()


def _found(row: Row, due: bytes, loaded: Loaded) -> bytes:
    """How each symbol of the row stands, a byte each."""
    wanted = due.translate(_SHIFTED)
    found = bytes(map(or_, wanted, codes_of(row.numbers(loaded.column)))).translate(_FOUND)
    if not row.others:
        return found
    most = bytearray(found)
    for place, others in row.others.items():
        for code in codes_of(loaded.column.numbers[other] for other in others):
            most[place] = max(most[place], _FOUND[wanted[place] | code])
    return bytes(most)


def _carried(row: Row, old: Compared | None) -> tuple[bytes, "array[float]"]:
    """What was found before, and since when, in the order of the row's symbols."""
    names = row.symbols.names
    if old is None:
        return bytes(len(names)), array("d")
    if old.row.symbols is row.symbols:
        return old.found, old.since
    found, since = bytearray(len(names)), array("d", [math.inf]) * len(names)
    for place, before in enumerate(map(old.row.symbols.places.get, names)):
        if before is not None:
            found[place] = old.found[before]
            since[place] = old.since[before] if old.since else math.inf
    return bytes(found), since


def _since(found: bytes, before: bytes, since: "array[float]", now: float) -> "array[float]":
    """Since when each symbol differs: `now` where that isn't as it was `before`."""
    if not any(found.translate(_DIFFERS)):
        return array("d")
    new = since[:] or array("d", [math.inf]) * len(found)
    for place in compress(range(len(found)), map(ne, found, before)):
        new[place] = now if found[place] >= _FIRST else math.inf
    return new


def _lasting(one: Compared, until: float) -> Compared:
    """The same, where what has differed since before `until` lasts."""
    if one.next_since >= until:
        return one
    lasting = bytes(at < until for at in one.since)
    waiting = (at for at in one.since if at >= until)
    return replace(
        one,
        lasting=lasting,
        drifting=_drifting(one, lasting),
        next_since=min(waiting, default=math.inf),
    )


def _drifting(one: Compared, lasting: bytes) -> Drifting | None:
    """What trades though it must not says most, then what has lasted longest."""
    if not any(lasting):
        return None
    cells = zip(one.found.translate(_CALM), one.since, one.row.symbols.names, one.found, strict=True)
    _, since, worst, code = min(compress(cells, lasting))
    return Drifting(one.rule.feature, lasting.count(True), min(one.since), worst, _difference(code, since))


def _difference(code: int, since: float) -> Difference:
    desired, has = divmod(code - _FIRST, 1 << _SHIFT)
    return Difference(since, Stage(desired), Stage(has))


def _table(of: Mapping[int, int]) -> bytes:
    """What `bytes.translate` makes of each byte."""
    return bytes(of.get(byte, 0) for byte in range(256))


def _byte(desired: int, has: int) -> int:
    if UNTOLD in (desired, has):
        return _UNKNOWN
    return _SAME if desired == has else _FIRST + (desired << _SHIFT | has)


_CODES = (*Stage, UNTOLD)
_PAIRS = [(desired, has) for desired in Stage for has in Stage if desired is not has]
_SHIFTED = _table({code: code << _SHIFT for code in _CODES})
_FOUND = _table({desired << _SHIFT | has: _byte(desired, has) for desired in _CODES for has in _CODES})
_DIFFERS = _table({_byte(*pair): True for pair in _PAIRS})
_CALM = _table({_byte(desired, has): not (has.trades and not desired.trades) for desired, has in _PAIRS})
