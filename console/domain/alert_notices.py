"""Which messages about alerts are due: by level, several in one, again while they last, and at their end.

Times are the time of day in seconds since 1970, since what was told outlives the console; after a clock has
been set back, people are told once too often rather than too late.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from console.domain.alert_book import PAGE
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.foreign import visible
from console.domain.triggers import Judgement, Standing, Trigger

LEVELS = ("warning", "unknown", "high", "critical", PAGE)
"""How urgent it is, the least first."""
WATCHDOG = "watchdog"
"""The level of the message that says that alerts are evaluated."""
RESOLVED = "resolved"
"""The kind of the message that something is over."""
_MOST_LISTED = 20
_LONGEST_TITLE, _LONGEST_LINE = 200, 500
"""Characters: a service refuses what is too long, and then nobody is told."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How people want to be told: `levels` are those with addresses of their own; all times are in seconds.

    `whence` says in every title which engine is meant; `every` is how often people hear that alerts are
    evaluated, None for never.
    """

    whence: str
    levels: frozenset[str]
    group_wait: float = 5.0
    group_interval: float = 60.0
    repeat: float = 14400.0
    resolved: bool = True
    every: float | None = None

    def level_for(self, level: str) -> str | None:
        """Where an alert of this level is told: the next lower one that has addresses."""
        at_most = LEVELS[: LEVELS.index(level) + 1]
        return next((one for one in reversed(at_most) if one in self.levels), None)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that people are told of while it lasts; `key` stays the same for as long."""

    key: str
    level: str
    name: str
    words: str
    since: float | None = None
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """That people were told of it, last at `at`, under this level; `muted` is whether it is now."""

    level: str
    name: str
    at: float
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """What was told, by key; when a message went out, by level; and since when what waits has been wrong."""

    told: Mapping[str, Told] = field(default_factory=dict)
    sent: Mapping[str, float] = field(default_factory=dict)
    waiting: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """What those are told who are told of `level`; `keys` are of what it tells.

    `kind` is the level of the worst alert in it, `resolved`, or `watchdog`.
    """

    level: str
    kind: str
    title: str
    body: str
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Look:
    """What the rules say at one instant.

    `warming` are the keys of rules that can't tell yet, so that none of their alerts is over, `unknown` those
    of triggers that can't be judged; `doubtful` says that nothing can be told at all. `alive` is whether the
    rules' watchdogs, which always fire, do.
    """

    wrong: tuple[Wrong, ...] = ()
    warming: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    alive: bool = True
    doubtful: bool = False

    def leaves_open(self, key: str) -> bool:
        """Whether what isn't wrong by this look may be so all the same."""
        return (
            self.doubtful or key in self.unknown or any(key.startswith(f"{rule} ") for rule in self.warming)
        )


def look_at(rows: Sequence[AlertRow], triggers: Sequence[Judgement], wall_ahead: float) -> Look:
    """What of the rows and of the rollback triggers people may have to be told of.

    `wall_ahead` is as in `AlertBook`.
    """
    met = (_of_trigger(judgement) for judgement in triggers if judgement.standing is Standing.MET)
    watchdogs = [row for row in rows if row.rule.severity.lower() == "none"]
    return Look(
        wrong=(*met, *(_of_row(row, wall_ahead) for row in rows if row.matters)),
        warming=frozenset(row.key for row in rows if row.state is AlertState.WARMING),
        unknown=frozenset(_key(one.trigger) for one in triggers if one.standing is Standing.UNKNOWN),
        alive=all(row.state is AlertState.FIRING for row in watchdogs),
    )


def doubtful_look(doubt: str) -> Look:
    """A look at rules that aren't evaluated now, for the reason `doubt`: that alone is told."""
    said = Wrong("rules", "unknown", "Alert rules", f"they are not evaluated: {doubt}")
    return Look((said,), alive=False, doubtful=True)


def due(look: Look, memory: Memory, terms: Terms, now: float) -> tuple[tuple[Message, ...], Memory]:
    """The messages that are due now, the most urgent first, and what is remembered once they are sent.

    What was told and isn't wrong any more is over.
    """
    muted = {one.key: one.muted for one in look.wrong}
    waiting = {key: memory.waiting.get(key, now) for key in muted if key not in memory.told}
    told = {
        key: one if muted.get(key, one.muted) is one.muted else replace(one, muted=muted[key])
        for key, one in memory.told.items()
    }
    memory = Memory(told, memory.sent, waiting)
    messages: list[Message] = []
    for level in reversed(LEVELS):
        if level in terms.levels:
            loud = [one for one in look.wrong if terms.level_for(one.level) == level and not one.muted]
            new, memory = _new_and_lasting(level, loud, memory, terms, now)
            over, memory = _over(level, look, memory, terms, now)
            messages += [*new, *over]
            if new or over:
                memory = replace(memory, sent={**memory.sent, level: now})
    if look.alive and terms.every is not None and _elapsed(memory.sent.get(WATCHDOG), now) >= terms.every:
        messages.append(_heartbeat(memory, terms.whence))
        memory = replace(memory, sent={**memory.sent, WATCHDOG: now})
    return tuple(messages), memory


def _of_trigger(judgement: Judgement) -> Wrong:
    trigger = judgement.trigger
    words = f"{judgement.words}; recommended: {trigger.procedure.name}"
    return Wrong(_key(trigger), "critical", f"Rollback trigger: {trigger.condition}", words)


def _key(trigger: Trigger) -> str:
    return f"trigger {trigger.key}"


def _of_row(row: AlertRow, wall_ahead: float) -> Wrong:
    pages = row.rule.severity.lower() == PAGE and row.state in (AlertState.FIRING, AlertState.LOST)
    return Wrong(
        key=row.key,
        level=PAGE if pages else row.severity.word,
        name=f"{row.rule.name}{f' {row.symbol}' if row.symbol else ''}",
        words=f"{row.state.word}: {row.summary or row.rule.expression}",
        since=None if row.since is None else row.since + wall_ahead,
        muted=row.muted,
    )


def _new_and_lasting(
    level: str, loud: Sequence[Wrong], memory: Memory, terms: Terms, now: float
) -> tuple[list[Message], Memory]:
    """The message of what is new on this level, and of what has lasted for so long that it is told again."""
    told = {key: one for key, one in memory.told.items() if one.level == level}
    new = [one for one in loud if one.key not in told]
    old = [one for one in loud if one.key in told]
    waited = any(_elapsed(memory.waiting.get(one.key), now) >= terms.group_wait for one in new)
    again = any(_elapsed(told[one.key].at, now) >= terms.repeat for one in old)
    if not again and not (waited and not _paused(level, memory, terms, now)):
        return [], memory
    listed = [*new, *old] if again else new
    message = _firing(level, listed, len(loud), terms.whence, again=not new)
    marks = {one.key: Told(level, one.name, now) for one in listed}
    return [message], replace(memory, told={**memory.told, **marks})


def _over(level: str, look: Look, memory: Memory, terms: Terms, now: float) -> tuple[list[Message], Memory]:
    """The message of what was told on this level and isn't wrong any more; what is muted ends in silence."""
    wrong = {one.key for one in look.wrong}
    over = {
        key: one
        for key, one in memory.told.items()
        if one.level == level and key not in wrong and not look.leaves_open(key)
    }
    if not over or _paused(level, memory, terms, now):
        return [], memory
    left = {key: one for key, one in memory.told.items() if key not in over}
    names = {key: one.name for key, one in over.items() if not one.muted}
    wanted = terms.resolved and names
    return [_resolved(level, names, terms.whence)] if wanted else [], replace(memory, told=left)


def _paused(level: str, memory: Memory, terms: Terms, now: float) -> bool:
    """Whether those who are told of this level were told only just now."""
    return _elapsed(memory.sent.get(level), now) < terms.group_interval


def _elapsed(since: float | None, now: float) -> float:
    """Seconds since then; without end where that never was, or is in the future by a clock set back."""
    return math.inf if since is None or since > now else now - since


def _firing(level: str, listed: Sequence[Wrong], standing: int, whence: str, *, again: bool) -> Message:
    ordered = sorted(listed, key=lambda one: -LEVELS.index(one.level))
    several = f"{len(listed)} alerts, the worst " if len(listed) > 1 else ""
    worst = f"{several}{ordered[0].level.upper()} {ordered[0].name}"
    others = standing - len(listed)
    body = _listed([*map(_line, ordered), *([f"{others} more were told before"] if others else ())])
    title = f"{whence}: {'still ' if again else ''}{worst}"
    return Message(
        level, ordered[0].level, _cut(title, _LONGEST_TITLE), body, frozenset(one.key for one in listed)
    )


def _resolved(level: str, names: Mapping[str, str], whence: str) -> Message:
    listed = list(names.values())
    title = f"{whence}: over: {listed[0] if len(listed) == 1 else f'{len(listed)} alerts'}"
    return Message(
        level,
        RESOLVED,
        _cut(title, _LONGEST_TITLE),
        _listed([f"over: {one}" for one in listed]),
        frozenset(names),
    )


def _line(one: Wrong) -> str:
    since = "" if one.since is None else f" since {datetime.fromtimestamp(one.since, UTC):%Y-%m-%d %H:%M:%SZ}"
    return f"{one.level.upper()} {one.name}{since}: {one.words}"


def _heartbeat(memory: Memory, whence: str) -> Message:
    body = f"alerts that were told and are not over: {len(memory.told)}"
    return Message(WATCHDOG, WATCHDOG, visible(f"{whence}: alerts are evaluated"), body)


def _listed(lines: Sequence[str]) -> str:
    more = len(lines) - _MOST_LISTED
    shown = [*lines[:_MOST_LISTED], f"and {more} more"] if more > 0 else lines
    return "\n".join(_cut(line, _LONGEST_LINE) for line in shown)


def _cut(text: str, longest: int) -> str:
    """The text on one line, made harmless, and no longer than that."""
    shown = visible(text[:longest])
    return shown if len(text) <= longest and len(shown) <= longest else f"{shown[: longest - 1]}…"
