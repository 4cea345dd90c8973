"""The garbage collector, where it would hold up what is wanted at once: the start, and a trip.

Starting makes much that stays and little that goes. With thousands of symbols one look at all there is takes
a fifth of a second, in which no key is heard.
"""

import gc
import time
from collections.abc import Callable

from console import heap

_THRESHOLDS = (5_000, 10, 10)
"""Objects made between two looks at the newest ones, and such looks between those at older ones.

Each answer makes thousands that are gone again with the next, nearly all of them without cycles.
"""

_SELDOM = 60.0
"""Seconds between two looks at all there is, at least."""
_PER_LOOK = 1_500.0
"""Seconds until the next look for each second of CPU time that one took, in which no key was heard."""


def hold() -> None:
    """Look for no garbage while the program starts: every look would go through all that has been made."""
    gc.disable()


def keep() -> None:
    """Never look among what there is by now, which is what has been imported."""
    if not gc.isenabled():
        gc.freeze()


def release() -> None:
    """Look for garbage again, now and from here on, or from `resume` on; nothing where it wasn't held."""
    if gc.isenabled():
        return
    if not _is_paused():
        gc.collect()
        gc.set_threshold(*_THRESHOLDS)
    gc.freeze()
    gc.enable()


def pause() -> None:
    """Look for no garbage until `resume`."""
    gc.set_threshold(0)


def resume() -> None:
    """Look for it again as it comes."""
    gc.set_threshold(*_THRESHOLDS)


class Tidying:
    """Keeps memory that is free from growing, for as long as the screen is open.

    Of every tuple that is made from a generator Python keeps the memory once it is gone, up to 2,000 of each
    length, and makes the next one from new memory: five megabytes in an hour or two. Only a look at all there
    is lets go of it, and Python itself takes one every half hour or so.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds."""
        self._clock = clock
        self._due = clock() + _SELDOM

    def tidy(self) -> None:
        """Look at everything where it is time to, and give back to the system what is free."""
        if self._clock() >= self._due and gc.isenabled() and not _is_paused():
            began = time.thread_time()
            gc.collect()
            took = time.thread_time() - began
            self._due = self._clock() + max(_SELDOM, took * _PER_LOOK)
        heap.give_back()


def _is_paused() -> bool:
    return gc.get_threshold()[0] == 0
