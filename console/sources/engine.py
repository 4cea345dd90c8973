"""The engine's own files as a source: its kill switch, and the process that engine.json names."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

from console.domain.reading import Dated
from console.domain.surfaces import EngineState
from console.sources.errors import SourceError

_LARGEST = 1024 * 1024
_LARGEST_PID = 2**31 - 1
_SAME_START = 2.0
"""Seconds by which a process's start may differ from what was written down, before it is another process."""
_PROCESSES = Path("/proc")
_DEAD, _STOPPED = ("Z", "X"), "T"
_STARTED = 18
"""Which field after a process's state says when it started, in the kernel's ticks since it booted."""


class EngineSource:
    """Reads `EngineState`. Each of the files may be left out of a context."""

    def __init__(self, *, flag: Path | None, state: Path | None, engine_file: Path | None) -> None:
        self._flag = flag
        self._state = state
        self._engine_file = engine_file

    def read(self) -> Dated[EngineState]:
        """What the files say now; raises SourceError when even the flag can't be looked for."""
        flag = _is_set(self._flag)
        tripped, counters, state_error = _read_state(self._state)
        process = read_engine_file(self._engine_file) if self._engine_file is not None else None
        alive, stopped = _life(process) if process else (None, False)
        return Dated(
            EngineState(
                flag=flag,
                tripped=tripped,
                state_error=state_error,
                counters=counters,
                pid=process.pid if process else None,
                started_at=process.start_time if process else None,
                alive=alive,
                stopped=stopped,
                has_flag=self._flag is not None,
                ended=process is not None and process.ended and alive is not True,
            )
        )


@dataclass(frozen=True, slots=True)
class EngineFile:
    """What a paper engine writes of itself; `raw` holds every field."""

    pid: int
    start_time: float
    raw: dict[str, object]

    @property
    def ended(self) -> bool:
        """Whether it says that it has stopped in order; after a crash it says nothing."""
        return "ended_at" in self.raw

    def text(self, field: str) -> str | None:
        value = self.raw.get(field)
        return value if isinstance(value, str) else None


def read_engine_file(file: Path) -> EngineFile | None:
    """Read engine.json; None when there is none, SourceError when it isn't what an engine writes."""
    try:
        raw = json.loads(_content(file), parse_constant=_refuse)
        start = float(raw.get("start_time", 0)) if isinstance(raw, dict) else 0.0
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or error}") from None
    except ValueError as error:
        raise SourceError(f"{file}: not an engine's file: {error}") from None
    except (RecursionError, OverflowError, TypeError):
        raise SourceError(f"{file}: not an engine's file: nonsense") from None
    pid = raw.get("pid") if isinstance(raw, dict) else None
    if type(pid) is not int or not 0 < pid <= _LARGEST_PID:
        raise SourceError(f"{file}: not an engine's file: no pid")
    if not math.isfinite(start):
        raise SourceError(f"{file}: not an engine's file: start_time is no time")
    return EngineFile(pid, start, raw)


def is_alive(process: EngineFile) -> bool:
    """Whether that very process lives: the same pid, started when it says."""
    return _life(process)[0] is True


def _is_set(flag: Path | None) -> bool | None:
    """Whether the flag file exists; None when that can't be known, because its folder doesn't exist."""
    if flag is None:
        return None
    try:
        return flag.exists() or (False if flag.parent.is_dir() else None)
    except OSError as error:
        raise SourceError(f"{flag}: {error.strerror or error}") from None


def _read_state(file: Path | None) -> tuple[bool | None, dict[str, int], str | None]:
    """`tripped`, the counters and what is wrong; an engine that never ran has no state file."""
    if file is None:
        return None, {}, None
    try:
        state = json.loads(_content(file), parse_constant=_refuse)
        tripped = state["tripped"]
        counters = {str(name): int(count) for name, count in state.get("counters", {}).items()}
    except FileNotFoundError:
        return None, {}, None
    except OSError as error:
        return None, {}, f"{file}: {error.strerror or error}"
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None, {}, f"{file}: not a kill switch's state: needs tripped and counters"
    if not isinstance(tripped, bool):
        return None, counters, f"{file}: tripped is {tripped!r}, neither true nor false"
    return tripped, counters, None


def _content(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(_LARGEST).decode("utf-8", "replace")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _life(process: EngineFile) -> tuple[bool | None, bool]:
    """Whether that very process lives, the same pid, started when it says; and whether it is held.

    None when the machine doesn't let this user see it.
    """
    try:
        state, started = _seen(process.pid)
    except (FileNotFoundError, ProcessLookupError):
        return (False if _PROCESSES.is_dir() else None), False
    except OSError:
        return None, False
    alive = abs(started - process.start_time) < _SAME_START and state not in _DEAD
    return alive, alive and state == _STOPPED


def _seen(pid: int) -> tuple[str, float]:
    """A process's state, in proc(5)'s letter, and when it started, in seconds since 1970."""
    of_process = (_PROCESSES / f"{pid}/stat").read_text(encoding="utf-8", errors="replace")
    of_machine = (_PROCESSES / "stat").read_text(encoding="ascii")
    booted = next(int(line.split()[1]) for line in of_machine.splitlines() if line.startswith("btime "))
    state, *fields = of_process.rpartition(")")[2].split()  # what stands before may hold anything
    return state, booted + int(fields[_STARTED]) / os.sysconf("SC_CLK_TCK")
