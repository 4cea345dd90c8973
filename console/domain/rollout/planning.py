"""From what a person asks to what would be written, and what that would do to every symbol."""

from dataclasses import replace

from console.domain.edits import Edit, Put, Remove
from console.domain.rollout.case import Case, Declined
from console.domain.rollout.operations import Disable, Operation, Written
from console.domain.rollout.plan import Direction, Listings, Move, Plan, Refusal, effect_of
from console.domain.rollout.stages import STAGES, Dialect, Stage, feature_named
from console.domain.rollout.targets import target
from console.domain.rollout.written import written
from console.domain.surfaces import Feature, Flags

_DOUBT = "an engine may trade more by it than is told here: it counts as raising the risk"


def planned(flags: Flags, operation: Operation, listings: Listings, dialect: Dialect) -> Plan | Refusal:
    """The change that does what was asked, or why there is none and which ones come nearest.

    `listings` are all symbols that the engine knows. For a file which engines may read differently
    from each other only what lowers the risk is planned, with a remark.
    """
    found = _plan(flags, operation, listings, dialect)
    if isinstance(found, Plan):
        return found
    nearest = (_plan(flags, each, listings, dialect) for each in found.instead)
    return Refusal(operation, found.reason, tuple(plan for plan in nearest if isinstance(plan, Plan)))


def _plan(flags: Flags, operation: Operation, listings: Listings, dialect: Dialect) -> Plan | Declined:
    feature = feature_named(flags, operation.feature)
    if feature is None:
        return Declined(f"{flags.path} has no feature {operation.feature!r}")
    case = Case(replace(flags, global_kill_switch=False), feature, listings, dialect)
    found = target(case, operation)
    if isinstance(found, Declined):
        return found
    before, wrote = _changed(feature, found.feature)
    if not wrote:
        return Declined(f"{found.operation}: the file says so already")
    wanted = replace(found.feature, malformed=tuple(key for key in feature.malformed if key not in wrote))
    plan = Plan(
        operation=found.operation,
        edits=_edits(wanted, wrote),
        before=before,
        wrote=wrote,
        after=_with_feature(flags, feature, wanted),
        effect=effect_of(case.rule, case.rule_of(wanted), listings),
        entry=_entry(case, wanted),
        remarks=_switch_remark(flags),
    )
    return _where_it_can_be_told(plan, flags)


def _where_it_can_be_told(plan: Plan, flags: Flags) -> Plan | Declined:
    """The plan with what is serious in the file as remarks; none there that may raise the risk."""
    serious = [f"{flags.path}:{finding}" for finding in flags.findings if finding.serious]
    lowers = plan.direction is Direction.LOWERS or isinstance(plan.operation, Disable)
    if serious and not lowers:
        return Declined(f"{serious[0]}: to be mended first, as an engine may read the file otherwise")
    doubt = () if plan.direction is plan.effect.direction or lowers else (_DOUBT,)
    return replace(plan, remarks=(*plan.remarks, *doubt, *serious))


def _entry(case: Case, wanted: Feature) -> frozenset[Move]:
    """What the entry's stages and lists do by themselves, whatever else limits it or is malformed."""
    by_symbol = case.dialect.symbol_stages or case.feature.symbol_stages != wanted.symbol_stages
    dialect = replace(case.dialect, symbol_stages=by_symbol)
    old, new = (replace(case, feature=_bare(each), dialect=dialect) for each in (case.feature, wanted))
    effect = effect_of(old.rule, new.rule, case.listings)
    return frozenset({*effect.moves, effect.others, Move(_own_stage(case.feature), _own_stage(wanted))})


def _bare(feature: Feature) -> Feature:
    """The entry without what limits a stage besides lists."""
    limits = {"enabled", "canary_percentage", "allowed_accounts"}
    malformed = tuple(key for key in feature.malformed if key not in limits)
    return replace(feature, canary_percentage=None, allowed_accounts=None, malformed=malformed)


def _own_stage(feature: Feature) -> Stage | None:
    return STAGES.get(feature.stage) if feature.enabled else Stage.DISABLED


def _changed(before: Feature, after: Feature) -> tuple[Written, Written]:
    """The keys that differ: what stands there, and what is to stand there."""
    old, new = written(before), written(after)
    keys = [key for key in old if old[key] != new[key]]
    return {key: old[key] for key in keys}, {key: new[key] for key in keys}


def _edits(feature: Feature, wrote: Written) -> tuple[Edit, ...]:
    edits: list[Edit] = []
    for key, value in wrote.items():
        path = ("features", feature.name, key)
        edits.append(Remove(path) if value is None else Put(path, value, _place(key, feature)))
    return tuple(edits)


def _place(key: str, feature: Feature) -> str | None:
    """The key behind which a new one is put, so that they read in order; None: before all others."""
    if key in {"enabled", "stage"}:
        return None
    both = key == "allowed_symbols" and feature.canary_symbols is not None
    return "canary_symbols" if both else "stage"


def _with_feature(flags: Flags, old: Feature, new: Feature) -> Flags:
    """The file's meaning with another feature; what it is in bytes, and where, isn't known yet."""
    features = tuple(new if feature is old else feature for feature in flags.features)
    return replace(flags, digest="", features=features, findings=())


def _switch_remark(flags: Flags) -> tuple[str, ...]:
    if flags.global_kill_switch is False:
        return ()
    state = "is on" if flags.global_kill_switch else "says nothing clear"
    return (f"global_kill_switch {state}: this shows once that is cleared",)
