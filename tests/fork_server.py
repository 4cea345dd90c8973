"""The server from which `tests.forked` has our own programs forked: it imports what one needs, once.

`python -m tests.fork_server MODULE DESCRIPTOR` takes its orders on a socket, until the other end is gone.
"""

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import re
import runpy
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

MOST = 1 << 17
"""Bytes of an order at most; most of it is the environment."""
_SKIPPED = re.compile(r"console\.(tui|black_box|cli\.screen|actions\.notify_by_apprise)\b|.*__main__")
"""Modules that are not imported: a start, and what is only for a screen or has a process of its own."""
_LATE = ("pymysql.cursors", "sqlalchemy.dialects.mysql.pymysql", "sqlalchemy.dialects.sqlite.pysqlite")
"""What libraries import when it is first needed."""
_ERRORS = 2
"""The descriptor of standard error."""

_End = tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]
"""A function that atexit would call, and with what."""


def main(module: str, line: socket.socket) -> None:
    """Serve, and in each process that was forked run the program."""
    ends = _import(module)
    order, files = _orders(line)
    _become(module, order, files)
    register(ends, after_its_own=module == "console")
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _import(module: str) -> list[_End]:
    """Import what the program needs; answers what is to be called at its end, the last first."""
    ends: list[_End] = []
    register = atexit.register

    def note(call: Callable[..., object], *given: Any, **named: Any) -> Callable[..., object]:
        ends.append((call, given, named))
        return call

    vars(atexit)["register"] = note
    gc.disable()
    if module == "console":
        importlib.import_module("console.late_methods").compile_late()  # as it does itself, first of all
    for name in _LATE:
        importlib.import_module(name)
    for found in pkgutil.walk_packages(importlib.import_module(module).__path__, f"{module}."):
        if not _SKIPPED.match(found.name):
            importlib.import_module(found.name)
    gc.freeze()
    vars(atexit)["register"] = register
    return ends


def _orders(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Fork for each order; in the process that was forked, answers it. In the server SystemExit ends this."""
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends when who has started it is gone
    while True:
        text, files, _, _ = socket.recv_fds(line, MOST, 3)
        if not text:
            sys.exit()
        order = json.loads(text)
        if "ended" in order:
            line.send(json.dumps(os.waitpid(order["ended"], os.WNOHANG)).encode())
            continue
        pid = os.fork()
        if not pid:
            line.close()
            signal.signal(signal.SIGINT, interrupted)
            return order, files
        for file in files:
            os.close(file)
        line.send(json.dumps((pid, 0)).encode())


def _become(module: str, order: dict[str, Any], files: Sequence[int]) -> None:
    """Take on what was ordered."""
    os.environ.update(order["environment"])  # the server has some of these, and no others
    os.chdir(order["folder"])
    sys.path[0] = order["folder"]
    sys.argv = [module, *order["arguments"]]
    sys.orig_argv = [sys.executable, "-m", *sys.argv]
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    streams = [_stream(like, number) for number, like in enumerate((sys.stdin, sys.stdout, sys.stderr))]
    for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
        vars(sys).update({name: stream, f"__{name}__": stream})
    gc.enable()


def _stream(like: Any, number: int) -> io.TextIOWrapper:
    """What Python makes of a descriptor, as it has made one for the server."""
    once = like.write_through
    kind, buffering = ("wb", 0 if once else -1) if number else ("rb", -1)
    lines = not once and bool(number) and (number == _ERRORS or os.isatty(number))
    file = open(number, kind, buffering, closefd=False)  # noqa: SIM115 (it stays open to the end)
    return io.TextIOWrapper(file, like.encoding, like.errors, line_buffering=lines, write_through=once)


def register(ends: Sequence[_End], *, after_its_own: bool) -> None:
    """Register what importing has registered; after its own where the program does that before it imports."""
    register = atexit.register

    def all_of_them() -> None:
        for end, its, more in ends:
            register(end, *its, **more)

    def first(call: Callable[..., object], *given: Any, **named: Any) -> Callable[..., object]:
        vars(atexit)["register"] = register
        register(call, *given, **named)
        all_of_them()
        return call

    if after_its_own:
        vars(atexit)["register"] = first
    else:
        all_of_them()


if __name__ == "__main__":
    main(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
