"""The rollout as it stands: what the file desires, what the engine has loaded, what is seen to trade.

A cell is a feature and a symbol. There may be hundreds of thousands: one is made when somebody looks at it,
and beside that only those are kept that differ.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from console.domain.exchange_names import COIN_QUOTE
from console.domain.figures import seconds
from console.domain.fills import untraded
from console.domain.kill_evidence import ACCOUNTS
from console.domain.metrics import Column, Metrics
from console.domain.reading import SourceState
from console.domain.rollout.differences import Compared, Differences, Drifting, differences
from console.domain.rollout.following import Following
from console.domain.rollout.loaded import Loaded, loaded
from console.domain.rollout.stages import Dialect, Stage, StageRule, stage_rules
from console.domain.snapshot import Snapshot
from console.domain.status import NOT_EXPORTED
from console.domain.surfaces import Activity, Flags
from console.domain.trails import instant_of

if TYPE_CHECKING:
    from console.domain.rollout.plan import Listings

_USDM, _COIN = str(ACCOUNTS["usdm"]), str(ACCOUNTS["coin"])
_ROUNDED = 0.5
"""Seconds by which the books may have rounded up when a trade was made."""
_MOST_PASTS = 16
"""How many states of the file are remembered, so as to know what it has stopped."""


class Standing(Enum):
    """How the engine stands to the file in one cell."""

    LOADED = "loaded"
    PENDING = "not loaded yet"
    RESTART = "restart needed"
    DRIFT = "drift"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """One feature for one symbol: the stage `desired` by the file, and the one that the engine has `loaded`.

    None is a stage that can't be told, or isn't exported. `observed` says when the symbol was last traded
    though no feature may trade it, and is empty otherwise. Where the stages differ, they do `since`.
    """

    desired: Stage | None
    loaded: Stage | None
    observed: str
    standing: Standing
    since: float | None = None


@dataclass(frozen=True, slots=True)
class RolloutStatus:
    """What is known of the rollout `at` an instant; all instants are in seconds on the console's clock.

    `flags` are those that were last read, whatever their age; this console has known their content since
    `changed_at`. `desired_doubt` says why they aren't the present, `loaded_doubt` why the engine's word
    isn't: both are empty where it is, else what was last known stands. `compared_at` is the instant of the
    older of the two, when they were last compared.

    `at_start` says that the engine reads the file only then. `pasts` are the rules of before, newest first.
    `features` are the file's, and after them those that only the engine has. `traded` is when each symbol was
    last bought or sold to open, of those that were since the engine must have read the file of `changed_at`.
    """

    at: float
    flags: Flags | None
    desired_doubt: str
    loaded_doubt: str
    at_start: bool
    changed_at: float | None
    compared_at: float | None
    rules: Mapping[str, StageRule]
    pasts: tuple[Mapping[str, StageRule], ...]
    features: tuple[str, ...]
    listings: "Listings"
    traded: Mapping[str, float]
    names: tuple[str, ...] = field(compare=False)
    engine: Loaded = field(compare=False)
    differences: Differences | None

    @property
    def doubt(self) -> str:
        """Why the two can't be compared at present; empty where they can."""
        return self.desired_doubt or self.loaded_doubt

    @property
    def drifting(self) -> tuple[Drifting, ...]:
        """What lasts, feature by feature: drift, or `at_start` what needs a restart."""
        return () if self.differences is None else self.differences.drifting

    def lasting(self, feature: str) -> tuple[str, ...]:
        """The symbols of the feature in which that is so."""
        compared = self._compared(feature)
        return () if compared is None else compared.lasting_symbols

    @property
    def traded_on(self) -> Mapping[str, float]:
        """The symbols that were traded though the file has stopped them, as this console has seen."""
        return {symbol: at for symbol, at in self.traded.items() if self._is_stopped(symbol)}

    def cell(self, feature: str, symbol: str) -> Cell:
        desired, has = self.desired(feature, symbol), self.loaded(feature, symbol)
        compared = self._compared(feature)
        known = None if compared is None else compared.difference(symbol)
        lasts = compared is not None and compared.lasts(symbol)
        standing = self._standing(desired, has, lasts=lasts)
        differs = standing not in (Standing.LOADED, Standing.UNKNOWN)
        since = known.since if differs and known is not None else None
        return Cell(desired, has, self._observed(symbol), standing, since)

    def desired(self, feature: str, symbol: str) -> Stage | None:
        """What the file says; a feature that isn't in it is off."""
        if self.flags is None:
            return None
        rule = self.rules.get(feature)
        return Stage.DISABLED if rule is None else rule.stage(symbol, self.listings.get(symbol))

    def loaded(self, feature: str, symbol: str) -> Stage | None:
        """What the engine has loaded: of several processes the word of one that contradicts the file."""
        desired, said = self.desired(feature, symbol), self.engine.stages(feature, symbol)
        others = [stage for stage in said if stage is not desired]
        if said and not others:
            return desired
        return max((stage for stage in others if stage is not None), default=None)

    def following(self, feature: str) -> Following:
        """Whether the engine has loaded at present what the file says, however short it hasn't."""
        if self.doubt:
            return Following(doubt=self.doubt)
        compared = self._compared(feature)
        if compared is None:
            return Following(unknown=tuple(self.listings))
        listed = compared.row.symbols.places
        silent = (symbol for symbol in self.listings if symbol not in listed)
        return Following(compared.differing, (*compared.unknown, *silent))

    @property
    def is_known(self) -> bool:
        """Whether file and engine both tell the stage of every feature for every symbol."""
        rows = map(self._compared, self.features)
        return all(one is not None and one.is_known and len(one.found) == len(self.listings) for one in rows)

    def _compared(self, feature: str) -> Compared | None:
        return None if self.differences is None else self.differences.features.get(feature)

    def _standing(self, desired: Stage | None, has: Stage | None, *, lasts: bool) -> Standing:
        if desired is None or has is None or self.doubt:
            return Standing.UNKNOWN
        if desired is has:
            return Standing.LOADED
        if self.at_start:
            return Standing.RESTART
        return Standing.DRIFT if lasts else Standing.PENDING

    def _observed(self, symbol: str) -> str:
        at = self.traded.get(symbol)
        if at is None or self._may_trade(symbol):
            return ""
        return f"traded {seconds(max(0.0, self.at - at))} ago"

    def _is_stopped(self, symbol: str) -> bool:
        """Whether a feature traded the symbol before and none may now: else something that has none does."""
        if self._may_trade(symbol):
            return False
        before = (stage for past in self.pasts for stage in self._stages(past, symbol))
        return any(stage is not None and stage.trades for stage in before)

    def _may_trade(self, symbol: str) -> bool:
        return any(stage is None or stage.trades for stage in self._stages(self.rules, symbol))

    def _stages(self, rules: Mapping[str, StageRule], symbol: str) -> Iterator[Stage | None]:
        account = self.listings.get(symbol)
        return (rule.stage(symbol, account) for rule in rules.values())


def rollout_status(
    snapshot: Snapshot,
    names: tuple[str, ...],
    stages: Column,
    dialect: Dialect,
    before: RolloutStatus | None,
    *,
    books_doubt: str,
) -> RolloutStatus:
    """Look at file and engine; `before` is what was found last in the same dialect.

    `names` are the symbols that anybody knows, sorted, and `stages` is the engine's metric. A difference
    lasts once it outlives the limit of the metrics: for so long they may be from before a change of the file.
    """
    now, file, metrics = snapshot.at, snapshot.flags, snapshot.metrics
    flags = file.value
    rules, pasts, changed_at = _ruled(file, dialect, before)
    engine = loaded(stages, None if before is None else before.engine)
    listings = _listings(names, engine, before)
    compared_at, found = _compared(snapshot, engine, rules, listings, before)
    return RolloutStatus(
        at=now,
        flags=flags,
        desired_doubt="" if file.usable(now) else file.doubt(now),
        loaded_doubt=_loaded_doubt(metrics, now, engine),
        at_start=dialect.at_start,
        changed_at=changed_at,
        compared_at=compared_at,
        rules=rules,
        pasts=pasts,
        features=_features(rules, engine, before),
        listings=listings,
        traded={} if books_doubt or changed_at is None else _traded(snapshot, changed_at),
        names=names,
        engine=engine,
        differences=found,
    )


def _ruled(
    file: SourceState[Flags], dialect: Dialect, before: RolloutStatus | None
) -> tuple[Mapping[str, StageRule], tuple[Mapping[str, StageRule], ...], float | None]:
    """What the file rules, what it ruled before, and since when it does: as it was while it says the same."""
    flags = file.value
    if before is not None and (before.flags is flags or before.flags == flags):
        return before.rules, before.pasts, before.changed_at
    rules = {} if flags is None else stage_rules(flags, dialect)
    pasts = () if before is None else (before.rules, *before.pasts)[:_MOST_PASTS]
    return rules, pasts, None if file.good is None else instant_of(file.good)


def _compared(
    snapshot: Snapshot,
    engine: Loaded,
    rules: Mapping[str, StageRule],
    listings: "Listings",
    before: RolloutStatus | None,
) -> tuple[float | None, Differences | None]:
    """What differs, and when; as it was `before` while one of the two isn't the present."""
    file, metrics, now = snapshot.flags, snapshot.metrics, snapshot.at
    last = None if before is None else before.differences
    if file.good is None or metrics.good is None or not file.usable(now) or not metrics.usable(now):
        return None if before is None else before.compared_at, last
    older, younger = sorted((instant_of(file.good), instant_of(metrics.good)))
    return older, differences(
        engine, rules, listings, last, since=younger, lasts_before=older - metrics.stale_after
    )


def _loaded_doubt(metrics: SourceState[Metrics], now: float, engine: Loaded) -> str:
    if not metrics.usable(now):
        return metrics.doubt(now)
    return "" if engine.column else NOT_EXPORTED


def _listings(names: tuple[str, ...], engine: Loaded, before: RolloutStatus | None) -> "Listings":
    """Every symbol that anybody knows, by name, with its account; the same object where they are the same."""
    lineup = engine.column.lineup
    if before is not None and before.names is names and before.engine.column.lineup is lineup:
        return before.listings
    symbols = sorted({*names, *filter(None, lineup.symbols)})
    if before is not None and symbols == list(before.listings):
        return before.listings
    return {symbol: _COIN if symbol.endswith(COIN_QUOTE) else _USDM for symbol in symbols}


def _features(
    rules: Mapping[str, StageRule], engine: Loaded, before: RolloutStatus | None
) -> tuple[str, ...]:
    if before is not None and before.rules is rules and before.engine.rows is engine.rows:
        return before.features
    features = tuple(dict.fromkeys((*rules, *engine.rows)))
    return before.features if before is not None and features == before.features else features


def _traded(snapshot: Snapshot, changed_at: float) -> Mapping[str, float]:
    """When each symbol was last traded, if certainly since then, and not to close what was open.

    A sync of the books that takes up what is held trades nothing.
    """
    books, since = snapshot.database.fresh(snapshot.at), changed_at + snapshot.metrics.stale_after
    if books is None:
        return {}
    found: dict[str, float] = {}
    others = untraded(books)
    for trade in books.trades or ():
        if trade.order_id in others or _closes(trade):
            continue
        if trade.at is not None and trade.at - _ROUNDED > since:
            found[trade.symbol] = max(trade.at, found.get(trade.symbol, trade.at))
    return found


def _closes(trade: Activity) -> bool:
    return trade.side.upper().startswith("CLOSE")
