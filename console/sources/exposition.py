"""Reads what an engine's `/metrics` answers: Prometheus text 0.0.4 and OpenMetrics 1.0.

An engine repeats the same series at every scrape, so the part of each line before its value is kept with
the Series it stands for, and scraping again reads only numbers. The grammar is written out here, because a
body is either understood to the last line or refused, as Prometheus does; the tests hold it to
prometheus_client's parsers. Only samples matter: HELP, TYPE and exemplars are checked for form at most.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.domain.metrics import Series

Samples = Mapping[str, Mapping[Series, float]]
"""Each metric's series with their values, under the metric's name."""


class MalformedExposition(ValueError):  # noqa: N818 - what the body is, not an error of ours
    """A body that isn't a valid exposition: which line, what stands there, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """One body, read. `timestamps` has the series that carry one of their own, in seconds since 1970."""

    samples: Samples
    timestamps: Mapping[Series, float]


class Exposition:
    """Reads one endpoint's bodies, one after the other; remembers the last one only."""

    def __init__(self) -> None:
        self._known: dict[str, Series] = {}
        self._comments: frozenset[str] = frozenset()
        self._last: _Body | None = None

    def parse(self, body: bytes | str, content_type: str = "text/plain") -> Scrape:
        """All samples of `body`; the first wins where a series stands twice. MalformedExposition otherwise.

        `content_type` is the answer's header: `application/openmetrics-text` is read as OpenMetrics, which
        must end with `# EOF`; anything else as text 0.0.4. Labels with an empty value are no labels.
        """
        lines = _text(body).split("\n")
        grammar = _TEXT
        if content_type.strip().lower().startswith("application/openmetrics-text"):
            grammar = _OPENMETRICS
            lines = _before_eof(lines)
        again = None if self._last is None else self._last.again(self._without_comments(lines))
        if again is None:
            return self._parse_line_by_line(lines, grammar)
        self._last = again
        return Scrape(again.samples, {})

    def _without_comments(self, lines: list[str]) -> list[str]:
        comments = self._comments
        return [line for line in lines if line not in comments]

    def _parse_line_by_line(self, lines: list[str], grammar: "_Grammar") -> Scrape:
        reader = _LineReader(grammar, self._known)
        for number, line in enumerate(lines, 1):
            reader.read(line, number)
        self._known = dict(zip(reader.heads, reader.series, strict=True))
        self._comments = frozenset(reader.comments)
        samples: dict[str, dict[Series, float]] = {}
        for one, value in zip(reader.series, reader.values, strict=True):
            samples.setdefault(one.name, {}).setdefault(one, value)
        self._last = _body(self._without_comments(lines), reader, samples)
        return Scrape(samples, reader.timestamps)


class _LineReader:
    """Gathers the samples of one body, taking from `known` the series of lines seen before."""

    def __init__(self, grammar: "_Grammar", known: Mapping[str, Series]) -> None:
        self._grammar = grammar
        self._known = known
        self.heads: list[str] = []
        self.comments: set[str] = set()
        self.series: list[Series] = []
        self.values: list[float] = []
        self.timestamps: dict[Series, float] = {}

    def read(self, line: str, number: int) -> None:
        head, _, text = line.rpartition(" ")
        one = self._known.get(head)
        if one is None:
            self._read_anew(line, number)
        else:
            self._add(head, one, _number(text, number, line))

    def _read_anew(self, raw: str, number: int) -> None:
        line = self._grammar.strip(raw)
        if not line or line.startswith("#"):
            self._grammar.check_comment(line, number)
            self.comments.add(raw)
            return
        sample = self._grammar.sample.fullmatch(line)
        if sample is None:
            raise _malformed(number, line, _fault(line, self._grammar))
        head = sample["head"]
        one = self._known.get(head) or _series(sample, number, line)
        self._add(head, one, _number(sample["value"], number, line))
        if sample["timestamp"] is not None:
            moment = _number(sample["timestamp"], number, line)
            if not math.isfinite(moment):
                raise _malformed(number, line, f"{_shown(sample['timestamp'])} is not a time")
            self.timestamps.setdefault(one, moment / self._grammar.ticks_per_second)

    def _add(self, head: str, one: Series, value: float) -> None:
        self.heads.append(head)
        self.series.append(one)
        self.values.append(value)


@dataclass(frozen=True, slots=True)
class _Body:
    """A body's sample lines and what they said, to compare the next body with.

    Each line is its head, which ends with a blank, and a number. `families` has for each metric where its
    lines begin and end.
    """

    lines: list[str]
    heads: list[str]
    series: list[Series]
    values: list[float]
    families: list[tuple[str, int, int]]
    samples: dict[str, dict[Series, float]]

    def again(self, lines: list[str]) -> "_Body | None":
        """The body that differs in its numbers only; None when it differs in more."""
        if len(lines) != len(self.lines) or not all(map(str.startswith, lines, self.heads)):
            return None
        pairs = zip(lines, self.lines, strict=True)
        changed = [index for index, (line, before) in enumerate(pairs) if line != before]
        heads, values = self.heads, self.values.copy()
        try:
            numbers = _numbers([lines[index][len(heads[index]) :] for index in changed])
        except ValueError:
            return None
        for index, number in zip(changed, numbers, strict=True):
            values[index] = number
        samples = self.samples.copy()
        for name, start, end in self.families:
            if bisect_left(changed, start) < bisect_left(changed, end):
                samples[name] = dict(zip(self.series[start:end], values[start:end], strict=True))
        return _Body(lines, heads, self.series, values, self.families, samples)


def _body(lines: list[str], reader: _LineReader, samples: dict[str, dict[Series, float]]) -> _Body | None:
    """The body to compare the next one with; None when its lines are too unusual for that."""
    heads = [f"{head} " for head in reader.heads]
    in_order = [one for vector in samples.values() for one in vector]
    if reader.timestamps or in_order != reader.series or not all(map(str.startswith, lines, heads)):
        return None
    families, start = [], 0
    for name, vector in samples.items():
        families.append((name, start, start + len(vector)))
        start += len(vector)
    return _Body(lines, heads, reader.series, reader.values, families, samples)


_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_GAP = r"[ \t]*"
_PAIR = rf"(?:{_LABEL}|{_QUOTED}){_GAP}={_GAP}{_QUOTED}"
_TERM = rf"(?:{_PAIR}|{_QUOTED})"
_LABELS = rf"\{{{_GAP}(?:{_TERM}{_GAP}(?:,{_GAP}{_TERM}{_GAP})*)?(?:,{_GAP})?\}}"
_TERMS = re.compile(rf"(?:(?P<name>{_LABEL}|{_QUOTED}){_GAP}={_GAP})?(?P<value>{_QUOTED})")
_HEAD = rf"(?P<head>(?:(?P<name>{_NAME}){_GAP})?(?P<labels>{_LABELS})|(?P<bare>{_NAME}))"
_TIGHT_HEAD = rf"(?P<head>(?P<name>{_NAME})?(?P<labels>{_LABELS})|(?P<bare>{_NAME}))"
_NUMBER = r"[^ \t{}#\"]+"


@dataclass(frozen=True, slots=True)
class _Grammar:
    """What one of the two formats makes of a line."""

    sample: re.Pattern[str]
    whitespace: str
    ticks_per_second: int
    strict: bool

    def strip(self, line: str) -> str:
        return line.strip(self.whitespace)

    def check_comment(self, line: str, number: int) -> None:
        """Refuse metadata that names no metric, and in OpenMetrics whatever isn't metadata."""
        words = line.split(None, 3)
        if not self.strict and (len(words) < 2 or words[1] not in ("TYPE", "HELP")):
            return
        if not line:
            raise _malformed(number, line, "a blank line, which OpenMetrics forbids")
        if len(words) < 3 or words[1] not in ("TYPE", "HELP", "UNIT"):
            raise _malformed(number, line, "neither HELP nor TYPE nor UNIT nor # EOF")
        if re.fullmatch(rf"{_NAME}|{_QUOTED}", words[2]) is None:
            raise _malformed(number, line, "not a metric's name")
        if words[1] == "TYPE" and len(words) < 4:
            raise _malformed(number, line, "no type")


_TEXT = _Grammar(
    re.compile(
        rf"{_HEAD}[ \t]*(?<=[ \t}}])(?P<value>{_NUMBER})(?:[ \t]+(?P<timestamp>{_NUMBER}))?",
        re.DOTALL,
    ),
    whitespace=" \t\r",
    ticks_per_second=1000,
    strict=False,
)
_OPENMETRICS = _Grammar(
    re.compile(
        rf"{_TIGHT_HEAD} (?P<value>{_NUMBER})(?: (?P<timestamp>{_NUMBER}))?"
        rf"(?: # {_LABELS} {_NUMBER}(?: {_NUMBER})?)?",
        re.DOTALL,
    ),
    whitespace="\r",
    ticks_per_second=1,
    strict=True,
)


def _text(body: bytes | str) -> str:
    if isinstance(body, str):
        return body
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise _malformed(line, body[error.start : error.start + 20], "not UTF-8") from error


def _before_eof(lines: list[str]) -> list[str]:
    ends = [number for number, line in enumerate(lines, 1) if line.rstrip("\r") == "# EOF"]
    if not ends:
        raise MalformedExposition("no # EOF at the end: the body is cut off")
    after = lines[ends[0] :]
    if after not in ([], [""]):
        raise _malformed(ends[0] + 1, after[0], "text after # EOF")
    return lines[: ends[0] - 1]


def _numbers(texts: Sequence[str]) -> list[float]:
    """All of `texts` as floats. ValueError where Python reads a number that the format doesn't allow."""
    together = "".join(texts)
    if "_" in together or not together.isascii():
        raise ValueError("not a number")
    return list(map(float, texts))


def _number(text: str, number: int, line: str) -> float:
    try:
        return _numbers((text,))[0]
    except ValueError as error:
        raise _malformed(number, line, f"{_shown(text)} is not a number") from error


def _series(sample: re.Match[str], number: int, line: str) -> Series:
    if sample["labels"] is None:
        return Series(sample["bare"], ())
    name = sample["name"]
    labels: dict[str, str] = {}
    for term in _TERMS.finditer(sample["labels"]):
        value = _unescaped(term["value"])
        if term["name"] is None:
            if name is not None:
                raise _malformed(number, line, "the metric's name stands twice")
            name = value
            continue
        label = _unescaped(term["name"])
        if label in labels:
            raise _malformed(number, line, f"label {_shown(label)} stands twice")
        labels[label] = value
    if not name or "__name__" in labels:
        raise _malformed(number, line, "no metric name before the labels")
    return Series(name, tuple(sorted((label, value) for label, value in labels.items() if value)))


_ESCAPES = {r"\\": "\\", r"\n": "\n", r"\"": '"'}


def _unescaped(text: str) -> str:
    """A label's name or value without its quotes. A backslash before another letter is itself."""
    if not text.startswith('"'):
        return text
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    return re.sub(r'\\[\\n"]', lambda match: _ESCAPES[match[0]], inner)


def _fault(line: str, grammar: _Grammar) -> str:
    """What is wrong with a line that isn't a sample."""
    head = re.match(_HEAD, line, re.DOTALL)
    braces = re.match(rf"(?:{_NAME})?{_GAP}\{{", line)
    if braces is not None and (head is None or head.end() < braces.end()):
        return 'its labels are not name="value" pairs in braces'
    if head is None:
        return "does not begin with a metric's name"
    rest = line[head.end() :]
    if not rest.strip():
        return "no value"
    if grammar.strict:
        return "after the labels: one space, a value, and perhaps a timestamp and an exemplar"
    return "after the labels: a value, and perhaps a timestamp"


def _malformed(number: int, text: str | bytes, what: str) -> MalformedExposition:
    return MalformedExposition(f"line {number}: {_shown(text)}: {what}")


def _shown(text: str | bytes) -> str:
    """`text`, shortened, with whatever could move a cursor made visible."""
    return ascii(text if len(text) <= 60 else text[:57]) + ("" if len(text) <= 60 else "…")
