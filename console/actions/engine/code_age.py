"""When an engine's code last changed: a process that began before that may run what was there before."""

from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from console.actions.engine.process import Process
from console.actions.releases.code import code_of
from console.actions.releases.errors import ReleaseError
from console.actions.releases.past import last_changed
from console.actions.releases.tree import names_in, patterns_of
from console.settings import Settings

_SLACK = 0.02
"""Seconds by which a process's start may be told too early."""


class CodeAgeError(Exception):
    """Why it can't be told when the code changed, as one line."""


@dataclass(frozen=True, slots=True)
class Changed:
    """When the code last changed, in seconds since 1970, and what of it."""

    at: float
    what: str

    def is_older(self, process: Process) -> bool:
        """Whether the process began before that."""
        return process.began < self.at - _SLACK


def code_changed(settings: Settings) -> Changed:
    """When the code files that the settings name last changed, by themselves or by a release.

    Of a file both its times count: unpacking sets back the one, and nothing the other. A paper engine makes
    its own files when it first starts, as if they were there before: of these the one counts that is set.
    That a file was taken away, only the release tells. Raises CodeAgeError.
    """
    code = code_of(settings)
    if code is None:
        raise CodeAgeError("the context names no code")
    try:
        names, own = names_in(code.tree, patterns_of(code)), settings.chosen.code is None
        times = {name: _time_of(code.tree / name, own=own) for name in names}
        released = last_changed(settings)
    except ReleaseError as error:
        raise CodeAgeError(str(error)) from None
    except OSError as error:
        raise CodeAgeError(f"{error.filename}: {error.strerror or error}") from None
    if not times:
        raise CodeAgeError(f"{code.tree}: none of the code files is there")
    newest = max(times, key=lambda name: times[name])
    changes = [Changed(times[newest], newest), *([Changed(*released)] if released else [])]
    return max(changes, key=attrgetter("at"))


def _time_of(file: Path, *, own: bool) -> float:
    """When the file changed, in seconds since 1970; `own` are those of a paper engine."""
    status = file.stat()
    return status.st_mtime if own else max(status.st_mtime, status.st_ctime)
