"""Asking a check more than once: until it passes, and whether it goes on passing."""

from collections.abc import Callable
from dataclasses import replace

from console.domain.clock import Clock
from console.domain.figures import seconds
from console.runbooks.model import Found

BETWEEN_LOOKS = 1.0
"""Seconds between two looks at whether an act has done its part."""
BETWEEN_WATCHES = 5.0
"""Seconds between two looks at whether it stays so: for minutes, and the exchange counts them."""
GRACE = 15.0
"""Seconds that nothing can be told while something has to hold, before that is unknown."""
UNWATCHED = 60.0
"""Seconds between two looks, as of a driver that was stopped, after which what has to hold begins anew."""


def passing(
    ask: Callable[[], Found],
    clock: Clock,
    pause: Callable[[float], None],
    *,
    patience: float,
    holds: float,
    settled: bool = False,
) -> Found:
    """What the check says once it passes, or after `patience` seconds; it has to pass for `holds` s then.

    `settled`: nothing is to come any more, so that only what can't be told is asked again.
    """
    until = clock.now() + patience
    found = ask()
    while found.passes is not True and not (settled and found.passes is False) and clock.now() < until:
        pause(BETWEEN_LOOKS)
        found = ask()
    return _held(ask, clock, pause, holds, found) if found.passes and holds else found


def _held(
    ask: Callable[[], Found], clock: Clock, pause: Callable[[float], None], holds: float, found: Found
) -> Found:
    """The first answer that fails, or that can't be told for too long; else the last, which passes."""
    began = told = clock.now()
    while clock.now() - began < holds or found.passes is None:
        looked = clock.now()
        pause(min(BETWEEN_WATCHES, max(0.0, began + holds - looked) or BETWEEN_LOOKS))
        if clock.now() - looked >= UNWATCHED:
            began = clock.now()
        found = ask()
        if found.passes is False:
            return replace(found, observed=f"{found.observed}, {seconds(clock.now() - began)} into the watch")
        if found.passes:
            told = clock.now()
        elif clock.now() - told >= GRACE:
            return found
    return replace(found, observed=f"{found.observed}; it has held for {seconds(clock.now() - began)}")
