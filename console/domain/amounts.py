"""How prices, quantities and spans of time are written in a few cells, so that columns stay in line."""

import math
from decimal import Decimal


def price(value: float | Decimal) -> str:
    """A price with as many places as its size leaves something to say in: `97,123.45`, `1.0832`, `0.0123`."""
    size = abs(float(value))
    places = 2 if size >= 100 else 4 if size >= 1 else 6
    return f"{value:,.{places}f}"


def quantity(value: float | Decimal, cells: int = 28) -> str:
    """What is held, without zeros that say nothing, in at most `cells` cells where its whole part allows."""
    if not math.isfinite(value):
        return str(value)
    exact = value if isinstance(value, Decimal) else Decimal(f"{value:.10g}")
    written = _without_zeros(f"{exact:,f}")
    if len(written) <= cells:
        return written
    whole = len(f"{int(exact):,d}")
    return f"{exact:.3g}" if whole > cells else _without_zeros(f"{exact:,.{max(0, cells - whole - 1)}f}")


def _without_zeros(written: str) -> str:
    return written.rstrip("0").rstrip(".") if "." in written else written


def span(seconds: float) -> str:
    """A length of time in its two greatest units, at most seven cells: `9m 59s`, `7h 05m`, `12d 3h`.

    From ten minutes on whole minutes do, so that it changes seldom.
    """
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60}m {whole % 60:02}s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} m"
    if minutes < 24 * 60:
        return f"{minutes // 60}h {minutes % 60:02}m"
    days = minutes // (24 * 60)
    return f"{days}d {minutes // 60 % 24}h" if days < 100 else f"{days} d"


def about(seconds: float) -> str:
    """An estimated time in three cells, as coarse as an estimate is: `<1m`, `18m`, `5h`."""
    if seconds < 60:
        return "<1m"
    return f"{int(seconds // 60)}m" if seconds < 100 * 60 else f"{min(99, int(seconds // 3600))}h"


def about_in_words(seconds: float) -> str:
    """The same in a sentence: `<1 min`, `~18 min`, `~5 h`."""
    if seconds < 60:
        return "<1 min"
    minutes = seconds < 100 * 60
    return f"~{int(seconds // 60)} min" if minutes else f"~{int(seconds // 3600)} h"
