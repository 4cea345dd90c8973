"""The program as its users run it: a command in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    home: Path, *arguments: str, more: Mapping[str, str] | None = None, seconds: float = 60
) -> "subprocess.CompletedProcess[str]":
    """Run `opsconsole` with `arguments` to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(home, **(more or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def start(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start `opsconsole` with `arguments` and without a terminal."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def status(home: Path, state: Path, *arguments: str, more: Mapping[str, str] | None = None) -> dict[str, Any]:
    """`opsconsole status --json`, whose exit code has to be the one that it states."""
    finished = run(home, "status", "--json", "--state", str(state), *arguments, more=more)
    document: dict[str, Any] = json.loads(finished.stdout)
    assert finished.returncode == document["exit_code"]
    return document
