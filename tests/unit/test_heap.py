"""The C library's heap: what is free in it goes back to the system."""

import ctypes
import gc
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


def test_giving_back_leaves_nothing_behind() -> None:
    heap.give_back()
    libraries = _libraries()
    heap.give_back()
    assert _libraries() == libraries


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


_OPENED = """
from pathlib import Path
from console.cli import main
try:
    main()
except SystemExit:
    pass
lines = [line.split()[:2] for line in Path("/proc/self/maps").read_text().splitlines()]
for (used, _), (rest, access) in zip(lines, lines[1:]):
    (begin, end), (on, until) = used.split("-"), rest.split("-")
    if access == "---p" and end == on and int(until, 16) - int(begin, 16) == 64 << 20:
        print("a heap at", begin)
"""
"""Says where the heaps of threads are: each has 64 MB of addresses to itself, most of them unused."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux' own figures")
def test_the_thread_that_reads_the_settings_has_no_heap_of_its_own(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    said = subprocess.run(
        [sys.executable, "-c", _OPENED], capture_output=True, text=True, check=True, env=env, cwd=Path.cwd()
    )
    assert "terminal" in said.stderr
    assert said.stdout == ""


def _libraries() -> int:
    """How many handles of shared libraries there are, used or not."""
    return sum(isinstance(one, ctypes.CDLL) for one in gc.get_objects())


def _resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
