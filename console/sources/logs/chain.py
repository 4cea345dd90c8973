"""A log as one sequence of whole lines, through every rotation: read from any place, in blocks, never whole.

The log's files are counted: the newest one's generation grows with each rotation, those rotated away before
it (`.1`, `.2`, …) have the numbers below. A file stays open while it is read, so a rename loses nothing; the
copy that was made of a file before it was truncated takes that file's place.
"""

from collections.abc import Iterator
from pathlib import Path

from console.sources.errors import NothingThereError, SourceError
from console.sources.logs.blocks import BLOCK, Identity, OpenFile, identity_of
from console.sources.logs.lines import LONGEST, Chunk, Place
from console.sources.logs.rotation import RotatedNames

_MOST_OPEN = 4
_REMEMBERED = 64
"""Bytes before the end that are looked at again: when they differ, the file has been truncated."""


class LogChain:
    """The log at `path`. `end` is the place behind its last whole line, as far as it has been followed.

    `gone` says that there is no file at `path` any more. Everything raises SourceError when a file can't be
    read.
    """

    def __init__(self, path: Path) -> None:
        """Open the log at its end."""
        self.path = path
        self.gone = False
        self._names = RotatedNames(path)
        try:
            newest = OpenFile(path)
        except FileNotFoundError:
            raise NothingThereError(f"there is no {path}") from None
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from None
        self._files: dict[int, OpenFile] = {0: newest}
        self._identities: dict[int, Identity] = {0: newest.identity}
        self._following: list[OpenFile] = []
        self.end = Place(0, 0)
        try:
            self.skip()
        except SourceError:
            self.close()
            raise

    def close(self) -> None:
        for file in (*self._files.values(), *self._following):
            file.close()
        self._files.clear()
        self._following.clear()

    @property
    def size(self) -> int:
        """Bytes of the newest file, as it was last looked at."""
        return self._seen

    @property
    def behind(self) -> int:
        """Bytes of the newest file that are still to be followed."""
        return max(0, self._newest.size() - self._seen)

    def advance(self) -> Iterator[Chunk]:
        """The whole lines that have come since, in order; whoever stops halfway goes on there next time."""
        while True:
            if not self._remembered(self._newest):
                self._find_copy()
                continue
            yield from self._new_lines()
            self._following = self._following or self._successors()
            if not self._following:
                return
            yield from self._new_lines()  # what was written until the rotation, now that it is over
            if self._remembered(self._newest):
                self._whole = self._seen  # a last line without an end is over too
                yield from self._whole_lines()
                self._move_on()

    def skip(self) -> None:
        """Go to the end at once, leaving out what there is until there."""
        self._look(self._newest.size())
        self._whole = self._newest.line_begin(self._seen)
        self.end = Place(self.end.generation, self._whole)

    def unfinished(self) -> Chunk | None:
        """The last line as far as it is written, when it has no end yet."""
        begin, seen = self.end.offset, self._seen
        if begin < self._whole or begin == seen:
            return None
        data = self._newest.read(begin, min(seen, begin + LONGEST)).partition(b"\n")[0]
        return Chunk(self.end, Place(self.end.generation, seen), data) if data else None

    def before(self, place: Place) -> Chunk | None:
        """The block of whole lines that ends at `place`; None at the log's beginning."""
        generation, offset = place
        file = self._file(generation)
        while file is None or offset == 0:
            generation -= 1
            file = self._file(generation)
            if file is None:
                return None
            offset = file.size()
        return file.chunk_before(generation, offset)

    def after(self, place: Place) -> Chunk | None:
        """The block of whole lines that begins at `place`; None at `end`."""
        generation, offset = place
        while (generation, offset) < self.end:
            file, limit = self._file(generation), self.extent(generation)
            if file is not None and offset < limit:
                return file.chunk_after(generation, offset, limit)
            generation, offset = generation + 1, 0
        return None

    def line_from(self, place: Place) -> Place:
        """The first line that doesn't begin before `place`, in its file."""
        file = self._file(place.generation)
        if file is None or place.offset == 0:
            return place
        return Place(place.generation, file.line_end(place.offset - 1, self.extent(place.generation)))

    @property
    def begin(self) -> Place:
        """The first place that is left of the log."""
        generation = self.end.generation
        while self.has(generation - 1):
            generation -= 1
        return Place(generation, 0)

    def has(self, generation: int) -> bool:
        """Whether there is such a file of the log."""
        return self._file(generation) is not None

    def extent(self, generation: int) -> int:
        """Bytes of that file, as far as it has whole lines."""
        if generation == self.end.generation:
            return self.end.offset
        file = self._file(generation)
        return 0 if file is None else file.size()

    @property
    def _newest(self) -> OpenFile:
        return self._files[self.end.generation]

    def _look(self, size: int) -> None:
        """Take note of how far the newest file has been seen."""
        self._memory = self._newest.read(max(0, size - _REMEMBERED), size)
        self._seen = size

    def _remembered(self, file: OpenFile) -> bool:
        """Whether the file still has, where the newest one was last seen, what stood there."""
        return file.read(self._seen - len(self._memory), self._seen) == self._memory

    def _new_lines(self) -> Iterator[Chunk]:
        while True:
            yield from self._whole_lines()
            seen = self._seen
            data = self._newest.read(seen, seen + BLOCK)
            if not data:
                return
            whole = data.rfind(b"\n") + 1
            if whole:
                self._whole = seen + whole
            self._look(seen + len(data))

    def _whole_lines(self) -> Iterator[Chunk]:
        while self.end.offset < self._whole:
            chunk = self._newest.chunk_after(*self.end, self._whole)
            if chunk is None:
                return  # truncated this very moment
            self.end = chunk.end
            yield chunk

    def _move_on(self) -> None:
        """Go to the beginning of the file that follows."""
        generation = self.end.generation + 1
        file = self._following.pop(0)
        self._files[generation], self._identities[generation] = file, file.identity
        self.end, self._whole, self._seen, self._memory = Place(generation, 0), 0, 0, b""
        self._close_some(generation)

    def _successors(self) -> list[OpenFile]:
        """The files that have come after the newest known one, oldest first.

        An empty one doesn't count: until something is in it, the old one may still be written to.
        """
        known = self._newest.identity
        try:
            status = self.path.stat()
        except OSError:
            self.gone = True
            return []
        self.gone = False
        if identity_of(status) == known or status.st_size == 0:
            return []
        found, successors = self._names.since(0, lambda file: file.identity == known)
        if found is not None:
            found.close()
            return successors
        for file in successors[:-1]:
            file.close()
        return successors[-1:]

    def _find_copy(self) -> None:
        """Go on in the copy that was made of the newest file before its truncation; without one, in what
        the file holds now."""
        truncated, generation = self._newest, self.end.generation
        number = self._names.number_of(truncated.identity) or 0
        copy, between = self._names.since(number + 1, self._remembered)
        self._following = [truncated, *self._following]
        if copy is None:
            for file in between:
                file.close()
            del self._files[generation], self._identities[generation]
            self._move_on()
        else:
            self._files[generation], self._identities[generation] = copy, copy.identity
            self._following = [*between, *self._following]

    def _file(self, generation: int) -> OpenFile | None:
        file = self._files.get(generation)
        if file is None and generation < self.end.generation:
            file = self._open_older(generation)
            if file is not None:
                self._files[generation], self._identities[generation] = file, file.identity
                self._close_some(generation)
        return file

    def _open_older(self, generation: int) -> OpenFile | None:
        known = self._identities.get(generation)
        if known is not None:
            number = self._names.number_of(known)
        else:
            newer = self._identities.get(generation + 1)
            number = None if newer is None else (self._names.number_of(newer) or 0) + 1
        if number is None:
            return None
        try:
            file = self._names.open(number)
        except OSError:
            return None
        if (known is None and file.identity in self._identities.values()) or known not in (
            None,
            file.identity,
        ):
            file.close()  # rotated between the two looks
            return None
        return file

    def _close_some(self, needed: int) -> None:
        """Keep few files open: the newest, and those next to the needed one."""
        while len(self._files) > _MOST_OPEN:
            farthest = max(
                self._files,
                key=lambda generation: (generation != self.end.generation, abs(generation - needed)),
            )
            self._files.pop(farthest).close()
