"""What is asked of an engine's processes: that all have ended, that one runs, that none is too old."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from console.actions.engine.code_age import Changed, CodeAgeError, code_changed
from console.actions.engine.process import Process
from console.actions.engine.processes import Processes, processes_of
from console.runbooks.checks.answers import answer
from console.runbooks.model import Found
from console.settings import Settings


def processes_ended(settings: Settings, environ: Mapping[str, str] = os.environ) -> Found:
    """Whether nothing of the engine runs: of all that the context knows its processes by."""
    now = processes_of(settings, environ)
    wrong = [f"{each} runs" for each in now.found]
    return answer("every process of the engine has ended", wrong, now.doubts, _none_runs(now), _lines(now))


def processes_running(settings: Settings, environ: Mapping[str, str] = os.environ) -> Found:
    """Whether a process of the engine runs; unknown where none is found, and not all could be looked for."""
    now = processes_of(settings, environ)
    expected = "a process of the engine runs"
    if now.found:
        return Found(True, expected, "; ".join(f"{each} runs" for each in now.found), _lines(now))
    return answer(expected, [] if now.doubts else [_none_runs(now)], now.doubts, "")


def processes_young(settings: Settings, environ: Mapping[str, str] = os.environ) -> Found:
    """Whether each process that runs, and each that it has started, began after the code last changed."""
    expected = "each process of the engine began after its code last changed"
    try:
        changed = code_changed(settings)
    except CodeAgeError as error:
        return Found(None, expected, str(error))
    now = processes_of(settings, environ)
    running = (*now.found, *now.children)
    wrong = [_too_old(each, changed) for each in running if changed.is_older(each)]
    unknown = [*now.doubts, *([] if running else ["no process runs"])]
    well = f"{len(running)} began after {changed.what} ({_time(changed.at)})"
    return answer(expected, wrong, unknown, well, _lines(now))


def _too_old(process: Process, changed: Changed) -> str:
    return f"{process} began {_time(process.began)}, before {changed.what} ({_time(changed.at)})"


def _none_runs(now: Processes) -> str:
    return "; ".join(now.over) or "none runs"


def _lines(now: Processes) -> tuple[str, ...]:
    return tuple(f"{each}, of {each.user}, since {_time(each.began)}" for each in (*now.found, *now.children))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
