"""What has changed between two values in their flat form, as JSON with blocks of floats beside it.

Rows that came or went are named once for all of a table's columns, so that one closed position among
thousands doesn't move all the others.
"""

import itertools
import operator
from array import array
from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.domain.metrics import LateSeries
from console.history.cells import Cells
from console.history.flat import Flat, Table
from console.history.frames import RecordError
from console.history.payload import Blocks

WHOLE, DROPPED, ADDED, CHANGED, GONE = "whole", "dropped", "added", "changed", "gone"
_FLOATS = "floats"


def changes(old: Flat, new: Flat, blocks: Blocks) -> dict[str, Any]:
    """What makes `new` of `old`; empty when there is nothing to do."""
    tables: dict[str, Any] = {}
    for path, table in new.items():
        before = old.get(path)
        change = _whole(table, blocks) if before is None else _changed(before, table, blocks)
        if change:
            tables[path] = change
    gone = [path for path in old if path not in new]
    return {**({CHANGED: tables} if tables else {}), **({GONE: gone} if gone else {})}


def changed_by(old: Flat, change: Mapping[str, Any], blocks: Blocks) -> Flat:
    """`old` after `change`; tables that it doesn't name stay the same objects. RecordError for nonsense."""
    try:
        gone = set(change.get(GONE, ()))
        new = {path: table for path, table in old.items() if path not in gone}
        for path, said in change.get(CHANGED, {}).items():
            if WHOLE in said:
                new[path] = {name: _column(raw, None, blocks) for name, raw in said[WHOLE].items()}
            else:
                new[path] = _patched(new[path], said, blocks)
            if len({len(column) for column in new[path].values()}) > 1:
                raise RecordError(f"{path}: columns of different lengths")
    except RecordError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise RecordError(f"not what a console writes: {type(error).__name__}: {error}") from None
    return new


def with_known(known: Flat, flat: Flat) -> Flat:
    """`flat` with the columns and tables of `known` that are equal to its own, as the same objects."""
    return {path: _with_known(known.get(path, {}), table) for path, table in flat.items()}


def _with_known(known: Table, table: Table) -> Table:
    columns = {
        name: known[name] if name in known and _same(known[name], column) else column
        for name, column in table.items()
    }
    unchanged = len(columns) == len(known) and all(known.get(name) is columns[name] for name in columns)
    return known if unchanged and columns else columns


def _whole(table: Table, blocks: Blocks) -> dict[str, Any]:
    return {WHOLE: {name: _said(column, None, blocks) for name, column in table.items()}}


def _changed(old: Table, new: Table, blocks: Blocks) -> dict[str, Any]:
    """What makes one table of the other; all of the new one where that is hardly more."""
    splice = _splice(old, new)
    if splice is None:
        return _whole(new, blocks)
    columns = {}
    for name, column in new.items():
        before = splice.done_to(_keys(old[name]))
        if not _same(before, _keys(column)):
            columns[name] = _said(column, before, blocks)
    if not columns and not splice.dropped:
        return {}
    return {DROPPED: splice.dropped, ADDED: splice.added, CHANGED: columns}


def _patched(old: Table, said: Mapping[str, Any], blocks: Blocks) -> Table:
    splice = _Splice(said[DROPPED], said[ADDED])
    columns = {name: splice.done_to(column) for name, column in old.items()}
    for name, raw in said[CHANGED].items():
        columns[name] = _column(raw, columns[name], blocks)
    return columns


@dataclass(frozen=True, slots=True)
class _Splice:
    """Rows that go, by their place before, and rows that come, by their place afterwards."""

    dropped: Sequence[int]
    added: Sequence[int]

    def done_to(self, column: Cells) -> Cells:
        if not self.dropped and not self.added:
            return column
        moved = column[:] if isinstance(column, array) else list(column)
        if len(self.dropped) > _FEW:
            gone = set(self.dropped)
            kept = (value for place, value in enumerate(column) if place not in gone)
            moved = array("d", kept) if isinstance(column, array) else list(kept)
        else:
            for place in reversed(self.dropped):
                del moved[place]
        empty = 0.0 if isinstance(column, array) else None
        for place in self.added:
            moved.insert(place, empty)
        return moved


_FEW = 100
"""Rows that are quicker taken out one by one."""
_NOTHING = _Splice((), ())


def _splice(old: Table, new: Table) -> _Splice | None:
    """How the rows of one table become the other's; None where too much has moved."""
    if list(old) != list(new) or not new:
        return None
    name = next(iter(new))
    before, after = _keys(old[name]), _keys(new[name])
    if before is after or before == after or len(before) == len(after) == 1:
        return _NOTHING
    near = _near_splice(before, after)
    if near is not None:
        return near
    places = _places(before)
    present = _places(after)
    if places is None or present is None:
        return None
    stayed = _longest_rise([places[key] for key in present if key in places])
    if 2 * len(stayed) < len(after):
        return None
    kept = {before[place] for place in stayed}
    return _Splice(
        [place for key, place in places.items() if key not in kept],
        [place for key, place in present.items() if key not in kept],
    )


def _near_splice(before: Cells, after: Cells) -> _Splice | None:
    """The splice where rows came, went or moved singly, as they mostly do; None where it takes a search."""
    dropped: list[int] = []
    added: list[int] = []
    old = new = 0
    while old < len(before) and new < len(after):
        if before[old] is after[new] or before[old] == after[new]:
            old += 1
            new += 1
        elif old + 1 < len(before) and before[old + 1] == after[new]:
            dropped.append(old)
            old += 1
        elif new + 1 < len(after) and before[old] == after[new + 1]:
            added.append(new)
            new += 1
        else:
            return None
    dropped.extend(range(old, len(before)))
    added.extend(range(new, len(after)))
    return None if 2 * len(added) > len(after) else _Splice(dropped, added)


def _longest_rise(numbers: Sequence[int]) -> Sequence[int]:
    """The most of `numbers` that rise in their order; the rows of the others have moved."""
    if all(one < other for one, other in itertools.pairwise(numbers)):
        return numbers
    ends: list[int] = []  # the smallest number that a rise of each length can end with
    before: dict[int, int | None] = {}
    for number in numbers:
        length = bisect_left(ends, number)
        ends[length : length + 1] = [number]
        before[number] = ends[length - 1] if length else None
    rise: list[int] = []
    last: int | None = ends[-1]
    while last is not None:
        rise.append(last)
        last = before[last]
    return rise[::-1]


def _places(keys: Cells) -> dict[Hashable, int] | None:
    """Where each key stands; None where two are equal."""
    places = {key: place for place, key in enumerate(keys)}
    return places if len(places) == len(keys) else None


def _keys(column: Cells) -> Cells:
    """What can be compared in place of a column's cells, where these would be made for it."""
    return column.keys if isinstance(column, LateSeries) else column


def _same(old: Cells, new: Cells) -> bool:
    if isinstance(new, array) and isinstance(old, array):
        return old.tobytes() == new.tobytes()
    return old is new or old == new


def _said(column: Cells, before: Cells | None, blocks: Blocks) -> Any:
    """A column as JSON: all of it, or the places of the values that have changed with these."""
    if isinstance(column, array):
        return {_FLOATS: blocks.add(column, before if isinstance(before, array) else None)}
    if before is None:
        return column
    differ = list(map(operator.ne, before, _keys(column)))
    if 2 * sum(differ) > len(column):
        return column
    places = list(itertools.compress(range(len(column)), differ))
    return {"at": places, "values": [column[place] for place in places]}


def _column(raw: Any, before: Cells | None, blocks: Blocks) -> Cells:
    if isinstance(raw, list):
        return raw
    if _FLOATS in raw:
        return blocks.numbers(raw[_FLOATS], before if isinstance(before, array) else None)
    if not isinstance(before, list):
        raise RecordError("a change of a column that isn't there")
    column = before.copy()
    for place, value in zip(raw["at"], raw["values"], strict=True):
        column[place] = value
    return column
