"""One process, known by its pid and its start, so that a pid which was given again is never taken for it."""

import os
import pwd
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import psutil

from console.audit.actor import start_of
from console.patience import within

_NAME_DEADLINE = 0.2
"""Seconds that the system has to tell a user's name."""


class HiddenError(Exception):
    """There is a process of that pid, and this user may not see what it is; the message is one line."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that runs.

    `start` are the kernel's ticks since boot, which no step of a clock changes; `began` is the same in
    seconds since 1970. `known` says by what it is known, such as `engine.json`; `unit` that systemd ends it.
    """

    pid: int
    start: int
    began: float
    user: str
    name: str
    known: tuple[str, ...] = ()
    unit: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """What no other process has, for as long as the machine runs."""
        return self.pid, self.start

    def __str__(self) -> str:
        return f"process {self.pid} ({self.name}; {', '.join(self.known)})"


def start_seen(pid: int) -> int | None:
    """When process `pid` began, in ticks since boot; None where none runs. Raises HiddenError."""
    try:
        return start_of(pid)
    except OSError as error:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            raise HiddenError(f"process {pid} can't be seen") from None
        words = error.strerror or str(error)
        raise HiddenError(f"process {pid} can't be seen: {words}") from None  # such as no descriptor left


def process_seen(pid: int, known: str) -> Process | None:
    """The process of that pid as it is now; None where none runs, or it is a thread's. Raises HiddenError."""
    start = start_seen(pid)
    if start is None or not psutil.pid_exists(pid):  # which is False for the number of a thread
        return None
    user, name = _user_and_name(pid)
    return Process(pid, start, instant(start), user, name, (known,))


def instant(start: int) -> float:
    """Ticks since boot in seconds since 1970, as the clock stands now: to the hundredth of a second."""
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted + start / os.sysconf("SC_CLK_TCK")


def still_runs(process: Process) -> bool:
    """Whether that very process runs. One that can't be seen any more counts as running."""
    try:
        return start_seen(process.pid) == process.start
    except HiddenError:
        return True


def descendants_of(process: Process) -> tuple[Process, ...]:
    """What the process has started, and what that has, as far as it runs and can be seen."""
    try:
        pids = [each.pid for each in psutil.Process(process.pid).children(recursive=True)]
    except psutil.Error:
        return ()
    known = f"child of {process.pid}"
    found = []
    for pid in pids:
        with suppress(HiddenError):
            child = process_seen(pid, known)
            if child is not None and child.start >= process.start:
                found.append(child)
    return tuple(found)


def _user_and_name(pid: int) -> tuple[str, str]:
    """Whose it is, and what the kernel calls it; never its arguments, which may hold a secret."""
    try:
        seen = psutil.Process(pid)
        with seen.oneshot():
            return _user(seen.uids().effective), seen.name()
    except psutil.Error:
        return "unknown", "unknown"


@lru_cache
def _user(uid: int) -> str:
    """A user's name, or number: where users are looked up over a network, that may hang."""

    def name() -> str:
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return ""

    return within(_NAME_DEADLINE, name, "user name") or f"uid {uid}"
