"""Replacing a file so that it is whole at every instant and still there after a power cut.

A write states what the operator saw: if the file holds something else by now, nothing is written. Standard
library only, because a trip's first file is written here.
"""

import contextlib
import errno
import os
import stat
from _thread import get_native_id
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

STEPS = ("create", "write", "fsync", "rename", "fsync folder")
"""The writing system calls of `replace_file`; its fault points are these after `before ` and `after `."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_TEMP_MARK = ".opsconsole-"
_ABANDONED = 60.0
"""Seconds after which the temporary file of a process that is gone may be removed."""
_GIVING_BACK = 100
"""How often a file is given back to others who go on replacing it at the same instant."""


class Missing(Enum):
    """That the operator saw no file."""

    MISSING = "missing"


MISSING = Missing.MISSING

Expected = bytes | None | Missing
"""The SHA-256 of the content that the operator saw, MISSING for no file, None for whatever is there."""


class DurableError(Exception):
    """Why a file was not replaced as asked, as one line.

    `written` says whether the new content is there all the same, `full` whether the disk had no space for it.
    """

    def __init__(self, message: str, *, written: bool = False, full: bool = False) -> None:
        super().__init__(message)
        self.written = written
        self.full = full


class ChangedError(DurableError):
    """The file isn't what the operator saw; `found` is what it holds, None when there is none."""

    def __init__(self, message: str, found: bytes | None, *, written: bool = False) -> None:
        super().__init__(message, written=written)
        self.found = found


def no_point(_step: str) -> None:
    """The fault point of a caller that has none."""


def digest(content: bytes) -> bytes:
    """The SHA-256 that stands for a file's content."""
    import hashlib  # noqa: PLC0415 (a trip's flag is on the disk before this is needed)

    return hashlib.sha256(content).digest()


def replace_file(
    path: Path,
    data: bytes,
    *,
    expected: Expected,
    point: Callable[[str], None] = no_point,
    keep_owner: bool = True,
    mode: int | None = None,
) -> None:
    """Put `data` in the place of the file's content, which has to be `expected`; keeps mode, owner and ACL.

    A symlink stays, and what it points to is replaced. `keep_owner` False lets the file become ours where the
    system doesn't let us keep its owner; `mode` is that of a file which isn't there yet, by default what the
    umask leaves of 644. Raises ChangedError, or DurableError for what the system refuses.
    """
    target = _target(path)
    old = _status(target)
    _compare(target, expected)
    with _in_words(path):
        temp = _write_temp(target, data, old, point, keep_owner=keep_owner, mode=mode)
    try:
        _compare(target, expected)
        point("before rename")
        with _in_words(path):
            _put(temp, target, data, expected)
        point("after rename")
    except BaseException:
        _discard(temp, data)
        raise
    with _in_words(path, written=True):
        _sync_folder(target.parent, point)
    _read_back(path, target, data)
    _remove_abandoned(target)


@dataclass(frozen=True, slots=True)
class Reserve:
    """Space on the disk, kept in a file of its own, that is given up when nothing else is left for a trip."""

    path: Path
    size: int = 64 * 1024

    def keep(self) -> None:
        """Take the space, or find that it is taken. Raises DurableError when there isn't as much."""
        if self._kept():  # perhaps by another user's console, whose file can't be opened
            return
        with _in_words(self.path):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, self.size)
                os.fsync(handle)
            except OSError:
                self.give_up()  # a part of it would promise what it can't hold
                raise
            finally:
                os.close(handle)

    def give_up(self) -> bool:
        """Free the space for others to use. Whether there was any."""
        try:
            self.path.unlink()
            _sync_folder(self.path.parent, no_point)  # file systems free blocks when that is on the disk
        except OSError:
            return False
        return True

    def become(self, path: Path, data: bytes, *, point: Callable[[str], None] = no_point) -> None:
        """Turn the reserve itself into the file `path`, on the same disk: nobody can be faster to its blocks.

        Raises DurableError.
        """
        with _in_words(path):
            handle = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                point("before write")
                _write_all(handle, data)
                os.ftruncate(handle, len(data))
                os.fchmod(handle, 0o644)
                point("after write")
                os.fsync(handle)
            finally:
                os.close(handle)
            point("before rename")
            self.path.replace(_target(path))
            point("after rename")
        with _in_words(path, written=True):
            _sync_folder(_target(path).parent, point)

    def _kept(self) -> bool:
        try:
            return self.path.stat().st_blocks * 512 >= self.size
        except OSError:
            return False


def _target(path: Path) -> Path:
    """What is to be replaced: at the end of symlinks, whether it exists or not."""
    return Path(os.path.realpath(path))


def _status(target: Path) -> os.stat_result | None:
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DurableError(f"{target}: {_said(error)}") from None
    if not stat.S_ISREG(status.st_mode):
        raise DurableError(f"{target}: is not a regular file")
    return status


def _compare(target: Path, expected: Expected) -> None:
    """Raise ChangedError unless the file is as it was seen."""
    if expected is None:
        return
    found = _content(target)
    if expected is MISSING:
        if found is not None:
            raise ChangedError(f"{target}: has come into being since", found)
    elif found is None:
        raise ChangedError(f"{target}: is gone since", None)
    elif digest(found) != expected:
        raise ChangedError(f"{target}: has changed since", found)


def _content(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DurableError(f"{target}: {_said(error)}") from None


def _write_temp(
    target: Path,
    data: bytes,
    old: os.stat_result | None,
    point: Callable[[str], None],
    *,
    keep_owner: bool,
    mode: int | None,
) -> Path:
    """A file beside `target` with the new content on the disk, dressed as the old one."""
    temp = target.with_name(f".{target.name}{_TEMP_MARK}{os.getpid()}-{get_native_id()}")
    point("before create")
    handle = _create(temp)
    try:
        point("after create")
        if old is not None:
            _dress(handle, target, old, keep_owner=keep_owner)
        elif mode is not None:
            os.fchmod(handle, mode)
        point("before write")
        _write_all(handle, data)
        point("after write")
        point("before fsync")
        os.fsync(handle)
        point("after fsync")
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    return temp


def _create(temp: Path) -> int:
    """Open the temporary file, which nobody else has: a name of ours that exists is a dead process's."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(temp, flags, 0o644)
    except FileExistsError:
        temp.unlink()
        return os.open(temp, flags, 0o644)


def _dress(handle: int, target: Path, old: os.stat_result, *, keep_owner: bool) -> None:
    """Give the new file the old one's owner, access list and mode, in this order: chown clears mode bits."""
    now = os.fstat(handle)
    if (now.st_uid, now.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(handle, old.st_uid, old.st_gid)
        except PermissionError:
            if keep_owner:
                owner = f"uid {old.st_uid}, gid {old.st_gid}"
                raise DurableError(
                    f"{target}: belongs to {owner}; only they or root may replace it"
                ) from None
            with contextlib.suppress(OSError):
                os.fchown(handle, -1, old.st_gid)
    with contextlib.suppress(OSError):  # a file system without attributes has none to keep
        for name in os.listxattr(target):
            with contextlib.suppress(OSError):  # some of them only the system sets
                os.setxattr(handle, name, os.getxattr(target, name))
    os.fchmod(handle, stat.S_IMODE(old.st_mode))


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _put(temp: Path, target: Path, data: bytes, expected: Expected) -> None:
    """Give the new file its name, unless somebody was faster since the last look."""
    if expected is None:
        temp.replace(target)
    elif expected is MISSING:
        try:
            os.link(temp, target)  # unlike a rename it fails where there is a file
        except FileExistsError:
            raise ChangedError(f"{target}: has come into being since", _content(target)) from None
        temp.unlink()
    else:
        _put_if_unchanged(temp, target, data, expected)


def _put_if_unchanged(temp: Path, target: Path, data: bytes, expected: Expected) -> None:
    """Exchange the two, and look at what came out: if it isn't what was expected, it goes back.

    For that instant, some microseconds, readers see the new content, which is a whole file too.
    """
    from console.actions.swap import exchange  # noqa: PLC0415 (not on the way of a trip's flag)

    if not exchange(temp, target):
        temp.replace(target)  # as near as this system comes
        return
    replaced = _content(temp) or b""
    if digest(replaced) == expected:
        temp.unlink()
        return
    placed = data
    for _ in range(_GIVING_BACK):
        exchange(temp, target)
        out = _content(temp)
        if out == placed:
            temp.unlink()
            break
        placed, replaced = replaced, out or b""  # somebody was faster again: theirs is to stay
    raise ChangedError(f"{target}: has changed since", replaced)


def _read_back(path: Path, target: Path, data: bytes) -> None:
    """Raise unless the file, which has just been written, holds `data`."""
    try:
        found = _content(target)
    except DurableError as error:
        raise DurableError(f"{error}: written, but can't be read back", written=True) from None
    if found != data:
        raise ChangedError(
            f"{path}: was changed by someone else right after it was written", found, written=True
        )


def _discard(temp: Path, data: bytes) -> None:
    """Remove our temporary file, unless it holds by exchange what others had put at the target."""
    with contextlib.suppress(OSError, DurableError):
        if _content(temp) == data:
            temp.unlink()


def _sync_folder(folder: Path, point: Callable[[str], None]) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        point("before fsync folder")
        os.fsync(handle)
        point("after fsync folder")
    finally:
        os.close(handle)


def _remove_abandoned(target: Path) -> None:
    """Remove what processes that were killed in the middle of a write of `target` have left."""
    with contextlib.suppress(OSError):
        written = target.stat().st_mtime
        for left in target.parent.glob(f".{_literal(target.name)}{_TEMP_MARK}*"):
            pid = left.name.rpartition(_TEMP_MARK)[2].partition("-")[0]
            if pid.isdecimal() and not _lives(int(pid)) and written - left.stat().st_mtime > _ABANDONED:
                left.unlink()


def _literal(name: str) -> str:
    """`name` as a pattern that matches itself only."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


@contextlib.contextmanager
def _in_words(path: Path, *, written: bool = False) -> Iterator[None]:
    """Turn what the system says into one line that names the file."""
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        late = "written, but may not survive a power cut: " if written else ""
        raise DurableError(f"{path}: {late}{_said(error)}", written=written, full=full) from None


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
