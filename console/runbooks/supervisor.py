"""The process that runs one command of a step, and outlives whoever asked for it. Standard library only.

Its folder tells all that happened, whoever is killed when:

    order.json       what to run, for how long
    claim            who runs it: made once, so that of two who would, one does. `nobody`: it is never run
    process          the command's process, PID-START
    output(.before)  the end of what it wrote
    outcome.json     what came of it; without it, a claim whose process is gone says that nobody knows
"""

import hashlib
import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from console.audit.actor import process_start
from console.audit.points import Point, pass_by
from console.domain.clock import Clock, SystemClock

NOBODY = "nobody"
"""The claim of those who came back before it was begun."""
_TICK = 0.05
"""Seconds between two looks at what the command does."""
_LARGEST_PIPE = 1 << 20
"""Bytes that a command can have written and nobody read yet."""


@dataclass(frozen=True, slots=True)
class Order:
    """`timeout` and `grace` (between SIGTERM and SIGKILL) are in seconds, `limit` in bytes of output kept."""

    arguments: tuple[str, ...]
    timeout: float
    grace: float = 2.0
    limit: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: by `code` (negative: by that signal), or `error` says why it could not be begun.

    `ended` says who ended it: nobody (empty), its `time-out`, or an `abort`. `size` and `digest` are those of
    all that it wrote, the part that isn't kept included; `seconds` is how long it took.
    """

    code: int | None
    error: str = ""
    ended: str = ""
    seconds: float = 0.0
    size: int = 0
    digest: str = ""


def main() -> None:
    """`python -m console.runbooks.supervisor FOLDER`."""
    supervise(Path(sys.argv[1]), SystemClock())


def supervise(folder: Path, clock: Clock, point: Point = pass_by) -> None:
    """Run what the folder's order says, unless somebody has claimed it; the outcome is durable in the end.

    `point` is passed between any two things that last.
    """
    told = json.loads((folder / "order.json").read_text())
    order = Order(**{**told, "arguments": tuple(told["arguments"])})
    stop = _Stop()
    signal.signal(signal.SIGTERM, stop.asked)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which consoles ignore, and no command inherits from them
    if claim(folder, identity(os.getpid())):
        point("claimed")
        outcome = _carried_out(folder, order, stop, clock, point)
        point("ended")
        keep(folder, "outcome.json", json.dumps(asdict(outcome)))
        point("told")


def claim(folder: Path, who: str) -> bool:
    """Claim the order for `who`; False where somebody has it already."""
    temporary = _written(folder, f"claim.{os.getpid()}", who)
    try:
        os.link(temporary, folder / "claim")
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    sync_folder(folder)
    return True


def keep(folder: Path, name: str, text: str) -> None:
    """Write a file of the folder whole and durably, or raise OSError."""
    _written(folder, f"{name}.{os.getpid()}", text).rename(folder / name)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make durable which files the folder holds."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def identity(pid: int) -> str:
    """`PID-START`: a number that is given again is another process."""
    return f"{pid}-{process_start(pid) or 0}"


@dataclass(slots=True)
class _Stop:
    """Whether somebody has asked for an end."""

    wanted: bool = False

    def asked(self, _signal: int, _frame: object) -> None:
        self.wanted = True


def _carried_out(folder: Path, order: Order, stop: _Stop, clock: Clock, point: Point) -> Outcome:
    began, supervisor = clock.now(), os.getpid()

    def announce() -> None:
        """In the command's process, before the command: no command runs that the folder doesn't know."""
        keep(folder, "process", identity(os.getpid()))
        if os.getppid() != supervisor:
            os._exit(1)

    try:
        process = subprocess.Popen(
            order.arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=announce,  # noqa: PLW1509 (this process has no threads)
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Outcome(None, error=f"{order.arguments[0]}: {words.lower()}")
    point("begun")
    output, ended = _Output(folder, process, order.limit), ""
    while process.poll() is None:
        output.take(_TICK)
        late = clock.now() - began >= order.timeout
        if not ended and (late or stop.wanted):
            ended = "abort" if stop.wanted else "time-out"
            _end(process, output, order.grace, clock)
    output.take_rest()
    return Outcome(process.returncode, "", ended, clock.now() - began, output.size, output.digest.hexdigest())


def _end(process: "subprocess.Popen[bytes]", output: "_Output", grace: float, clock: Clock) -> None:
    """End the command's group: TERM, and KILL for what is left after `grace` seconds.

    Its number can't be another's meanwhile: the process isn't waited for before, and leads the group.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
        until = clock.now() + grace
        while clock.now() < until and _is_there(process.pid):
            output.take(_TICK)
        os.killpg(process.pid, signal.SIGKILL)


def _is_there(pid: int) -> bool:
    """Whether the process has not ended; one that has is left to be waited for."""
    return process_start(pid) is not None


@dataclass(slots=True)
class _Output:
    """What a command writes, of which the end is kept: two files, the older one replaced by the newer."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    limit: int
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _kept: int = 0

    def take(self, seconds: float) -> bool:
        """Take what comes within `seconds`; False where nothing has come, or nothing will any more."""
        assert self.process.stdout is not None  # noqa: S101 (it was asked for)
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return False
        part = os.read(self.process.stdout.fileno(), 1 << 16)
        if not part:
            select.select([], [], [], seconds)  # it writes no more, and may run on
            return False
        self.size += len(part)
        self.digest.update(part)
        with suppress(OSError):  # a full disk ends no command half-way
            self._keep(part)
        return True

    def take_rest(self) -> None:
        """Take what is there when the command has ended; a child of it may go on writing for ever."""
        enough = self.size + _LARGEST_PIPE
        while self.size < enough and self.take(0.0):
            pass

    def _keep(self, part: bytes) -> None:
        file = self.folder / "output"
        if self._kept and self._kept + len(part) > self.limit // 2:
            file.rename(self.folder / "output.before")
            self._kept = 0
        with file.open("ab") as stream:
            stream.write(part)
        self._kept += len(part)


def _written(folder: Path, name: str, text: str) -> Path:
    """A file of that name with that text, durable but for its name."""
    file = folder / name
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return file


if __name__ == "__main__":
    main()
