"""The rows of a table: their order, the cursor among them, and which hide that are worse than the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.domain.severity import Severity
from console.tui.widgets.columns import Order

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Worse:
    """How many rows above and below the page are worse than the mildest on it, and how bad they get."""

    above: int
    below: int
    severity: Severity

    def words(self, up: str, down: str, cells: int) -> str:
        """The same in at most `cells` cells, where that is possible."""
        if self.above and self.below:
            return f"{up}{self.above} {down}{self.below} worse"
        number, side, arrow = (self.above, "above", up) if self.above else (self.below, "below", down)
        full = f"{number} worse {side}"
        return full if len(full) <= cells else f"{arrow}{number} worse"


class Rows(Generic[T]):
    """Rows told apart by `key`, sorted by one column, and within that by key in either direction.

    The cursor stays on its row's key. As long as it hasn't been moved, it stays at the top instead, on
    whatever comes first.
    """

    def __init__(self, key: Callable[[T], str], severity: Callable[[T], Severity]) -> None:
        self._key = key
        self._severity = severity
        self._given: Sequence[T] = ()
        self._by_key: list[T] = []
        self._rows: list[T] = []
        self._severities: list[Severity] = []
        self._places: dict[str, int] = {}
        self._chosen: str | None = None
        self.cursor = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> T:
        return self._rows[place]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._places)

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor; None when there are no rows."""
        return self._key(self._rows[self.cursor]) if self._rows else None

    def move(self, place: int) -> None:
        """Put the cursor on the row at `place`, or the one nearest to it."""
        self.cursor = max(0, min(place, len(self._rows) - 1))
        self._chosen = self.cursor_key

    def stay_on_top(self) -> None:
        """Put the cursor on the first row, whichever that will be."""
        self.cursor, self._chosen = 0, None

    def take(self, rows: Sequence[T]) -> bool:
        """Take on `rows`, still unsorted; False when they are the same object as before."""
        if rows is self._given:
            return False
        self._given = rows
        self._by_key = sorted(rows, key=self._key)
        return True

    def sort(self, order: Callable[[T], Order], reverse: bool) -> None:
        """Sort by `order`; rows that have none come last, whatever the direction."""
        ordered: list[tuple[tuple[float | str, ...], T]] = []
        without: list[T] = []
        for row in self._by_key:
            place = order(row)
            if place is None:
                without.append(row)
            else:
                ordered.append((place, row))
        ordered.sort(key=_first, reverse=reverse)
        rows = [row for _, row in ordered] + without
        self._rows = rows
        self._severities = [self._severity(row) for row in rows]
        self._places = {self._key(row): number for number, row in enumerate(rows)}
        found = 0 if self._chosen is None else self._places.get(self._chosen)
        self.cursor = max(0, min(self.cursor, len(rows) - 1)) if found is None else found

    def worse(self, top: int, page: int) -> Worse | None:
        """What hides from the page that begins at row `top`; None when nothing worse does."""
        shown = self._severities[top : top + page]
        if not shown:
            return None
        mildest = min(shown)
        above = [severity for severity in self._severities[:top] if severity > mildest]
        below = [severity for severity in self._severities[top + page :] if severity > mildest]
        hidden = [*above, *below]
        return Worse(len(above), len(below), max(hidden)) if hidden else None


def _first(pair: tuple[tuple[float | str, ...], T]) -> tuple[float | str, ...]:
    return pair[0]
