"""The deployment guide's rollback triggers: what speaks for each, and the procedure it recommends.

The guide says "unexpected", "consistently", "multiple" and "crash" without a measure. Here:

- a liquidation is unexpected, whichever it is: the engine means to close before;
- slippage is consistent when no sample of five minutes was 20 bps or less;
- a margin call is a margin ratio below 1.05, the guide's critical one, and two symbols within an hour are
  multiple;
- a system has crashed when its heartbeat has stood still for a minute and nobody stopped it.

What isn't known never counts as harmless: a past that was watched for too short a time is UNKNOWN, unless
what was seen of it is enough already.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from console.domain.figures import seconds

SYNC_ERRORS_PER_MINUTE = 5
SLIPPAGE_BPS = 20.0
MARGIN_CALL_RATIO = 1.05
MARGIN_CALLS = 2
"""Symbols with a margin call that are multiple."""
HEARTBEAT_STILL = 60.0
"""Seconds after which an engine whose heartbeat stands still has crashed."""
MINUTE, CONSISTENTLY, HOUR = 60.0, 300.0, 3600.0
"""Seconds that the triggers look back on."""


class Standing(Enum):
    CLEAR = "clear"
    UNKNOWN = "unknown"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Procedure:
    """What the guide recommends: its name, its steps, and the key that leads to where they are done.

    `runbook` is the one that walks them.
    """

    name: str
    steps: tuple[str, ...]
    key: str
    runbook: str


PAUSE_AND_INVESTIGATE = Procedure(
    "Pause, investigate",
    (
        "trip the kill switch",
        "compare positions on the exchange and in the database",
        "read the log around the liquidation",
        "resume only with the cause known",
    ),
    "K",
    "runaway_liquidation",
)
ROLLBACK_TO_SHADOW = Procedure(
    "Rollback to shadow",
    (
        "set the stage of the features that trade to shadow",
        "see that the engine has loaded it",
        "see that no new fills come",
    ),
    "3",
    "rollback_shadow",
)
PAUSE_AND_REDUCE_LEVERAGE = Procedure(
    "Pause, reduce leverage",
    (
        "trip the kill switch",
        "close or shrink the positions with the lowest margin ratio",
        "lower the leverage in the engine's configuration",
    ),
    "K",
    "invalid_margin",
)
FULL_ROLLBACK = Procedure(
    "Full rollback",
    (
        "stop all futures processes",
        "revert to the previous version",
        "restart spot-only trading",
    ),
    "6",
    "rollback_full",
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A row of the guide's table."""

    key: str
    condition: str
    procedure: Procedure


LIQUIDATION = Trigger("liquidation", "Unexpected liquidation", PAUSE_AND_INVESTIGATE)
SYNC_ERRORS = Trigger("sync_errors", "Position sync errors > 5/min", ROLLBACK_TO_SHADOW)
SLIPPAGE = Trigger("slippage", "Slippage > 20 bps consistently", ROLLBACK_TO_SHADOW)
MARGIN_CALLED = Trigger("margin_calls", "Multiple margin calls", PAUSE_AND_REDUCE_LEVERAGE)
CRASH = Trigger("crash", "System crash", FULL_ROLLBACK)


@dataclass(frozen=True, slots=True)
class Past:
    """One figure by symbol ("" for the engine as a whole) over the `seconds` before now that were watched."""

    figures: Mapping[str, float]
    seconds: float


def beyond(lowest: Mapping[str, float], limit: float, sign: int) -> Mapping[str, float]:
    """Of the lowest values by symbol those beyond `limit`, upwards with a `sign` of 1, or else the nearest.

    One that isn't a number is beyond every limit.
    """
    found = {symbol: value for symbol, value in lowest.items() if not (value - limit) * sign <= 0}
    if found or not lowest:
        return found
    nearest = max(lowest, key=lambda symbol: lowest[symbol] * sign)
    return {nearest: lowest[nearest]}


@dataclass(frozen=True, slots=True)
class Life:
    """Whether the engine lives: the age of its heartbeat in seconds, and whether somebody stopped it.

    `fresh` is whether the heartbeat is still taken for the present, `gone` whether the process is known to be
    no more.
    """

    heartbeat_age: float
    stopped: bool = False
    fresh: bool = True
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """Evidence that nobody has, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the triggers are judged by.

    `liquidations` counts events of the last hour, `sync_errors` of the last minute, each exactly. `slippages`
    are the lowest of the last five minutes in bps, `margin_ratios` the lowest of the last hour. `silence` is
    why the engine exports nothing now, and since when; empty while it does.
    """

    liquidations: Past | Missing
    sync_errors: Past | Missing
    slippages: Past | Missing
    margin_ratios: Past | Missing
    life: Life | Missing
    silence: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the evidence says of a trigger, in words."""

    trigger: Trigger
    standing: Standing
    words: str


def judged(evidence: Evidence) -> tuple[Judgement, ...]:
    """Every trigger, in the guide's order."""
    return (
        liquidation(_heard(evidence.liquidations, evidence.silence)),
        sync_errors(_heard(evidence.sync_errors, evidence.silence)),
        slippage(_heard(evidence.slippages, evidence.silence)),
        margin_calls(_heard(evidence.margin_ratios, evidence.silence)),
        crash(evidence.life),
    )


def _heard(evidence: Past | Missing, silence: str) -> Past | Missing:
    """The evidence; without a figure, of an engine that is silent, the silence and not the metric is why."""
    silent = silence and isinstance(evidence, Past) and not evidence.figures
    return Missing(silence) if silent else evidence


def liquidation(evidence: Past | Missing) -> Judgement:
    if isinstance(evidence, Missing):
        return _unknown(LIQUIDATION, evidence)
    liquidated = {symbol: count for symbol, count in evidence.figures.items() if count > 0}
    if liquidated:
        count = sum(liquidated.values())
        return Judgement(LIQUIDATION, Standing.MET, f"{count:g} within an hour{_on(liquidated)}")
    return _calm(LIQUIDATION, evidence, HOUR, "none within an hour")


def sync_errors(evidence: Past | Missing) -> Judgement:
    if isinstance(evidence, Missing):
        return _unknown(SYNC_ERRORS, evidence)
    counts = {symbol: count for symbol, count in evidence.figures.items() if count > 0}
    total = sum(counts.values())
    if total > SYNC_ERRORS_PER_MINUTE:
        return Judgement(SYNC_ERRORS, Standing.MET, f"{total:g} in the last minute{_on(counts)}")
    return _calm(SYNC_ERRORS, evidence, MINUTE, f"{total:g} in the last minute")


def slippage(evidence: Past | Missing) -> Judgement:
    if isinstance(evidence, Missing):
        return _unknown(SLIPPAGE, evidence)
    above = {symbol: lowest for symbol, lowest in evidence.figures.items() if lowest > SLIPPAGE_BPS}
    if not above:
        return _calm(SLIPPAGE, evidence, 0.0, f"no symbol above {SLIPPAGE_BPS:g} bps throughout")
    worst = f"never below {max(above.values()):.1f} bps"
    if evidence.seconds < CONSISTENTLY:
        watched = f"for {seconds(evidence.seconds)} of {seconds(CONSISTENTLY)}"
        return Judgement(SLIPPAGE, Standing.UNKNOWN, f"{worst}{_on(above)}, {watched}")
    return Judgement(SLIPPAGE, Standing.MET, f"{worst} in {seconds(CONSISTENTLY)}{_on(above)}")


def margin_calls(evidence: Past | Missing) -> Judgement:
    if isinstance(evidence, Missing):
        return _unknown(MARGIN_CALLED, evidence)
    called = {symbol: -ratio for symbol, ratio in evidence.figures.items() if ratio < MARGIN_CALL_RATIO}
    words = f"{len(called)} below {MARGIN_CALL_RATIO} within an hour{_on(called)}"
    if len(called) >= MARGIN_CALLS:
        return Judgement(MARGIN_CALLED, Standing.MET, words)
    return _calm(MARGIN_CALLED, evidence, HOUR, words)


def crash(evidence: Life | Missing) -> Judgement:
    if isinstance(evidence, Missing):
        return _unknown(CRASH, evidence)
    if evidence.gone:
        return _gone(in_order=evidence.stopped)
    if math.isnan(evidence.heartbeat_age):
        return Judgement(CRASH, Standing.UNKNOWN, "the heartbeat is not a number")
    still = f"the heartbeat is {seconds(evidence.heartbeat_age)} old"
    if evidence.heartbeat_age < HEARTBEAT_STILL:
        return Judgement(CRASH, Standing.CLEAR if evidence.fresh else Standing.UNKNOWN, still)
    if evidence.stopped:
        return Judgement(CRASH, Standing.CLEAR, f"{still}: the engine was stopped")
    return Judgement(CRASH, Standing.MET, f"{still}, and nobody stopped the engine")


def _gone(*, in_order: bool) -> Judgement:
    if in_order:
        return Judgement(CRASH, Standing.CLEAR, "the engine was stopped in order")
    return Judgement(CRASH, Standing.MET, "the engine's process is gone, and nobody stopped it")


def _unknown(trigger: Trigger, missing: Missing) -> Judgement:
    return Judgement(trigger, Standing.UNKNOWN, missing.reason)


def _calm(trigger: Trigger, evidence: Past, needed: float, words: str) -> Judgement:
    """Nothing was seen, which means something only where there are figures of the whole time."""
    if not evidence.figures:
        return Judgement(trigger, Standing.UNKNOWN, "not exported by this engine")
    unread = [symbol for symbol, figure in evidence.figures.items() if math.isnan(figure)]
    if unread:
        return Judgement(trigger, Standing.UNKNOWN, f"not a number{_on(dict.fromkeys(unread, 0.0))}")
    if evidence.seconds < needed:
        watched = f"{words}, of which {seconds(evidence.seconds)} were watched"
        return Judgement(trigger, Standing.UNKNOWN, watched)
    return Judgement(trigger, Standing.CLEAR, words)


def _on(figures: Mapping[str, float]) -> str:
    """The symbols, the one with the highest figure first."""
    symbols = [symbol for symbol in sorted(figures, key=lambda one: (-figures[one], one)) if symbol]
    if not symbols:
        return ""
    more = f" and {len(symbols) - 3} more" if len(symbols) > 3 else ""
    return f" on {', '.join(symbols[:3])}{more}"
