"""The garbage collector, where it would hold up what is wanted at once: the start, and a trip.

Starting makes much that stays and little that goes. With thousands of symbols one look at all there is takes
a fifth of a second, in which no key is heard.
"""

import gc

_THRESHOLDS = (5_000, 10, 10)
"""Objects made between two looks at the newest ones, and such looks between those at older ones.

Each answer makes thousands that are gone again with the next, nearly all of them without cycles.
"""


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


def _is_paused() -> bool:
    return gc.get_threshold()[0] == 0
