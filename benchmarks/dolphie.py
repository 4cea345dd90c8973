"""dolphie, the MySQL monitor that the console is measured against, in an environment of its own.

It is the nearest thing there is: a monitor for operators, on the same toolkit and the same driver, that
refreshes every second. It watches a MariaDB on loopback with as many busy sessions as there are symbols
in the smallest of the console's runs, so that its list of them is as full and as lively as the console's
table.
"""

import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from sqlalchemy import make_url

from benchmarks.terminal import Screen
from tests import mariadb

VERSION = "6.18.0"
SESSIONS = 50
PANEL_KEY = b"2"
"""Shows and hides the list of sessions."""
_PANEL = "Processlist"
_CACHE = Path(__file__).resolve().parent.parent / ".cache"


@dataclass(frozen=True, slots=True)
class Server:
    """Where the database is, and who may see everything in it."""

    port: int
    user: str
    password: str


def binary() -> Path:
    """The program, installed by pip into `.cache/dolphie` the first time."""
    folder = _CACHE / "dolphie"
    program = folder / "bin" / "dolphie"
    _CACHE.mkdir(exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not program.exists():
            venv.create(folder, clear=True, with_pip=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "-qq", "--disable-pip-version-check"]
            subprocess.run([*pip, "install", f"dolphie=={VERSION}"], check=True)
    return program


def command(program: Path, server: Server) -> list[str]:
    """How to start it with its usual panels; the password is the throw-away one of this run's server."""
    where = ["-h", "127.0.0.1", "-P", str(server.port), "-u", server.user, "-p", server.password]
    return [str(program), *where, "-r", "1"]


def shows_data(screen: Screen) -> bool:
    """Whether it shows what only the server can have told it."""
    return screen.line_with("MariaDB 1") is not None


def shows_panel(screen: Screen) -> bool:
    return screen.line_with(_PANEL) is not None


@contextmanager
def busy_server(sessions: int = SESSIONS) -> Iterator[Server]:
    """A MariaDB whose sessions each run one short statement after the other, from a process of their own."""
    with mariadb.own_server() as ours:
        url = ours.url("mysql")
        load = [sys.executable, "-m", "benchmarks.sessions", str(sessions)]
        process = subprocess.Popen(load, stdin=subprocess.PIPE, text=True)
        try:
            assert process.stdin is not None
            process.stdin.write(f"{url}\n")
            process.stdin.flush()
            place = make_url(url)
            yield Server(ours.port, place.username or "", str(place.password))
        finally:
            process.kill()
            process.wait()
