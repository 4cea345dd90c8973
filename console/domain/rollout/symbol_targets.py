"""What a feature has to say so that some of its symbols change their stage, and the others don't.

The file's format can say one stage for all symbols, or canary for some and off for the others. Anything else
is said by `symbol_stages` where the engine reads it, and declined elsewhere, with what comes nearest.
"""

from collections.abc import Iterator
from dataclasses import replace

from console.domain.rollout.case import Case, Declined, Target
from console.domain.rollout.operations import CanaryOnly, Demote, Disable, Operation, SetStage
from console.domain.rollout.plan import with_named
from console.domain.rollout.stages import LISTS, Stage, symbols_listed
from console.domain.surfaces import Feature


def staged_by_symbol(case: Case, operation: SetStage, symbols: tuple[str, ...]) -> Target | Declined:
    """The entry that has `symbols` in a stage, and every other symbol where it is."""
    stage = operation.stage
    declined = _unfit(case, symbols, stage) or _last_canary(case, symbols, stage)
    if declined is not None:
        return declined
    for entry in (_by_list(case, symbols, stage), _by_symbol(case, symbols, stage)):
        if entry is not None and _moves_only(case, entry, symbols, stage):
            return Target(operation, entry)
    why = f"{operation}, the others unchanged: this file can't say so"
    return Declined(why, tuple(_nearest(case, symbols, stage)))


def canary_only(case: Case, operation: CanaryOnly) -> Target | Declined:
    """The entry that has the feature in canary for exactly those symbols."""
    declined = _unfit(case, operation.symbols, Stage.CANARY)
    if declined is not None:
        return declined
    present = [name for name, listed in _lists(case.feature).items() if listed is not None]
    read = any(name in case.dialect.lists for name in present)
    names = present if read else [*present, *case.dialect.lists]
    return Target(operation, _with_lists(case.with_stage(Stage.CANARY), names, operation.symbols))


def each_lower(case: Case, operation: Demote) -> Target | Declined:
    """The entry that has each of its symbols one stage lower than it is now; what is off stays off."""
    symbols, lowered = operation.symbols or (), case
    cannot = Declined(
        f"{operation}, each from where it is: this file can't say so", tuple(_lower_together(case, symbols))
    )
    if any(case.stage(symbol) is None for symbol in symbols):
        return cannot
    for stage in (Stage.SHADOW, Stage.CANARY, Stage.PRODUCTION):
        those = tuple(symbol for symbol in symbols if case.stage(symbol) is stage)
        step = SetStage(case.name, Stage(stage - 1), those)
        found = staged_by_symbol(lowered, step, those) if those else Target(step, lowered.feature)
        if isinstance(found, Declined):
            return cannot
        lowered = replace(lowered, feature=found.feature)
    return Target(operation, lowered.feature)


def _unfit(case: Case, symbols: tuple[str, ...], stage: Stage) -> Declined | None:
    """Why these symbols can't have that stage, whatever is written."""
    if not symbols:
        return Declined("no symbols are named")
    if case.feature.malformed:
        keys = ", ".join(case.feature.malformed)
        lower = (SetStage(case.name, Stage.SHADOW), Disable(case.name))
        return Declined(f"{keys} of {case.name} can't be understood: to be mended by hand", lower)
    if stage is Stage.DISABLED:
        return None
    for symbol in symbols:
        if symbol not in case.listings and (case.stage(symbol) or Stage.DISABLED) < stage:
            return Declined(f"{symbol} is no symbol of this engine")
        account = case.listings.get(symbol)
        if case.rule.accounts is not None and account is not None and account not in case.rule.accounts:
            return Declined(f"{symbol} is traded by account {account}, which allowed_accounts leaves out")
    return None


def _last_canary(case: Case, symbols: tuple[str, ...], stage: Stage) -> Declined | None:
    """An empty canary list is everyone, so its last symbol doesn't go."""
    listed = symbols_listed(case.feature, case.dialect)
    canary = case.feature.stage == Stage.CANARY.word
    if not canary or not listed or stage is not Stage.DISABLED or not set(listed) <= set(symbols):
        return None
    lower = (SetStage(case.name, Stage.DISABLED), SetStage(case.name, Stage.SHADOW), Disable(case.name))
    last = f"{listed[-1]} is the last canary symbol of {case.name}"
    return Declined(f"{last}: an empty list would be every symbol", lower)


def _by_list(case: Case, symbols: tuple[str, ...], stage: Stage) -> Feature | None:
    """The entry with another canary list."""
    listed = symbols_listed(case.feature, case.dialect)
    if case.feature.stage != Stage.CANARY.word or not listed or stage not in {Stage.CANARY, Stage.DISABLED}:
        return None
    moved = frozenset(symbols)
    kept = [symbol for symbol in listed if symbol not in moved]
    wanted = [*listed, *symbols] if stage is Stage.CANARY else kept
    names = [name for name, there in _lists(case.feature).items() if there is not None]
    entry = _with_lists(case.feature, names, tuple(wanted))
    if not case.dialect.symbol_stages or entry.symbol_stages is None:
        return entry
    own = {symbol: word for symbol, word in entry.symbol_stages.items() if symbol not in moved}
    return replace(entry, symbol_stages=own or None)


def _by_symbol(case: Case, symbols: tuple[str, ...], stage: Stage) -> Feature | None:
    """The entry with other stages by symbol; none for a symbol that has its stage without."""
    if not case.dialect.symbol_stages:
        return None
    plain = case.rule_of(replace(case.feature, symbol_stages=None))
    own = dict(case.feature.symbol_stages or {})
    for symbol in symbols:
        if plain.stage(symbol) is stage and own.get(symbol) != stage.word:
            own.pop(symbol, None)
        else:
            own[symbol] = stage.word
    return replace(case.feature, symbol_stages=own or None)


def _moves_only(case: Case, entry: Feature, symbols: tuple[str, ...], stage: Stage) -> bool:
    """Whether `entry` gives these symbols the stage, and leaves every other one where it is."""
    rule, moved = case.rule_of(entry), frozenset(symbols)
    return all(
        rule.stage(symbol, case.listings.get(symbol)) is (stage if symbol in moved else case.stage(symbol))
        for symbol in {*symbols, *with_named(case.listings, case.rule, rule)}
    )


def _nearest(case: Case, symbols: tuple[str, ...], stage: Stage) -> Iterator[Operation]:
    """What the file can say instead, the nearest first."""
    name, moved = case.name, frozenset(symbols)
    others = tuple(symbol for symbol in case.trading if symbol not in moved)
    everywhere = case.feature.stage == Stage.PRODUCTION.word
    if stage is Stage.CANARY:
        yield CanaryOnly(name, symbols if everywhere else (*others, *symbols))
    elif stage is Stage.PRODUCTION:
        yield CanaryOnly(name, (*others, *symbols))
        yield SetStage(name, Stage.PRODUCTION)
    else:
        if others:
            yield CanaryOnly(name, others)
        if stage is Stage.SHADOW and len(others) == len(case.trading):
            yield SetStage(name, Stage.CANARY, symbols)
        yield SetStage(name, Stage.SHADOW)
        yield Disable(name)


def _lower_together(case: Case, symbols: tuple[str, ...]) -> Iterator[Operation]:
    """One lower stage for those that are, or may be, above it; then for all symbols."""
    for stage in (Stage.SHADOW, Stage.DISABLED):
        above = tuple(symbol for symbol in symbols if (now := case.stage(symbol)) is None or now > stage)
        if above:
            yield SetStage(case.name, stage, above)
    yield SetStage(case.name, Stage.SHADOW)
    yield Disable(case.name)


def _lists(feature: Feature) -> dict[str, tuple[str, ...] | None]:
    return dict(zip(LISTS, (feature.canary_symbols, feature.allowed_symbols), strict=True))


def _with_lists(feature: Feature, names: list[str], symbols: tuple[str, ...]) -> Feature:
    """The entry with the same symbols in each of those lists; what stays in one keeps its place there."""
    lists, wanted = _lists(feature), frozenset(symbols)
    for name in names:
        kept = [symbol for symbol in lists[name] or () if symbol in wanted]
        lists[name] = tuple(dict.fromkeys([*kept, *symbols]))
    return replace(feature, canary_symbols=lists["canary_symbols"], allowed_symbols=lists["allowed_symbols"])
