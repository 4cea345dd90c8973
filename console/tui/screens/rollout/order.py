"""In which order the symbols stand: what drifts, then what is held, then the rest; the worst first in each.

The order is made when it is asked for, and kept: no column moves under the hand of who is about to change it.
"""

from collections.abc import Iterable, Sequence

from console.domain.assessment import Assessment
from console.domain.severity import Severity


def ordered(symbols: Iterable[str], assessment: Assessment) -> Sequence[str]:
    """`symbols` in the default order of this moment."""
    rows = assessment.symbols
    held, severities, status = rows.known.held, rows.severities, assessment.rollout
    drifting = {symbol for one in status.drifting for symbol in status.lasting(one.feature)}

    def order(symbol: str) -> tuple[bool, bool, int, str]:
        place = rows.place(symbol)
        severity = Severity.OK if place is None else severities[place]
        return symbol not in drifting, symbol not in held, -severity, symbol

    return sorted(symbols, key=order)


def kept(before: Sequence[str], symbols: Iterable[str]) -> Sequence[str]:
    """The same order for the symbols that there are by now: what is new comes last."""
    now = dict.fromkeys(symbols)
    stay = [symbol for symbol in before if symbol in now]
    known = set(stay)
    return [*stay, *sorted(symbol for symbol in now if symbol not in known)]
