"""A picture that is held still: its values grow old, while sources and kill switch stay the present's."""

from collections.abc import Iterator
from dataclasses import replace

from console.domain.assessment import Assessment
from console.domain.status import Alert
from console.tui.watched import Holds


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
        and kill switch is what `live` says.
        """
        aged = watched.held(self._judged, ahead)
        if aged.alerts is not self._judged.alerts:  # judged anew, not only aged: the next is judged from here
            self._judged = aged
        if self._alerts_of[0] is not aged.alerts or self._alerts_of[1] is not live.alerts:
            self._alerts_of = aged.alerts, live.alerts
            found = tuple(sorted(_alerts(aged, live), key=lambda alert: -alert.severity))
            self._alerts = self._alerts if found == self._alerts else found
        return replace(aged, alerts=self._alerts)


def _alerts(held: Assessment, live: Assessment) -> Iterator[Alert]:
    of_the_present = {source.name for source in live.sources} | {"kill switch"}
    yield from (alert for alert in live.alerts if alert.name in of_the_present)
    yield from (alert for alert in held.alerts if alert.name not in of_the_present)
