"""What becomes of a trip over time: since when the engine acknowledges it, and since when that is lost.

One judgement alone can't tell an engine that never followed from one that has let go again. Instants are in
seconds since 1970, those of the engine's word by the console's clock.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from console.domain.last_trip import LastTrip
from console.domain.market_watch import MarketWatch, market_watched
from console.domain.metrics import Labels
from console.domain.reading import Reading
from console.domain.surfaces import Exchange

JUST_BEFORE = 5.0
"""Seconds between two words of the engine within which a change is seen to come: several polls."""
MOST_PROCESSES = 64
"""How many are kept in mind at the most: more labels than that are not those of processes."""


@dataclass(frozen=True, slots=True)
class Word:
    """What the engine says of an instant: 1 tripped, 0 clear, None nothing that counts.

    `processes` are those that say something, by their labels.
    """

    value: float | None
    at: float
    processes: frozenset[Labels] = frozenset()


@dataclass(frozen=True, slots=True)
class KillWatch:
    """The state of a trip: of ours, which was made or last added to at `trip`, or of one by somebody else.

    `acknowledged` is since when the engine says so, `lost` when it let go after that by itself, and `clear`
    when it was last heard to be clear. `is_over` is set once ours was reset: until the engine has been heard
    to be clear after that, its word is no new trip. `processes` are those that have been heard since the
    trip, or right before it: of one that falls silent, nobody knows that it was stopped. `market` is what
    changes at the exchange, where that has to prove it.
    """

    trip: float | None = None
    acknowledged: float | None = None
    lost: float | None = None
    clear: float | None = None
    is_over: bool = False
    processes: frozenset[Labels] = frozenset()
    market: MarketWatch | None = field(default=None, compare=False)

    @property
    def was_seen_to_come(self) -> bool:
        """Whether the engine was clear just before: else its trip is of any age."""
        if self.acknowledged is None or self.clear is None:
            return False
        return self.acknowledged - self.clear <= JUST_BEFORE


def watched(
    before: KillWatch,
    trip: LastTrip | None,
    word: Word,
    surfaces: Mapping[str, bool | None],
    market: Reading[Exchange] | None = None,
) -> KillWatch:
    """The next state, from the last trip of ours, the engine's word, and which surfaces are read back as set.

    `market` is the newest look at the exchange, where that has to prove the trip.

    A loss of ours stays until the engine is tripped again, or the trip reset. One of somebody else's trips is
    over, too, once no surface is set any more: then it wasn't lost, but taken back.
    """
    if trip is None or trip.reset is not None:
        watch = _of_others(_followed(before, trip), word, surfaces)
    else:
        watch = _of_ours(before if before.trip == trip.newest else KillWatch(trip.newest), trip, word)
    stands = watch.acknowledged is not None or (trip is not None and trip.stands)
    return replace(
        watch,
        processes=_heard_of(before.processes, word.processes, stands=stands),
        market=market_watched(before.market, market, watch.acknowledged),
    )


def _of_ours(before: KillWatch, trip: LastTrip, word: Word) -> KillWatch:
    """What another console has noted counts as what was seen here."""
    acknowledged = trip.acknowledged if before.acknowledged is None else before.acknowledged
    lost = before.lost
    if lost is None and trip.lost is not None and trip.lost >= (acknowledged or -math.inf):
        lost = trip.lost
    known = replace(before, acknowledged=acknowledged, lost=lost)
    return _heard(known, word) if word.at >= trip.newest else known


def _followed(before: KillWatch, reset: LastTrip | None) -> KillWatch:
    """What is known of others' trips; of a trip of ours that is over nothing but that it was."""
    if reset is None:
        return before if before.trip is None else KillWatch()
    return before if before.trip == reset.at and before.is_over else KillWatch(reset.at, is_over=True)


def _of_others(known: KillWatch, word: Word, surfaces: Mapping[str, bool | None]) -> KillWatch:
    if word.value == 0 and (known.acknowledged is None or not _may_be_set(surfaces)):
        return KillWatch(known.trip, clear=word.at, is_over=known.is_over)
    return known if known.is_over and known.clear is None else _heard(known, word)


def _heard(known: KillWatch, word: Word) -> KillWatch:
    """What the engine's word makes of what is known; one from before the acknowledgement changes nothing."""
    if word.value == 1 and (known.acknowledged is None or _is_later(word, known.lost)):
        return replace(known, acknowledged=word.at, lost=None)
    if word.value == 0 and known.lost is None and _is_later(word, known.acknowledged):
        return replace(known, lost=word.at, clear=word.at)
    return known


def _heard_of(before: frozenset[Labels], now: frozenset[Labels], *, stands: bool) -> frozenset[Labels]:
    """While no trip stands, those of the last word; then also whoever comes to them."""
    known = before | now if stands else now or before
    return known if len(known) <= MOST_PROCESSES else before


def _is_later(word: Word, instant: float | None) -> bool:
    return instant is not None and word.at > instant


def _may_be_set(surfaces: Mapping[str, bool | None]) -> bool:
    return any(value is not False for value in surfaces.values())
