"""The process that carries out one order, and outlives whoever asked for it. Standard library only."""

import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from console.actions.faults import points_of
from console.audit.actor import process_start
from console.audit.files import open_file
from console.audit.points import Point, pass_by
from console.domain.clock import Clock, SystemClock
from console.runbooks.order import NotBegunError, Order, Outcome, begun, claim, identity, keep

_TICK = 0.05
"""Seconds between two looks at what the command does."""
_LARGEST_PIPE = 1 << 20
"""Bytes that a command can have written and nobody read yet."""
_BETWEEN_CUTS = 1.0
"""Seconds between two looks at how much has been written by what lives on."""


def main() -> None:
    """`python -m console.runbooks.supervisor FOLDER`."""
    supervise(Path(sys.argv[1]), SystemClock(), points_of("supervisor"))


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
        carry_out = _launched if order.lives else _carried_out
        process, outcome = carry_out(folder, order, stop, clock, point)
        point("ended")
        keep(folder, "outcome.json", json.dumps(asdict(outcome)))
        point("told")
        if process is not None and outcome.lives:
            _cut_output(folder, process, order.limit, stop)


@dataclass(slots=True)
class _Stop:
    """Whether somebody has asked for an end."""

    wanted: bool = False

    def asked(self, _signal: int, _frame: object) -> None:
        self.wanted = True


_Carried = tuple["subprocess.Popen[bytes] | None", Outcome]
"""The process, if there was one, and what came of it."""


def _carried_out(folder: Path, order: Order, stop: _Stop, clock: Clock, point: Point) -> _Carried:
    """Run what has to end."""
    began = clock.now()
    try:
        process = begun(folder, order, subprocess.PIPE)
    except NotBegunError as error:
        return None, Outcome(None, error=str(error))
    point("begun")
    output, ended = _Output(folder, process, order.limit), ""
    while process.poll() is None:
        output.take(_TICK)
        late = clock.now() - began >= order.timeout
        if not ended and (late or stop.wanted):
            ended = "abort" if stop.wanted else "time-out"
            _end(process, output.take, order.grace, clock)
    output.take_rest()
    took, digest = clock.now() - began, output.digest.hexdigest()
    return process, Outcome(process.returncode, "", ended, took, output.size, digest)


def _launched(folder: Path, order: Order, stop: _Stop, clock: Clock, point: Point) -> _Carried:
    """Start what may never end, and see that it lives for long enough.

    It writes into a file, and not to this process, whose end is then not its own.
    """
    file, began, ended = folder / "output", clock.now(), ""
    descriptor = open_file(file, os.O_WRONLY | os.O_APPEND)
    try:
        process = begun(folder, order, descriptor)
    except NotBegunError as error:
        return None, Outcome(None, error=str(error))
    finally:
        os.close(descriptor)
    point("begun")
    while process.poll() is None and clock.now() - began < order.lives:
        _sleep(_TICK)
        if stop.wanted:
            ended = "abort"
            _end(process, _sleep, order.grace, clock)
            process.wait()
    code, written = process.poll(), file.read_bytes()
    took, digest = clock.now() - began, hashlib.sha256(written).hexdigest()
    return process, Outcome(code, "", ended, took, len(written), digest, lives=code is None)


def _cut_output(folder: Path, process: "subprocess.Popen[bytes]", limit: int, stop: _Stop) -> None:
    """Keep no more than the end of what is written by what lives on, until it ends, or this has to."""
    file = folder / "output"
    while process.poll() is None and not stop.wanted:
        _sleep(_BETWEEN_CUTS)
        with suppress(OSError):  # a full disk is no reason to leave
            if file.stat().st_size > limit // 2:
                shutil.copyfile(file, folder / "output.before")
                os.truncate(file, 0)


def _end(
    process: "subprocess.Popen[bytes]", wait: Callable[[float], object], grace: float, clock: Clock
) -> None:
    """End the command's group: TERM, and KILL for what is left after `grace` seconds.

    Its number can't be another's meanwhile: the process isn't waited for before, and leads the group.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
        until = clock.now() + grace
        while clock.now() < until and _is_there(process.pid):
            wait(_TICK)
        os.killpg(process.pid, signal.SIGKILL)


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


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
        descriptor = open_file(file, os.O_WRONLY | os.O_APPEND)
        with os.fdopen(descriptor, "ab") as stream:
            stream.write(part)
        self._kept += len(part)


if __name__ == "__main__":
    main()
