"""The garbage collector while the console starts: starting makes much that stays and little that goes."""

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
    """Look for garbage again, now and from here on; nothing where it wasn't held."""
    if not gc.isenabled():
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
