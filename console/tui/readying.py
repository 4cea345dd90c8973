"""How ready the context is to go back, for the overview's line: read by a thread each minute."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from console import threads
from console.tui.painting import Painting
from console.tui.view import Reminder

if TYPE_CHECKING:
    from console.tui.watched import GuidesBack

READS_EVERY = 60
"""Seconds between two readings, which is as fine as what is said of ages."""
TAKES_LONG = 3 * READS_EVERY
"""Seconds after which what was read last is no word on the present."""
_UNKNOWN = "whether the way back is ready isn't known"
SLOW = Reminder(f"{_UNKNOWN}: its files take long to be read", warns=True, brief=_UNKNOWN)
UNREAD = Reminder(f"{_UNKNOWN}: its files can't be read", warns=True, brief=_UNKNOWN)


class Readying:
    """Keeps nothing but the words."""

    def __init__(self, painting: Painting, guide: "Callable[[], GuidesBack] | None") -> None:
        """`guide` makes, in a thread, what reads it; None where there is none, as in a replay."""
        self._painting = painting
        self._guide = guide
        self._looks = self._read_at = 0
        self._reading: asyncio.Future[Reminder] | None = None

    def begin(self) -> None:
        """Read it."""
        if self._guide is not None and self._reading is None:
            self._reading = threads.start(self._read, name="read how ready the way back is")
            self._reading.add_done_callback(self._taken)

    def look(self) -> None:
        """To be called each second."""
        self._looks += 1
        if self._looks % READS_EVERY == 0:
            self.begin()
        if self._reading is not None and self._looks - self._read_at > TAKES_LONG:
            self._painting.tell_of_readiness(SLOW)

    def _read(self) -> Reminder:
        assert self._guide is not None, "only asked for where there is one"  # noqa: S101
        ready = self._guide().readiness()
        return Reminder(ready.words, not ready.is_good, ready.brief)

    def _taken(self, reading: "asyncio.Future[Reminder]") -> None:
        self._reading, self._read_at = None, self._looks
        if reading.exception() is not None:
            self._painting.tell_of_readiness(UNREAD)  # what was read before is no word on the present
        self._painting.tell_of_readiness(reading.result())
