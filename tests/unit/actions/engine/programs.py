"""Programs that stand for an engine's processes: real ones, which end as they are told."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

OBEDIENT = "print(flush=True); import time; time.sleep(600)"
"""Ends when it is asked."""
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {OBEDIENT}"
PARENT = (
    "import subprocess, sys; program = [sys.executable, '-S', '-c', sys.argv[1]];"
    "child = subprocess.Popen(program, stdout=subprocess.PIPE); child.stdout.readline();"
    f"print(child.pid, flush=True); {OBEDIENT}"
)
"""Has a child, which runs its argument, and goes without it; its first line is the child's pid."""

Program = subprocess.Popen[str]


@contextmanager
def running(program: str, *arguments: str, uid: int | None = None) -> Iterator[Program]:
    """The program, once it is at work; what is left of it and its children is ended."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", program, *arguments], stdout=subprocess.PIPE, text=True, user=uid
    )
    try:
        yield process
    finally:
        with process:
            process.kill()


def is_at_work(process: Program) -> bool:
    """Whether it has printed its first empty line, and has not ended."""
    assert process.stdout is not None
    return process.stdout.readline() == "\n" and process.poll() is None


def pid_file(folder: Path, process: Program) -> Path:
    """A pid file of the process, which is at work."""
    assert is_at_work(process)
    file = folder / "engine.pid"
    file.write_text(f"{process.pid}\n")
    return file


def engine_file(folder: Path, pid: int, *, began: float = 0.0, **more: object) -> Path:
    """What an engine writes of itself; one that began at another time than the process isn't this one."""
    file = folder / "engine.json"
    start = began or psutil.Process(pid).create_time()
    file.write_text(json.dumps({"pid": pid, "start_time": start, **more}))
    return file


def is_running(pid: int) -> bool:
    """Whether the process runs; one that nobody has waited for doesn't."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def aged(file: Path, seconds: float) -> None:
    """Have the file be as old as if it was written so long ago."""
    then = file.stat().st_mtime - seconds
    os.utime(file, (then, then))
