"""What the deployment guide's table of rollback triggers says now: which rows, in which order, which feature.

The guide gives no order. What can't wait comes first: an engine that is gone, then positions that are, then
margins, then what only costs.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from console.domain.rollback import Advice, Change
from console.domain.rollout.stages import Dialect, stage_rules
from console.domain.surfaces import Flags
from console.domain.triggers import (
    CRASH,
    LIQUIDATION,
    MARGIN_CALLED,
    SLIPPAGE,
    SYNC_ERRORS,
    Judgement,
    Standing,
)

URGENCY = tuple(trigger.key for trigger in (CRASH, LIQUIDATION, MARGIN_CALLED, SYNC_ERRORS, SLIPPAGE))
"""The triggers' keys, the most urgent first."""
OF_A_FEATURE = (SYNC_ERRORS.key, SLIPPAGE.key)
"""Triggers whose procedure is about a feature."""
_MOST_NAMED = 4


def advised(
    judged: Collection[Judgement], trading: Sequence[str] | None, changes: Sequence[Change]
) -> tuple[Advice, ...]:
    """The rows that are met, the most urgent first.

    `trading` are the features that trade, None where the flags file doesn't tell; `changes` are the newest
    first.
    """
    met = {one.trigger.key: one for one in judged if one.standing is Standing.MET}
    return tuple(_advice(met[key], trading, changes) for key in URGENCY if key in met)


def untold(judged: Collection[Judgement]) -> tuple[str, ...]:
    """The triggers of which nobody can tell whether they are met, each with why."""
    return tuple(
        f"{one.trigger.condition}: {one.words}" for one in judged if one.standing is Standing.UNKNOWN
    )


def trading_features(flags: Flags, dialect: Dialect) -> tuple[str, ...]:
    """The features that the file has trade for some symbol, or that engines may read so, in its order."""
    rules = stage_rules(flags, dialect)
    return tuple(
        name
        for name, rule in rules.items()
        if any(stage is None or stage.trades for stage in (rule.default, *rule.exceptions.values()))
    )


def feature_to_lower(trading: Sequence[str] | None, changes: Sequence[Change]) -> tuple[str, str]:
    """Which feature to roll back, empty where it is for a person to say, and why.

    The journal knows of what was changed through a console: when that was, says whether it can be the cause.
    """
    if trading is None:
        return "", "which features trade can't be told: the flags file doesn't say"
    for change in changes:
        if change.feature in trading:
            when = f"{datetime.fromtimestamp(change.at, UTC):%Y-%m-%d %H:%M}Z"
            why = f"of those that trade it was changed last: {change.what}, by {change.by}, {when}"
            return change.feature, why
    if len(trading) == 1:
        return trading[0], "nothing else trades"
    if not trading:
        return "", "no feature trades, by the flags file"
    more = f" and {len(trading) - _MOST_NAMED} more" if len(trading) > _MOST_NAMED else ""
    named = ", ".join(trading[:_MOST_NAMED]) + more
    return "", f"no change of one that trades is in the journal, so all that trade: {named}"


def _advice(one: Judgement, trading: Sequence[str] | None, changes: Sequence[Change]) -> Advice:
    trigger, procedure = one.trigger, one.trigger.procedure
    feature, why = feature_to_lower(trading, changes) if trigger.key in OF_A_FEATURE else ("", "")
    return Advice(
        trigger=trigger.key,
        condition=trigger.condition,
        action=procedure.name,
        runbook=procedure.runbook,
        evidence=one.words,
        feature=feature,
        why_feature=why,
    )
