"""A picture that is held still: its values grow old, while sources and kill switch stay the present's."""

from collections.abc import Iterator
from dataclasses import replace

from console.domain.amounts import span
from console.domain.assessment import Assessment
from console.domain.status import Alert
from console.tui.view import View
from console.tui.watched import Holds


def doubt_in(view: View, source: str, doubt: str) -> str:
    """Why what `source` said isn't the present: `doubt`, or of a held picture that it is held.

    What is wrong with the source itself by now is said after that; `doubt` is empty of what is the present.
    """
    if not doubt or view.paused_for is None or view.live is None:
        return doubt
    return _as_held(view.paused_for, _present_doubt(view.live, source))


class Held:
    """What was shown at `since`, an instant of the monitor's clock."""

    def __init__(self, judged: Assessment) -> None:
        self.since = judged.at
        self._judged = judged
        self._alerts_of: tuple[tuple[Alert, ...], tuple[Alert, ...]] = ((), ())
        self._alerts: tuple[Alert, ...] = ()

    def at_its_age(self, watched: Holds, live: Assessment, ahead: float) -> Assessment:
        """The picture as it is worth `ahead` seconds from now.

        That nobody has asked the sources on its behalf is no fault of theirs: what its alerts say of sources
        and kill switch is what `live` says, and its books are in doubt because it is held.
        """
        aged = watched.held(self._judged, ahead)
        if aged.alerts is not self._judged.alerts:  # judged anew, not only aged: the next is judged from here
            self._judged = aged
        if self._alerts_of[0] is not aged.alerts or self._alerts_of[1] is not live.alerts:
            self._alerts_of = aged.alerts, live.alerts
            found = tuple(sorted(_alerts(aged, live), key=lambda alert: -alert.severity))
            self._alerts = self._alerts if found == self._alerts else found
        return _with_books_as_held(replace(aged, alerts=self._alerts), live, live.at - self.since)


def _with_books_as_held(aged: Assessment, live: Assessment, seconds: float) -> Assessment:
    if not aged.books_doubt:
        return aged
    doubt = _as_held(seconds, _present_doubt(live, "database"))
    accounts = tuple(
        replace(status, reason=doubt) if status.reason == aged.books_doubt else status
        for status in aged.accounts
    )
    return replace(aged, books_doubt=doubt, accounts=accounts)


def _as_held(seconds: float, present_doubt: str) -> str:
    held = f"PAUSED, as it was {span(seconds)} ago"
    return f"{held}; now: {present_doubt}" if present_doubt else held


def _present_doubt(live: Assessment, source: str) -> str:
    """What is wrong with a source, whatever is held."""
    return live.books_doubt if source == "database" else live.source(source).cause or ""


def _alerts(held: Assessment, live: Assessment) -> Iterator[Alert]:
    of_the_present = {source.name for source in live.sources} | {"kill switch"}
    yield from (alert for alert in live.alerts if alert.name in of_the_present)
    yield from (alert for alert in held.alerts if alert.name not in of_the_present)
