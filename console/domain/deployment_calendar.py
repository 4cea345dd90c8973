"""Who looks after a deployment, and when next: the deployment guide's calendar from the sign-off on.

Instants are wall-clock seconds since 1970, because several processes and days compare them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from console.domain.amounts import span

DAY = 86400.0
MOST_LOOKS = 2000
"""Looks that are remembered; the oldest go first, and the journal has them all."""


@dataclass(frozen=True, slots=True)
class Phase:
    """From `begin` to `end` after the deployment something is done every `every`; all in seconds."""

    begin: float
    end: float
    every: float


@dataclass(frozen=True, slots=True)
class Duty:
    """What is to be done again and again; `title` names it in a sentence."""

    key: str
    title: str
    phases: tuple[Phase, ...]


LOOK = Duty("look", "look", (Phase(0, 7 * DAY, 1800), Phase(7 * DAY, 14 * DAY, 7200)))
"""At the dashboards; from day 14 on the guide names no cadence any more."""
TRADES = Duty("trades", "review of every trade", (Phase(0, 7 * DAY, DAY),))
SUMMARY = Duty("summary", "review of the day's summary", (Phase(7 * DAY, 14 * DAY, DAY),))
PERFORMANCE = Duty("performance", "weekly performance review", (Phase(14 * DAY, math.inf, 7 * DAY),))
CONFIGURATION = Duty("configuration", "monthly configuration review", (Phase(14 * DAY, math.inf, 30 * DAY),))
DUTIES: Mapping[str, Duty] = {duty.key: duty for duty in (LOOK, TRADES, SUMMARY, PERFORMANCE, CONFIGURATION)}


@dataclass(frozen=True, slots=True)
class Deployed:
    """What is to be signed off: `run` deployed at `at`, and the users who drove it."""

    run: str
    runbook: str
    at: float
    drivers: frozenset[str]


@dataclass(frozen=True, slots=True)
class SignOff:
    """The end of a deployment: `run` deployed at `deployed`, by whom, and who else has verified it.

    `by` and `verified_by` are as `alice (uid 1001)`; `at` is when it was signed off.
    """

    run: str
    runbook: str
    deployed: float
    by: str
    verified_by: str
    at: float


@dataclass(frozen=True, slots=True)
class Look:
    """That `user` did the duty with this key at `at`; `note` is what there was to be said of it."""

    duty: str
    at: float
    user: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Every sign-off and every look of a context, in the order in which they were made."""

    signed: tuple[SignOff, ...] = ()
    looks: tuple[Look, ...] = ()

    @property
    def latest(self) -> SignOff | None:
        """The deployment that the calendar goes by: the last one that was signed off."""
        return max(self.signed, key=lambda one: (one.deployed, one.at), default=None)

    def signed_off(self, run: str) -> SignOff | None:
        return next((one for one in self.signed if one.run == run), None)


@dataclass(frozen=True, slots=True)
class Due:
    """When a duty is to be done next."""

    duty: Duty
    at: float

    def is_late(self, now: float) -> bool:
        return now >= self.at

    def words(self, now: float) -> str:
        """`next look due in 12 m`, or how much it is overdue: in whole minutes, so that it changes seldom."""
        if self.is_late(now):
            return f"{self.duty.title} overdue by {_minutes(now - self.at)}"
        return f"next {self.duty.title} due in {_minutes(self.at - now)}"


def due(calendar: Calendar, now: float) -> tuple[Due, ...]:
    """What is to be done next of each duty that counts at `now`, the earliest first; none before a sign-off.

    A duty is due the phase's time after it was done last, or after its first phase began where it never was.
    """
    signed = calendar.latest
    if signed is None:
        return ()
    found = (_next(duty, signed.deployed, calendar.looks, now) for duty in DUTIES.values())
    return tuple(sorted((each for each in found if each is not None), key=lambda each: each.at))


def _next(duty: Duty, deployed: float, looks: Iterable[Look], now: float) -> Due | None:
    phase = next((one for one in duty.phases if one.begin <= now - deployed < one.end), None)
    if phase is None:
        return None
    done = (look.at for look in looks if look.duty == duty.key and deployed <= look.at <= now)
    return Due(duty, max(done, default=deployed + duty.phases[0].begin) + phase.every)


def _minutes(seconds: float) -> str:
    return span(seconds) if seconds >= 600 else f"{int(seconds // 60)} m" if seconds >= 60 else "<1 m"


def looked(calendar: Calendar, look: Look) -> Calendar:
    """The calendar after one more look. ValueError for a duty that there isn't."""
    if look.duty not in DUTIES:
        raise ValueError(f"{look.duty} is no duty; allowed: {', '.join(DUTIES)}")
    return Calendar(calendar.signed, (*calendar.looks, look)[-MOST_LOOKS:])


def signed_off(calendar: Calendar, signed: SignOff) -> Calendar:
    """The calendar after one more sign-off. ValueError where the run has one, or one person has done both."""
    if calendar.signed_off(signed.run) is not None:
        raise ValueError(f"run {signed.run} is signed off already")
    if signed.by == signed.verified_by:
        raise ValueError(f"{signed.by} deployed it, and can't verify it")
    return Calendar((*calendar.signed, signed), calendar.looks)


def document_of(calendar: Calendar) -> dict[str, object]:
    """The calendar as plain lists, for a JSON file."""
    return {
        "signed": [
            [one.run, one.runbook, one.deployed, one.by, one.verified_by, one.at] for one in calendar.signed
        ],
        "looks": [[one.duty, one.at, one.user, one.note] for one in calendar.looks],
    }


def calendar_from(document: object) -> Calendar:
    """A calendar as `document_of` has written it. ValueError, in one line, for anything else."""
    match document:
        case {"signed": list(signed), "looks": list(looks)}:
            return Calendar(tuple(map(_sign_off, signed)), tuple(map(_look, looks)))
        case _:
            raise ValueError("a calendar is a mapping with signed and looks")


def _sign_off(document: object) -> SignOff:
    match document:
        case [
            str(run),
            str(runbook),
            int() | float() as deployed,
            str(by),
            str(other),
            int() | float() as at,
        ] if math.isfinite(deployed) and math.isfinite(at):
            return SignOff(run, runbook, float(deployed), by, other, float(at))
        case _:
            raise ValueError("a sign-off is a list of run, runbook, deployed, by, verified by, at")


def _look(document: object) -> Look:
    match document:
        case [str(duty), int() | float() as at, str(user), str(note)] if math.isfinite(at):
            return Look(duty, float(at), user, note)
        case _:
            raise ValueError("a look is a list of duty, at, user, note")
