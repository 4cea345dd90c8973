"""What a step's command writes, while it writes it: from its supervisor's files, on the host where it runs.

Lines are the command's own words but for secrets; whoever shows them makes them inert.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from console.audit.redaction import redacted_text
from console.runbooks.run import Run, State, StepRun

MOST_AT_ONCE = 1 << 16
"""Bytes that one look at the output yields at most: the newest."""
_LONGEST_LINE = 1000
"""Bytes after which a line that doesn't end is yielded as it is."""


def step_folder(runs: Path, run_id: str, step: StepRun) -> Path:
    """Where the command of this attempt at a step leaves what it writes, and what came of it."""
    return runs / run_id / f"{step.name}.{step.intent}"


class LiveOutput:
    """One command's output, from its `folder`. Each call of `lines` yields what has come since the last."""

    def __init__(self, folder: Path, secrets: Collection[str] = ()) -> None:
        self._folder = folder
        self._secrets = secrets
        self._inode = self._offset = 0
        self._unended = b""

    def lines(self, *, ended: bool = False) -> Iterator[str]:
        """New lines, nothing where there are none; with `ended` the last one needs no newline.

        Where more than MOST_AT_ONCE bytes have come, a line says how many are left out.
        """
        fresh, missed = self._fresh()
        if missed:
            self._unended = b""
            fresh = fresh.partition(b"\n")[2] or fresh
            yield f"... {missed} bytes are left out"
        *whole, self._unended = (self._unended + fresh).split(b"\n")
        if self._unended and (ended or len(self._unended) > _LONGEST_LINE):
            whole.append(self._unended)
            self._unended = b""
        for line in whole:
            yield redacted_text(line.decode("utf-8", "replace"), self._secrets)

    def _fresh(self) -> tuple[bytes, int]:
        """What has come since the last call, and how many bytes before that are left out."""
        try:
            with (self._folder / "output").open("rb") as stream:
                rest = self._rest_before(os.fstat(stream.fileno()).st_ino)
                fresh, missed = self._read(stream)
        except FileNotFoundError:  # nothing is written yet, or the file is being replaced right now
            return b"", 0
        return (fresh, missed + len(rest)) if missed else (rest + fresh, 0)

    def _rest_before(self, inode: int) -> bytes:
        """The end of the older file, where the supervisor has begun another since the last call."""
        rest = b""
        if self._inode not in (0, inode):
            try:
                with (self._folder / "output.before").open("rb") as stream:
                    if os.fstat(stream.fileno()).st_ino == self._inode:
                        rest, _ = self._read(stream)
            except FileNotFoundError:
                pass
            self._offset = 0
        self._inode = inode
        return rest

    def _read(self, stream: BinaryIO) -> tuple[bytes, int]:
        size = os.fstat(stream.fileno()).st_size
        begin = max(self._offset, size - MOST_AT_ONCE)
        missed = begin - self._offset
        stream.seek(begin)
        fresh = stream.read(MOST_AT_ONCE)
        self._offset = begin + len(fresh)
        return fresh, missed


def latest_output(folder: Path, secrets: Collection[str]) -> tuple[str, ...]:
    """The lines that the command of `folder` wrote last; none where it ran on another host."""
    return tuple(LiveOutput(folder, secrets).lines(ended=True))


def outputs_of(runs: Path, run: Run, secrets: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """What the commands write that are running here, by step."""
    running = (step for step in run.steps if step.state is State.RUNNING)
    return {step.name: latest_output(step_folder(runs, run.id, step), secrets) for step in running}
