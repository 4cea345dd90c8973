"""How old an engine's word is, by its heartbeat and the clocks on both sides."""

import math

from console.sources.errors import SourceError
from console.sources.exposition import Samples

HEARTBEAT = "futures_heartbeat_timestamp_seconds"
CLOCK_TOLERANCE = 2.0
"""Seconds by which two machines' clocks may differ before the engine's own is believed."""


class Stamp:
    """One instant that an engine writes down again and again, as one source sees it.

    A clock that runs ahead would keep a stamp that stands still in the future, and so fresh for ever.
    Therefore it is at least as old as the time for which it hasn't changed.
    """

    def __init__(self) -> None:
        self._at: float | None = None
        self._changed_at = 0.0

    def age(self, at: float, wall: float, now: float) -> float:
        """Seconds since the stamp `at`, never negative.

        `at` and `wall` are by the engine's clock, `now` is by the console's.
        """
        if at != self._at:
            self._at, self._changed_at = at, now
        return max(wall - at, now - self._changed_at)


def ahead(at: float, wall: float) -> tuple[str, ...]:
    """The remark that a stamp in the future deserves, if it is one."""
    lead = at - wall
    return (f"the engine's clock is {lead:.1f} s ahead",) if lead > CLOCK_TOLERANCE else ()


def oldest_heartbeat(samples: Samples) -> float | None:
    """The heartbeat in seconds since 1970, the oldest where there are several; None where there is none.

    SourceError when it isn't a time at all: what can't be dated can't be shown as current.
    """
    beats = samples.get(HEARTBEAT, {}).values()
    for beat in beats:
        if not math.isfinite(beat):
            raise SourceError(f"the heartbeat is {'NaN' if math.isnan(beat) else 'infinite'}")
    return min(beats, default=None)
