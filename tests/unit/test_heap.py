"""The C library's heap: what is free in it goes back to the system."""

import ctypes
import sys
from pathlib import Path

import pytest

from console import heap

_BLOCK, _BLOCKS = 4000, 10_000
"""Bytes too many for Python's own allocator and too few for pages of their own, and how many such."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux' own figures")
def test_what_is_free_below_the_heaps_end_goes_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_size_t],
        [ctypes.c_void_p],
    )
    blocks = [libc.malloc(_BLOCK) for _ in range(_BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, _BLOCK)
    for block in blocks[:-1]:
        libc.free(block)
    before = _resident()
    heap.give_back()
    libc.free(blocks[-1])
    assert before - _resident() > _BLOCK * _BLOCKS / 2


def _resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
