"""Whose '0' a trading switch has: the stamp of a trip, in `updated_by` and in what that trip has found.

A trip that comes after another one's puts its own stamp in the place of that one's, and has found the other:
so a reset gives back what the trips of its own host took, and nothing of another host's.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

BY = "opsconsole"
"""How `updated_by` begins where a console has written it."""
_LONGEST_NAME = 30
"""Characters that a stamp takes of its name: an engine's column may hold no more than 50 in all."""

Found = Mapping[str, str | None]
"""What trips have found, by `place_of` a switch: its value, None for no row, or the stamp of another trip."""


def stamp_of(by: str, wall: float) -> str:
    """The stamp of a trip by `by`, which begins as BY, at the time of day `wall`."""
    at = datetime.fromtimestamp(wall, UTC)
    return f"{by[:_LONGEST_NAME]} {at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03}"


def is_ours(writer: str) -> bool:
    """Whether a console has written it, of this host or of another."""
    return writer.startswith(BY)


def place_of(key: str, stamp: str | None) -> str:
    """How a trip with this stamp names what it has found in `key`; None where no column holds a stamp."""
    return key if stamp is None else f"{key} {stamp}"


def key_of(place: str) -> str:
    return place.partition(" ")[0]


def taken_from(found: Found, key: str, writer: str | None) -> str | None:
    """What stood in `key`, which `writer` has set, before the first of the trips that have found it.

    KeyError where none of these trips has set it.
    """
    before, left = found[place_of(key, writer)], dict(found)
    while before is not None and (place := place_of(key, before)) in left:
        before = left.pop(place)
    return before


def values_in(found: Found) -> dict[str, str | None]:
    """What each key is to be put back to: its value, or where only that was found, another trip's stamp."""
    values: dict[str, str | None] = {}
    for place, before in found.items():
        if key_of(place) not in values or before is None or not is_ours(before):
            values[key_of(place)] = before
    return values
