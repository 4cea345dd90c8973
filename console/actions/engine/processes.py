"""Which processes are an engine's: those that its own files, its pid files and its systemd unit name.

A process is never known by its name or arguments: others may have the same. Each is known by its pid and its
start together:

- `engine.json` says both. Who holds the engine's lock beside it is one that starts, and hasn't written it.
- A pid file says the pid only. The process that it means was there when the file was written, so one that
  began after that is not taken for it: its pid was given again, or the clock was set meanwhile. Which of the
  two, nobody can tell, so that it isn't told as ended either. The file has to belong to that process's user
  or to root: nobody else could know. A pid file that isn't there says, as is its custom, that none runs.
- systemd says what a unit's control group holds.
- What outlived an earlier stop was written down then, pid and start.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from console.actions.engine import unit
from console.actions.engine.left import LeftError, left_file, read_left
from console.actions.engine.process import (
    HiddenError,
    Process,
    descendants_of,
    process_seen,
)
from console.actions.engine.unit import Unit, UnitError
from console.host_lock import holder_of
from console.patience import within
from console.settings import Settings
from console.sources.engine import EngineFile, is_alive, read_engine_file
from console.sources.errors import SourceError

LOCK = "engine.lock"
"""Beside the engine's file: held for as long as an engine has the folder."""
EXCHANGE = "exchange_process"
"""What the engine's file calls the exchange that a paper engine starts, and that goes on when it ends."""
PATIENCE = 2.0
"""Seconds that each of the files has to be read: its disk may hang."""
_SLACK = 0.02
"""Seconds by which a file's time may be behind the clock by which processes begin."""
_LONGEST = 64

T = TypeVar("T")


class DoubtError(Exception):
    """Why it can't be told whether a process runs; the message is one line."""


@dataclass(frozen=True, slots=True)
class Processes:
    """What of an engine runs, has ended, and can't be told.

    `found` are the processes that the context names, `children` those that they have started and that aren't
    named. `over` says of each of the others by what it is known that it has ended, `doubts` what can't be
    told. `unit` is the context's, where systemd tells of it.
    """

    found: tuple[Process, ...] = ()
    children: tuple[Process, ...] = ()
    over: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unit: Unit | None = None

    @property
    def ended(self) -> bool | None:
        """Whether nothing of the engine runs; None where nobody can tell."""
        if self.found:
            return False
        return None if self.doubts else True


@dataclass(slots=True)
class _Gathered:
    """What was told so far; `silent` are those who say nothing, which counts where nobody else says more."""

    found: list[Process] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)


def processes_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> Processes:
    """What runs of the chosen context's engine now. Takes no longer than a few seconds, whatever hangs."""
    context, gathered = settings.chosen, _Gathered()
    if context.engine_file is not None:
        _add_engine_file(context.engine_file, gathered)
    for file in context.processes.pid_files:
        _add(gathered, _asked(gathered, partial(by_pid_file, file), str(file)))
    asked = _add_unit(settings, environ, gathered)
    if context.engine_file is None and not context.processes.pid_files and context.processes.unit is None:
        gathered.doubts.append("no process is known: the context names no engine_file, unit or pid file")
    _add_left(settings, gathered)
    found = _merged(gathered.found)
    doubts = gathered.doubts + ([] if found or gathered.over else gathered.silent)
    children = tuple(_children(found, context.engine_file))
    return Processes(found, children, tuple(gathered.over), tuple(doubts), asked)


def by_engine_file(file: Path) -> Process | str | None:
    """The process that engine.json names, or that it has ended; None without a file. Raises DoubtError."""
    try:
        told = read_engine_file(file)
    except SourceError as error:
        raise DoubtError(str(error)) from None
    if told is None:
        return None
    found = _seen(told.pid, file.name)
    if found is None or not is_alive(told):
        return f"process {told.pid} of {file.name} has ended"
    return found


def by_pid_file(file: Path) -> Process | str:
    """The process that a pid file names, or why none runs. Raises DoubtError."""
    try:
        pid, written, owner = _pid_in(file)
    except FileNotFoundError:
        if not file.parent.is_dir():
            raise DoubtError(f"{file}: its folder isn't there") from None
        return f"there is no {file}"
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        raise DoubtError(f"{file}: {words}") from None
    found = _seen(pid, f"pid file {file.name}")
    if found is None:
        return f"process {pid} of {file} has ended"
    if found.began > written + _SLACK:
        raise DoubtError(
            f"{file}: process {pid} ({found.name}) began after it was written, and isn't taken for the"
            " engine's: see what it is, and remove the file if the engine has ended"
        )
    if owner not in (0, _owner(pid)):
        raise DoubtError(f"{file}: belongs to uid {owner}, process {pid} to {found.user}: it proves nothing")
    return found


def by_lock(lock: Path) -> Process | str | None:
    """The process that holds the lock, or that none does; None without a lock. Raises DoubtError."""
    try:
        held, pid = holder_of(lock)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DoubtError(f"{lock}: {error.strerror or error}") from None
    if not held:
        return f"no engine has {lock.name}"
    found = None if pid is None else _seen(pid, f"holds {lock.name}")
    if found is None:
        raise DoubtError(f"an engine has {lock.name}, and its process can't be told")
    return found


def _add_engine_file(file: Path, gathered: _Gathered) -> None:
    """Whoever engine.json names, and whoever has the engine's lock: that may be another, which starts."""
    before = len(gathered.doubts)
    named = _asked(gathered, lambda: by_engine_file(file), str(file))
    holds = _asked(gathered, lambda: by_lock(file.with_name(LOCK)), str(file.with_name(LOCK)))
    for told in (named, holds):
        _add(gathered, told)
    if named is None and holds is None and len(gathered.doubts) == before:
        gathered.silent.append(f"there is no {file}: no process is known")


def _add_unit(settings: Settings, environ: Mapping[str, str], gathered: _Gathered) -> Unit | None:
    told = settings.chosen.processes
    if told.unit is None:
        return None
    try:
        asked = unit.look_at(told, environ)
    except UnitError as error:
        gathered.doubts.append(str(error))
        return None
    gathered.found.extend(asked.processes)
    if asked.is_down and not asked.processes:
        gathered.over.append(f"unit {asked.name} is {asked.active}")
    elif not asked.processes:
        gathered.doubts.append(f"unit {asked.name} is {asked.active}, and has no process that can be seen")
    return asked


def _add_left(settings: Settings, gathered: _Gathered) -> None:
    """What outlived an engine that was stopped, and still does."""

    def read() -> tuple[Process, ...]:
        try:
            return read_left(left_file(settings.state, settings.context))
        except LeftError as error:
            raise DoubtError(str(error)) from None

    gathered.found.extend(_asked(gathered, read, "what outlived a stop") or ())


def _add(gathered: _Gathered, told: Process | str | None) -> None:
    """A process that runs, or words about one that doesn't."""
    if isinstance(told, str):
        gathered.over.append(told)
    elif told is not None:
        gathered.found.append(told)


def _asked(gathered: _Gathered, question: Callable[[], T], name: str) -> T | None:
    """What is answered in time; a doubt, and None, where it isn't."""

    def answer() -> T | DoubtError:
        try:
            return question()
        except DoubtError as error:
            return error

    answers = within(PATIENCE, lambda: [answer()], "engine processes")
    told = DoubtError(f"{name}: no answer within {PATIENCE:g} s") if answers is None else answers[0]
    if isinstance(told, DoubtError):
        gathered.doubts.append(str(told))
        return None
    return told


def _seen(pid: int, known: str) -> Process | None:
    try:
        return process_seen(pid, known)
    except HiddenError as error:
        raise DoubtError(f"{known}: {error}") from None


def _pid_in(file: Path) -> tuple[int, float, int]:
    """The pid, when the file was written in seconds since 1970, and its owner. OSError, ValueError."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        text = os.read(descriptor, _LONGEST) if stat.S_ISREG(status.st_mode) else b""
    finally:
        os.close(descriptor)
    words = text.split()
    if not words or not words[0].isdigit() or not 1 < int(words[0]) < 1 << 31:
        raise ValueError("holds no pid of an engine")
    return int(words[0]), status.st_mtime, status.st_uid


def _owner(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}").st_uid  # noqa: PTH116 (a process's folder, not a file of ours)
    except OSError:
        return None


def _merged(found: list[Process]) -> tuple[Process, ...]:
    """Each process once, with all that it is known by."""
    merged: dict[tuple[int, int], Process] = {}
    for each in found:
        before = merged.get(each.key)
        if before is not None:
            known = tuple(dict.fromkeys((*before.known, *each.known)))
            merged[each.key] = replace(before, known=known, unit=before.unit or each.unit)
        else:
            merged[each.key] = each
    return tuple(merged.values())


def _children(found: tuple[Process, ...], engine_file: Path | None) -> Iterator[Process]:
    """What these have started, but for the exchange, and what this process has, which no stop ends."""
    told = {each.key for each in found}
    exchange = None if engine_file is None else within(PATIENCE, lambda: _exchange(engine_file), "exchange")
    for each in found:
        for child in () if each.pid == os.getpid() else descendants_of(each):
            if child.key not in told and child.pid != exchange:
                told.add(child.key)
                yield child


def _exchange(engine_file: Path) -> int | None:
    """The pid of the exchange, where the engine's file names one, and that very process runs."""
    try:
        told = read_engine_file(engine_file)
    except SourceError:
        return None
    named = None if told is None else told.raw.get(EXCHANGE)
    if not isinstance(named, dict):
        return None
    pid, start = named.get("pid"), named.get("start_time")
    if type(pid) is not int or not isinstance(start, int | float):
        return None
    return pid if is_alive(EngineFile(pid, float(start), {})) else None
