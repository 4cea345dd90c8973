"""The trip that was fired here, and what is heard of it: each answer as it comes, until it is judged."""

from typing import Protocol, runtime_checkable

from textual.timer import Timer

from console.domain.last_trip import LastTrip
from console.tui.screens.kill.covering import Covering
from console.tui.view import View
from console.tui.watched import TripUnderWay

_ANSWERS_EVERY = 0.05
"""Seconds between two looks at a trip while an actuator hasn't answered."""
_NOTED_WITHIN = 5.0
"""Seconds in which a trip is noted and judged, where everything goes as it should."""


@runtime_checkable
class Console(Protocol):
    """The app, as far as this screen wants it: it shows the world as it is."""

    def paint(self) -> None: ...


class Following(Covering, inherit_bindings=False):
    """Subclasses fire `_trip`, and show what is known of it."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._trip, self._fired_at = _fired_before(view)
        self._before = 0.0
        self._answers: Timer | None = None
        self._told: tuple[object, ...] = ()

    def _follow(self) -> None:
        """Show the trip's answers as they come."""
        if self._answers is None:
            self._answers = self.set_interval(_ANSWERS_EVERY, self._show_answers)

    def _show_answers(self) -> None:
        """Show each answer as it comes and have it judged, until all are there and the judgement too."""
        trip, own = self._trip, self._own
        if trip is None:
            return
        told = (trip.results, trip.journal, own)
        if told != self._told and isinstance(self.app, Console):
            self._told = told
            self.app.paint()
        if self._answers is not None and not trip.pending and trip.journal and self._is_judged:
            self._answers.stop()
            self._answers = None
        self._show()

    @property
    def _own(self) -> LastTrip | None:
        """What the kill switch knows of the trip that was fired here; None until it does."""
        latest = None if self.view.kill is None else self.view.kill.latest
        return latest if self._trip is not None and latest is not None and latest.at > self._before else None

    @property
    def _last(self) -> LastTrip | None:
        """The last trip that is known, of whoever made it."""
        last = None if self.view.live is None else self.view.live.last_trip
        return last if self._is_judged else self._own

    @property
    def _is_judged(self) -> bool:
        """Whether what is shown of the world already takes the trip that was fired here into account.

        After some seconds it is shown all the same: nobody may have noted the trip, and the engine follow it.
        """
        if self._trip is None:
            return True
        own, live = self._own, self.view.live
        if live is None:
            return False
        known = own is not None and live.last_trip is not None and live.last_trip.at >= own.at
        return known or live.at - self._fired_at > _NOTED_WITHIN


def _fired_before(view: View) -> tuple[TripUnderWay | None, float]:
    """The trip of this console, and when it was, as long as it is the last that is known of, and stands."""
    latest = None if view.kill is None else view.kill.latest
    if view.kill is None or latest is None:
        return None, 0.0
    known = None if view.live is None else view.live.last_trip
    last = latest if known is None or known.at < latest.at else known
    ours = last.at == latest.at and (last.stands or last.resetting)
    return (view.kill.fired, latest.at) if ours else (None, 0.0)
