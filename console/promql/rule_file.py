"""Rule files in Prometheus' format: groups of alerting and recording rules.

Every mistake is found when the file is read, each in one line `file:line:column: what, and what is allowed`.
Three things that Prometheus takes are refused here: a `limit`, which clears every alert of a rule that has
more (the worst moment to see none); a label's or annotation's value that isn't text, since YAML 1.1 has made
something else of it; and two rules of one group with the same name and labels, whose alerts nobody could tell
apart.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.promql.query import Query, parse_query
from console.promql.templates import Template, TemplateError, parse_template
from console.promql.watched import watched_by
from console.yaml_file import Document, Path_, Place, YamlError, read_document

Templates = tuple[tuple[str, Template], ...]
"""Names with the texts for them, sorted by name."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """`hold` is the rule's `for`. Both durations are in seconds.

    `watched` ask for what the expression compares, without comparing: a series that is missing there has
    vanished, and isn't just harmless. There are none where nothing is compared.
    """

    name: str
    query: Query
    hold: float
    keep_firing_for: float
    labels: Templates
    annotations: Templates
    watched: tuple[Query, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """What `query` answers is kept as the metric `name`, with these labels put over its own."""

    name: str
    query: Query
    labels: tuple[tuple[str, str], ...]
    place: Place


Rule = AlertRule | RecordingRule


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated one after the other, at the same instant.

    `interval` is in seconds, None: the usual one. Queries are asked for `query_offset` seconds earlier.
    """

    name: str
    interval: float | None
    query_offset: float
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """`name` is the file as messages call it."""

    name: str
    groups: tuple[RuleGroup, ...]

    @property
    def rules(self) -> Iterator[tuple[RuleGroup, Rule]]:
        """Every rule with its group, in the file's order."""
        return ((group, rule) for group in self.groups for rule in group.rules)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between two scrapes, and between two evaluations of a group that doesn't say its own."""

    scrape: float
    evaluation: float


class RuleFileError(ValueError):
    """Mistakes in a rule file, a line for each, in the file's order."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_rules(file: Path, read_query: Callable[[str], Query] = parse_query) -> RuleFile:
    """Read `file`; `read_query` raises ValueError for an expression that can't be evaluated.

    Raises RuleFileError for all mistakes at once, and for a file that can't be read.
    """
    try:
        document = read_document(file)
    except YamlError as error:
        raise RuleFileError((str(error),)) from None
    except OSError as error:
        raise RuleFileError((f"{file}: {(error.strerror or str(error)).lower()}",)) from None
    return rules_of(document, read_query)


def rules_of(document: Document, read_query: Callable[[str], Query] = parse_query) -> RuleFile:
    """The rules of a document that is already parsed."""
    reading = _Reading(document, read_query)
    groups = reading.groups()
    if reading.problems:
        ordered = sorted(reading.problems, key=lambda found: (found[0].line, found[0].column))
        raise RuleFileError(tuple(f"{document.name}:{place}: {problem}" for place, problem in ordered))
    return RuleFile(document.name, groups)


_UNITS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
"""Milliseconds in each unit."""
_DURATION = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _UNITS))
_LONGEST = 2**63 // 1_000_000


def parse_duration(text: str) -> float:
    """Seconds of a duration such as `1h30m`: Prometheus' grammar. ValueError says what is allowed."""
    match = _DURATION.fullmatch(text)
    if text == "0":
        return 0.0
    if match is None or not text:
        raise ValueError(
            f"{text!r} is no duration: write whole numbers with units, the largest unit first, "
            f"such as 30s, 5m or 1h30m; units: {', '.join(_UNITS)}"
        )
    counts = zip(match.groups(), _UNITS.values(), strict=True)
    milliseconds = sum(int(count) * unit for count, unit in counts if count is not None)
    if milliseconds >= _LONGEST:
        raise ValueError(f"{text!r} is longer than 292 years")
    return milliseconds / 1000


_GROUP_KEYS = ("name", "interval", "query_offset", "limit", "labels", "rules")
_ALERT_KEYS = ("alert", "expr", "for", "keep_firing_for", "labels", "annotations")
_RECORD_KEYS = ("record", "expr", "labels")


class _Reading:
    """A document on its way to rules, and what was found wrong in it so far."""

    def __init__(self, document: Document, read_query: Callable[[str], Query]) -> None:
        self._document = document
        self._read_query = read_query
        self.problems = [(place, f"{key!r} appears twice") for key, place in document.duplicates]

    def groups(self) -> tuple[RuleGroup, ...]:
        top = self._document.data
        if not isinstance(top, dict) or "groups" not in top:
            self._wrong((), "a rule file has a list of groups under 'groups'")
            return ()
        self._known_keys((), top, ("groups",), "a rule file")
        groups: dict[str, RuleGroup] = {}
        for at, entry in self._entries(("groups",), top["groups"], "groups"):
            group = self._group(at, entry)
            if group.name in groups:
                self._wrong((*at, "name"), f"a second group {group.name!r}: a group's name is its own")
            groups[group.name] = group
        return tuple(groups.values())

    def _group(self, at: Path_, entry: Mapping[str, object]) -> RuleGroup:
        self._known_keys(at, entry, _GROUP_KEYS, "a group")
        if entry.get("limit", 0) != 0:
            self._wrong((*at, "limit"), "a limit clears every alert of a rule that has more; leave it out")
        shared = self._labels(at, entry)
        rules: dict[tuple[object, ...], Rule] = {}
        for place, rule_entry in self._entries((*at, "rules"), entry.get("rules"), "rules"):
            rule = self._rule(place, rule_entry, shared)
            if rule is None:
                continue
            texts = [(name, _text(told)) for name, told in rule.labels]
            identity = (type(rule), rule.name, *texts)
            if identity in rules:
                self._wrong(place, f"a second rule {rule.name!r} with the same labels in this group")
            rules[identity] = rule
        return RuleGroup(
            self._required(at, entry, "name", "a group"),
            self._seconds(at, entry, "interval") or None,
            self._seconds(at, entry, "query_offset"),
            tuple(rules.values()),
        )

    def _rule(self, at: Path_, entry: Mapping[str, object], shared: Mapping[str, Template]) -> Rule | None:
        if ("alert" in entry) == ("record" in entry):
            self._wrong(at, "a rule has either 'alert' or 'record'")
            return None
        if "record" in entry:
            return self._recording_rule(at, entry, shared)
        self._known_keys(at, entry, _ALERT_KEYS, "an alerting rule")
        query = self._query(at, entry)
        name = self._required(at, entry, "alert", "an alerting rule")
        labels = _by_name({**shared, **self._labels(at, entry)})
        annotations = _by_name(self._templates(at, entry, "annotations"))
        hold, keep = self._seconds(at, entry, "for"), self._seconds(at, entry, "keep_firing_for")
        if query is None:
            return None
        return AlertRule(name, query, hold, keep, labels, annotations, watched_by(query), self._place(at))

    def _recording_rule(
        self, at: Path_, entry: Mapping[str, object], shared: Mapping[str, Template]
    ) -> RecordingRule | None:
        self._known_keys(at, entry, _RECORD_KEYS, "a recording rule")
        name = self._required(at, entry, "record", "a recording rule")
        if "{" in name or "}" in name:
            self._wrong((*at, "record"), f"{name!r} is no metric's name: braces belong into expr")
        own = self._texts((*at, "labels"), entry.get("labels"))
        labels = {**{label: template.text for label, template in shared.items()}, **own}
        self._check_labels((*at, "labels"), own)
        query = self._query(at, entry)
        if query is None:
            return None
        return RecordingRule(name, query, tuple(sorted(labels.items())), self._place(at))

    def _query(self, at: Path_, entry: Mapping[str, object]) -> Query | None:
        text = entry.get("expr")
        if isinstance(text, int | float) and not isinstance(text, bool):
            text = str(text)
        if not isinstance(text, str) or not text.strip():
            self._wrong((*at, "expr"), "a rule needs an expr, as text")
            return None
        try:
            return self._read_query(text)
        except ValueError as error:
            self._wrong((*at, "expr"), str(error))
            return None

    def _labels(self, at: Path_, entry: Mapping[str, object]) -> dict[str, Template]:
        labels = self._templates(at, entry, "labels")
        self._check_labels((*at, "labels"), labels)
        return labels

    def _templates(self, at: Path_, entry: Mapping[str, object], key: str) -> dict[str, Template]:
        templates = {}
        for name, text in self._texts((*at, key), entry.get(key)).items():
            try:
                templates[name] = parse_template(text)
            except TemplateError as error:
                self._wrong((*at, key, name), str(error))
        return templates

    def _texts(self, at: Path_, entry: object) -> dict[str, str]:
        """A mapping of names to texts."""
        if entry is None:
            return {}
        if not isinstance(entry, dict):
            self._wrong(at, f"{at[-1]} are a mapping of names to texts")
            return {}
        texts = {}
        for name, text in entry.items():
            if not isinstance(name, str) or not name:
                self._wrong((*at, str(name)), f"{name!r} is no name: write it in quotes", key=True)
            elif not isinstance(text, str):
                self._wrong((*at, name), f"{name} is text: write {text!r} in quotes as you mean it")
            else:
                texts[name] = text
        return texts

    def _check_labels(self, at: Path_, labels: Iterable[str]) -> None:
        for name in ("__name__", "alertname"):
            if name in labels:
                self._wrong((*at, name), f"{name} is the rule's own name and can't be set", key=True)

    def _entries(self, at: Path_, entries: object, what: str) -> Iterator[tuple[Path_, Mapping[str, object]]]:
        """Each mapping of a list with its way; None is an empty list, as in Prometheus."""
        if entries is None:
            return
        if not isinstance(entries, list):
            self._wrong(at, f"{what} are a list")
            return
        for index, entry in enumerate(entries):
            if isinstance(entry, dict):
                yield (*at, index), entry
            else:
                self._wrong((*at, index), f"each of the {what} is a mapping")

    def _required(self, at: Path_, entry: Mapping[str, object], key: str, what: str) -> str:
        text = entry.get(key)
        if not isinstance(text, str) or not text.strip():
            self._wrong((*at, key), f"{what} needs a name under {key!r}, as text")
            return ""
        return text

    def _seconds(self, at: Path_, entry: Mapping[str, object], key: str) -> float:
        told = entry.get(key, "0")
        try:
            return parse_duration(str(told))
        except ValueError as error:
            self._wrong((*at, key), f"{key}: {error}")
            return 0.0

    def _known_keys(self, at: Path_, entry: Mapping[str, object], known: tuple[str, ...], what: str) -> None:
        for key in entry:
            if key not in known:
                problem = f"{key!r} is not known in {what}; allowed: {', '.join(known)}"
                self._wrong((*at, str(key)), problem, key=True)

    def _wrong(self, at: Path_, problem: str, *, key: bool = False) -> None:
        self.problems.append((self._document.place(at, key=key), " ".join(problem.split())))

    def _place(self, at: Path_) -> Place:
        return self._document.place((*at, "expr"))


def _by_name(templates: Mapping[str, Template]) -> Templates:
    return tuple((name, templates[name]) for name in sorted(templates))


def _text(told: str | Template) -> str:
    return told if isinstance(told, str) else told.text
