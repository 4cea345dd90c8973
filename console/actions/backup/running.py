"""A client program at work: what it writes, what it is given, and why it has failed."""

import os
import select
import subprocess
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from console.actions.backup.errors import BackupError
from console.domain.foreign import visible

STILL = 60.0
"""Seconds for which a program is waited for that says nothing, takes nothing, or doesn't end."""
_TICK = 0.2
"""Seconds between two looks at whether anybody still waits for a program."""
_PART = 1 << 16
_LONGEST_COMPLAINT = 200


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, with the descriptor that it inherits, in which environment."""

    arguments: Sequence[str]
    inherits: int
    environ: Mapping[str, str]

    @property
    def name(self) -> str:
        return Path(self.arguments[0]).name


def output_of(program: Program) -> Generator[bytes]:
    """What the program writes, to the end; BackupError with its last words where it doesn't end well."""
    with _running(program, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as running:
        assert running.process.stdout is not None  # noqa: S101 (it was asked for)
        output = running.process.stdout.fileno()
        while True:
            if not select.select([output], [], [], STILL)[0]:
                raise BackupError(f"{program.name} has said nothing for {STILL:g} s, and was ended")
            part = os.read(output, _PART)
            if not part:
                break
            yield part
        running.end_well()


def fed(program: Program, parts: Iterable[bytes], tell: Callable[[], None]) -> None:
    """Give the program `parts` to its end; BackupError with its last words where it doesn't end well.

    `tell` is called after each that it has taken, and now and then; what it raises ends the program.
    """
    with _running(program, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        assert running.process.stdin is not None  # noqa: S101 (it was asked for)
        taking = running.process.stdin.fileno()
        os.set_blocking(taking, False)
        with suppress(BrokenPipeError):  # it has ended before: its last words say why
            for part in parts:
                _give(program, taking, part, tell)
                tell()
        running.process.stdin.close()
        running.end_well(tell)


def _give(program: Program, taking: int, part: bytes, tell: Callable[[], None]) -> None:
    left, took = memoryview(part), time.monotonic()
    while left:
        if select.select([], [taking], [], min(_TICK, STILL))[1]:
            left, took = left[os.write(taking, left) :], time.monotonic()
        elif time.monotonic() - took >= STILL:
            raise BackupError(f"{program.name} has taken nothing for {STILL:g} s, and was ended")
        else:
            tell()


@dataclass(frozen=True, slots=True)
class _Running:
    program: Program
    process: "subprocess.Popen[bytes]"
    complaints: int
    """A file in memory: a program never waits for somebody to read what it complains of."""

    def end_well(self, tell: Callable[[], None] = lambda: None) -> None:
        code = self._waited(tell)
        if code:
            size = os.fstat(self.complaints).st_size
            said = os.pread(self.complaints, 4096, max(0, size - 4096)).decode("utf-8", "replace").split("\n")
            words = visible(next((line for line in reversed(said) if line.strip()), f"exit code {code}"))
            raise BackupError(f"{self.program.name}: {words[:_LONGEST_COMPLAINT]}")

    def _waited(self, tell: Callable[[], None]) -> int:
        since = time.monotonic()
        while True:
            try:
                return self.process.wait(min(_TICK, STILL))
            except subprocess.TimeoutExpired:
                if time.monotonic() - since >= STILL:
                    told = f"{self.program.name} has not ended in {STILL:g} s, and was ended"
                    raise BackupError(told) from None
            tell()


@contextmanager
def _running(program: Program, *, stdin: int, stdout: int) -> Iterator[_Running]:
    """The program, which is killed where this is left before it has ended."""
    complaints = os.memfd_create("complaints")
    try:
        try:
            process = subprocess.Popen(
                program.arguments,
                stdin=stdin,
                stdout=stdout,
                stderr=complaints,
                env=program.environ,
                pass_fds=(program.inherits,),
            )
        except OSError as error:
            raise BackupError(f"{program.arguments[0]}: {(error.strerror or str(error)).lower()}") from None
        try:
            yield _Running(program, process, complaints)
        finally:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:  # a child of its own may keep the other end open: nobody waits for that
                    pipe.close()
            process.wait()
    finally:
        os.close(complaints)
