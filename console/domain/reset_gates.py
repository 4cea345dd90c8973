"""What has to hold before the kill switch is reset, besides role, arming, fresh data and the second person.

All of it is shown at once, one gate to a line. No gate passes on what isn't known.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.domain.access import AccessError, stated
from console.domain.figures import seconds
from console.domain.gate import Gate, reason_gate
from console.domain.severity import Severity
from console.domain.status import Alert

OWN_ALERT = "kill switch"
"""The alert that a reset ends itself, and that therefore doesn't stand in its way."""
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator has said so far: why, that the trip's cause is known and over, what was typed.

    `override` is the reason for which no recovery run is waited for.
    """

    reason: str = ""
    typed: str = ""
    cause_acknowledged: bool = False
    override: str = ""


@dataclass(frozen=True, slots=True)
class Tripped:
    """The trip that is to be reset: since when it stands, in seconds since 1970, and for which cause.

    A `drill` has no cause, and nothing to recover from. One that isn't `ours`, as this host's consoles have
    not made it, stands since it was first seen.
    """

    since: float
    cause: str
    drill: bool = False
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known at the time of day `wall`: the trip, None where none stands and `engine` is its own word.

    `recovered` is when a recovery run was last completed, and `unread` why that can't be told; `cool_down` is
    in seconds, `phrase` what has to be typed.
    """

    trip: Tripped | None
    engine: bool | None
    alerts: Sequence[Alert]
    recovered: float | None
    cool_down: float
    phrase: str
    wall: float
    unread: str = ""


def reset_gates(asked: Asked, ground: Ground) -> tuple[Gate, ...]:
    """Every gate, in the order in which an operator meets them."""
    return tuple(_gates(asked, ground))


def _gates(asked: Asked, ground: Ground) -> Iterator[Gate]:
    yield _trip(ground)
    yield reason_gate(asked.reason)
    yield _alerts(ground.alerts)
    yield from _of_trip(asked, ground)
    typed = asked.typed == ground.phrase
    yield Gate("confirmation", typed, "typed" if typed else f"{ground.phrase!r} has to be typed")


def _trip(ground: Ground) -> Gate:
    trip = ground.trip
    if trip is not None:
        whose = "a trip of this host's stands" if trip.ours else "the engine is tripped, not from this host"
        return Gate("trip", True, f"{whose}, for {seconds(max(0.0, ground.wall - trip.since))}")
    if ground.engine is None:
        return Gate("trip", None, "whether the engine is tripped isn't known")
    return Gate("trip", False, "none stands: there is nothing to reset")


def _alerts(alerts: Sequence[Alert]) -> Gate:
    """An alert that can't be judged may be a critical one; one that somebody has taken on is only told."""
    others = [alert for alert in alerts if alert.name != OWN_ALERT]
    critical = [alert for alert in others if alert.severity is Severity.CRITICAL]
    nobodys = [alert for alert in critical if not alert.taken_on]
    if nobodys:
        return Gate("alerts", False, f"critical: {_named(nobodys)}")
    unknown = [alert for alert in others if alert.severity is Severity.UNKNOWN]
    if unknown:
        return Gate("alerts", None, f"can't be judged: {_named(unknown)}")
    taken_on = f" but what somebody has acknowledged: {_named(critical)}" if critical else ""
    return Gate("alerts", True, f"no critical one fires{taken_on}")


def _named(alerts: Sequence[Alert]) -> str:
    names = [f"{each.name} {each.symbol or ''}".strip() for each in alerts[:_MOST_NAMED]]
    more = len(alerts) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _of_trip(asked: Asked, ground: Ground) -> Iterator[Gate]:
    trip = ground.trip
    if trip is None:
        yield from (Gate(name, None, "no trip stands") for name in ("cause", "recovery", "cool-down"))
    elif trip.drill:
        yield from (Gate(name, True, "it was a drill") for name in ("cause", "recovery", "cool-down"))
    else:
        known = "acknowledged" if asked.cause_acknowledged else "has to be acknowledged as known and over"
        yield Gate("cause", asked.cause_acknowledged, f"{trip.cause}: {known}")
        yield _recovery(asked, trip, ground)
        yield _cool_down(asked, trip, ground)


def _recovery(asked: Asked, trip: Tripped, ground: Ground) -> Gate:
    recovered = ground.recovered
    if recovered is not None and recovered >= trip.since:
        return Gate("recovery", True, f"a run was completed {seconds(recovered - trip.since)} after the trip")
    if asked.override.strip():
        return _overridden("recovery", asked)
    if ground.unread:
        return Gate("recovery", None, ground.unread)
    return Gate("recovery", False, "no run was completed since the trip: needs an override with a reason")


def _overridden(name: str, asked: Asked) -> Gate:
    try:
        return Gate(name, True, f"OVERRIDDEN: {stated(asked.override)}")
    except AccessError as error:
        return Gate(name, False, str(error))


def _cool_down(asked: Asked, trip: Tripped, ground: Ground) -> Gate:
    """Nobody here knows when others have tripped it: then a reason may stand for the time."""
    stood = ground.wall - trip.since
    if stood < 0:
        return Gate("cool-down", None, "the trip lies in the future: this machine's clock was set back")
    left = ground.cool_down - stood
    if left > 0 and not trip.ours and asked.override.strip():
        return _overridden("cool-down", asked)
    if left > 0:
        override = "" if trip.ours else "; or an override with a reason"
        return Gate("cool-down", False, f"{_left(left)} of {_left(ground.cool_down)} are left{override}")
    return Gate("cool-down", True, f"the {_left(ground.cool_down)} are over")


def _left(time: float) -> str:
    """How long it still takes, in seconds rounded up: `4 m 58 s`. A minute that has begun isn't over."""
    whole = math.ceil(time)
    parts = ((whole // 3600, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
