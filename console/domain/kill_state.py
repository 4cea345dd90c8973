"""The kill switch's state, from all that is known of it. Only proof makes it TRIPPED.

Proof is the engine's own word, fresh, together with the absence of new fills; that something was written
proves nothing. A pure total function: whatever is handed in, there is a state, and words that say why.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from console.domain.figures import seconds
from console.domain.severity import Severity

WHOLE = "all"
"""The scope of a trip that stops the whole context."""


class KillState(Enum):
    CLEAR = "clear"
    TRIPPING = "tripping"
    """Actuators are still being fired."""
    UNCONFIRMED = "unconfirmed"
    """Written somewhere, but not proven: the engine has not acknowledged it, or fills can't be seen."""
    TRIPPED = "tripped"
    """The engine says so, and there has been no fill since."""
    PARTIAL = "partial"
    """Some process or actuator did not follow, or fills go on."""
    LOST = "lost"
    """It was tripped, and the engine has cleared it by itself."""
    UNKNOWN = "unknown"

    @property
    def severity(self) -> Severity:
        return _SEVERITIES[self]


_SEVERITIES = {
    KillState.CLEAR: Severity.OK,
    KillState.TRIPPED: Severity.HIGH,
    KillState.UNKNOWN: Severity.UNKNOWN,
    KillState.TRIPPING: Severity.CRITICAL,
    KillState.UNCONFIRMED: Severity.CRITICAL,
    KillState.PARTIAL: Severity.CRITICAL,
    KillState.LOST: Severity.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Written:
    """An actuator of the last trip: `done` None while it is under way, else whether it did its part."""

    name: str
    done: bool | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A number that somebody else reports, with its age and the age at which it says nothing any more (s).

    `doubt` says why there is none.
    """

    value: float | None
    age: float | None
    limit: float
    doubt: str = ""

    @property
    def known(self) -> float | None:
        """The value while it may be taken as true: present, finite, and inside its limit."""
        if self.value is None or self.age is None or not math.isfinite(self.value):
            return None
        return self.value if 0 <= self.age < self.limit else None

    @property
    def why_not(self) -> str:
        """Why the value isn't known, in words."""
        if self.value is None or self.age is None:
            return self.doubt or "not exported"
        if not math.isfinite(self.value):
            return f"it reports {self.value:g}"
        if 0 <= self.age < self.limit:
            return ""
        dated = math.isfinite(self.age) and self.age > 0
        stale = f"stale for {seconds(self.age)}" if dated else "of no known age"
        return f"{stale}: {self.doubt}" if self.doubt else stale


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the engine: `alive` None where that can't be seen, `held` if it lives but hangs.

    `tripped` is what it says itself, None for a process that has no word of its own.
    """

    name: str
    alive: bool | None
    held: bool = False
    tripped: Seen | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is known at one instant.

    `written` are the actuators of the last trip of ours that wasn't reset; `surfaces` what is read back, per
    surface whether it is set, None where it can't be read; `engine` its `futures_kill_switch_tripped`, which
    is 0 or 1, or of a trip of one account whether that one is stopped; `fills` how many there were since the
    trip, or `by_exchange`, in a context without a database, how much has changed there; `confirmed` whether
    this trip was acknowledged before, `lost` whether it was cleared after that; `scope` is what it stops:
    `all`, `usdm` or `coin`; `trip` is when it was made or last added to, None for one that isn't ours.
    """

    engine: Seen
    fills: Seen
    surfaces: Mapping[str, bool | None] = field(default_factory=dict)
    written: Sequence[Written] = ()
    processes: Sequence[Process] = ()
    confirmed: bool = False
    lost: bool = False
    scope: str = WHOLE
    by_exchange: bool = False
    trip: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state with its cause in words; `done` of `fired` actuators did their part.

    `acknowledged` is the engine's own word at present, whatever else is amiss, None while it has none that
    counts; `confirmed` says that this very trip was acknowledged, by now or before; `scope` is what the state
    speaks of: `all`, or the one account that a trip was to stop; `trip` is as of the evidence.
    """

    state: KillState
    words: str
    done: int = 0
    fired: int = 0
    acknowledged: bool | None = None
    confirmed: bool = False
    scope: str = WHOLE
    trip: float | None = None

    @property
    def title(self) -> str:
        """The state as it is shown: `TRIPPING 2/5`; of one account `TRIPPED USDM`."""
        count = f" {self.done}/{self.fired}" if self.state is KillState.TRIPPING else ""
        return f"{self.state.name}{count}{'' if self.scope == WHOLE else f' {self.scope.upper()}'}"


def judge(evidence: Evidence) -> Verdict:
    """Decide the state; the first rule that holds counts."""
    state, words = _decided(evidence)
    word = evidence.engine.known
    return Verdict(
        state,
        words,
        done=sum(1 for each in evidence.written if each.done),
        fired=len(evidence.written),
        acknowledged=word == 1 if word in (0, 1) else None,
        confirmed=evidence.confirmed,
        scope=evidence.scope,
        trip=evidence.trip,
    )


def _decided(evidence: Evidence) -> tuple[KillState, str]:
    pending = [each.name for each in evidence.written if each.done is None]
    if pending:
        return KillState.TRIPPING, f"waiting for {', '.join(pending)}"
    engine = evidence.engine.known
    if engine == 1:
        return _acknowledged(evidence)
    if engine == 0:
        return _denied(evidence)
    return _unanswered(evidence)


def _acknowledged(evidence: Evidence) -> tuple[KillState, str]:
    """The engine says that it is tripped: what else has to hold."""
    astray = [*_trading(evidence), *_astray(evidence)]
    if astray:
        return KillState.PARTIAL, f"the engine says that it is tripped, but: {'; '.join(astray)}"
    if evidence.fills.known is None:
        why = evidence.fills.why_not
        return KillState.UNCONFIRMED, f"the engine says that it is tripped; fills can't be seen: {why}"
    unseen = [each.name for each in evidence.processes if each.alive is None]
    if unseen:
        said = f"whether {', '.join(unseen)} runs can't be seen"
        return KillState.UNCONFIRMED, f"the engine says that it is tripped; {said}"
    if evidence.by_exchange:
        return KillState.TRIPPED, "the engine says so, and nothing has changed at the exchange since"
    return KillState.TRIPPED, "the engine says so, and no fill since"


def _denied(evidence: Evidence) -> tuple[KillState, str]:
    """The engine says that it is clear."""
    if evidence.confirmed or evidence.lost:
        return KillState.LOST, "the engine acknowledged the trip, and now says that it is clear"
    following = _following(evidence)
    if following:
        return KillState.PARTIAL, f"only {following} is tripped; the engine says that it is clear"
    written = _set(evidence)
    if written:
        told = [*written, "the engine says that it is clear", *_astray(evidence)]
        return KillState.UNCONFIRMED, "; ".join([*_trading(evidence), *told])
    if evidence.written:
        return (
            KillState.PARTIAL,
            f"nothing is set: {_failures(evidence) or _GONE}; the engine says that it is clear",
        )
    unread = [name for name, value in evidence.surfaces.items() if value is None]
    if unread:
        return KillState.UNKNOWN, f"can't read {', '.join(unread)}"
    return KillState.CLEAR, "the engine says so, and no surface is set"


def _unanswered(evidence: Evidence) -> tuple[KillState, str]:
    """The engine says nothing that counts."""
    value = evidence.engine.known
    why = evidence.engine.why_not or f"it reports {value:g}, neither 0 nor 1"
    dead = [f"{each.name} is not running" for each in evidence.processes if each.alive is False]
    held = [f"{each.name} hangs" for each in evidence.processes if each.held]
    troubles = [*dead, *held, f"the engine's metrics: {why}"]
    if evidence.lost:
        return KillState.LOST, "; ".join(["the engine has cleared an acknowledged trip by itself", *troubles])
    following = _following(evidence)
    if following:
        return KillState.PARTIAL, "; ".join([f"only {following} is tripped", *_astray(evidence)])
    written, failed = _set(evidence), _failures(evidence)
    if written:
        before = "acknowledged, and says nothing now" if evidence.confirmed else "not acknowledged"
        told = [*written, f"the engine has {before}", *troubles, *([failed] if failed else [])]
        return KillState.UNCONFIRMED, "; ".join([*_trading(evidence), *told])
    if evidence.written:
        return KillState.PARTIAL, "; ".join([f"nothing is set: {failed or _GONE}", *troubles])
    return KillState.UNKNOWN, "; ".join([*(["it was tripped"] if evidence.confirmed else []), *troubles])


_GONE = "what was written is gone again"


def _set(evidence: Evidence) -> list[str]:
    """Where it is set: what is read back, or by nobody; and what was written and isn't read back by now."""
    surfaces, done = evidence.surfaces, [each.name for each in evidence.written if each.done]
    names = [name for name, value in surfaces.items() if value]
    names += [name for name in done if name not in surfaces]
    unread = [name for name in done if name in surfaces and surfaces[name] is None]
    told = [f"set in {', '.join(dict.fromkeys(names))}"] if names else []
    return [*told, f"written to {', '.join(unread)}, not read back"] if unread else told


def _trading(evidence: Evidence) -> list[str]:
    """That it trades on, where it does: what matters most of all."""
    fills = evidence.fills.known
    thing, where = ("change", " at the exchange") if evidence.by_exchange else ("fill", "")
    return [f"{fills:g} {thing}{'' if fills == 1 else 's'}{where} since"] if fills else []


def _failures(evidence: Evidence) -> str:
    """Which actuators did not follow, and why."""
    undone = [each for each in evidence.written if not each.done]
    return "; ".join(f"{each.name}: {each.words}" if each.words else each.name for each in undone)


def _astray(evidence: Evidence) -> list[str]:
    """Which actuators and processes did not follow, and why."""
    failures = _failures(evidence)
    astray = [failures] if failures else []
    for process in evidence.processes:
        if process.alive is False:
            continue  # what doesn't run doesn't trade
        if process.held:
            astray.append(f"{process.name} hangs")
        elif process.tripped is not None and _says(process) != 1:
            why = process.tripped.why_not or "it says that it is clear"
            astray.append(f"{process.name} did not follow: {why}")
    return astray


def _following(evidence: Evidence) -> str:
    """Which processes say that they are tripped."""
    return ", ".join(each.name for each in evidence.processes if _says(each) == 1)


def _says(process: Process) -> float | None:
    return None if process.tripped is None else process.tripped.known
