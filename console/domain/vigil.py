"""The vigil over one context: when consoles looked at it, and which alerts were critical meanwhile.

What a promotion asks about the past week is answered from here; nobody else remembers it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

GAP = 300.0
"""Seconds between two looks that still count as looking all the time: a console may be opened anew."""
KEPT = 60 * 86400.0
"""Seconds for which it is remembered."""
MOST_EPISODES = 1000
"""Episodes that are remembered; the oldest go first."""

Named = tuple[str, str | None]
"""An alert by its name and its symbol; None where the whole engine is meant."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which the context was looked at, in seconds since 1970."""

    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Episode:
    """An alert that was critical from the look at `since` to the one at `until`, in seconds since 1970."""

    name: str
    symbol: str | None
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Vigil:
    """`spans` and `episodes` are in the order of their beginnings; spans don't touch one another."""

    spans: tuple[Span, ...] = ()
    episodes: tuple[Episode, ...] = ()

    def watched(self, since: float, now: float) -> float:
        """For how many seconds from `since` to `now` somebody looked."""
        looked = (min(span.until, now) - max(span.since, since) for span in self.spans)
        return sum(each for each in looked if each > 0)

    def critical_since(self, since: float) -> tuple[Episode, ...]:
        """What was critical at `since` or after it."""
        return tuple(one for one in self.episodes if one.until >= since)


def looked(vigil: Vigil, at: float, critical: Iterable[Named]) -> Vigil:
    """The vigil after one more look at `at`, at which these alerts were critical."""
    seen = Vigil((Span(at, at),), tuple(Episode(name, symbol, at, at) for name, symbol in critical))
    return joined(vigil, seen)


def joined(one: Vigil, other: Vigil) -> Vigil:
    """What two consoles have seen together; what is older than `KEPT` is forgotten."""
    spans = _merged_spans(sorted({*one.spans, *other.spans}, key=lambda span: span.since))
    oldest = spans[-1].until - KEPT if spans else 0.0
    episodes = [each for each in _merged_episodes((*one.episodes, *other.episodes)) if each.until >= oldest]
    return Vigil(tuple(span for span in spans if span.until >= oldest), tuple(episodes[-MOST_EPISODES:]))


def _merged_spans(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if merged and span.since - merged[-1].until <= GAP:
            merged[-1] = Span(merged[-1].since, max(merged[-1].until, span.until))
        else:
            merged.append(span)
    return merged


def _merged_episodes(episodes: Iterable[Episode]) -> list[Episode]:
    """Those of one alert that lie no further apart than two looks may are one."""
    latest: dict[Named, Episode] = {}
    ended: list[Episode] = []
    for each in sorted(episodes, key=_order):
        named = (each.name, each.symbol)
        before = latest.get(named)
        if before is not None and each.since - before.until <= GAP:
            latest[named] = replace(before, until=max(before.until, each.until))
        else:
            ended += [] if before is None else [before]
            latest[named] = each
    return sorted((*ended, *latest.values()), key=_order)


def _order(episode: Episode) -> tuple[float, str, str]:
    return episode.since, episode.name, episode.symbol or ""


def up_to(vigil: Vigil, now: float) -> Vigil:
    """The vigil without what lies after `now`, which a clock that was set ahead has noted."""
    return Vigil(
        tuple(span for span in vigil.spans if span.until <= now),
        tuple(one for one in vigil.episodes if one.until <= now),
    )


def vigil_from(document: object) -> Vigil:
    """A vigil as `document_of` has written it. Raises ValueError with one line."""
    if not isinstance(document, Mapping):
        raise ValueError("a vigil is a mapping with spans and episodes")
    spans = (Span(*_numbers(each, 2)) for each in _list(document, "spans"))
    episodes = (_episode(each) for each in _list(document, "episodes"))
    return joined(Vigil(), Vigil(tuple(spans), tuple(episodes)))


def document_of(vigil: Vigil) -> dict[str, object]:
    """The vigil as plain lists, for a JSON file."""
    return {
        "spans": [[span.since, span.until] for span in vigil.spans],
        "episodes": [[each.name, each.symbol, each.since, each.until] for each in vigil.episodes],
    }


def _list(document: Mapping[str, object], key: str) -> Sequence[object]:
    listed = document.get(key)
    if not isinstance(listed, list):
        raise ValueError(f"{key} is a list")
    return listed


def _episode(document: object) -> Episode:
    if not isinstance(document, list) or len(document) != 4:
        raise ValueError("an episode is a list of name, symbol, since, until")
    name, symbol, *times = document
    if not isinstance(name, str) or not isinstance(symbol, str | None):
        raise ValueError("an episode begins with the alert's name, and its symbol or null")
    return Episode(name, symbol, *_numbers(times, 2))


def _numbers(document: object, count: int) -> list[float]:
    if not isinstance(document, list) or len(document) != count:
        raise ValueError(f"{count} numbers are expected")
    if not all(type(each) in (int, float) and math.isfinite(each) for each in document):
        raise ValueError("times are numbers of seconds since 1970")
    return [float(each) for each in document]
