"""The tmux of the tests: installed, or unpacked from the distribution's package."""

import contextlib
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.debian import environment_of, find

_END_SECONDS = 5.0


def find_binary() -> Path:
    """The installed `tmux`, else the unpacked one, unpacking it first. Raises NoServerError."""
    return find("tmux", "tmux", "usr/bin/tmux", "apt-get install tmux")


@contextlib.contextmanager
def server(socket: Path) -> Iterator[str]:
    """The command line that runs what follows it in a server of its own, without anybody's settings.

    In the end the server goes, and with it everything that still runs in it. Raises NoServerError.
    """
    binary = find_binary()
    libraries = environment_of(binary).get("LD_LIBRARY_PATH", "")
    lent = ["env", f"LD_LIBRARY_PATH={libraries}"] if libraries else []
    try:
        yield shlex.join([*lent, str(binary), "-u", "-f", "/dev/null", "-S", str(socket), "new-session"])
    finally:
        _end(binary, socket)


def _end(binary: Path, socket: Path) -> None:
    asked = _tell(binary, socket, "display-message", "-p", "#{pid}")
    if asked is None:
        return  # a server ends with its last session
    server = psutil.Process(int(asked))
    running = [server, *server.children(recursive=True)]
    _tell(binary, socket, "kill-server")
    _gone, alive = psutil.wait_procs(running, timeout=_END_SECONDS)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=_END_SECONDS)


def _tell(binary: Path, socket: Path, *command: str) -> str | None:
    """What the server answers; None when there is none."""
    told = subprocess.run(
        [str(binary), "-S", str(socket), *command],
        env=environment_of(binary),
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout if told.returncode == 0 else None
