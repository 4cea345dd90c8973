"""The C library's heap, held together.

glibc gives each of the first threads a heap of its own, and keeps what was freed in any of them: with
thousands of symbols, more than is in use. Threads that take turns need only one, and what is large goes back
to the system at once. What is small lies scattered: without being asked, the heap keeps what is free below
its end, which grows by megabytes an hour.
"""

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Options of mallopt, as glibc's malloc.h numbers them."""
_LARGE = 4 << 20
"""Bytes from which a block is the system's own again once it is freed, and the heap's unused end is.

An engine with 5,000 symbols answers nearly that much, every second: from the system each time, its pages
would cost a twelfth of all that the console computes. In the heap they are 14 MB more, of 140.
"""


def hold_together() -> None:
    """Do so from here on, best before any thread is there; nothing where the C library has no such choice."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_ARENA_MAX, 1)
    mallopt(_MMAP_THRESHOLD, _LARGE)
    mallopt(_TRIM_THRESHOLD, _LARGE)


def give_back() -> None:
    """Hand whole pages that are free back to the system, which takes a third of a millisecond."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
