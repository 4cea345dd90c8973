"""The program as its users run it: a command in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests import forked

COMMAND = [sys.executable, "-m", "console"]
PATIENT = {
    f"OPSCONSOLE_POLL__{source}__{limit}": seconds
    for source in ("METRICS", "DATABASE", "EXCHANGE", "FLAGS", "ENGINE", "LOG")
    for limit, seconds in (("TIMEOUT", "30s"), ("STALE_AFTER", "60s"))
}
"""Variables with which an engine that a busy machine keeps waiting still counts for fresh.

For one look: who waits for what comes would ask a source that costs much as seldom as this allows.
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    """The variables of a new user, whose home is empty."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TERM", "TZ") if name in os.environ}
    return {**kept, "HOME": str(home), **more}


def run(
    home: Path,
    *arguments: str,
    more: Mapping[str, str] | None = None,
    seconds: float = 60,
    cold: bool = False,
) -> "subprocess.CompletedProcess[str]":
    """Run `opsconsole` with `arguments` to its end; `cold` as a process that is not forked."""
    with start(home, *arguments, more=more, cold=cold) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def start(
    home: Path, *arguments: str, more: Mapping[str, str] | None = None, cold: bool = False
) -> "subprocess.Popen[str]":
    """Start `opsconsole` with `arguments` and without a terminal."""
    return forked.start(
        "console",
        *arguments,
        env=environment(home, **(more or {})),
        cold=cold,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def status(home: Path, state: Path, *arguments: str, more: Mapping[str, str] | None = None) -> dict[str, Any]:
    """`opsconsole status --json`, whose exit code has to be the one that it states."""
    finished = run(home, "status", "--json", "--state", str(state), *arguments, more=more)
    document: dict[str, Any] = json.loads(finished.stdout)
    assert finished.returncode == document["exit_code"]
    return document
