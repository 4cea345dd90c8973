"""Records what the monitor judges, in a thread of its own that may take half a percent of a core.

The judging thread only leaves its newest snapshot here. At the pace of the settings, or as much slower as
the half percent asks for, that snapshot is written.
"""

import logging
import threading
import time
from collections.abc import Callable

from console.domain.snapshot import Snapshot
from console.history.tape import Tape

log = logging.getLogger(__name__)

SHARE = 0.005
"""Of one core, for writing."""
_NEWEST = 0.2
"""How much the newest step counts for in the mean of what steps cost."""
_LAST_WAIT = 1.0
"""Seconds that ending waits for the last step."""


class Recorder:
    """Writes to `tape` until it is closed."""

    def __init__(self, tape: Tape, every: float, spent: Callable[[], float] = time.thread_time) -> None:
        """`every` is in seconds; `spent` says how many seconds of CPU the calling thread has used."""
        self._tape = tape
        self._every = every
        self._spent = spent
        self._cost = 0.0
        self._newest: Snapshot | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    @property
    def note(self) -> str:
        """Why nothing is recorded, in one line; empty when all is well."""
        return self._tape.note

    @property
    def summary(self) -> str:
        """What was written, in one line."""
        tape = self._tape
        if not tape.files:
            return "nothing was recorded"
        where = (
            tape.files[0] if len(tape.files) == 1 else f"{len(tape.files)} files in {tape.files[0].parent}"
        )
        return f"{tape.steps} steps, {tape.bytes / 1000:.0f} kB: {where}"

    @property
    def every(self) -> float:
        """Seconds between two steps, at least."""
        return max(self._every, self._cost / SHARE)

    def start(self) -> None:
        self._thread.start()

    def take(self, snapshot: Snapshot) -> None:
        """Leave the newest snapshot to be recorded; costs its caller nothing."""
        self._newest = snapshot

    def pressed(self, key: str) -> None:
        """Note a key by its name, never what was typed into a prompt: that might be a secret."""
        self._tape.key(key)

    def close(self) -> None:
        """Write the last step and end; a disk that hangs is not waited for."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_LAST_WAIT)

    def _run(self) -> None:
        try:
            while not self._ending.wait(self.every):
                self._step()
            self._step()
            self._tape.close()
        except Exception as error:  # a defect here must not end the console: logged, shown, and no record
            log.exception("recording the history failed")
            self._tape.note = f"history is not recorded: internal error: {type(error).__name__}"

    def _step(self) -> None:
        snapshot = self._newest
        if snapshot is None:
            return
        before = self._spent()
        self._tape.step(snapshot, self.every)
        cost = self._spent() - before
        self._cost += _NEWEST * (cost - self._cost)
