"""Where that lies which is one person's, in a state folder that several may share: what they saw and chose.

The journal, requests, runs and the last trip are everybody's who shares it, and have folders of their own
there.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path


def own_folder(state: Path) -> Path:
    """`state` itself, or, where somebody else has made it for several, a folder of this person's in it."""
    uid = os.getuid()
    try:
        owner = state.stat().st_uid
    except OSError:  # whoever needs it first makes it
        return state
    return state if owner == uid else state / f"uid-{uid}"


def make_common(folder: Path) -> None:
    """Make `folder` for the group that has all rights to the one above, else for its owner only; OSError."""
    folder.mkdir(mode=0o700)
    if folder.parent.stat().st_mode & stat.S_IRWXG == stat.S_IRWXG:
        folder.chmod(0o2770)  # whatever the umask is


def keep_whole(file: Path, data: bytes) -> None:
    """Write a file of one person's, as a whole or not at all. OSError; then nothing is left behind."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.write_bytes(data)
        fresh.replace(file)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise
