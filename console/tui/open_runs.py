"""The runs that wait for a person, and a rollback's drill: read by a thread every few seconds, to be told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.severity import Severity
from console.tui.headline import Statement
from console.tui.painting import Painting
from console.tui.rereading import Rereading, Told
from console.tui.text import one_colon

if TYPE_CHECKING:
    from console.tui.watched import KnowsOpenRuns

READS_EVERY = 5
"""Seconds between two readings, to which others add."""
TAKES_LONG = 6 * READS_EVERY
"""Seconds after which what was read last is no word on the present: a dead server answers before."""
_UNKNOWN = "whether a run is open isn't known"
SLOW = Statement(Severity.UNKNOWN, f"{_UNKNOWN}: the runs take long to be read", _UNKNOWN)
UNREAD = Statement(Severity.UNKNOWN, f"{_UNKNOWN}: the runs can't be read", _UNKNOWN)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is to be said of runs that wait for a person; and which rollback's `drill` goes on, if any."""

    standing: Statement | None
    drill: str = ""


StandingRuns = Rereading[UnderWay]


def standing_runs(painting: Painting, runs: "Callable[[], KnowsOpenRuns] | None") -> StandingRuns:
    """`runs` makes, in a thread, what reads them; None where there are none, as in a replay."""
    if runs is None:
        return Rereading(None)

    def read() -> UnderWay:
        known = runs()
        return UnderWay(_statement(known), known.drill())

    name, slow, unread = "read the open runs", UnderWay(SLOW), UnderWay(UNREAD)
    return Rereading(Told(name, READS_EVERY, TAKES_LONG, read, painting.tell_of_runs, slow, unread))


def _statement(runs: "KnowsOpenRuns") -> Statement | None:
    found = runs.found()
    if isinstance(found, str):
        return Statement(Severity.UNKNOWN, one_colon(f"{_UNKNOWN}: {found}"), _UNKNOWN)
    if not found:
        return None
    from console.tui.screens.recovery.standing import standing_statement  # noqa: PLC0415 (most have none)

    return standing_statement(found, runs.clock.wall())
