"""The recorded copy of a release: a packed archive of its files, sorted by name."""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from console.actions.backup.copy_file import CopyWriter, found_copy
from console.actions.backup.errors import BackupError
from console.actions.releases.errors import ReleaseError
from console.actions.releases.tree import LARGEST, LARGEST_FILE
from console.domain.backup import Copy
from console.domain.release import Files, FileSum, Release

Content = tuple[str, int, bytes]
"""A file: its name, its permissions (0o644), and what it holds."""

_DAMAGED = (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError, ValueError)


def write_copy(file: Path, name: str, contents: Iterable[Content]) -> tuple[Copy, Files]:
    """Write the contents, sorted by name, into a new archive that will be called `name`: it is durable then.

    Raises ReleaseError for what is too large, OSError for what the disk says.
    """
    writer, files, size = CopyWriter(file), dict[str, FileSum](), 0
    with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for each, mode, data in contents:
            size += len(data)
            if len(data) > LARGEST_FILE or size > LARGEST:
                raise ReleaseError(
                    f"{each}: too large: a file has at most {LARGEST_FILE >> 20} MiB, all {LARGEST >> 20}"
                )
            member = tarfile.TarInfo(each)
            member.size, member.mode = len(data), mode
            archive.addfile(member, io.BytesIO(data))
            files[each] = FileSum(hashlib.sha256(data).hexdigest(), len(data), mode)
    return writer.close(name), files


def contents_of(file: Path, release: Release) -> Iterator[Content]:
    """Each file of a recorded copy, sorted by name.

    Raises ReleaseError where the archive isn't the one that was recorded, at the latest after its last file.
    """
    left = sorted(release.files.items())
    try:
        with gzip.open(file) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                name, due = left.pop(0) if left else ("", None)
                if due is None or member.name != name or not member.isreg() or member.size != due.size:
                    raise ReleaseError(f"{file.name} isn't what was recorded: {member.name!r} is in it")
                inside = archive.extractfile(member)
                data = b"" if inside is None else inside.read()
                if hashlib.sha256(data).hexdigest() != due.digest:
                    raise ReleaseError(f"{file.name} isn't what was recorded: {name} differs")
                yield name, due.mode, data
    except _DAMAGED as error:
        raise ReleaseError(f"{file.name} is cut or damaged: {str(error).lower()}") from None
    except OSError as error:
        raise ReleaseError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if left:
        raise ReleaseError(f"{file.name} isn't what was recorded: {left[0][0]} is missing")


def check_copy(file: Path, release: Release) -> None:
    """Read all of a recorded copy; ReleaseError unless it is the one that was recorded."""
    try:
        found = found_copy(file)
    except BackupError as error:
        raise ReleaseError(str(error)) from None
    if (found.size, found.digest) != (release.copy.size, release.copy.digest):
        raise ReleaseError(f"{file.name} isn't what was recorded: another digest")
    for _each in contents_of(file, release):
        pass
