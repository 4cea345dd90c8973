"""The program's commands run in this process, where a start of their own would prove nothing more."""

import gc
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from console.cli import cli


def run_here(
    home: Path, *arguments: str, more: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run `opsconsole` with `arguments`, for a user whose home this is; as `tests.opsconsole.run`."""
    hang_up = signal.getsignal(signal.SIGHUP)
    looks = gc.isenabled()
    try:
        done = CliRunner().invoke(
            cli, arguments, env={"HOME": str(home), "XDG_CACHE_HOME": None, **(more or {})}
        )
    finally:
        signal.signal(signal.SIGHUP, hang_up)  # which commands ignore that change the world
        (gc.enable if looks else gc.disable)()  # a command that is over soon looks for no garbage
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
