"""How ready the context is to go back, for the overview's line: read by a thread each minute."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.tui.painting import Painting
from console.tui.rereading import Rereading, Told
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


def readying(painting: Painting, guide: "Callable[[], GuidesBack] | None") -> Rereading[Reminder]:
    """`guide` makes, in a thread, what reads it; None where there is none, as in a replay."""
    if guide is None:
        return Rereading(None)

    def read() -> Reminder:
        ready = guide().readiness()
        return Reminder(ready.words, not ready.is_good, ready.brief)

    name = "read how ready the way back is"
    return Rereading(Told(name, READS_EVERY, TAKES_LONG, read, painting.tell_of_readiness, SLOW, UNREAD))
