"""The reasons that a trip can be given by one digit.

1 to 3 are what fires at present, 4 to 8 the disasters of the deployment document, 9 is anything else. While
the question stands a digit keeps its meaning: an alert that comes later takes a place that is still free.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from console.domain.severity import Severity
from console.tui.headline import short_alert, worst_alert
from console.tui.text import clip
from console.tui.view import View

DISASTERS = (
    "Exchange API down",
    "Network partition",
    "Database corruption",
    "Invalid margin state",
    "Runaway liquidation",
)
"""The scenarios of the document's table of disasters, in its order."""
MANUAL = "Manual intervention"
"""What the document's own example gives as a reason."""
MOST_ALERTS = 3
_LONGEST = 160
"""Cells of a reason that is taken from an alert: its words come from outside."""
_KILL_SWITCH = "kill switch"
"""The alert that says of the switch itself that it is tripped: no reason to trip it."""
_LOG = "log"
"""The alert of the engine's log, which has a line of every trip: no reason for another."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert as a reason: its name, and how bad it was and what it said when it was first offered."""

    name: str
    severity: Severity
    words: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """What is offered, the worst alert first; `chosen` is the reason that is given if nobody says more."""

    alerts: tuple[Firing, ...]
    chosen: str

    @property
    def by_digit(self) -> dict[int, str]:
        """Every reason that there is, by its digit."""
        firing = {digit: alert.words for digit, alert in enumerate(self.alerts, 1)}
        return firing | dict(enumerate((*DISASTERS, MANUAL), MOST_ALERTS + 1))

    def take(self, digit: int) -> "Reasons":
        """With the reason of this digit chosen; unchanged where it has none."""
        return replace(self, chosen=self.by_digit.get(digit, self.chosen))

    def joined_by(self, view: View) -> "Reasons":
        """With what has come to fire since, as far as there is room for it."""
        known = {alert.name for alert in self.alerts}
        new = (
            [alert for alert in _firing(view) if alert.name not in known] if len(known) < MOST_ALERTS else []
        )
        return replace(self, alerts=(*self.alerts, *new)[:MOST_ALERTS]) if new else self


def reasons_at(view: View) -> Reasons:
    """What to offer at first. The worst alert is the chosen reason where it is high or critical."""
    alerts = tuple(islice(_firing(view), MOST_ALERTS))
    urgent = len(alerts) > 0 and alerts[0].severity >= Severity.HIGH
    return Reasons(alerts, alerts[0].words if urgent else MANUAL)


def _firing(view: View) -> Iterator[Firing]:
    """One alert of each kind, the worst first; before anything has answered, none."""
    if view.live is None or not view.answered:
        return
    told, worst = {_KILL_SWITCH}, worst_alert(view.live)
    if view.live.kill.acknowledged:
        told.add(_LOG)
    for alert in view.live.alerts:
        if alert.name not in told:
            told.add(alert.name)
            meant = alert if worst is None or worst.name != alert.name else worst
            words = short_alert(meant, view.live.panels)[0]
            yield Firing(alert.name, alert.severity, clip(words, _LONGEST, view.glyphs.ellipsis))
