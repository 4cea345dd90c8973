"""The keys of a feature that a change writes, as values that a journal can hold, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from console.domain.rollout.operations import Written
from console.domain.rollout.stages import STAGES
from console.domain.surfaces import Feature


def written(feature: Feature) -> Written:
    """What stands under each key that a change may write."""
    return {
        "enabled": feature.enabled,
        "stage": feature.stage,
        "canary_symbols": feature.canary_symbols,
        "allowed_symbols": feature.allowed_symbols,
        "symbol_stages": feature.symbol_stages,
    }


def with_written(feature: Feature, values: Mapping[str, object]) -> Feature | None:
    """The feature with other values, such as a journal's; None where one of them can't stand there.

    An empty list or mapping is never put back: its key is left out.
    """
    wanted: Feature | None = feature
    for key, value in values.items():
        wanted = None if wanted is None else _with_one(wanted, key, value)
    return wanted


def same_values(one: object, other: object) -> bool:
    """Whether two values are the same, where a journal's lists and mappings have other types."""
    return _plain(one) == _plain(other)


def _with_one(feature: Feature, key: str, value: object) -> Feature | None:
    if key == "enabled" and isinstance(value, bool):
        return replace(feature, enabled=value)
    if key == "stage" and isinstance(value, str) and value in STAGES:
        return replace(feature, stage=value)
    if key in {"canary_symbols", "allowed_symbols"} and (value is None or _is_list(value)):
        listed = tuple(map(str, value)) if _is_list(value) and value else None
        if key == "canary_symbols":
            return replace(feature, canary_symbols=listed)
        return replace(feature, allowed_symbols=listed)
    if key == "symbol_stages" and (value is None or isinstance(value, Mapping)):
        stages = {str(symbol): str(word) for symbol, word in (value or {}).items()}
        known = all(word in STAGES for word in stages.values())
        return replace(feature, symbol_stages=stages or None) if known else None
    return None


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if _is_list(value) else value
