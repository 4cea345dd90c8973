"""What a process and its children take of the machine, as the kernel counts it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

MEGABYTE = 1e6
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """In MB: what is resident, and the same with shared pages split among those who share them."""

    resident: float
    proportional: float


def cpu_seconds(pid: int) -> float:
    """CPU time of the process, its children and those of them that have ended, in user and kernel."""
    return sum(_times(process) for process in _tree(pid)) / _TICKS


def memory(pid: int) -> Memory:
    """What the process and its children hold now."""
    resident = proportional = 0
    for process in _tree(pid):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            field, _, rest = line.partition(":")
            if field == "Rss":
                resident += int(rest.split()[0])
            elif field == "Pss":
                proportional += int(rest.split()[0])
    return Memory(resident * 1024 / MEGABYTE, proportional * 1024 / MEGABYTE)


def _times(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for child in psutil.Process(pid).children(recursive=True):
        yield child.pid
