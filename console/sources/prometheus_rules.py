"""The alerting rules of a Prometheus-compatible server with their alerts, as it tells of them.

Prometheus, Thanos and Mimir answer `/api/v1/rules` alike, and so does vmalert, which VictoriaMetrics can hand
it on to. A server without rules may still have `/api/v1/alerts`. All times are by the server's clock.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.metrics import Labels
from console.sources.errors import SourceError
from console.sources.prometheus_server import Asking, one_line

RULES, ALERTS = "/api/v1/rules", "/api/v1/alerts"
USUAL_INTERVAL = 60.0
"""Seconds between two evaluations of a group that doesn't tell."""
LONGEST_TEXT = 2000
"""Characters of an annotation that are kept."""
_WELL = ("ok", "unknown")
"""What the health of a rule without an error is; unknown is that of one not evaluated yet."""
_ACTIVE = {"pending": False, "firing": True}


@dataclass(frozen=True, slots=True)
class ServedAlert:
    """A pending or firing alert; since `quiet_since`, only `keep_firing_for` keeps it firing."""

    labels: Labels
    annotations: Labels
    is_firing: bool
    value: float
    active_at: float | None = None
    quiet_since: float | None = None


@dataclass(frozen=True, slots=True)
class ServedRule:
    """An alerting rule with its alerts, as its last evaluation at `evaluated_at` has left them.

    `labels` are the rule's own, as templates. Durations are in seconds, `hold` is the `for`. `error` says why
    the last evaluation failed.
    """

    group: str
    file: str
    name: str
    labels: Labels
    alerts: tuple[ServedAlert, ...]
    evaluated_at: float | None
    expression: str = ""
    hold: float = 0.0
    keep_firing_for: float = 0.0
    interval: float = USUAL_INTERVAL
    error: str | None = None


def read_rules(asking: Asking, before: Iterable[ServedRule] = ()) -> tuple[ServedRule, ...]:
    """Every alerting rule. SourceError says what is wrong, NoSuchPathError that the server tells of none.

    The alerts of those that haven't been evaluated since they were read `before` aren't read again.
    """
    known = {replace(rule, alerts=()): rule.alerts for rule in before if rule.evaluated_at is not None}
    try:
        return tuple(_rules(_Told(asking.get(RULES, type="alert"), "data"), known))
    except ValueError as error:
        raise SourceError(f"{RULES}: {error}") from None


def read_alerts(asking: Asking, now: float) -> tuple[ServedRule, ...]:
    """The alerts alone, those of a name and severity as if of one rule that was evaluated at `now`."""
    named: dict[Labels, list[ServedAlert]] = {}
    try:
        for alert in _alerts(_Told(asking.get(ALERTS), "data")):
            own = tuple(pair for pair in alert.labels if pair[0] in ("alertname", "severity"))
            named.setdefault(own, []).append(alert)
    except ValueError as error:
        raise SourceError(f"{ALERTS}: {error}") from None
    return tuple(
        ServedRule("", "", dict(own).get("alertname", ""), own, _in_order(alerts), now)
        for own, alerts in named.items()
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """A part of an answer, at its place, whose fields are checked as they are asked for.

    ValueError says, in one line, which one isn't of the documented shape.
    """

    document: object
    place: str

    def entries(self, name: str) -> Iterator["_Told"]:
        """The entries of a list; none where it is null, as Go writes an empty one."""
        listed = self._field(name)
        if listed is None:
            return
        if not isinstance(listed, list):
            raise ValueError(f"{self.place}.{name} is no list")
        for number, entry in enumerate(listed):
            yield _Told(entry, f"{self.place}.{name}[{number}]")

    def text(self, name: str, otherwise: str | None = None) -> str:
        value = self._field(name)
        if value is None and otherwise is not None:
            return otherwise
        if not isinstance(value, str):
            raise ValueError(f"{self.place}.{name} is no text")
        return value

    def number(self, name: str, otherwise: float | None = None) -> float:
        """A number, which may be written as a text."""
        value = self._field(name)
        if value is None and otherwise is not None:
            return otherwise
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            try:
                return float(value)
            except (ValueError, OverflowError):
                pass
        raise ValueError(f"{self.place}.{name} is no number")

    def seconds(self, name: str, otherwise: float = 0.0) -> float:
        value = self.number(name, otherwise)
        if not 0 <= value < _FOR_EVER:
            raise ValueError(f"{self.place}.{name} is no duration")
        return value

    def time(self, name: str) -> float | None:
        """Seconds since 1970; None for none, or for the year 1, with which Go says that."""
        text = self.text(name, "")
        if not text or text.startswith("0001-"):
            return None
        try:
            return datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError):
            raise ValueError(f"{self.place}.{name} is no time") from None

    def labels(self, name: str) -> Labels:
        """Names with texts, sorted; an empty text is none."""
        value = self._field(name)
        if value is None:
            return ()
        if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
            raise ValueError(f"{self.place}.{name} are no names with texts")
        return tuple(sorted((str(key), text) for key, text in value.items() if text))

    def _field(self, name: str) -> object:
        if not isinstance(self.document, Mapping):
            raise ValueError(f"{self.place} is no mapping")
        return self.document.get(name)


_FOR_EVER = 10.0**10


def _rules(data: _Told, known: Mapping[ServedRule, tuple[ServedAlert, ...]]) -> Iterator[ServedRule]:
    for group in data.entries("groups"):
        name, file = group.text("name"), group.text("file", "")
        interval = group.seconds("interval") or USUAL_INTERVAL
        for told in group.entries("rules"):
            if told.text("type", "alerting") == "alerting":
                rule = ServedRule(
                    group=name,
                    file=file,
                    name=told.text("name"),
                    labels=told.labels("labels"),
                    alerts=(),
                    evaluated_at=told.time("lastEvaluation"),
                    expression=told.text("query"),
                    hold=told.seconds("duration"),
                    keep_firing_for=told.seconds("keepFiringFor"),
                    interval=interval,
                    error=_error(told),
                )
                alerts = known.get(rule)
                yield replace(rule, alerts=_in_order(_alerts(told)) if alerts is None else alerts)


def _error(rule: _Told) -> str | None:
    health = rule.text("health", "unknown")
    if health in _WELL:
        return None
    return one_line(rule.text("lastError", "")) or f"the server calls it {health}"


def _in_order(alerts: Iterable[ServedAlert]) -> tuple[ServedAlert, ...]:
    """Always the same order: a server's changes from answer to answer."""
    return tuple(sorted(alerts, key=lambda alert: alert.labels))


def _alerts(told: _Told) -> Iterator[ServedAlert]:
    """Those that are pending or firing: a server may tell of others."""
    for alert in told.entries("alerts"):
        state = alert.text("state")
        if state in _ACTIVE:
            yield ServedAlert(
                alert.labels("labels"),
                tuple((name, text[:LONGEST_TEXT]) for name, text in alert.labels("annotations")),
                _ACTIVE[state],
                alert.number("value"),
                alert.time("activeAt"),
                alert.time("keepFiringSince"),
            )
