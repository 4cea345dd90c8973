"""Reads what an engine's `/metrics` answers: Prometheus text 0.0.4 and OpenMetrics 1.0.

An engine repeats the same series at every scrape, so a body is cut before each comment, and its blocks are
compared with those of the last one. A block that is the same byte for byte says the same; one whose lines
differ in their numbers only is read in bulk; any other is read line by line (`exposition_lines`).
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from console.domain.metrics import Column, LateSeries, Lineup, Series, Vector, column_of
from console.sources.exposition_bulk import AlikeLines, Heads, alike_lines, heads_and_values, read_numbers
from console.sources.exposition_lines import (
    OPENMETRICS,
    TEXT,
    Grammar,
    LineReader,
    MalformedExposition,
    check_end,
    malformed,
)

__all__ = ["Exposition", "MalformedExposition", "Samples", "Scrape"]

Samples = Mapping[str, Vector]
"""Each metric's series with their values, under the metric's name; the same object where nothing changed."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """One body, read. `timestamps` has the series that carry one of their own, in seconds since 1970."""

    samples: Samples
    timestamps: Mapping[Series, float]


class Exposition:
    """Reads one endpoint's bodies, one after the other; remembers the last one only."""

    def __init__(self) -> None:
        self._blocks: Sequence[_Block] = ()
        self._grammar = TEXT

    def parse(self, body: bytes | str, content_type: str = "text/plain") -> Scrape:
        """All samples of `body`; the first wins where a series stands twice. MalformedExposition otherwise.

        `content_type` is the answer's header: `application/openmetrics-text` is read as OpenMetrics, which
        must end with `# EOF`; anything else as text 0.0.4. Labels with an empty value are no labels.
        """
        data = body.encode() if isinstance(body, str) else body
        openmetrics = content_type.strip().lower().startswith("application/openmetrics-text")
        grammar = OPENMETRICS if openmetrics else TEXT
        if grammar is not self._grammar:
            self._blocks, self._grammar = (), grammar
        blocks = self._again(data)
        self._blocks = self._anew(data) if blocks is None else blocks
        return _together(self._blocks)

    def _again(self, data: bytes) -> "list[_Block] | None":
        """The blocks of a body that has the comments of the last one; None when it hasn't."""
        blocks: list[_Block] = []
        start = 0
        for known in self._blocks:
            end = start + len(known.text)
            if not data.startswith(known.text, start) or (
                end < len(data) and not data.startswith(b"# ", end)
            ):
                end = _end(data, start)
                block = self._changed(known, data[start:end])
                if block is None:
                    return None
                known = block  # noqa: PLW2901 (it is now)
            blocks.append(known)
            start = end
        return blocks if blocks and start == len(data) else None

    def _changed(self, known: "_Block", text: bytes) -> "_Block | None":
        """The block that now stands in the place of `known`; None when only the whole body tells."""
        try:
            block = known.again(text, self._grammar)
            if block is not None or self._grammar.strict or not text.startswith(known.comment):
                return block
            return _read(text, 1, self._grammar, _Memory.of((known,)))
        except (MalformedExposition, UnicodeDecodeError):
            return None  # reading the whole body says in which line

    def _anew(self, data: bytes) -> "list[_Block]":
        whole = _decoded(data)
        if self._grammar.strict:
            check_end(whole.split("\n"))
        memory = _Memory.of(self._blocks)
        blocks, number = [], 1
        for text in _cut(data):
            blocks.append(_read(text, number, self._grammar, memory))
            number += text.count(b"\n")
        return blocks


@dataclass(frozen=True, slots=True)
class _Family:
    """Where a metric's values stand among those of its block: those of a histogram's parts take turns."""

    name: str
    lineup: Lineup
    places: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Block:
    """A comment and the lines up to the next one, read.

    `heads` and `series` have one entry for each sample's line; where each of these is a head, a blank and a
    number, `families` says which of the numbers are whose. They stay in the order in which they first came;
    where `text` has them in another, `in_order` is false.
    """

    text: bytes
    comment: bytes
    heads: Heads | list[bytes]
    series: Sequence[Series]
    vectors: Mapping[str, Column]
    timestamps: Mapping[Series, float]
    families: tuple[_Family, ...] = ()
    in_order: bool = True

    def again(self, text: bytes, grammar: Grammar) -> "_Block | None":
        """The block that has other numbers, or other series of its one metric; None if it differs in more."""
        if not self.families or not text.startswith(self.comment):
            return None
        column = self._spliced(text) if self.in_order else None
        if column is not None:
            return replace(self, text=text, vectors={self.families[0].name: column})
        words = heads_and_values(text[len(self.comment) :])
        numbers = None if words is None else read_numbers(words[1])
        if words is None or numbers is None:
            return None
        in_order = self.heads == words[0]
        ordered = numbers if in_order else _ordered(self.heads, words[0], numbers)
        if ordered is not None:
            return replace(self, text=text, vectors=self._vectors(ordered), in_order=in_order)
        series = None if isinstance(self.series, LateSeries) else self._series_of(words[0], grammar)
        if series is None:
            return None
        (family,) = self.families
        lineup = Lineup(series)
        return replace(
            self,
            text=text,
            heads=Heads(words[0]),
            series=lineup.series,
            vectors={family.name: Column(lineup, numbers)},
            families=(_Family(family.name, lineup, range(len(series))),),
            in_order=True,
        )

    def _spliced(self, text: bytes) -> Column | None:
        """The one metric's values, where few lines have another than before; None where more differs."""
        start, end = _differing(self.text, text, len(self.comment))
        if len(self.families) > 1 or end - start > len(text) // 2:
            return None
        first = self.text.count(b"\n", len(self.comment), start)
        last = first + self.text.count(b"\n", start, len(self.text) - len(text) + end)
        words = heads_and_values(text[start:end])
        numbers = None if words is None else read_numbers(words[1])
        if words is None or numbers is None or words[0] != self.heads[first:last]:
            return None
        column = self.vectors[self.families[0].name]
        values = column.numbers[:]
        values[first:last] = numbers
        return _kept(Column(column.lineup, values), column)

    def _vectors(self, numbers: "array[float]") -> Mapping[str, Column]:
        vectors = {}
        alone = len(self.families) == 1
        for family in self.families:
            values = numbers if alone else array("d", map(numbers.__getitem__, family.places))
            vectors[family.name] = _kept(Column(family.lineup, values), self.vectors[family.name])
        return vectors

    def _series_of(self, heads: list[bytes], grammar: Grammar) -> Sequence[Series] | None:
        """What these heads stand for, if that is one metric's series, each another."""
        if len(self.families) > 1 or len(set(heads)) < len(heads):
            return None
        known = dict(zip(self.heads, self.series, strict=True))
        series = list(map(known.get, heads))
        reader = LineReader(grammar, {})
        new = [place for place, one in enumerate(series) if one is None]
        for place in new:
            reader.read(f"{heads[place].decode()} 0", 0)
        if len(reader.series) < len(new):
            return None
        for place, one in zip(new, reader.series, strict=True):
            series[place] = one
        found = [one for one in series if one is not None]
        alike = all(one.name == self.families[0].name and found.count(one) == 1 for one in reader.series)
        return found if alike else None


@dataclass(frozen=True, slots=True)
class _Memory:
    """What was read before: the series of each head, and each metric's column."""

    known: Mapping[str, Series]
    columns: Mapping[str, Column]

    @classmethod
    def of(cls, blocks: Sequence[_Block]) -> "_Memory":
        known: dict[str, Series] = {}
        columns: dict[str, Column] = {}
        for block in blocks:
            if not isinstance(block.series, LateSeries):
                known.update(zip(map(bytes.decode, block.heads), block.series, strict=True))
            columns.update(block.vectors)
        return cls(known, columns)


_STEP = 4096
"""Bytes that are compared at once."""


def _cut(data: bytes) -> Iterator[bytes]:
    """The body's blocks: a comment begins each, perhaps but the first."""
    start = 0
    while start < len(data):
        end = _end(data, start)
        yield data[start:end]
        start = end


def _end(data: bytes, start: int) -> int:
    """Where the block ends that begins at `start`: a single byte is found many times as fast as three."""
    at = data.find(b"#", start + 1)
    while at >= 0 and data[at - 1 : at + 2] != b"\n# ":
        at = data.find(b"#", at + 1)
    return len(data) if at < 0 else at


def _ordered(heads: Sequence[bytes], said: list[bytes], numbers: "array[float]") -> "array[float] | None":
    """The numbers in the order of `heads`, which were `said` in another; None if others were."""
    by_head = dict(zip(said, numbers, strict=True)) if len(said) == len(heads) else {}
    if len(by_head) < len(heads):
        return None
    try:
        return array("d", map(by_head.__getitem__, heads))
    except KeyError:
        return None


def _differing(old: bytes, new: bytes, start: int) -> tuple[int, int]:
    """From where to where the whole lines lie that only `new` has; up to `start` both are alike."""
    at, end, shift = start, len(new), len(old) - len(new)
    while at + _STEP <= end and old.startswith(new[at : at + _STEP], at):
        at += _STEP
    start = max(start, new.rfind(b"\n", 0, at) + 1)
    least = max(start, start - shift) + _STEP
    while end >= least and old.startswith(new[end - _STEP : end], end - _STEP + shift):
        end -= _STEP
    return start, len(new) if end == len(new) else new.find(b"\n", end) + 1 or len(new)


def _read(text: bytes, number: int, grammar: Grammar, memory: _Memory) -> _Block:
    """Read a block, whose first line has this number: in bulk where it can be, or else line by line."""
    first, newline, _ = text.partition(b"\n")
    comment = first + newline if first.startswith(b"# ") else b""
    reader = LineReader(grammar, memory.known)
    lines = alike_lines(text[len(comment) :])
    if lines is not None:
        if comment:
            reader.read(first.decode(), number)
        return _alike(text, comment, lines, memory.columns.get(lines.name))
    if not (grammar.strict and first.rstrip(b"\r") == b"# EOF"):
        for line_number, line in enumerate(text.decode().removesuffix("\n").split("\n"), number):
            reader.read(line, line_number)
    samples: dict[str, dict[Series, float]] = {}
    for one, value in zip(reader.series, reader.values, strict=True):
        samples.setdefault(one.name, {}).setdefault(one, value)
    block = _Block(
        text=text,
        comment=comment,
        heads=[head.encode() for head in reader.heads],
        series=tuple(reader.series),
        vectors={name: _column(vector, memory.columns.get(name)) for name, vector in samples.items()},
        timestamps=reader.timestamps,
    )
    return replace(block, families=_families(block))


def _alike(text: bytes, comment: bytes, lines: AlikeLines, before: Column | None) -> _Block:
    """The block of lines that were read in bulk."""
    known = before is not None and before.lineup.series == lines.series
    lineup = before.lineup if before is not None and known else Lineup(lines.series)
    column = Column(lineup, lines.numbers)
    return _Block(
        text=text,
        comment=comment,
        heads=lines.heads,
        series=lineup.series,
        vectors={lines.name: column if before is None else _kept(column, before)},
        timestamps={},
        families=(_Family(lines.name, lineup, range(len(column))),),
    )


def _families(block: _Block) -> tuple[_Family, ...]:
    """Whose the block's numbers are, if its lines are plain enough to be read in bulk; else nothing."""
    if block.timestamps or sum(map(len, block.vectors.values())) < len(block.series):
        return ()
    words = heads_and_values(block.text[len(block.comment) :])
    if words is None or words[0] != block.heads:
        return ()
    places: dict[str, list[int]] = {}
    for place, one in enumerate(block.series):
        places.setdefault(one.name, []).append(place)
    return tuple(_Family(name, block.vectors[name].lineup, where) for name, where in places.items())


def _column(vector: Vector, before: Column | None) -> Column:
    if before is None:
        return column_of(vector)
    return _kept(column_of(vector, before.lineup), before)


def _kept(column: Column, before: Column) -> Column:
    return before if column.says_the_same(before) else column


def _together(blocks: Sequence[_Block]) -> Scrape:
    samples: dict[str, Vector] = {}
    timestamps: dict[Series, float] = {}
    for block in blocks:
        for name, column in block.vectors.items():
            earlier = samples.get(name)
            samples[name] = column if earlier is None else {**column, **earlier}
        for one, moment in block.timestamps.items():
            timestamps.setdefault(one, moment)
    return Scrape(samples, timestamps)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise malformed(line, data[error.start : error.start + 20], "not UTF-8") from error
