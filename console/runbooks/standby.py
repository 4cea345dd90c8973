"""What a driver sees of its standby: the process that goes on with the run when the driver has gone.

What may have to be undone isn't left alone: from before the act that a compensation belongs to, a second
process of its own session stands by (`standing_by`). The file `standby` of the run's folder names it.
"""

import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from console.audit.actor import still_runs
from console.runbooks.step_process import make_runs_folder, outliving

FILE = "standby"
PATIENCE = 30.0
"""Seconds that a standby has to read the run in, before what needs one is refused."""
AGAIN, SELDOM = 10.0, 300.0
"""Seconds between two that are begun in place of one that has gone: at first, and at most, doubled each time.

Where none can live, few are tried.
"""
_TICK = 0.05
_LAST_WORDS = 2000
"""Bytes that are read of what one has said in the end."""


@dataclass(slots=True)
class Standby:
    """The standby of one run, for the driver whose process is `own`; `arguments` begin one."""

    folder: Path
    arguments: tuple[str, ...]
    own: str
    _begun: "_Begun | None" = None
    _pause: float = AGAIN
    _not_before: float = 0.0
    _was_there: bool = False
    _is_told: bool = False

    @property
    def is_there(self) -> bool:
        """Whether one stands by. A standby that drives by now is none to itself."""
        named = named_in(self.folder)
        return named != self.own and still_runs(named)

    def see_to(self, now: float) -> str:
        """Begin one where there is none, unless that was just tried; `now` is monotonic seconds.

        Answers why nobody stands by, once for as long as none that is begun gets to it; else nothing.
        """
        begins = self._is_beginning
        if self.is_there:
            self._was_there = True
            if now >= self._not_before:
                self._pause, self._is_told = AGAIN, False
            return ""
        lack = self._why_ended if not (begins or self._was_there) else ""
        if now >= self._not_before and not begins:
            self._not_before, self._pause = now + self._pause, min(2 * self._pause, SELDOM)
            lack = self._tried() or lack
        if self._is_told or not lack:
            return ""
        self._is_told = True
        return f"nobody stands by for whoever drives: {lack}"

    def lack(self, wait: Callable[[float], None]) -> str:
        """Why nobody stands by, once one has had its time to begin; empty where somebody does."""
        if not self.is_there and not self._is_beginning:
            lack = self._begin()
            if lack:
                return f"nobody can stand by for whoever drives: {lack}"
        waited = 0.0
        while not self.is_there and self._is_beginning and waited < PATIENCE:
            wait(_TICK)
            waited += _TICK
        return "" if self.is_there else f"nobody stands by for whoever drives: {self._why_ended}"

    def _tried(self) -> str:
        """Begin another; why that can't be. Where the run's folder was removed, the run was with it."""
        is_gone = self._begun is not None and not self.folder.is_dir()
        return "the run's folder is gone" if is_gone else self._begin()

    def _begin(self) -> str:
        """Begin one; why that can't be."""
        try:
            make_runs_folder(self.folder)
            self._begun = _Begun(self.arguments)
        except OSError as error:
            return (error.strerror or str(error)).lower()
        self._was_there = False
        return ""

    @property
    def _is_beginning(self) -> bool:
        """Whether what was begun runs; one that has ended is seen off by this."""
        return self._begun is not None and self._begun.runs()

    @property
    def _why_ended(self) -> str:
        return "" if self._begun is None else self._begun.last_words or "it takes too long to begin"


class _Begun:
    """A process that was begun to stand by. What it complains of is kept in memory: there may be no disk."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        """OSError where it can't be begun."""
        self.last_words = ""
        self._errors = os.memfd_create("standby")
        self._close = weakref.finalize(self, os.close, self._errors)
        try:
            self._process = outliving(arguments, self._errors)
        except OSError:
            self._close()
            raise

    def runs(self) -> bool:
        """Whether it does. One that has ended is seen off, and has said its last words."""
        if self._process.poll() is None:
            return True
        if not self.last_words:
            self.last_words = self._heard() or "what was to do so has ended"
            self._close()
        return False

    def _heard(self) -> str:
        """The last line that it said."""
        size = os.fstat(self._errors).st_size
        said = os.pread(self._errors, _LAST_WORDS, max(0, size - _LAST_WORDS)).decode(errors="replace")
        return next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")


def named_in(folder: Path) -> str:
    """The process that stands by for a run's driver, as `PID-START`; empty where none ever did."""
    try:
        return (folder / FILE).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
