"""What people said of alerts: acknowledged, or silenced for a while. Neither hides an alert; both mute it.

An acknowledgement is of one alert, and ends with it: the same one raised anew is news. A silence is of all
alerts whose labels match. Each has an owner, a reason and an end. Times are seconds since 1970, since they
outlive the console; one of the console's clocks that steps makes them end earlier or later, no more.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from console.domain.metrics import Labels

LONGEST = 7 * 86400.0
"""Seconds that an acknowledgement or a silence may last: nobody remembers one for longer."""
KEPT = 7 * 86400.0
"""Seconds for which one that has ended is remembered."""
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class LabelMatcher:
    """A condition on one label, such as `symbol=~"BTC.*"`; a missing label counts as an empty one."""

    label: str
    sign: str
    value: str

    def __post_init__(self) -> None:
        if self.sign not in ("=", "!=", "=~", "!~"):
            raise ValueError(f"{self.sign!r} is none of = != =~ !~")
        if "~" in self.sign:
            try:
                _pattern(self.value)
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"{self.value!r} is not a regular expression: {error}") from None

    def accepts(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.label, "")
        if self.sign in ("=~", "!~"):
            return (_pattern(self.value).fullmatch(value) is not None) == (self.sign == "=~")
        return (value == self.value) == (self.sign == "=")

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.label}{self.sign}"{escaped}"'


def parse_matcher(text: str) -> LabelMatcher:
    """Read `severity=warning`, `symbol=~"BTC.*"` and the like; ValueError says what is allowed."""
    match = _MATCHER.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no matcher: write a label, one of = != =~ !~ and a value")
    label, sign, quoted, plain = match.groups()
    value = plain if quoted is None else re.sub(r'\\([\\"])', r"\1", quoted)
    return LabelMatcher(label, sign, value)


_MATCHER = re.compile(
    r'([A-Za-z_]\w{0,99})\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.){0,200})"|([^"{},\s=~][^"{},\s]{0,199}))'
)


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL | re.ASCII)


@dataclass(frozen=True, slots=True)
class Silence:
    """Mutes what all of `matchers` accept, from `since` until `until`."""

    key: str
    matchers: tuple[LabelMatcher, ...]
    owner: str
    reason: str
    since: float
    until: float

    def __post_init__(self) -> None:
        _check(self.owner, self.reason, self.since, self.until)
        if all(matcher.accepts({}) for matcher in self.matchers):
            raise ValueError("a silence needs a matcher that not every alert passes")

    def holds(self, labels: Labels, now: float) -> bool:
        if not self.since <= now < self.until:
            return False
        told = dict(labels)
        return all(one.accepts(told) for one in self.matchers)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """That `owner` has taken on the alert with these labels, at `since`, for until `until`."""

    labels: Labels
    owner: str
    reason: str
    since: float
    until: float

    def __post_init__(self) -> None:
        _check(self.owner, self.reason, self.since, self.until)

    def holds(self, labels: Labels, active_at: float, now: float) -> bool:
        """Whether it is of this alert, which has been active since `active_at`."""
        return self.labels == labels and active_at <= self.since and now < self.until


@dataclass(frozen=True, slots=True)
class Marks:
    """All that was said of one context's alerts."""

    silences: tuple[Silence, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()

    def at(self, now: float) -> "Marks":
        """Those that can hold now: each of thousands of alerts is compared with every one."""
        silences = (one for one in self.silences if one.since <= now < one.until)
        return Marks(tuple(silences), tuple(one for one in self.acknowledgements if now < one.until))

    def silenced_by(self, labels: Labels, now: float) -> Silence | None:
        """The silence that holds for the alert, the one that lasts longest."""
        holding = (silence for silence in self.silences if silence.holds(labels, now))
        return max(holding, key=lambda silence: silence.until, default=None)

    def acknowledged_by(self, labels: Labels, active_at: float, now: float) -> Acknowledgement | None:
        """The acknowledgement that holds for the alert, the newest one."""
        holding = (one for one in self.acknowledgements if one.holds(labels, active_at, now))
        return max(holding, key=lambda one: one.since, default=None)


def silenced(marks: Marks, silence: Silence, now: float) -> Marks:
    """With one more silence, which may begin later; ValueError where there is one of that key."""
    if any(one.key == silence.key for one in marks.silences):
        raise ValueError(f"there is a silence {silence.key} already")
    kept = _remembered(marks, now)
    return replace(kept, silences=(*kept.silences, silence))


def unsilenced(marks: Marks, key: str, now: float) -> Marks:
    """With the silence `key` ended; ValueError where none of that key holds."""
    if not any(one.key == key and now < one.until for one in marks.silences):
        raise ValueError(f"there is no silence {key} that holds")
    ended = (_ended(one, now) if one.key == key else one for one in marks.silences)
    return replace(marks, silences=tuple(one for one in ended if one is not None))


def acknowledged(marks: Marks, acknowledgement: Acknowledgement) -> Marks:
    """With the alert acknowledged, in place of what was said of it before."""
    kept = _remembered(marks, acknowledgement.since)
    others = (one for one in kept.acknowledgements if one.labels != acknowledgement.labels)
    return replace(kept, acknowledgements=(*others, acknowledgement))


def withdrawn(marks: Marks, labels: Labels) -> Marks:
    """Without an acknowledgement of this alert; ValueError where there is none."""
    others = tuple(one for one in marks.acknowledgements if one.labels != labels)
    if len(others) == len(marks.acknowledgements):
        raise ValueError("this alert is not acknowledged")
    return replace(marks, acknowledgements=others)


def _ended(silence: Silence, now: float) -> Silence | None:
    """The silence, ended now; None for one that hasn't begun."""
    return None if now <= silence.since else replace(silence, until=now)


def _remembered(marks: Marks, now: float) -> Marks:
    silences = (one for one in marks.silences if now - one.until <= KEPT)
    acknowledgements = (one for one in marks.acknowledgements if now - one.until <= KEPT)
    return Marks(tuple(silences), tuple(acknowledgements))


def _check(owner: str, reason: str, since: float, until: float) -> None:
    for text, what in ((owner, "an owner"), (reason, "a reason")):
        if not text.strip():
            raise ValueError(f"{what} is needed")
        if len(text) > _LONGEST_TEXT or not text.isprintable():
            raise ValueError(f"{what} is one line of at most {_LONGEST_TEXT} characters")
    if not (math.isfinite(since) and math.isfinite(until) and since < until):
        raise ValueError("the end comes after the beginning")
    if until - since > LONGEST:
        raise ValueError(f"at most {LONGEST / 86400:g} days are allowed")


def document_of(marks: Marks) -> dict[str, object]:
    """The marks as plain lists, for a JSON file."""
    return {
        "silences": [
            [one.key, [str(matcher) for matcher in one.matchers], one.owner, one.reason, one.since, one.until]
            for one in marks.silences
        ],
        "acknowledgements": [
            [[list(pair) for pair in one.labels], one.owner, one.reason, one.since, one.until]
            for one in marks.acknowledgements
        ],
    }


def marks_from(document: object) -> Marks:
    """Marks as `document_of` has written them. Raises ValueError with one line."""
    if not isinstance(document, Mapping):
        raise ValueError("marks are a mapping with silences and acknowledgements")
    return Marks(
        tuple(map(_silence, _listed(document, "silences"))),
        tuple(map(_acknowledgement, _listed(document, "acknowledgements"))),
    )


def _listed(document: Mapping[str, object], key: str) -> Iterable[object]:
    listed = document.get(key)
    if not isinstance(listed, list):
        raise ValueError(f"{key} is a list")
    return listed


def _silence(document: object) -> Silence:
    match document:
        case [
            str(key),
            list(matchers),
            str(owner),
            str(reason),
            int() | float() as since,
            int() | float() as until,
        ]:
            return Silence(
                key, tuple(parse_matcher(str(one)) for one in matchers), owner, reason, since, until
            )
        case _:
            raise ValueError("a silence is a list of key, matchers, owner, reason, since, until")


def _acknowledgement(document: object) -> Acknowledgement:
    match document:
        case [list(pairs), str(owner), str(reason), int() | float() as since, int() | float() as until]:
            labels = tuple((str(name), str(value)) for name, value in map(_pair, pairs))
            return Acknowledgement(labels, owner, reason, since, until)
        case _:
            raise ValueError("an acknowledgement is a list of labels, owner, reason, since, until")


def _pair(document: object) -> tuple[str, str]:
    match document:
        case [str(name), str(value)]:
            return name, value
        case _:
            raise ValueError("labels are pairs of texts")
