"""Which symbol is worst off: the same one wherever one is named, in a sentence, an alert or the first row."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import takewhile

from console.domain.figures import badness, figure_of, key_metric_value
from console.domain.severity import Severity
from console.domain.symbols import OUTLOOK, SymbolRows
from console.domain.thresholds import KeyMetric, Panel


@lru_cache(maxsize=2)
def worst_symbol(symbols: SymbolRows) -> tuple[Panel, str] | None:
    """The symbol that is worst off, with the panel that says so; None where nothing is wrong with any."""
    columns = [column for column in symbols.columns.values() if column.off()]
    column = max(columns, key=lambda column: max(column.severities), default=None)
    if column is None:
        return None
    worst = max(column.severities)
    places = [place for place in column.off() if column.severities[place] == worst]
    return column.panel, symbols.names[worst_of_panel(column.panel, places, symbols)]


def worst_of_panel(panel: Panel, places: Sequence[int], symbols: SymbolRows) -> int:
    """The one of `places`, which aren't empty, with the panel's worst value."""
    numbers = symbols.columns[panel.key].numbers
    ascending = sorted(places, key=numbers.__getitem__)
    ends = (ascending, ascending[::-1])  # whichever way is worse, one of them begins with the worst
    worst_first = min(ends, key=lambda ordered: badness(panel, numbers[ordered[0]]) or 0.0)
    return _first_alike(worst_first, numbers, figure_of(panel).write, symbols)


_OF_SYMBOLS = {"max(futures_slippage_bps)": "slippage", "min(futures_margin_ratio)": OUTLOOK}
"""The key metrics that are one symbol's, by their query, and the key of that figure among the symbols'."""


@lru_cache(maxsize=4)
def worst_of_metric(metric: KeyMetric, symbols: SymbolRows) -> str | None:
    """The symbol whose value a key metric is; None where it isn't one's, or none has a value."""
    key = _OF_SYMBOLS.get(metric.query)
    if key is None or (key == OUTLOOK and key not in symbols.columns):
        return None
    numbers = symbols.numbers(key)
    known = [place for place, number in enumerate(numbers) if not math.isnan(number)]
    if not known:
        return None
    known.sort(key=numbers.__getitem__, reverse=metric.query.startswith("max"))
    place = _first_alike(known, numbers, lambda number: key_metric_value(metric, number, ""), symbols)
    return symbols.names[place]


def told_by_panel(metric: KeyMetric, symbols: SymbolRows) -> Severity:
    """How bad the dashboard's panel of the same figure says that it is; OK where there is none."""
    column = symbols.columns.get(_OF_SYMBOLS.get(metric.query, ""))
    known = set() if column is None else set(column.severities) - {Severity.UNKNOWN}
    return Severity(max(known, default=Severity.OK))


def _first_alike(
    worst_first: Sequence[int], numbers: Sequence[float], write: Callable[[float], str], symbols: SymbolRows
) -> int:
    """Of the worst value, and those that are written like it, the one that the overview has first."""
    worst = numbers[worst_first[0]]
    words = write(worst)

    def is_alike(place: int) -> bool:
        return numbers[place] == worst or write(numbers[place]) == words

    return max(takewhile(is_alike, worst_first), key=lambda place: (symbols.severities[place], -place))
