"""What has to be known of the world before a trip may be reset."""

from dataclasses import fields, replace

from console.domain.assessment import Assessment
from console.domain.last_trip import LastTrip
from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot
from tests.unit.domain.trips import world
from tests.unit.domain.worlds import judged

FOR_EVER = 1e12
"""Seconds after which even a clock that goes on all day is not."""


def healthy_after(trip: LastTrip) -> Assessment:
    """Of an engine that has followed `trip`, with nothing else amiss; nothing of it ever gets too old."""
    seen = world(trip=trip)
    lasting = {
        each.name: replace(state, stale_after=FOR_EVER)
        for each in fields(Snapshot)
        if isinstance(state := getattr(seen, each.name), SourceState)
    }
    return judged(replace(seen, **lasting))  # type: ignore[arg-type]
