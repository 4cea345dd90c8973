"""The rows of screen 5: open runs, then the runbooks by what fires now, then the latest runs, now over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from console.domain.assessment import Assessment
from console.domain.severity import Severity
from console.runbooks.relevance import Wrong, relevance, wrong_now
from console.runbooks.run import Run, UnreadRun
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

    Of a run `run` is there, or `unread` where it isn't known here; of a runbook `offered`. Nothing of a file
    that is no runbook. What is wrong with such a run or file is `why`'s only word.
    """

    key: str
    part: Part
    name: str
    place: int = 0
    why: tuple[str, ...] = ()
    offered: Offered | None = None
    run: Run | None = None
    hands: Hands = Hands.NOBODY
    unread: UnreadRun | None = None

    @property
    def severity(self) -> Severity:
        if self.run is not None:
            return severity_of(self.run)
        if self.unread is not None:
            return Severity.UNKNOWN if self.unread.is_open else Severity.OK
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
    return tuple(replace(row, place=place) for place, row in enumerate(parts))


def _open(listing: Listing) -> Iterator[Row]:
    """The loudest first, then the newest, then what nobody here can tell."""
    runs = [run for run in listing.runs if not run.standing.over]
    for run in sorted(runs, key=lambda run: -severity_of(run)):
        hands = listing.hands.get(run.id, Hands.NOBODY)
        yield Row(run.id, Part.OPEN, run.runbook, run=run, hands=hands)
    yield from (_unread(one, Part.OPEN) for one in listing.unread if one.is_open)


def _offered(offered: Sequence[Offered], wrong: Wrong) -> Iterator[Row]:
    """Those first for which most speaks now; what can't be begun here comes last."""
    found = [(each, relevance(each.runbook, wrong)) for each in offered]
    found.sort(key=lambda pair: (bool(pair[0].refusal), -len(pair[1]), pair[0].runbook.name))
    for each, why in found:
        name = each.runbook.name
        yield Row(f"runbook {name}", Part.OFFERED, name, why=why, offered=each)


def _broken(listing: Listing) -> Iterator[Row]:
    for name, problem in listing.broken.items():
        yield Row(f"runbook {name}", Part.BROKEN, name, why=(problem,))


def _was_lately(listing: Listing) -> bool:
    return bool(listing.runs) and listing.at - listing.runs[0].began < LATELY


def _over(listing: Listing) -> Iterator[Row]:
    runs = [run for run in listing.runs if run.standing.over]
    yield from (Row(run.id, Part.OVER, run.runbook, run=run) for run in runs[:MOST_OVER])
    yield from (_unread(one, Part.OVER) for one in listing.unread if not one.is_open)


def _unread(one: UnreadRun, part: Part) -> Row:
    return Row(one.id, part, one.runbook, why=(one.why,), unread=one)
