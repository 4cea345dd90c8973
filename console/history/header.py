"""Whose record a segment is, and what to judge it by: a replay judges as the console did that wrote it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console import __version__
from console.domain.assessment import Rules
from console.domain.rollout.stages import Dialect
from console.domain.severity import Severity
from console.domain.thresholds import Condition, KeyMetric, Ladder, Panel, parse_condition
from console.history.frames import RecordError

_SEVERITIES = {severity.word: severity for severity in Severity}


@dataclass(frozen=True, slots=True)
class Header:
    """`every` is how many seconds lie between two steps at least; `colour` is the environment's and
    `operator` who sat at the console."""

    context: str
    environment: str
    colour: str
    operator: str
    rules: Rules
    every: float
    version: str = __version__


def header_document(header: Header) -> dict[str, object]:
    """The header as JSON has it."""
    rules = header.rules
    return {
        "version": header.version,
        "context": header.context,
        "environment": header.environment,
        "colour": header.colour,
        "operator": header.operator,
        "every": header.every,
        "panels": [_panel(panel) for panel in rules.panels],
        "key_metrics": [_key_metric(metric) for metric in rules.key_metrics],
        "not_exported": sorted(rules.not_exported),
        "quiet_after": rules.quiet_after,
        "server": rules.server,
        "dialect": _dialect(rules.dialect),
    }


def header_of(document: Mapping[str, Any]) -> Header:
    """What a header says. RecordError for one that no console wrote."""
    try:
        rules = Rules(
            tuple(_panel_of(panel) for panel in document["panels"]),
            tuple(_key_metric_of(metric) for metric in document["key_metrics"]),
            frozenset(map(_text, document["not_exported"])),
            _number(document["quiet_after"]),
            _text_or_none(document.get("server")),  # records of before don't say
            _dialect_of(document["dialect"]) if "dialect" in document else Dialect(),
        )
        return Header(
            _text(document["context"]),
            _text(document["environment"]),
            _text(document["colour"]),
            _text(document["operator"]),
            rules,
            _number(document["every"]),
            _text(document["version"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"not a console's header: {type(error).__name__}: {error}") from None


def _dialect(dialect: Dialect) -> dict[str, object]:
    return {
        "symbol_stages": dialect.symbol_stages,
        "lists": list(dialect.lists),
        "chooses_by_crc": dialect.chooses_by_crc,
        "at_start": dialect.at_start,
    }


def _dialect_of(said: Mapping[str, Any]) -> Dialect:
    return Dialect(
        _flag(said["symbol_stages"]),
        tuple(map(_text, said["lists"])),
        _flag(said["chooses_by_crc"]),
        _flag(said["at_start"]),
    )


def _panel(panel: Panel) -> dict[str, object]:
    rule: object = (
        [[bound, severity.word] for bound, severity in panel.rule.steps]
        if isinstance(panel.rule, Ladder)
        else _condition(panel.rule)
    )
    return {"name": panel.name, "query": panel.query, "rule": rule, "window": panel.window}


def _panel_of(said: Mapping[str, Any]) -> Panel:
    rule = said["rule"]
    return Panel(
        _text(said["name"]),
        _text(said["query"]),
        parse_condition(rule)
        if isinstance(rule, str)
        else Ladder(tuple((_number(bound), _SEVERITIES[word]) for bound, word in rule)),
        _number(said["window"]),
    )


def _key_metric(metric: KeyMetric) -> dict[str, object]:
    return {
        "name": metric.name,
        "query": metric.query,
        "unit": metric.unit,
        "scale": metric.scale,
        "target": _condition(metric.target),
        "alert": _condition(metric.alert),
        "lifetime": metric.lifetime,
    }


def _key_metric_of(said: Mapping[str, Any]) -> KeyMetric:
    return KeyMetric(
        _text(said["name"]),
        _text(said["query"]),
        _text(said["unit"]),
        _number(said["scale"]),
        parse_condition(_text(said["target"])),
        parse_condition(_text(said["alert"])),
        _text_or_none(said["lifetime"]),
    )


def _condition(condition: Condition) -> str:
    return f"{condition.sign} {condition.bound!r}"


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError(f"{type(raw).__name__} where text belongs")
    return raw


def _text_or_none(raw: object) -> str | None:
    return None if raw is None else _text(raw)


def _flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise TypeError(f"{type(raw).__name__} where true or false belongs")
    return raw


def _number(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or math.isnan(raw):
        raise TypeError(f"{type(raw).__name__} where a number belongs")
    return raw
