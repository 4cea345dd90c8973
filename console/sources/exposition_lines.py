"""One line of an exposition at a time: what the two formats make of it, and why they refuse it.

The grammar is written out here, because a body is either understood to the last line or refused, as
Prometheus does; the tests hold it to prometheus_client's parsers. Only samples matter: HELP, TYPE and
exemplars are checked for form at most.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.metrics import Series


class MalformedExposition(ValueError):  # noqa: N818 - what the body is, not an error of ours
    """A body that isn't a valid exposition: which line, what stands there, and what is wrong with it."""


class LineReader:
    """Gathers the samples of some lines, taking from `known` the series of lines seen before.

    `heads` has the part of each sample's line before its value, `series` what that stands for.
    """

    def __init__(self, grammar: "Grammar", known: Mapping[str, Series]) -> None:
        self._grammar = grammar
        self._known = known
        self.heads: list[str] = []
        self.series: list[Series] = []
        self.values: list[float] = []
        self.timestamps: dict[Series, float] = {}

    def read(self, line: str, number: int) -> None:
        """Take the line with this number; MalformedExposition when it is none."""
        head, _, text = line.rpartition(" ")
        one = self._known.get(head)
        value = None if one is None else _float(text)
        if one is None or value is None:
            self._read_anew(line, number)
        else:
            self._add(head, one, value)

    def _read_anew(self, raw: str, number: int) -> None:
        line = self._grammar.strip(raw)
        if not line or line.startswith("#"):
            self._grammar.check_comment(line, number)
            return
        sample = self._grammar.sample.fullmatch(line)
        if sample is None:
            raise malformed(number, line, _fault(line, self._grammar))
        head = sample["head"]
        one = self._known.get(head) or _series(sample, number, line)
        self._add(head, one, _number(sample["value"], number, line))
        if sample["timestamp"] is not None:
            moment = _number(sample["timestamp"], number, line)
            if not math.isfinite(moment):
                raise malformed(number, line, f"{_shown(sample['timestamp'])} is not a time")
            self.timestamps.setdefault(one, moment / self._grammar.ticks_per_second)

    def _add(self, head: str, one: Series, value: float) -> None:
        self.heads.append(head)
        self.series.append(one)
        self.values.append(value)


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
class Grammar:
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
            raise malformed(number, line, "a blank line, which OpenMetrics forbids")
        if len(words) < 3 or words[1] not in ("TYPE", "HELP", "UNIT"):
            raise malformed(number, line, "neither HELP nor TYPE nor UNIT nor # EOF")
        if re.fullmatch(rf"{_NAME}|{_QUOTED}", words[2]) is None:
            raise malformed(number, line, "not a metric's name")
        if words[1] == "TYPE" and len(words) < 4:
            raise malformed(number, line, "no type")


TEXT = Grammar(
    re.compile(
        rf"{_HEAD}[ \t]*(?<=[ \t}}])(?P<value>{_NUMBER})(?:[ \t]+(?P<timestamp>{_NUMBER}))?",
        re.DOTALL,
    ),
    whitespace=" \t\r",
    ticks_per_second=1000,
    strict=False,
)
OPENMETRICS = Grammar(
    re.compile(
        rf"{_TIGHT_HEAD} (?P<value>{_NUMBER})(?: (?P<timestamp>{_NUMBER}))?"
        rf"(?: # {_LABELS} {_NUMBER}(?: {_NUMBER})?)?",
        re.DOTALL,
    ),
    whitespace="\r",
    ticks_per_second=1,
    strict=True,
)


def check_end(lines: list[str]) -> None:
    """Refuse an OpenMetrics body that doesn't end with # EOF."""
    ends = [number for number, line in enumerate(lines, 1) if line.rstrip("\r") == "# EOF"]
    if not ends:
        raise MalformedExposition("no # EOF at the end: the body is cut off")
    after = lines[ends[0] :]
    if after not in ([], [""]):
        raise malformed(ends[0] + 1, after[0], "text after # EOF")


def _number(text: str, number: int, line: str) -> float:
    value = _float(text)
    if value is None:
        raise malformed(number, line, f"{_shown(text)} is not a number")
    return value


def _float(text: str) -> float | None:
    """A number of the format; None for any other text, some of which Python would read as one."""
    if "_" in text or not text.isascii():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _series(sample: re.Match[str], number: int, line: str) -> Series:
    if sample["labels"] is None:
        return Series(sample["bare"], ())
    name = sample["name"]
    labels: dict[str, str] = {}
    for term in _TERMS.finditer(sample["labels"]):
        value = _unescaped(term["value"])
        if term["name"] is None:
            if name is not None:
                raise malformed(number, line, "the metric's name stands twice")
            name = value
            continue
        label = _unescaped(term["name"])
        if label in labels:
            raise malformed(number, line, f"label {_shown(label)} stands twice")
        labels[label] = value
    if not name or "__name__" in labels:
        raise malformed(number, line, "no metric name before the labels")
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


def _fault(line: str, grammar: Grammar) -> str:
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


def malformed(number: int, text: str | bytes, what: str) -> MalformedExposition:
    return MalformedExposition(f"line {number}: {_shown(text)}: {what}")


def _shown(text: str | bytes) -> str:
    """`text`, shortened, with whatever could move a cursor made visible."""
    return ascii(text if len(text) <= 60 else text[:57]) + ("" if len(text) <= 60 else "…")
