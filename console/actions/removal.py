"""Removing a file, if it is still the one that was seen: one that came later stays.

It is set aside first, since what has been set aside can be looked at before it is gone.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from console.actions.durable import ChangedError, DurableError
from console.actions.faults import Point

_ASIDE = "-reset"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file it is: another one of the same name differs in one of these. `written` is in nanoseconds."""

    inode: int
    written: int

    def __str__(self) -> str:
        return f"{self.inode}:{self.written}"


def identity_of(path: Path) -> Identity | None:
    """The file's identity, at the end of symlinks; None where there is none. Raises DurableError."""
    try:
        return _identity(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _in_words(path, error) from None


def remove_file(path: Path, seen: Identity, point: Point) -> None:
    """Remove the file, and have that on the disk; nothing happens where there is none.

    Raises ChangedError where it is another than was seen, which stays, and DurableError.
    """
    target = Path(os.path.realpath(path))
    aside = target.with_name(f".{target.name}.opsconsole-{os.getpid()}{_ASIDE}")
    try:
        point("before set aside")
        target.replace(aside)
        point("after set aside")
        stays = _identity(aside) != seen
        _settle(aside, target, stays=stays, point=point)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _in_words(path, error) from None
    if stays:
        raise ChangedError(f"{path}: was written anew, and stays", None)


def settle_abandoned(path: Path, since: float, point: Point) -> None:
    """End the removals of processes that were killed on the way, the first of which began at `since`.

    What was written after that, in seconds since 1970, is put back. Raises DurableError.
    """
    target = Path(os.path.realpath(path))
    try:
        for aside in target.parent.glob(f".{target.name}.opsconsole-*{_ASIDE}"):
            _settle(aside, target, stays=aside.stat().st_mtime > since, point=point)
    except OSError as error:
        raise _in_words(path, error) from None


def _settle(aside: Path, target: Path, *, stays: bool, point: Point) -> None:
    """Put back what stays, and remove what was set aside."""
    if stays:
        _put_back(aside, target, point)
    point("before unlink")
    aside.unlink(missing_ok=True)
    point("after unlink")
    handle = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        point("before fsync folder")
        os.fsync(handle)
        point("after fsync folder")
    finally:
        os.close(handle)


def _put_back(aside: Path, target: Path, point: Point) -> None:
    """Have it under its name again, unless a still newer one is there: that is left, where it can be."""
    point("before put back")
    try:
        os.link(aside, target)
    except FileExistsError:  # a still newer one is as good
        pass
    except OSError:  # such as another user's file, to which Linux may refuse a link
        aside.replace(target)
    point("after put back")


def _identity(path: Path) -> Identity:
    status = path.stat()
    return Identity(status.st_ino, status.st_mtime_ns)


def _in_words(path: Path, error: OSError) -> DurableError:
    return DurableError(f"{path}: {(error.strerror or str(error)).lower()}")
