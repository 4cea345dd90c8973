"""A command of the engine's host, such as its own stop script: an argument list, never a shell."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from console.actions.kill.actuator import ENDING, WHOLE, Act, Answer, Order, Scope
from console.domain.foreign import visible

GRACE = 1.0
"""Seconds between SIGTERM at the time-out and SIGKILL, and for the process to be gone after it."""
_LAST_WORDS = 0.2
"""Seconds that the output is waited for once the process has ended."""
_KEPT = 4096
"""Bytes of output that are kept: the last ones, where a script says why it failed."""
_TOLD = 200


@dataclass(frozen=True, slots=True)
class Command:
    """Runs `arguments` in a session of its own; `{reason}` and `{scope}` in them are replaced.

    A reason may begin with a dash: it goes behind its option, as in `--reason={reason}`. `timeout` is in
    seconds; `environment` is all that the process gets, None for what this one has.
    """

    arguments: tuple[str, ...]
    timeout: float = 5.0
    name: str = "command"
    scopes: frozenset[Scope] = WHOLE
    folder: Path | None = None
    environment: Mapping[str, str] | None = None

    @property
    def deadline(self) -> float:
        """Long enough to have ended the process: a trip that waits this long leaves nothing behind."""
        return self.timeout + ENDING

    def fire(self, order: Order) -> Answer:
        """Exit code 0 is done. At the time-out its whole group is ended: TERM, then KILL."""
        try:
            process = self._start(order)
        except OSError as error:
            return self._not_started((error.strerror or str(error)).lower())
        except ValueError:  # a NUL in the reason
            return self._not_started("its arguments can't be passed")
        output = _Output(process)
        try:
            code = process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            return Answer(Act.TIMED_OUT, f"ended after {self.timeout:g} s{output.told()}")
        if code == 0:
            return Answer(Act.DONE, f"exit code 0{output.told()}")
        how = f"exit code {code}" if code > 0 else f"ended by signal {-code}"
        return Answer(Act.FAILED, f"{how}{output.told()}")

    def _start(self, order: Order) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [_filled(each, order) for each in self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=self.folder,
            env=self.environment,
        )

    def _not_started(self, why: str) -> Answer:
        return Answer(Act.FAILED, f"{visible(self.arguments[0])}: {why}")


@dataclass(slots=True)
class _Output:
    """The end of what a process writes; all of it is read, so that a chatty one never stands still."""

    process: "subprocess.Popen[bytes]"
    kept: bytes = b""
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read, name="kill command output", daemon=True)
        self.reader.start()

    def told(self) -> str:
        """The last line in words. A child that lives on may hold the output open: nobody waits for that."""
        self.reader.join(_LAST_WORDS)
        lines = self.kept.decode("utf-8", "replace").strip().splitlines()
        return f": {visible(lines[-1][:_TOLD])}" if lines else ""

    def _read(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 (it was asked for)
        with self.process.stdout as stream:
            while part := os.read(stream.fileno(), 1 << 16):
                self.kept = (self.kept + part)[-_KEPT:]


def _filled(argument: str, order: Order) -> str:
    """Both are put in at once, so that a reason which holds `{scope}` stays as it is."""
    parts = argument.split("{reason}")
    return order.reason.join(part.replace("{scope}", order.scope.value) for part in parts)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process with all that it has started, even where it has ended itself meanwhile."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(GRACE)
        except (ProcessLookupError, PermissionError):
            return  # nobody is left, or it has become another user's, which this one can't end
        except subprocess.TimeoutExpired:
            continue
