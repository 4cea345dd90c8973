"""What will be wrong if things go on as in the last minutes, while nothing is yet."""

import math
from functools import lru_cache
from heapq import nsmallest
from operator import itemgetter

from console.domain.figures import figure_of
from console.domain.symbols import OUTLOOK, SymbolRows
from console.tui.text import short_name
from console.tui.words import going

_ASKED = 16
"""Symbols, of the lowest margin ratios, that are asked where they are going."""


@lru_cache(maxsize=2)
def foretold(symbols: SymbolRows) -> str:
    """`AVAXUSDT 1.657 is falling, <1 min to warning`, of the margin ratio that soonest passes a limit.

    Only the lowest are asked: to find the slopes of thousands takes longer than a paint may. Empty: nothing
    is foretold of them.
    """
    column = symbols.columns.get(OUTLOOK)
    if column is None:
        return ""
    numbers = column.numbers
    known = (place for place, number in enumerate(numbers) if not math.isnan(number))
    lowest = nsmallest(_ASKED, known, key=numbers.__getitem__)
    outlooks = ((place, symbols.outlook(symbols.names[place])) for place in lowest)
    told = [
        (found.seconds // 60, place, found)
        for place, found in outlooks
        if found is not None and found.seconds is not None
    ]
    if not told:
        return ""
    _, place, first = min(told, key=itemgetter(0, 1))  # within a minute one, so that names don't take turns
    return (
        f"{short_name(symbols.names[place])} {figure_of(column.panel).say(numbers[place])} is {going(first)}"
    )
