"""Whether an engine has ended for sure, so that another can be put in its place."""

from pathlib import Path

from console.actions.engine.processes import LOCK
from console.host_lock import holder_of
from console.runbooks.model import Found
from console.sources.engine import is_alive, read_engine_file
from console.sources.errors import SourceError

__all__ = ["LOCK", "engine_stopped"]


def engine_stopped(engine_file: Path | None) -> Found:
    """Whether the process that the engine's file names has ended, or took the file with it in order.

    Without a file of the engine's there is nothing that proves it: unknown.
    """
    expected = "the engine's process has ended"
    if engine_file is None:
        return Found(None, expected, "the context names no engine_file: no process is known")
    try:
        engine = read_engine_file(engine_file)
    except SourceError as error:
        return Found(None, expected, str(error))
    if engine is not None:
        ended = not is_alive(engine)
        return Found(ended, expected, f"process {engine.pid} {'has ended' if ended else 'runs'}")
    held = _is_held(engine_file.with_name(LOCK))
    words = "no process is known" if held is None else f"{'an' if held else 'no'} engine has the folder"
    return Found(None if held is None else not held, expected, words)


def _is_held(lock: Path) -> bool | None:
    """Whether a process holds the lock; None where there is none."""
    try:
        return holder_of(lock)[0]
    except OSError:
        return None
