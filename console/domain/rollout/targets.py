"""What a feature has to say in the flags file so that an engine does what was asked of the feature.

What never comes out: a canary that nothing limits, as an empty list is everyone; one whose two lists say
different things; and a feature that is switched on again straight into production.
"""

from dataclasses import replace

from console.domain.rollout.case import Case, Declined, Target
from console.domain.rollout.operations import (
    CanaryOnly,
    Demote,
    Disable,
    Enable,
    Operation,
    Promote,
    SetStage,
    Undo,
)
from console.domain.rollout.stages import STAGES, Stage, symbols_listed
from console.domain.rollout.symbol_targets import canary_only, each_lower, staged_by_symbol
from console.domain.rollout.written import same_values, with_written, written
from console.domain.surfaces import Feature


def target(case: Case, operation: Operation) -> Target | Declined:
    """The entry that does what was asked, or why there is none."""
    found = _target(case, operation)
    return found if isinstance(found, Declined) else _amiss(case, found.feature) or found


def _target(case: Case, operation: Operation) -> Target | Declined:
    match operation:
        case Disable():
            return Target(operation, replace(case.feature, enabled=False))
        case Enable():
            return _enabled(case, operation)
        case Undo():
            return _undone(case, operation)
        case _ if not case.feature.enabled:
            return Declined(f"{case.name} is switched off: it is to come back first", (Enable(case.name),))
        case _:
            return _moved(case, operation)


def _moved(case: Case, operation: SetStage | CanaryOnly | Promote | Demote) -> Target | Declined:
    match operation:
        case SetStage():
            return _staged(case, operation)
        case CanaryOnly():
            return canary_only(case, operation)
        case Promote():
            return _stepped(case, operation, 1)
        case Demote():
            return _stepped(case, operation, -1)


def _staged(case: Case, operation: SetStage) -> Target | Declined:
    if operation.symbols is not None:
        return staged_by_symbol(case, operation, operation.symbols)
    return Target(operation, case.with_stage(operation.stage))


def _stepped(case: Case, operation: Promote | Demote, step: int) -> Target | Declined:
    """One stage up or down from where the feature, or every symbol that is named, is now."""
    named = operation.symbols
    if named is None:
        now = {None if case.feature.malformed else STAGES.get(case.feature.stage)}
    else:
        now = {case.stage(symbol) for symbol in named}
    if len(now) > 1 and isinstance(operation, Demote):
        return each_lower(case, operation)
    if len(now) != 1:
        return Declined("the symbols are in different stages: set one" if now else "no symbols are named")
    (stage,) = now
    if stage is None:
        lower = (SetStage(case.name, Stage.SHADOW), Disable(case.name))
        return Declined(f"it can't be told in which stage {operation.feature} is", lower)
    if stage + step not in STAGES.values():
        return Declined(f"{operation.feature} is in {stage.word} already, where the stages end")
    return _staged(case, SetStage(case.name, Stage(stage + step), named))


def _enabled(case: Case, operation: Enable) -> Target | Declined:
    if case.feature.enabled:
        shadow = (SetStage(case.name, Stage.SHADOW),) if case.feature.stage == Stage.DISABLED.word else ()
        return Declined(f"{case.name} isn't switched off: its stage is {case.feature.stage}", shadow)
    if operation.stage is Stage.PRODUCTION:
        return Declined(f"{case.name} doesn't come back straight into production", (Enable(case.name),))
    return Target(operation, replace(case.with_stage(operation.stage), enabled=True))


def _undone(case: Case, operation: Undo) -> Target | Declined:
    now = written(case.feature)
    for key, value in operation.wrote.items():
        if not same_values(now.get(key), value):
            return Declined(f"{key} of {case.name} has been changed since: it is {_words(now.get(key))}")
    feature = with_written(case.feature, operation.before)
    if feature is None:
        return Declined(f"what stood in {case.name} before can't be put back: an engine would misread it")
    if feature.enabled and not case.feature.enabled:
        back = (Enable(case.name), Enable(case.name, Stage.CANARY))
        return Declined(f"{case.name} was switched off; it doesn't come back as it was, but in shadow", back)
    return Target(operation, feature)


def _amiss(case: Case, wanted: Feature) -> Declined | None:
    """What is wrong with the lists of an entry that has others, or that begins a canary."""
    before, lists = case.feature, (wanted.canary_symbols, wanted.allowed_symbols)
    canary = wanted.enabled and wanted.stage == Stage.CANARY.word
    begins = canary and not (before.enabled and before.stage == wanted.stage)
    if not begins and lists == (before.canary_symbols, before.allowed_symbols):
        return None
    back = (SetStage(case.name, Stage.SHADOW),) if before.enabled else (Enable(case.name),)
    nearest = back if canary else ()
    if len({frozenset(each) for each in lists if each is not None}) > 1:
        return Declined(f"the two lists of {case.name} differ: which counts depends on the engine", nearest)
    share = wanted.canary_percentage
    if not canary or symbols_listed(wanted, case.dialect) or (share is not None and share < 100):
        return None
    return Declined(f"a canary without symbols trades every symbol: name those of {case.name}", nearest)


def _words(value: object) -> str:
    if value is None:
        return "missing"
    return ", ".join(map(str, value)) if isinstance(value, tuple | dict) else str(value).lower()
