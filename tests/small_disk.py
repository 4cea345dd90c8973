"""A disk of a few kilobytes, or one that can't be written to, mounted for a test."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, *, kilobytes: int = 256, inodes: int = 64) -> Iterator[Path]:
    """Mount a small tmpfs at `folder`, which is made. The test is skipped where mounting isn't allowed."""
    folder.mkdir()
    options = f"size={kilobytes}k,nr_inodes={inodes},mode=0777"
    _mount("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run([*_as_root(), "umount", "-l", str(folder)], check=True)


def make_read_only(folder: Path) -> None:
    """Remount a `small_disk` so that nothing on it can be changed."""
    _mount("mount", "-o", "remount,ro", str(folder))


def fill(folder: Path) -> None:
    """Take every free block, to the last one."""
    with (folder / "filler").open("ab", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))


def _mount(*command: str) -> None:
    try:
        done = subprocess.run([*_as_root(), *command], capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")


def _as_root() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo", "-n"]
