"""Which way a table's numbers moved when they last changed, for the rows that were on the screen."""

import math

_MOST = 4000
"""Numbers remembered at most; a page has a few hundred."""


class Movements:
    """The last text and number drawn for each cell, and where it went from the one before."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[str, float, int]] = {}

    def of(self, row: str, column: str, text: str, number: float | None) -> int:
        """1 when the cell's number last went up, -1 when down, 0 when it has not been seen to change.

        A number whose `text` is the same has not changed.
        """
        if number is None or math.isnan(number):
            return 0
        cell = (row, column)
        last = self._last.get(cell)
        if last is not None and last[0] == text:
            return last[2]
        if len(self._last) >= _MOST:
            self._forget_half()
        way = 0 if last is None else (number > last[1]) - (number < last[1])
        self._last[cell] = (text, number, way)
        return way

    def _forget_half(self) -> None:
        """Forget the half that was first seen."""
        for cell in list(self._last)[: _MOST // 2]:
            del self._last[cell]
