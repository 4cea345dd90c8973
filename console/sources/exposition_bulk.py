"""Many lines of an exposition at once: series of one metric that have the same labels, with other values.

Only what is beyond doubt is read here: one blank in a line, labels without escapes, no series twice. Anything
else is left to be read line by line, which also finds the words for what is wrong.
"""

import itertools
import re
import sys
from array import array
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import orjson

from console.domain.metrics import Labels, LateSeries, Series

MANY = 64
"""Lines from which they are read in bulk."""
_BLANKS = b" \t\n\r\x0b\x0c"
_PRINTED = bytes(set(range(256)) - set(_BLANKS))
_PAIR = rb'[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\s]+"'
_FIRST = re.compile(rb"([a-zA-Z_:][a-zA-Z0-9_:]*)\{(" + _PAIR + rb"(?:," + _PAIR + rb")*)\} ")
_PLAIN = b"0123456789+-.eE,"
"""What is in numbers that are written as JSON's are, and between them."""
_LABEL = re.compile(rb'([a-zA-Z_][a-zA-Z0-9_]*)="[^"]*"')


class Heads(Sequence[bytes]):
    """What stands before the blank in each of many lines, and has no blank itself: kept as one text.

    As objects of their own, thousands of them would take twice the room.
    """

    def __init__(self, heads: Sequence[bytes]) -> None:
        self.text = b" ".join(heads)
        self._count = len(heads)

    @cached_property
    def _ends(self) -> "array[int]":
        """Where each one would end without the blanks between them, after a 0."""
        return array("I", itertools.accumulate(map(len, self), initial=0))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Heads):
            return self.text == other.text
        if not isinstance(other, list) or len(other) != self._count:
            return False
        try:
            return self.text == b" ".join(other)
        except TypeError:  # what has no head is None in a list
            return False

    __hash__ = None  # type: ignore[assignment]  # as any list's

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.text.split())

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        where = range(len(self))[place]
        if isinstance(where, int):
            return self._between(where, where + 1)
        if where.step == 1:
            return self._between(where.start, max(where.start, where.stop)).split()
        return [self[at] for at in where]

    def _between(self, start: int, stop: int) -> bytes:
        """Those from `start` up to `stop`, with the blanks between them."""
        return self.text[self._ends[start] + start : self._ends[stop] + max(start, stop - 1)]


class AlikeSeries(LateSeries):
    """The series that some heads stand for, which have these labels in this order."""

    def __init__(self, name: str, labels: Sequence[str], heads: Heads) -> None:
        self._name = name
        self._labels = labels
        self._heads = heads

    @property
    def symbols(self) -> Sequence[str | None]:
        if "symbol" not in self._labels:
            return [None] * len(self)
        return list(map(sys.intern, self._values("symbol")))

    @property
    def labels(self) -> Sequence[Labels]:
        names = sorted(self._labels)
        values = zip(*map(self._values, names), strict=True)
        return [tuple(zip(names, each, strict=True)) for each in values]

    @property
    def keys(self) -> Sequence[Hashable]:
        return self._heads

    def values_of(self, label: str) -> Sequence[str | None]:
        return self._values(label) if label in self._labels else [None] * len(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AlikeSeries):
            return NotImplemented
        return (self._name, self._labels, self._heads) == (other._name, other._labels, other._heads)

    __hash__ = None  # type: ignore[assignment]  # as any list's

    def __len__(self) -> int:
        return len(self._heads)

    def __iter__(self) -> Iterator[Series]:
        return map(self._series, self._heads)

    @overload
    def __getitem__(self, place: int) -> Series: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Series]: ...
    def __getitem__(self, place: int | slice) -> Series | Sequence[Series]:
        if isinstance(place, slice):
            return [self._series(head) for head in self._heads[place]]
        return self._series(self._heads[place])

    def _values(self, label: str) -> Sequence[str]:
        """What each head says of a label: values stand between quotes, and hold none."""
        parts = self._heads.text.decode().split('"')
        return parts[2 * self._labels.index(label) + 1 :: 2 * len(self._labels)]

    def _series(self, head: bytes) -> Series:
        values = head.decode().split('"')[1::2]
        return Series(self._name, tuple(sorted(zip(self._labels, values, strict=True))))


@dataclass(frozen=True, slots=True)
class AlikeLines:
    """What some lines hold: `heads` are their parts before the blank, `numbers` those after it."""

    name: str
    series: AlikeSeries
    heads: Heads
    numbers: "array[float]"


def alike_lines(text: bytes) -> AlikeLines | None:
    """What `text`, lines of valid UTF-8, says in bulk; None where it is to be read line by line."""
    first = _FIRST.match(text)
    if first is None or not text.endswith(b"\n") or text.count(b"\n") < MANY:
        return None
    labels = [label.decode() for label in _LABEL.findall(first[2])]
    if len(set(labels)) < len(labels) or "__name__" in labels:
        return None
    pairs = b",".join(label.encode() + rb'="[^"\\\s]++"' for label in labels)
    if re.fullmatch(rb"(?:" + first[1] + rb"\{" + pairs + rb"\} [^\s]++\n)++", text) is None:
        return None
    words = text.split()
    heads, numbers = words[0::2], read_numbers(words[1::2])
    if numbers is None or len(set(heads)) < len(heads):
        return None
    name, known = sys.intern(first[1].decode()), Heads(heads)
    return AlikeLines(name, AlikeSeries(name, labels, known), known, numbers)


def heads_and_values(text: bytes) -> tuple[list[bytes], list[bytes]] | None:
    """The two words of each line; None if the lines are anything but two words with a blank between them."""
    lines = text if text.endswith(b"\n") else text + b"\n"
    blanks = lines.translate(None, _PRINTED)
    count = len(blanks) // 2
    if blanks != b" \n" * count:
        return None
    words = lines.split()
    return (words[0::2], words[1::2]) if len(words) == 2 * count else None


def read_numbers(words: Sequence[bytes]) -> "array[float] | None":
    """All of `words` as floats; None where Python reads a number that the format doesn't allow, or none."""
    text = b",".join(words)
    if not text.translate(None, _PLAIN):
        with suppress(ValueError):  # such as +1 and 1., which the format allows and JSON doesn't
            numbers = array("d", orjson.loads(b"[%b]" % text))
            if len(numbers) == len(words):
                return numbers
    if b"_" in text:
        return None
    try:
        return array("d", map(float, words))
    except ValueError:
        return None
