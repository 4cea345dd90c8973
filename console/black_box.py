"""Records what an open console shows, from soon after its start until it is left."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.history.recorder import Recorder
    from console.monitor import Monitor
    from console.settings import Settings

BEGINS_AFTER = 1.5
"""Seconds after the monitor is there: the first picture doesn't wait for what only the record needs."""
_LAST_WAIT = 1.0
"""Seconds that leaving waits for a record that is just being begun."""


class BlackBox:
    """The record of one console, where the settings want one."""

    def __init__(self, settings: "Settings", operator: str) -> None:
        self._settings = settings
        self._operator = operator
        self._recorder: Recorder | None = None
        self._left = threading.Event()
        self._beginning: threading.Thread | None = None

    @property
    def note(self) -> str:
        """Why nothing is recorded, in one line; empty when all is well."""
        return "" if self._recorder is None else self._recorder.note

    def watch(self, monitor: "Monitor") -> None:
        """Record what `monitor` judges, from soon on."""
        if self._settings.history.enabled:
            self._beginning = threading.Thread(
                target=self._begin, args=(monitor,), name="begin the record", daemon=True
            )
            self._beginning.start()

    def pressed(self, key: str) -> None:
        """Note a key by its name; those before the record has begun aren't in it."""
        if self._recorder is not None:
            self._recorder.pressed(key)

    def close(self) -> None:
        """Write what is left."""
        self._left.set()
        if self._beginning is not None:
            self._beginning.join(_LAST_WAIT)
        if self._recorder is not None:
            self._recorder.close()

    def _begin(self, monitor: "Monitor") -> None:
        if self._left.wait(BEGINS_AFTER):
            return
        from console.history.recording import recording  # noqa: PLC0415 (as said above)

        self._recorder = recording(self._settings, monitor, self._operator)
