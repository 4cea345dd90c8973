"""The C library's heap, held together.

glibc gives each of the first threads a heap of its own, and keeps what was freed in any of them: with
thousands of symbols, more than is in use. Threads that take turns need only one, and what is large goes back
to the system at once. What is small lies scattered: without being asked, the heap keeps what is free below
its end, which grows by megabytes an hour.
"""

import ctypes
from collections.abc import Callable
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Options of mallopt, as glibc's malloc.h numbers them."""
_LARGE = 4 << 20
"""Bytes from which a block is the system's own again once it is freed, and the heap's unused end is.

An engine with 5,000 symbols answers nearly that much, every second: from the system each time, its pages
would cost a twelfth of all that the console computes. In the heap they are 14 MB more, of 140.
"""


def hold_together() -> None:
    """Do so from here on, before any thread is there; nothing where the C library has no such choice."""
    mallopt = _function("mallopt")
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _LARGE)


def give_back() -> None:
    """Hand whole pages that are free back to the system, which takes a third of a millisecond."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


@cache
def _function(name: str) -> Callable[..., int] | None:
    """A function of the C library's, None where it has none: each look for one leaves 3 KB of garbage."""
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return None
    return found
