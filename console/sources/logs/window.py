"""The part of a log that a screen looks at: some hundred lines around one place, or of those that match."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from console.sources.logs.chain import LogChain
from console.sources.logs.lines import Chunk, LogLine, Place, Raw, last_lines, newest_header, read_line, split
from console.sources.logs.pattern import Matcher

ROOM = 300
"""Lines that are kept on either side of the place that is looked at."""
_MOST_TEXT = 1_000_000
"""Bytes of lines that are taken in at once: very long ones are kept in smaller number."""
_MOST_KEPT = 4_000_000
"""Characters of all lines together, from which on no more are taken in."""


class Window:
    """`lines` are all lines between `begin` and `end` that match.

    `at_start` says that there is nothing before `begin`. Everything that looks through lines raises
    TooSlowError and SourceError.
    """

    def __init__(self, chain: LogChain, place: Place, wanted: Matcher | None, marked: Matcher | None) -> None:
        """Nothing but the place, to begin with."""
        self._chain = chain
        self._wanted = wanted
        self._marked = marked
        self.lines: deque[LogLine] = deque()
        self.begin = self.end = place
        self.at_start = False

    def wants_older(self, place: Place) -> bool:
        """Whether there is room for more lines before `place`."""
        return self._older(place) < ROOM and not self._full

    def wants_newer(self, place: Place) -> bool:
        """Whether there is room for more lines from `place` on."""
        return len(self.lines) - self._older(place) < ROOM and not self._full

    def take_older(self) -> Chunk | None:
        """Look through the block before; None at the log's beginning."""
        chunk = self._chain.before(self.begin)
        if chunk is None:
            self.at_start = True
            return None
        self.begin, lines = self._newest_of(chunk)
        self.lines.extendleft(reversed(lines))
        return chunk

    def take_newer(self) -> Chunk | None:
        """Look through the block behind; None at the log's end."""
        chunk = self._chain.after(self.end)
        if chunk is None:
            return None
        raws, found = self._found(chunk)
        near = _nearest(raws, found)
        self.lines.extend(self._read(chunk, raws, near))
        self.end = chunk.end if len(near) == len(found) else self.lines[-1].end
        return chunk

    def follow(self, chunk: Chunk) -> None:
        """Take in what has just come behind the window's end: the newest lines of it."""
        begin, lines = self._newest_of(chunk)
        self.end = chunk.end
        if begin > chunk.begin:
            self.lines.clear()
            self.begin, self.at_start = begin, False
        self.lines.extend(lines)
        self._keep_newest(2 * ROOM)

    def trim(self, place: Place) -> None:
        """Let go of what is far from `place`."""
        self._keep_newest(len(self.lines) - self._older(place) + 2 * ROOM)
        while len(self.lines) > self._older(place) + 2 * ROOM:
            self.end = self.lines.pop().begin

    def mark(self, marked: Matcher | None) -> None:
        """Mark these matches in the lines from now on."""
        self._marked = marked
        self.lines = deque(self._with_marks(self.lines))

    def read(self, chunk: Chunk) -> tuple[LogLine, ...]:
        """The chunk's lines that match, without taking them in."""
        raws, found = self._found(chunk)
        return tuple(self._read(chunk, raws, found))

    def _older(self, place: Place) -> int:
        return sum(line.begin < place for line in self.lines)

    @property
    def _full(self) -> bool:
        return sum(len(line.text) for line in self.lines) > _MOST_KEPT

    def _keep_newest(self, most: int) -> None:
        while len(self.lines) > most or (self._full and len(self.lines) > 1):
            self.begin = self.lines.popleft().end
            self.at_start = False

    def _newest_of(self, chunk: Chunk) -> tuple[Place, list[LogLine]]:
        """From where on the chunk's lines are taken in that match, as there is room for, and these."""
        newest = last_lines(chunk, ROOM) if self._wanted is None else chunk
        raws, found = self._found(newest)
        near = _nearest(raws, found[::-1])[::-1]
        lines = self._read(newest, raws, near)
        return newest.begin if len(near) == len(found) else lines[0].begin, lines

    def _found(self, chunk: Chunk) -> tuple[list[Raw], Sequence[int]]:
        """The chunk's lines, and the numbers of those that match."""
        numbers = None if self._wanted is None else self._wanted.matching(chunk)
        raws = [] if numbers == [] else split(chunk)
        return raws, range(len(raws)) if numbers is None else numbers

    def _read(self, chunk: Chunk, raws: Sequence[Raw], numbers: Sequence[int]) -> list[LogLine]:
        """The lines of these numbers, with time and level of the records that they belong to."""
        lines: list[LogLine] = []
        head: LogLine | None = None
        looked_to = 0
        for number in numbers:
            line = read_line(raws[number])
            if not line.begins:
                above = (read_line(raws[n]) for n in range(number - 1, looked_to - 1, -1))
                head = next((other for other in above if other.begins), head)
                if head is None and looked_to == 0:
                    head = self._head_before(chunk.begin)
                line = line if head is None else replace(line, at=head.at, level=head.level)
            else:
                head = line
            looked_to = number + 1
            lines.append(line)
        return list(self._with_marks(lines))

    def _head_before(self, place: Place) -> LogLine | None:
        """The line that begins the record which goes on at `place`, unless that is longer than a block."""
        chunk = self._chain.before(place)
        header = None if chunk is None else newest_header(chunk.data)
        return None if chunk is None or header is None else read_line(Raw(chunk.begin, chunk.end, header))

    def _with_marks(self, lines: Sequence[LogLine] | deque[LogLine]) -> Iterator[LogLine]:
        if self._marked is None:
            yield from (replace(line, marks=()) if line.marks else line for line in lines)
            return
        spans = self._marked.spans([line.text for line in lines])
        for line, marks in zip(lines, spans, strict=True):
            yield line if line.marks == marks else replace(line, marks=marks)


def _nearest(raws: Sequence[Raw], numbers: Sequence[int]) -> Sequence[int]:
    """As many of the first numbers as there is room for their lines, but at least one."""
    text = 0
    for taken, number in enumerate(numbers):
        text += len(raws[number].data)
        if taken and (taken >= ROOM or text > _MOST_TEXT):
            return numbers[:taken]
    return numbers
