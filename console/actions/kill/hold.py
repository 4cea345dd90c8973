"""What a console does while a trip stands: it notes that the engine acknowledged it, and that it was lost.

A context that says `hold` is tripped again, once for each loss, by whichever console notes it first.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from console.actions.kill.actuator import Scope
from console.actions.kill.last_trip_file import Change, LastTripFile
from console.domain.kill_state import KillState, Verdict
from console.domain.last_trip import LastTrip, joined

PATIENCE = 5.0
"""Seconds that the console which noted a loss has to trip again; then any other does."""
LONGEST_RESET = 120.0
"""Seconds after which a reset that isn't over counts as broken off."""
DISK_DEADLINE = 1.0
"""Seconds that the disk has to answer; then it goes on with what this process knows."""
HELD = "held, as the engine had cleared itself: "
"""How the reason of a trip that nobody asked for begins; the reason of the one that was lost follows."""


class Hold:
    """One console's eye on the trips of one context.

    `again` trips; None where the context doesn't hold. `tell` is given the lost trip's reason, once for each
    loss, by the console that notes it first.
    """

    def __init__(
        self,
        file: LastTripFile,
        again: Callable[[str, Scope], object] | None,
        tell: Callable[[str], None],
    ) -> None:
        self._file = file
        self._again = again
        self._tell = tell
        self._known: LastTrip | None = None
        self._waited_for: threading.Thread | None = None
        self._told = False
        self._lost_since: float | None = None
        self._tripped_again = False

    def observed(self, verdict: Verdict, now: float) -> None:
        """Note what `verdict`, judged at `now`, says of the last trip."""
        last = self._last()
        if verdict.trip is not None and verdict.acknowledged and verdict.confirmed:
            self._change(partial(_acknowledged, trip=verdict.trip, now=now))
        if verdict.state is KillState.LOST and not _may_be_reset(last, now):
            self._lost(last, now)
        else:
            self._lost_since, self._tripped_again, self._told = None, False, False

    def _lost(self, last: LastTrip | None, now: float) -> None:
        if self._lost_since is None:
            self._lost_since = now
        if _is_news(last) and not self._told:
            self._told = True
            self._tell(_order(last)[0].removeprefix(HELD))
        ours = _is_news(last) or now - self._lost_since >= PATIENCE
        if last is not None:
            self._change(partial(_noted_lost, trip=last.newest, now=now))
        if ours and self._again is not None and not self._tripped_again:
            self._tripped_again = True
            self._again(*_order(last))

    def _last(self) -> LastTrip | None:
        """The last trip; on a disk that hangs, as it was last known."""
        found: list[LastTrip | None] = []
        self._in_time(lambda: found.append(self._file.read()))
        self._known = found[0] if found else joined(self._known, self._file.memory)
        return self._known

    def _change(self, change: Change) -> None:
        self._in_time(lambda: self._file.change(change))

    def _in_time(self, work: Callable[[], object]) -> None:
        """Do what may hang, but go on without it after its deadline; nothing more while it still hangs."""
        if self._waited_for is not None and self._waited_for.is_alive():
            return
        thread = threading.Thread(target=work, name="kill note on disk", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine has no thread left
            return
        self._waited_for = thread
        thread.join(DISK_DEADLINE)


def _acknowledged(kept: LastTrip | None, *, trip: float, now: float) -> LastTrip | None:
    """What is kept, with the engine's acknowledgement at `now`, if it is the first of the trip at `trip`."""
    if kept is None or kept.newest != trip or kept.acknowledged is not None or kept.reset is not None:
        return kept
    return replace(kept, acknowledged=now)


def _noted_lost(kept: LastTrip | None, *, trip: float, now: float) -> LastTrip | None:
    if kept is None or kept.newest != trip or kept.acknowledged is None or kept.lost is not None:
        return kept
    return replace(kept, lost=now)


def _may_be_reset(last: LastTrip | None, now: float) -> bool:
    """Whether the engine was let go by a reset that the judgement doesn't know of yet."""
    if last is None or last.reset is None:
        return False
    return abs(now - last.reset) < (LONGEST_RESET if last.resetting else PATIENCE)


def _is_news(last: LastTrip | None) -> bool:
    """Whether nobody has noted the loss yet. A trip that isn't acknowledged is newer than the loss."""
    return last is None or (last.acknowledged is not None and last.lost is None)


def _order(last: LastTrip | None) -> tuple[str, Scope]:
    if last is None:
        return f"{HELD}it was tripped by others", Scope.ALL
    return HELD + last.reason.removeprefix(HELD), Scope(last.scope)
