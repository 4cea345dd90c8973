"""A program in a terminal of its own: what it wrote and when, and what a person would have seen at any time.

The reader only stamps and keeps what comes; the screens are worked out afterwards, so that measuring takes
nothing from what is measured. Queries that a terminal answers are answered, as a modern one does.
"""

import fcntl
import os
import pty
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyte

COLUMNS, ROWS = 120, 40
_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?62;22c"}
"""What is asked of a terminal, and what it says: synchronized output is there and off, the cursor is home."""


class Chunk(NamedTuple):
    """What one read gave: `at` is time.perf_counter's."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Screen:
    """What was to be seen from `at` on."""

    at: float
    lines: tuple[str, ...]

    def line_with(self, text: str) -> str | None:
        """The first line that has `text` in it."""
        return next((line for line in self.lines if text in line), None)


class Terminal:
    """A running program. Leaving the `with` block ends it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.chunks: list[Chunk] = []
        self.began = time.perf_counter()
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            _set_size(0)
            os.chdir(folder)
            os.execvpe(command[0], list(command), dict(environment))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        for how, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            if self._ended_within(how, seconds):
                break
        os.close(self._descriptor)

    def send(self, keys: bytes) -> float:
        """Press `keys`; answers when."""
        at = time.perf_counter()
        os.write(self._descriptor, keys)
        return at

    def screens(self, since: float = 0.0) -> Iterator[Screen]:
        """What was to be seen at `since` on perf_counter, and after each read from then on."""
        screen = pyte.Screen(COLUMNS, ROWS)
        stream = pyte.ByteStream(screen)
        chunks = tuple(self.chunks)
        for number, chunk in enumerate(chunks, 1):
            stream.feed(chunk.data)
            if number == len(chunks) or chunks[number].at >= since:
                yield Screen(chunk.at, tuple(screen.display))

    def first(self, shows: Callable[[Screen], bool]) -> float | None:
        """When the screen first was as `shows` says; None when it never was."""
        return next((screen.at for screen in self.screens() if shows(screen)), None)

    def text(self) -> str:
        """What is to be seen now."""
        *_, last = ("", *("\n".join(screen.lines) for screen in self.screens(time.perf_counter())))
        return last

    def written(self, since: float, until: float) -> int:
        """Bytes that came between two times."""
        return sum(len(chunk.data) for chunk in self.chunks if since <= chunk.at < until)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._descriptor, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self.chunks.append(Chunk(time.perf_counter(), data))
            for query, answer in _ANSWERS.items():
                if query in data:
                    os.write(self._descriptor, answer)

    def _ended_within(self, how: signal.Signals, seconds: float) -> bool:
        os.kill(self.pid, how)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
            time.sleep(0.02)
        return False


def environment(home: Path) -> dict[str, str]:
    """The same for every program: a terminal with all colours, and an empty home folder."""
    kept = {name: value for name, value in os.environ.items() if name == "PATH"}
    return {
        **kept,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def _set_size(descriptor: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
