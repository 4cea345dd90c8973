"""The tmux of the tests: installed, or unpacked from the distribution's package."""

import shlex
from pathlib import Path

from tests.debian import environment_of, find


def find_binary() -> Path:
    """The installed `tmux`, else the unpacked one, unpacking it first. Raises NoServerError."""
    return find("tmux", "tmux", "usr/bin/tmux", "apt-get install tmux")


def new_session(socket: Path) -> str:
    """The command line that runs what follows it in a server of its own, without anybody's settings."""
    binary = find_binary()
    libraries = environment_of(binary).get("LD_LIBRARY_PATH", "")
    lent = ["env", f"LD_LIBRARY_PATH={libraries}"] if libraries else []
    return shlex.join([*lent, str(binary), "-u", "-f", "/dev/null", "-S", str(socket), "new-session"])
