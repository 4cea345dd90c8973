"""What Ctrl+C, SIGTERM and a lost terminal mean to a drill: it is broken off, and what it began is ended.

A signal is only noted where it comes, and obeyed where the drill waits: nothing is cut off in the middle of a
write. To be used in the main thread.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_WORDS = {
    signal.SIGINT: "Ctrl+C",
    signal.SIGTERM: "SIGTERM",
    signal.SIGHUP: "a lost terminal",
}
_TICK = 0.1
"""Seconds within which a signal is obeyed."""
_NOTED = "\nopsconsole: {}: the drill is broken off, and everything put back\n"
_HELD = "\nopsconsole: everything is being put back; Ctrl+C once more leaves it as it is now\n"


class BrokenOffError(Exception):
    """A drill is to end, or what it does to put everything back is; the message says by what."""


class DrillSignals:
    """`wait` is how a drill waits: it raises BrokenOffError once a signal has come.

    While everything is put back, one signal is told what goes on, and the next one is obeyed; a lost terminal
    is no reason to leave it.
    """

    def __init__(self) -> None:
        self._come: list[int] = []
        self._needed = 1

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note signals for as long as this lasts."""
        before = {number: signal.signal(number, self._note) for number in _WORDS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def putting_back(self) -> Iterator[None]:
        """While this lasts everything is put back: what has come before is obeyed by that."""
        self._come.clear()
        self._needed = 2
        try:
            yield
        finally:
            self._needed = 1

    def wait(self, seconds: float) -> None:
        """Wait so long, but for a signal."""
        until = time.monotonic() + seconds
        while True:
            if len(self._come) >= self._needed:
                raise BrokenOffError(_WORDS[signal.Signals(self._come[-1])])
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, _TICK))

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP and (self._needed > 1 or number in self._come):
            return  # a terminal that is lost says so twice, by its shell and by the kernel
        self._come.append(number)
        if len(self._come) == 1:
            words = _HELD if self._needed > 1 else _NOTED.format(_WORDS[signal.Signals(number)])
            with suppress(OSError):
                os.write(2, words.encode())  # no stream: this may have come in the middle of its write
