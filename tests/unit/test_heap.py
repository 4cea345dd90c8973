"""The C library's heap: what is free in it goes back to the system."""

import ctypes
import subprocess
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


_OUTSIDE = """
import ctypes
from pathlib import Path
from console import heap
heap.hold_together()
malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
(line,) = (line for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith("[heap]"))
begin, end = (int(bound, 16) for bound in line.split()[0].split("-"))
print([begin <= malloc(size) < max(end, begin + (1 << 30)) for size in (3 << 20, 8 << 20)])
"""
"""Says of two blocks whether they are in the heap: the first is as thousands of symbols' metrics are."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux' own figures")
def test_what_is_large_is_no_part_of_the_heap() -> None:
    said = subprocess.run([sys.executable, "-c", _OUTSIDE], capture_output=True, text=True, check=True)
    assert said.stdout == "[True, False]\n"


def _resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
