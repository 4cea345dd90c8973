"""The rows of a table: their order, filter and marks, the cursor among them, and which worse ones hide.

Everything is done for all rows at once, by index into the rows given: there can be thousands, all of them
different once a second, and most of them never looked at.
"""

import itertools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, cast, runtime_checkable

from console.domain.severity import Severity
from console.tui.widgets.table.columns import Column, Order, orders_of
from console.tui.widgets.table.filter import Filter

T = TypeVar("T")


@runtime_checkable
class Bulk(Protocol):
    """Rows that know their keys and severities without being looked at one by one."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def severities(self) -> Sequence[Severity]: ...


@dataclass(frozen=True, slots=True)
class Worse:
    """How many rows above and below the page are worse than the mildest on it, and how bad they get."""

    above: int
    below: int
    severity: Severity

    def words(self, up: str, down: str, sign: str) -> tuple[str, ...]:
        """The same in words, and ever shorter; `sign` is the severity's."""
        if self.above and self.below:
            above, below = self.above, self.below
            return (
                f"{up}{above} {down}{below} worse",
                f"{sign}{above}{up}{below}{down}",
                f"{sign}{above + below}",
            )
        number, side, arrow = (self.above, "above", up) if self.above else (self.below, "below", down)
        return f"{number} worse {side}", f"{arrow}{number} worse", f"{sign}{number}{arrow}"


class Rows(Generic[T]):
    """Rows told apart by `key`, sorted by one column, and within that by key in either direction.

    The cursor stays on its row's key, and that row stays, though filter or marks may hide it by now, until
    the cursor leaves it or what is shown is changed on purpose. When the row itself is gone, the next one
    gets the cursor. As long as the cursor hasn't been moved, it is at the top, on whatever comes first.

    `chosen` is the key that the cursor stays on, None while it stays at the top; `holds` says that this row
    is shown for the cursor's sake alone.
    """

    def __init__(self, key: Callable[[T], str], severity: Callable[[T], Severity]) -> None:
        self._key = key
        self._severity = severity
        self._given: Sequence[T] = ()
        self._keys: Sequence[str] = ()
        self._index: dict[str, int] = {}
        self._by_key: list[int] = []
        self._severities = b""
        self._sorted: list[int] = []
        self._sorted_by: tuple[list[int], Sequence[Order], bool] = ([], (), False)
        self._shown: list[int] = []
        self._shown_severities = b""
        self.cursor = 0
        self.chosen: str | None = None
        self.holds = False
        self._pinned = False
        self.filter: Filter[T] | None = None
        self.marks: frozenset[str] = frozenset()
        self.marked_only = False

    def __len__(self) -> int:
        return len(self._shown)

    def __getitem__(self, place: int) -> T:
        return self._given[self._shown[place]]

    @property
    def total(self) -> int:
        """How many rows there are, shown or not."""
        return len(self._given)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the rows shown, in their order."""
        return tuple(map(self.key, range(len(self._shown))))

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor; None when there are no rows."""
        return self.key(self.cursor) if self._shown else None

    @property
    def marked(self) -> int:
        """How many rows are marked, shown or not."""
        return len(self.marks & self._index.keys())

    @property
    def narrowed(self) -> bool:
        """Whether filter or marks ask for some of the rows only."""
        return self.filter is not None or self.marked_only

    def key(self, place: int) -> str:
        return self._keys[self._shown[place]]

    def take(self, rows: Sequence[T]) -> bool:
        """Take on `rows`, still unsorted; False when they are the same object as before."""
        if rows is self._given:
            return False
        self._given = rows
        if isinstance(rows, Bulk):
            keys, self._severities = rows.names, bytes(rows.severities)
        else:
            keys, self._severities = tuple(map(self._key, rows)), bytes(map(self._severity, rows))
        if keys != self._keys:
            self._index = {key: number for number, key in enumerate(keys)}
            self._by_key = sorted(range(len(keys)), key=keys.__getitem__)
        self._keys = keys
        return True

    def sort(self, column: Column[T], reverse: bool) -> None:
        """Sort by `column`; rows that have nothing to sort by come last, whatever the direction."""
        by = self._by_key, orders_of(column, self._given), reverse
        if by != self._sorted_by:
            self._sorted, self._sorted_by = _sorted(*by), by
        self._show(self._mask())

    def narrow(self, filter: Filter[T] | None, marked_only: bool) -> None:
        """Show what these ask for; where that isn't the cursor's row, the nearest one gets the cursor."""
        self.filter, self.marked_only = filter, marked_only
        mask = self._mask()
        chosen = self._chosen_index
        if mask is not None and chosen is not None and not mask[chosen]:
            place = self._sorted.index(chosen)
            nearest = itertools.chain(self._sorted[place:], reversed(self._sorted[:place]))
            found = next((number for number in nearest if mask[number]), None)
            self._pinned = found is not None
            self.chosen = self.chosen if found is None else self._keys[found]
        self._show(mask)

    def any_match(self, filter: Filter[T]) -> bool:
        """Whether any row would be shown with this filter."""
        return True in filter.matching(self._given)

    def move(self, place: int) -> None:
        """Put the cursor on the row at `place`, or the one nearest to it."""
        self.cursor = max(0, min(place, len(self._shown) - 1))
        before, self.chosen = self.chosen, self.cursor_key
        self._pinned = self.chosen is not None
        if self.holds and self.chosen != before:
            self._show(self._mask())

    def mark(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        if self.cursor_key is not None:
            self.marks ^= {self.cursor_key}
            self.marked_only = self.marked_only and bool(self.marks)
            self._show(self._mask())

    def worse(self, top: int, page: int) -> Worse | None:
        """What hides above and below the page that begins at row `top`; None when nothing worse does."""
        shown = self._shown_severities[top : top + page]
        if not shown:
            return None
        above = _worse_than(min(shown), self._shown_severities[:top])
        below = _worse_than(min(shown), self._shown_severities[top + page :])
        hidden = above.keys() | below.keys()
        return Worse(sum(above.values()), sum(below.values()), max(hidden)) if hidden else None

    def worse_hidden(self) -> tuple[int, Severity]:
        """How many rows filter and marks hide that are worse than all those shown, and how bad they get."""
        worst = max(self._shown_severities, default=Severity.OK)
        hidden = _worse_than(worst, self._severities)
        return sum(hidden.values()), max(hidden, default=Severity.OK)

    def _mask(self) -> list[bool] | None:
        """Which of the rows given filter and marks ask for; None when all of them."""
        if not self.narrowed:
            return None
        mask = [True] * self.total if self.filter is None else self.filter.matching(self._given)
        if self.marked_only:
            return list(map(operator.and_, mask, map(self.marks.__contains__, self._keys)))
        return mask

    @property
    def _chosen_index(self) -> int | None:
        return None if self.chosen is None else self._index.get(self.chosen)

    def _show(self, mask: list[bool] | None) -> None:
        """Show the rows of `mask` and the one that the cursor pins, and find the cursor again."""
        chosen = self._chosen_index
        self.holds = self._pinned and mask is not None and chosen is not None and not mask[chosen]
        if mask is None:
            self._shown = self._sorted
        else:
            if self.holds and chosen is not None:
                mask[chosen] = True
            self._shown = list(itertools.compress(self._sorted, map(mask.__getitem__, self._sorted)))
        self._shown_severities = bytes(map(self._severities.__getitem__, self._shown))
        if self.chosen is None:
            self.cursor = 0
        elif chosen is not None and (mask is None or mask[chosen]):
            self.cursor = self._shown.index(chosen)
        else:
            self.cursor = max(0, min(self.cursor, len(self._shown) - 1))
            self.chosen = self.cursor_key or self.chosen
        self._pinned = bool(self._shown) and self.chosen is not None


def _sorted(by_key: list[int], orders: Sequence[Order], reverse: bool) -> list[int]:
    """The indexes of `by_key` in the order of their `orders`; NaN is told by being unequal to itself."""
    # Floats stand for all that a column may sort by: it is of one kind.
    places = cast("Sequence[float]", orders)
    if None not in orders and not any(map(operator.ne, places, places)):
        return sorted(by_key, key=places.__getitem__, reverse=reverse)
    has = [order is not None and order == order for order in orders]  # noqa: PLR0124
    ordered = sorted(
        itertools.compress(by_key, map(has.__getitem__, by_key)), key=places.__getitem__, reverse=reverse
    )
    return ordered + [number for number in by_key if not has[number]]


def _worse_than(bound: int, severities: bytes) -> dict[Severity, int]:
    """How many of `severities` there are of each that is worse than `bound`."""
    counts = {severity: severities.count(severity) for severity in Severity if severity > bound}
    return {severity: number for severity, number in counts.items() if number}
