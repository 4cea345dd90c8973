"""The last trip of ours, as it is kept on this host: who tripped what and why, and what has become of it.

`state/kill/<context>.json` holds it, so that another console, or the next login, judges what this one did.
Standard library only: a trip writes it. Instants are in seconds since 1970, by the time of day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from console.domain.kill_state import WHOLE, Written

VERSION = 1
SCOPES = (WHOLE, "usdm", "coin")


@dataclass(frozen=True, slots=True)
class Found:
    """What stood under `key` of a surface before the console changed it, None where nothing did."""

    surface: str
    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class LastTrip:
    """One trip: `written` are its actuators, whose `done` is None while they are under way.

    `acknowledged` is when the engine first said that it is tripped, `reset` when the trip was reset, `lost`
    when the engine cleared an acknowledged trip by itself; None while that has not happened. `found` is what
    a reset puts back: all that trips have changed since the reset before. `renewed` is when one of a single
    account last came to one of everything, or of the other account: what was acknowledged before that counts
    no more. `singly` says that everything was tripped account by account. `drilled` is when a drill last
    passed in this context. `resetting` says that a reset is under way, or broke off: until it is over,
    `reset` is when it began.
    """

    at: float
    by: str
    reason: str
    scope: str
    drill: bool = False
    written: tuple[Written, ...] = ()
    acknowledged: float | None = None
    reset: float | None = None
    lost: float | None = None
    found: tuple[Found, ...] = ()
    renewed: float | None = None
    drilled: float | None = None
    resetting: bool = False
    singly: bool = False

    @property
    def stands(self) -> bool:
        """Whether it was not reset, and isn't being."""
        return self.reset is None

    @property
    def drilling(self) -> bool:
        """Whether a drill has made it, which isn't over."""
        return self.drill and (self.stands or self.resetting)

    @property
    def newest(self) -> float:
        """When it was made, or last added to."""
        return self.at if self.renewed is None else max(self.at, self.renewed)


def document_of(trip: LastTrip) -> dict[str, object]:
    """What is written of a trip, as plain JSON values."""
    return {
        "version": VERSION,
        "at": trip.at,
        "by": trip.by,
        "reason": trip.reason,
        "scope": trip.scope,
        "drill": trip.drill,
        "written": [{"name": one.name, "done": one.done, "words": one.words} for one in trip.written],
        "acknowledged": trip.acknowledged,
        "reset": trip.reset,
        "lost": trip.lost,
        "found": [{"surface": one.surface, "key": one.key, "value": one.value} for one in trip.found],
        "renewed": trip.renewed,
        "drilled": trip.drilled,
        "resetting": trip.resetting,
        "singly": trip.singly,
    }


def last_trip_from(document: object) -> LastTrip:
    """The trip that was written; ValueError with one line: which field is wrong, and what it may be."""
    if not isinstance(document, Mapping):
        raise ValueError(f"a trip is an object, not {type(document).__name__}")
    if document.get("version") != VERSION:
        raise ValueError(f"version is {document.get('version')!r}, only {VERSION} can be read")
    scope = _text(document, "scope")
    if scope not in SCOPES:
        raise ValueError(f"scope is {scope!r}, must be {', '.join(SCOPES)}")
    written = document.get("written")
    if not isinstance(written, list):
        raise ValueError("written must be a list of actuators")
    found = document.get("found", [])
    if not isinstance(found, list):
        raise ValueError("found must be a list of values")
    at = _instant(document, "at")
    if at is None:
        raise ValueError("at must be seconds since 1970")
    return LastTrip(
        at=at,
        by=_text(document, "by"),
        reason=_text(document, "reason"),
        scope=scope,
        drill=_switch(document, "drill") is True,
        written=tuple(map(_written, written)),
        acknowledged=_instant(document, "acknowledged"),
        reset=_instant(document, "reset"),
        lost=_instant(document, "lost"),
        found=tuple(map(_found, found)),
        renewed=_instant(document, "renewed"),
        drilled=_instant(document, "drilled"),
        resetting=_switch(document, "resetting") is True,
        singly=_switch(document, "singly") is True,
    )


def begun(before: LastTrip | None, trip: LastTrip) -> LastTrip:
    """What is kept once `trip` is made: with all that is still to be put back, and the last drill.

    One of a single account doesn't take the place of one of everything that stands, but is noted with it; one
    after another account's stops everything together with it. The engine has to acknowledge each of them
    anew. What follows a trip that stands is no drill unless that was one; and a drill's place is taken by a
    trip that is none.
    """
    if before is None:
        return trip
    if not before.stands and not before.resetting:
        return replace(trip, drilled=before.drilled)
    found = with_found(before.found, trip.found)
    if before.stands and before.scope == WHOLE != trip.scope:
        noted = replace(before, found=found, renewed=trip.at, acknowledged=None, lost=None)
        return _meant_by(trip, noted)
    added = replace(trip, found=found, drilled=before.drilled, drill=trip.drill and before.drill)
    if trip.scope in (before.scope, WHOLE):
        return added
    return replace(added, scope=WHOLE, renewed=trip.at, singly=before.singly or before.scope != WHOLE)


def _meant_by(trip: LastTrip, stands: LastTrip) -> LastTrip:
    """What `stands` is once `trip` is noted with it: no drill any more if that is none, but for its cause."""
    if trip.drill or not stands.drill:
        return stands
    return replace(stands, drill=False, by=trip.by, reason=trip.reason)


def with_found(before: tuple[Found, ...], more: tuple[Found, ...]) -> tuple[Found, ...]:
    """What is to be put back once `more` was changed: of one key what stood there last."""
    by_place = {(one.surface, one.key): one for one in (*before, *more)}
    return tuple(by_place.values())


def joined(kept: LastTrip | None, own: LastTrip | None) -> LastTrip | None:
    """The later of the trip that is `kept` on disk and the one that this process knows as its `own`.

    Of one and the same trip this process knows best what was written, and either may know what came of it.
    """
    if kept is None or own is None:
        return kept or own
    if kept.at != own.at:
        return max(kept, own, key=lambda trip: trip.at)
    newest = [trip for trip in (kept, own) if trip.newest == max(kept.newest, own.newest)]
    return replace(
        _meant_by(kept, own),
        acknowledged=_first(*(trip.acknowledged for trip in newest)),
        reset=_first(kept.reset, own.reset),
        lost=_first(*(trip.lost for trip in newest)),
        found=with_found(own.found, kept.found),
        renewed=_last(kept.renewed, own.renewed),
        drilled=_last(kept.drilled, own.drilled),
    )


def _first(*instants: float | None) -> float | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _last(one: float | None, other: float | None) -> float | None:
    return max((instant for instant in (one, other) if instant is not None), default=None)


def _found(document: object) -> Found:
    if not isinstance(document, Mapping):
        raise ValueError(f"a value in found is an object, not {type(document).__name__}")
    value = None if document.get("value") is None else _text(document, "value")
    return Found(_text(document, "surface"), _text(document, "key"), value)


def _written(document: object) -> Written:
    if not isinstance(document, Mapping):
        raise ValueError(f"an actuator in written is an object, not {type(document).__name__}")
    return Written(_text(document, "name"), _switch(document, "done"), _text(document, "words"))


def _text(document: Mapping[str, object], field: str) -> str:
    value = document.get(field)
    if not isinstance(value, str):
        raise ValueError(f"{field} is {value!r}, must be text")
    return value


def _switch(document: Mapping[str, object], field: str) -> bool | None:
    value = document.get(field)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{field} is {value!r}, must be true, false or null")
    return value


def _instant(document: Mapping[str, object], field: str) -> float | None:
    """Seconds since 1970; None where it has not happened. An integer too large for a float is no instant."""
    value = document.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _FAR:
        raise ValueError(f"{field} is {value!r}, must be seconds since 1970")
    return float(value)


_FAR = 1e11
"""Seconds after 1970 beyond which nothing is an instant: some three thousand years."""
