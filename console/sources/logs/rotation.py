"""The names of a log's files: the log itself, and those rotated away from it, `.1`, `.2` and so on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from console.sources.logs.blocks import Identity, OpenFile, identity_of

_MOST_ROTATED = 20


@dataclass(frozen=True, slots=True)
class RotatedNames:
    """The files named after `path`: its own number is 0, and the higher a number, the older the file."""

    path: Path

    def open(self, number: int) -> OpenFile:
        """Raises OSError."""
        return OpenFile(self._numbered(number))

    def number_of(self, identity: Identity) -> int | None:
        """The number that this file has now."""
        for number in range(_MOST_ROTATED):
            try:
                if identity_of(self._numbered(number).stat()) == identity:
                    return number
            except OSError:
                if number:
                    return None
        return None

    def since(self, number: int, known: Callable[[OpenFile], bool]) -> tuple[OpenFile | None, list[OpenFile]]:
        """The known file, if it has that number or a higher one, and those after it, oldest first.

        Looking from the newest on finds every file once, even when they are rotated meanwhile.
        """
        later: list[OpenFile] = []
        for rotated in range(number, _MOST_ROTATED):
            try:
                file = self.open(rotated)
            except OSError:
                break
            if known(file):
                return file, later[::-1]
            if any(file.identity == other.identity for other in later):
                file.close()  # rotated between the two looks
            else:
                later.append(file)
        return None, later[::-1]

    def _numbered(self, number: int) -> Path:
        return self.path if number == 0 else self.path.with_name(f"{self.path.name}.{number}")
