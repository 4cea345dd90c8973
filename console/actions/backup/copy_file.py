"""The copy of a backup: a file that is compressed, digested on its way to the disk, and durable."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Generator
from pathlib import Path

from console.actions.backup.errors import BackupError
from console.audit.files import open_file
from console.domain.backup import Copy

_PART = 1 << 16
_LEVEL = 5
"""Of compression: most of what there is to gain, at a third of the time of the usual 9."""
COMPLETED = b"-- Dump completed"
"""How a dump ends that its program has finished; it stands in the last `END` bytes."""
END = 200


class CopyWriter:
    """Writes a new copy into `file`; `close` makes it durable and says what it is.

    `taken` is how many bytes were written so far, before they were packed, `end` are the last of them.
    Methods raise OSError for what the disk says.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._sink = _Sink(file)
        self._packed = gzip.GzipFile("", "wb", _LEVEL, self._sink, mtime=0)
        self.taken, self.end = 0, b""

    def write(self, part: bytes) -> None:
        self._packed.write(part)
        self.taken += len(part)
        self.end = (self.end + part)[-END:]

    def close(self, name: str) -> Copy:
        """End the copy, which the manifest calls `name`."""
        self._packed.close()
        self._sink.end()
        return Copy(name, self._sink.size, self._sink.digest.hexdigest())


def parts_of(file: Path) -> Generator[bytes, None, None]:
    """What was copied, a part at a time. BackupError where the file is cut, damaged or gone."""
    try:
        with gzip.open(file, "rb") as stream:
            while part := stream.read(_PART):
                yield part
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BackupError(f"{file.name} is cut or damaged: {str(error).lower()}") from None
    except OSError as error:
        raise BackupError(f"{file}: {(error.strerror or str(error)).lower()}") from None


def found_copy(file: Path) -> Copy:
    """What a copy on the disk is now; BackupError where it can't be read."""
    digest, size = hashlib.sha256(), 0
    try:
        with file.open("rb") as stream:
            while part := stream.read(_PART):
                digest.update(part)
                size += len(part)
    except OSError as error:
        raise BackupError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    return Copy(file.name, size, digest.hexdigest())


class _Sink:
    """What the packed bytes go into."""

    def __init__(self, file: Path) -> None:
        self._stream = os.fdopen(open_file(file, os.O_WRONLY | os.O_EXCL), "wb")
        self.digest, self.size = hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._stream.write(data)

    def flush(self) -> None:
        self._stream.flush()

    def end(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
