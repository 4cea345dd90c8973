"""What has to hold before a feature goes further, besides role, arming, fresh data and the second person.

All of it is shown at once, one gate to a line. No gate passes on what isn't known. An override stands in for
what only time can give, and for a step that is too long; never for what is wrong at present.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from console.domain.access import AccessError, Role, stated
from console.domain.figures import seconds
from console.domain.gate import Gate, reason_gate
from console.domain.kill_state import KillState, Verdict
from console.domain.rollout.following import Following
from console.domain.rollout.plan import Move, Plan
from console.domain.rollout.stages import STAGES, Stage, feature_named
from console.domain.severity import Severity
from console.domain.status import Alert, Judged
from console.domain.surfaces import Flags
from console.domain.vigil import Episode

WAIT = 7 * 86400.0
"""Seconds that shadow, and canary, last at least by the deployment guide."""
FURTHEST: Mapping[str, Stage] = {
    "development": Stage.SHADOW,
    "staging": Stage.CANARY,
    "paper": Stage.PRODUCTION,
    "production": Stage.PRODUCTION,
}
"""The furthest stage of an environment by the deployment guide."""
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator has said so far: why, what was typed, why some gates needn't be waited for."""

    reason: str = ""
    typed: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the context asks of the feature; `waits` in seconds, `watched` as a share, 0 to 1."""

    environment: str
    furthest: Stage
    waits: Mapping[Stage, float]
    watched: float


@dataclass(frozen=True, slots=True)
class InStage:
    """Since when the feature stands as it does, in seconds since 1970, and what says so (`the journal`).

    None where nothing says it; `known_from` is then why.
    """

    since: float | None
    known_from: str


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the time in the stage.

    `watched` is for how many seconds of it a console looked, `critical` what was critical meanwhile, and
    `liquidations` how many positions were liquidated, None where that can't be told; `unread` says why
    something of it can't be read.
    """

    watched: float
    critical: Sequence[Episode]
    liquidations: int | None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """What is true now: alerts, the kill switch, the figures that have a target, each under its name.

    `following` is whether the engine has loaded what the file says now.
    """

    alerts: Sequence[Alert]
    kill: Verdict
    targets: Mapping[str, Judged]
    following: Following


@dataclass(frozen=True, slots=True)
class Ground:
    """All that is known at the time of day `wall`, of the file as it is (`flags`) and who asks (`role`)."""

    flags: Flags
    policy: Policy
    in_stage: InStage
    past: Past
    present: Present
    phrase: str
    role: Role
    wall: float


def rollout_gates(plan: Plan, asked: Asked, ground: Ground) -> tuple[Gate, ...]:
    """Every gate of a change that raises the risk, in the order in which an operator meets them."""
    return tuple(_gates(plan, asked, ground))


def typed_for(plan: Plan, flags: Flags) -> bool:
    """Whether the change has to be confirmed by typing: it leads into production."""
    return furthest_of(plan, flags) is Stage.PRODUCTION


def furthest_of(plan: Plan, flags: Flags) -> Stage:
    """The furthest stage that the change leads to anew, for a symbol or for the feature's own entry."""
    risen = [_assumed(move.after) for move in _rising(plan)]
    before, after = _own_stage(flags, plan), _own_stage(plan.after, plan)
    return max([*risen, after if after > before else Stage.DISABLED])


def _gates(plan: Plan, asked: Asked, ground: Ground) -> Iterator[Gate]:
    yield reason_gate(asked.reason)
    yield _environment(plan, ground)
    yield _alerts(ground.present.alerts)
    yield _targets(ground.present.targets)
    yield _kill_switch(ground.present.kill)
    yield _acknowledged(ground.present.following)
    yield _or_overridden(_step(plan, ground), asked, ground)
    waited = _waited_for(plan, ground)
    yield _or_overridden(_time(waited, ground), asked, ground)
    if waited is not None:
        yield _or_overridden(_calm(ground), asked, ground)
        yield _or_overridden(_liquidations(ground.past), asked, ground)
    if typed_for(plan, ground.flags):
        typed = asked.typed == ground.phrase
        yield Gate("confirmation", typed, "typed" if typed else f"{ground.phrase!r} has to be typed")


def _environment(plan: Plan, ground: Ground) -> Gate:
    policy, wanted = ground.policy, furthest_of(plan, ground.flags)
    said = f"{policy.environment} goes as far as {policy.furthest.word}"
    return Gate("environment", wanted <= policy.furthest, said)


def _alerts(alerts: Sequence[Alert]) -> Gate:
    """An alert that can't be judged may be a critical one."""
    for severity, passes, words in (
        (Severity.CRITICAL, False, "critical"),
        (Severity.UNKNOWN, None, "can't be judged"),
    ):
        found = [f"{one.name} {one.symbol or ''}".strip() for one in alerts if one.severity is severity]
        if found:
            return Gate("alerts", passes, f"{words}: {_named(found)}")
    return Gate("alerts", True, "no critical one fires")


def _targets(targets: Mapping[str, Judged]) -> Gate:
    """Every figure that has a target has to meet it; one that nobody exports meets none."""
    if not targets:
        return Gate("targets", None, "no figure that has a target is known")
    missed = [name for name, judged in targets.items() if judged.severity > Severity.OK]
    unknown = [name for name, judged in targets.items() if judged.severity is Severity.UNKNOWN]
    if unknown:
        return Gate("targets", None, f"not known: {_named(unknown)}")
    if missed:
        return Gate("targets", False, f"not met: {_named(missed)}")
    return Gate("targets", True, f"met: {_named(list(targets))}")


def _kill_switch(kill: Verdict) -> Gate:
    if kill.state is KillState.UNKNOWN:
        return Gate("kill switch", None, kill.words)
    clear = kill.state is KillState.CLEAR
    return Gate("kill switch", clear, "clear" if clear else f"{kill.title}: {kill.words}")


def _acknowledged(following: Following) -> Gate:
    words = "the engine has loaded what the file says now" if following.is_so else following.words
    return Gate("acknowledged", following.is_so, words)


def _step(plan: Plan, ground: Ground) -> Gate:
    """One stage at a time: of the feature's own entry, and of each symbol that has a stage of its own.

    A symbol that a canary doesn't list has been through shadow with the feature.
    """
    before, after = _own_stage(ground.flags, plan), _own_stage(plan.after, plan)
    if after > before:
        own = feature_named(ground.flags, plan.operation.feature)
        named = {} if own is None or own.symbol_stages is None else own.symbol_stages
        apart = [move for move, symbols in plan.effect.moves.items() if not named.keys().isdisjoint(symbols)]
        left_behind = {(_assumed(each.before), _assumed(each.after)) for each in apart if each.rises}
        steps = {(before, after), *left_behind}
    else:
        floor = Stage.SHADOW if before >= Stage.CANARY else Stage.DISABLED
        steps = {(max(_assumed(move.before), floor), _assumed(move.after)) for move in _rising(plan)}
    long = [step for step in steps if step[1] - step[0] > 1]
    if long:
        start, end = max(long, key=lambda step: step[1] - step[0])
        return Gate("step", False, f"{start.word} to {end.word} leaves out {Stage(start + 1).word}")
    return Gate("step", True, "one stage at a time")


def _waited_for(plan: Plan, ground: Ground) -> Stage | None:
    """The stage that has to have lasted, None where the change leaves none that has to.

    A canary that takes in more symbols has to have been one for its time.
    """
    before, after = _own_stage(ground.flags, plan), _own_stage(plan.after, plan)
    if after > before or before is Stage.CANARY:
        left = {before}
    else:
        left = {_assumed(move.before) for move in _rising(plan)}
    return max((stage for stage in left if ground.policy.waits.get(stage, 0) > 0), default=None)


def _time(stage: Stage | None, ground: Ground) -> Gate:
    if stage is None:
        return Gate("time in stage", True, "the stage that it leaves needs none")
    wait, known = ground.policy.waits[stage], ground.in_stage
    if known.since is None:
        return Gate("time in stage", None, known.known_from)
    lasted = ground.wall - known.since
    said = f"in {stage.word} for {seconds(_lasted(ground))} of {seconds(wait)}, by {known.known_from}"
    return Gate("time in stage", None if lasted < 0 else lasted >= wait, said)


def _calm(ground: Ground) -> Gate:
    """No critical alert in that time, of which enough has to have been watched."""
    past, lasted = ground.past, _lasted(ground)
    watched = f"a console looked for {seconds(past.watched)} of {seconds(lasted)}"
    if past.critical:
        names = _named([f"{one.name} {one.symbol or ''}".strip() for one in past.critical])
        return Gate("calm", False, f"was critical in that time: {names}")
    share = ground.policy.watched
    if past.unread or past.watched < share * lasted:
        return Gate("calm", None, past.unread or f"{watched}, it has to be {share:.0%}")
    return Gate("calm", True, f"nothing critical was seen; {watched}")


def _lasted(ground: Ground) -> float:
    """For how many seconds the feature stands as it does; 0 where nobody knows."""
    since = ground.in_stage.since
    return 0.0 if since is None else max(0.0, ground.wall - since)


def _liquidations(past: Past) -> Gate:
    if past.liquidations is None:
        return Gate("liquidations", None, past.unread or "the books don't say")
    some = past.liquidations > 0
    return Gate("liquidations", not some, f"{past.liquidations if some else 'none'} in that time")


def _or_overridden(gate: Gate, asked: Asked, ground: Ground) -> Gate:
    """The gate, or where it doesn't pass, an admin's reason to go on without it."""
    if gate.passes is True or not asked.override.strip():
        return gate
    if ground.role < Role.ADMIN:
        return Gate(gate.name, gate.passes, f"{gate.words}; only an admin may override it")
    try:
        return Gate(gate.name, True, f"OVERRIDDEN: {stated(asked.override)} ({gate.words})")
    except AccessError as error:
        return Gate(gate.name, gate.passes, f"{gate.words}; {error}")


def _rising(plan: Plan) -> list[Move]:
    """The moves that lead further: those of symbols that nobody has named, and of the entry itself, too."""
    return [move for move in (*plan.effect.moves, plan.effect.others, *plan.entry) if move.rises]


def _own_stage(flags: Flags, plan: Plan) -> Stage:
    """What the feature's own entry says; the furthest where that can't be told."""
    feature = feature_named(flags, plan.operation.feature)
    if feature is None or not feature.enabled:
        return Stage.DISABLED
    return _assumed(STAGES.get(feature.stage))


def _assumed(stage: Stage | None) -> Stage:
    """What has to be reckoned with where a stage can't be told."""
    return Stage.PRODUCTION if stage is None else stage


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
