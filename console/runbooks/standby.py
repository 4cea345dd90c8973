"""What a driver sees of its standby: the process that goes on with the run when the driver has gone.

What may have to be undone isn't left alone: from before the act that a compensation belongs to, a second
process of its own session stands by (`standing_by`). The file `standby` of the run's folder names it.
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from console.audit.actor import still_runs
from console.runbooks.step_process import make_runs_folder, outliving

FILE = "standby"
PATIENCE = 30.0
"""Seconds that a standby has to read the run in, before what needs one is refused."""
AGAIN = 10.0
"""Seconds between two that are begun in place of one that has gone: where none can live, few are tried."""
_TICK = 0.05


@dataclass(slots=True)
class Standby:
    """The standby of one run, for the driver whose process is `own`; `arguments` begin one."""

    folder: Path
    arguments: tuple[str, ...]
    own: str
    _begun: "subprocess.Popen[bytes] | None" = None
    _not_before: float = 0.0

    @property
    def is_there(self) -> bool:
        """Whether one stands by. A standby that drives by now is none to itself."""
        named = named_in(self.folder)
        return named != self.own and still_runs(named)

    def see_to(self, now: float) -> None:
        """Begin one where there is none, unless that was just tried; `now` is monotonic seconds; OSError."""
        if now >= self._not_before and not self.is_there and not self._is_beginning:
            self._not_before = now + AGAIN
            self._begin()

    def lack(self, wait: Callable[[float], None]) -> str:
        """Why nobody stands by, once one has had its time to begin; empty where somebody does."""
        try:
            if not self.is_there and not self._is_beginning:
                self._begin()
        except OSError as error:
            return f"nobody can stand by for whoever drives: {(error.strerror or str(error)).lower()}"
        waited = 0.0
        while not self.is_there and self._is_beginning and waited < PATIENCE:
            wait(_TICK)
            waited += _TICK
        return "" if self.is_there else "nobody stands by for whoever drives: what was to do so has ended"

    def _begin(self) -> None:
        make_runs_folder(self.folder)
        self._begun = outliving(self.arguments)

    @property
    def _is_beginning(self) -> bool:
        return self._begun is not None and self._begun.poll() is None


def named_in(folder: Path) -> str:
    """The process that stands by for a run's driver, as `PID-START`; empty where none ever did."""
    try:
        return (folder / FILE).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
