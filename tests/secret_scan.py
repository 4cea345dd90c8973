"""Whether a secret shows anywhere: in a process list, as others see it, in files, or in what was said."""

import gzip
import threading
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PROCESSES = Path("/proc")
_EVERY = 0.05
"""Seconds between two looks at the process list."""


class Sightings:
    """Where secrets were seen, a line each; the secrets themselves are not repeated."""

    def __init__(self, secrets: Collection[str]) -> None:
        assert all(len(each) >= 8 for each in secrets), "a secret that short is found anywhere"
        self._secrets = {each.encode() for each in secrets}
        self._lock = threading.Lock()
        self.seen: list[str] = []
        self.looks = 0

    def look_at(self, where: str, content: bytes) -> None:
        """Note what of it is secret."""
        if any(secret in content for secret in self._secrets):
            with self._lock:
                self.seen.append(where)

    def look_at_files(self, folders: Iterable[Path], *, besides: Collection[str]) -> None:
        """Every file below the folders, compressed ones as what is in them, but those named `besides`."""
        for file in (each for folder in folders for each in folder.rglob("*")):
            if file.is_file() and not file.is_symlink() and file.name not in besides:
                self.looks += 1
                self.look_at(str(file), _content(file))

    def look_at_processes(self) -> None:
        """Every command line there is, as any user may read it."""
        self.looks += 1
        for folder in _PROCESSES.iterdir():
            if folder.name.isdigit():
                try:
                    line = (folder / "cmdline").read_bytes()
                except OSError:  # it has ended
                    continue
                self.look_at(f"process {folder.name}: {line.split(bytes(1))[:3]!r}", line)


@contextmanager
def process_list_watched(sightings: Sightings) -> Iterator[None]:
    """Look at the process list again and again for as long as the block lasts."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_EVERY):
            sightings.look_at_processes()

    watching = threading.Thread(target=watch, name="process list", daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _content(file: Path) -> bytes:
    data = file.read_bytes()
    if file.suffix != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return data
