"""What goes on behind a trip of this process: it is noted for others, and people are told how it went.

Neither waits for the other: the note may be on a disk that hangs.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from console.actions.kill.actuator import Act
from console.actions.kill.last_trip_file import LastTripFile
from console.actions.kill.trip import Trip, in_thread
from console.domain.clock import Clock

if TYPE_CHECKING:
    from console.domain.kill_state import Written
    from console.domain.last_trip import Found, LastTrip

LATE = 60.0
"""Seconds for which an answer that comes after its deadline is still noted."""
NOTED_WITHIN = 2.0
"""Seconds that the disk has for the note of a trip that is over, before nobody waits for it any more."""
_STEP = 0.1
"""Seconds between two looks at a trip under way."""


class Following:
    """One trip, from when it was fired by `user`.

    `tell` tells people what came of it, and `again` fires it once more, where a reset may have undone it.
    """

    def __init__(
        self,
        trip: Trip,
        user: str,
        file: LastTripFile,
        clock: Clock,
        *,
        drill: bool,
        tell: Callable[[Trip], None],
        again: Callable[[], object],
    ) -> None:
        self._trip = trip
        self._user = user
        self._file = file
        self._clock = clock
        self._drill = drill
        self._say = tell
        self._again = again
        self._told = threading.Event()
        self._noted = threading.Event()

    def begin(self) -> None:
        """Have threads see to it."""
        if not in_thread(self._note, "kill note"):
            self._noted.set()
        if not in_thread(self._tell, "kill tell"):
            self._told.set()

    def wait(self, seconds: float) -> None:
        """Wait until the trip is over, recorded, told and noted, `seconds` at most."""
        until = self._clock.now() + seconds
        self._trip.wait(seconds)
        self._told.wait(max(0.0, until - self._clock.now()))
        self._noted.wait(max(0.0, min(NOTED_WITHIN, until - self._clock.now())))

    def up_to_date(self, kept: "LastTrip | None") -> "LastTrip | None":
        """What is kept of the last trip, with the answers so far if it is this one."""
        if kept is None or kept.at != self._trip.at:
            return kept
        return replace(kept, written=_written(self._trip))

    def _tell(self) -> None:
        while self._trip.pending:
            self._trip.wait_for_answer(_STEP)
        self._say(self._trip)
        self._told.set()

    def _note(self) -> None:
        """Keep the file of the last trip as the trip goes on; an answer that comes late is noted too."""
        from console.domain.last_trip import LastTrip  # noqa: PLC0415 (the flag is written before)

        trip, order = self._trip, self._trip.order
        noted, scope = _written(trip), order.scope.value
        mine = LastTrip(trip.at, self._user, order.reason, scope, self._drill, noted, found=_found(trip))
        before = self._file.begin(mine)
        if before is not None and (before.resetting or (before.reset or 0.0) >= trip.at):
            self._again()  # what was set may have been cleared again
        until = self._clock.now() + LATE
        while True:
            pending, waited_for = trip.pending, trip.unanswered
            if (written := _written(trip)) != noted:
                noted = written
                self._file.change(partial(_gone_on, at=trip.at, written=written, found=_found(trip)))
            if not pending:
                self._noted.set()
            if not waited_for or self._clock.now() >= until:
                return
            trip.wait_for_answer(_STEP)


def _written(trip: Trip) -> "tuple[Written, ...]":
    """Every actuator of the trip, with what became of it so far."""
    from console.domain.kill_state import Written  # noqa: PLC0415 (as above)

    answered = {result.name: result for result in trip.results}

    def written(name: str) -> Written:
        result = answered.get(name)
        return (
            Written(name, None) if result is None else Written(name, result.state is Act.DONE, result.words)
        )

    return tuple(map(written, trip.fired))


def _found(trip: Trip) -> "tuple[Found, ...]":
    """What the trip's actuators have changed so far."""
    from console.domain.last_trip import Found  # noqa: PLC0415 (as above)

    return tuple(
        Found(result.name, key, value) for result in trip.results for key, value in result.found.items()
    )


def _gone_on(
    kept: "LastTrip | None", at: float, written: "tuple[Written, ...]", found: "tuple[Found, ...]"
) -> "LastTrip | None":
    """What has become of the trip that was made `at`; what it has changed counts under a later one, too."""
    from console.domain.last_trip import with_found  # noqa: PLC0415 (as above)

    if kept is None:
        return None
    if kept.at == at:
        return replace(kept, written=written, found=with_found(kept.found, found))
    return replace(kept, found=with_found(found, kept.found))
