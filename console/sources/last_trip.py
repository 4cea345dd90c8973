"""The console's own note of its last trip as a source: `state/kill/<context>.json`, by whichever console."""

import json
from pathlib import Path

from console.domain.last_trip import last_trip_from
from console.domain.reading import Dated
from console.domain.surfaces import KeptTrip
from console.sources.errors import SourceError

_LARGEST = 1024 * 1024


class LastTripSource:
    """Reads `KeptTrip` from one file, which is the same object for as long as the file says the same."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._content: bytes | None = None
        self._kept = KeptTrip(str(file))

    def read(self) -> Dated[KeptTrip]:
        """What is kept now, no trip where there is no file; SourceError where it can't be read."""
        content = self._read_content()
        if content != self._content:
            self._kept = self._parsed(content)
            self._content = content
        return Dated(self._kept)

    def _read_content(self) -> bytes | None:
        try:
            with self._file.open("rb") as stream:
                return stream.read(_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceError(f"{self._file}: {error.strerror or error}") from None

    def _parsed(self, content: bytes | None) -> KeptTrip:
        if content is None:
            return KeptTrip(str(self._file))
        try:
            return KeptTrip(str(self._file), last_trip_from(json.loads(content)))
        except RecursionError:
            raise SourceError(f"{self._file}: not a trip: nonsense") from None
        except ValueError as error:
            raise SourceError(f"{self._file}: not a trip: {error}") from None
