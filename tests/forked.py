"""Our own programs as processes that are forked from one that has imported what they need.

Importing it takes each start half a second of the processor, and a run of the tests has two hundred starts.
What `start` answers is a `subprocess.Popen`; its process has been forked from a server, one for each worker,
program and set of the variables that Python reads as it starts. It has what one has that was started: its own
arguments, environment, folder, descriptors, streams, `__main__`, random numbers, signals and order of ends,
and no thread, connection or lock from before.

What differs: its parent is the server, and /proc shows the server's command line; modules are there that its
command would not have imported, and no garbage is looked for among them; hashes of strings are the same in
all that one server forks. So tests of starting, importing, memory and what stands in /proc start it cold, as
users do, and others do so here and there; with OPSCONSOLE_TEST_COLD set, all do.
"""

import json
import os
import re
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.fork_server import MOST

_READ_BY_PYTHON = re.compile(r"PYTHON.*|LANG.*|LC_.*|LD_.*|TZ")


def start(
    module: str, *arguments: str, env: Mapping[str, str], cold: bool = False, **pipes: int | None
) -> "subprocess.Popen[str]":
    """Start `python -m module arguments`; forked, unless the test or who runs it wants it cold."""
    kind = subprocess.Popen if cold or os.environ.get("OPSCONSOLE_TEST_COLD") else Forked
    process: subprocess.Popen[str] = kind(
        [sys.executable, "-m", module, *arguments],
        env=env,
        text=True,
        stdin=pipes.get("stdin"),
        stdout=pipes.get("stdout"),
        stderr=pipes.get("stderr"),
    )
    return process


class Forked(subprocess.Popen[str]):
    """A process of ours whose parent is the server, which is asked how it has ended."""

    def _execute_child(self, args: Sequence[str], *given: Any) -> None:
        env: Mapping[str, str] = given[5]
        pipes: tuple[int, ...] = given[9:15]  # input's, output's and errors' end to read from and to write to
        files = [own if end == -1 else end for own, end in enumerate((pipes[0], pipes[3], pipes[5]))]
        try:
            read = {name: text for name, text in env.items() if _READ_BY_PYTHON.fullmatch(name)}
            self._server = _server(args[2], *sorted(read.items()))
            order = {"arguments": args[3:], "environment": dict(env), "folder": str(Path.cwd())}
            self.pid, _ = self._server.ask(order, files)
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if not wait_flags & os.WNOHANG:
            ended = os.pidfd_open(self.pid)
            select.select([ended], [], [])
            os.close(ended)
        return self._server.ask({"ended": self.pid})

    def _internal_poll(self, *_: object, **__: object) -> int | None:
        lock: threading.Lock = self._waitpid_lock  # type: ignore[attr-defined]
        if self.returncode is None and lock.acquire(blocking=False):
            try:
                pid, status = (0, 0) if self.returncode is not None else self._try_wait(os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
            finally:
                lock.release()
        return self.returncode


class _Server:
    """The process that forks them, for as long as this one is there."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._line, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", module, str(its.fileno())],
                cwd=Path(__file__).parents[1],
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
            )

    def ask(self, order: Mapping[str, object], files: Sequence[int] = ()) -> tuple[int, int]:
        """Have it fork, or look whether one has ended: the process, else 0, and its status as of waitpid."""
        with self._lock:
            socket.send_fds(self._line, [json.dumps(order).encode()], files)
            pid, status = json.loads(self._line.recv(MOST))
        return pid, status


@cache
def _server(module: str, *environment: tuple[str, str]) -> _Server:
    return _Server(module, dict(environment))
