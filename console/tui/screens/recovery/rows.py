"""The rows of screen 5: open runs, then the runbooks by what fires now, then the latest runs, now over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from console.domain.assessment import Assessment
from console.domain.severity import Severity
from console.runbooks.relevance import Wrong, relevance, wrong_now
from console.runbooks.run import Run
from console.runbooks.seen import Hands, Listing, Offered
from console.tui.screens.recovery.words import severity_of

MOST_OVER = 8
"""Runs that are over, and listed: the newest."""
LATELY = 3600.0
"""Seconds since the latest run began for which it stands first, where none is open."""


class Part(IntEnum):
    """The order of the rows: what is under way comes before what could be begun, and that before the past.

    Where nothing is under way, the run that was lately stays where it was: whoever looks there, or comes back
    after the line was lost, has not to find another runbook under the cursor.
    """

    OPEN = 0
    OFFERED = 1
    BROKEN = 2
    OVER = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A row at its `place`; `why` says what fires now that the runbook is for.

    Of a run `run` is there, of a runbook `offered`; neither of a file that is no runbook, whose mistake is
    `why`'s only word.
    """

    key: str
    part: Part
    name: str
    place: int
    why: tuple[str, ...] = ()
    offered: Offered | None = None
    run: Run | None = None
    hands: Hands = Hands.NOBODY

    @property
    def severity(self) -> Severity:
        if self.run is not None:
            return severity_of(self.run)
        if self.part is Part.BROKEN:
            return Severity.WARNING
        return Severity.HIGH if self.why else Severity.OK


def rows_of(listing: Listing, live: Assessment | None) -> tuple[Row, ...]:
    """A row for each runbook and run, in the order in which they are shown."""
    wrong = Wrong() if live is None else wrong_now(live)
    under_way = list(_open(listing))
    over = list(_over(listing))
    lately = over[:1] if not under_way and _was_lately(listing) else []
    parts = [*under_way, *lately, *_offered(listing.offered, wrong), *_broken(listing), *over[len(lately) :]]
    return tuple(
        Row(key, part, name, place, why, offered, run, hands)
        for place, (key, part, name, why, offered, run, hands) in enumerate(parts)
    )


_Parts = tuple[str, Part, str, tuple[str, ...], Offered | None, Run | None, Hands]
"""A row without its place."""


def _open(listing: Listing) -> Iterator[_Parts]:
    """The loudest first, then the newest."""
    runs = [run for run in listing.runs if not run.standing.over]
    for run in sorted(runs, key=lambda run: -severity_of(run)):
        hands = listing.hands.get(run.id, Hands.NOBODY)
        yield run.id, Part.OPEN, run.runbook, (), None, run, hands


def _offered(offered: Sequence[Offered], wrong: Wrong) -> Iterator[_Parts]:
    """Those first for which most speaks now; what can't be begun here comes last."""
    found = [(each, relevance(each.runbook, wrong)) for each in offered]
    found.sort(key=lambda pair: (bool(pair[0].refusal), -len(pair[1]), pair[0].runbook.name))
    for each, why in found:
        yield f"runbook {each.runbook.name}", Part.OFFERED, each.runbook.name, why, each, None, Hands.NOBODY


def _broken(listing: Listing) -> Iterator[_Parts]:
    for name, problem in listing.broken.items():
        yield f"runbook {name}", Part.BROKEN, name, (problem,), None, None, Hands.NOBODY


def _was_lately(listing: Listing) -> bool:
    return bool(listing.runs) and listing.at - listing.runs[0].began < LATELY


def _over(listing: Listing) -> Iterator[_Parts]:
    runs = [run for run in listing.runs if run.standing.over]
    for run in runs[:MOST_OVER]:
        yield run.id, Part.OVER, run.runbook, (), None, run, Hands.NOBODY
