"""A program in a real terminal: what it shows, as an emulator draws it, and every byte that it sent."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

from tests.waiting import DEADLINE

LEFT_ALTERNATE_SCREEN = "\x1b[?1049l"
SHOWED_CURSOR = "\x1b[?25h"


class Terminal:
    """`command` in a pty of `columns` by `lines`; `sent` is all that it wrote so far."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
        cwd: Path | None = None,
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self._screen)
        self.sent = ""
        self.child: pexpect.spawn[str] = pexpect.spawn(
            command[0],
            list(command[1:]),
            env=dict(environ),
            cwd=None if cwd is None else str(cwd),
            dimensions=(lines, columns),
            encoding="utf-8",
            codec_errors="replace",
            timeout=DEADLINE,
        )

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        """End the program, if it hasn't ended by itself."""
        self.child.close(force=True)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def read(self, seconds: float = 0.05) -> None:
        """Take in what comes within `seconds`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                news = self.child.read_nonblocking(65536, timeout=left)
            except pexpect.TIMEOUT:
                return
            except pexpect.EOF:
                return
            self.sent += news
            self._stream.feed(news)

    def wait_for(self, words: str, seconds: float = DEADLINE) -> None:
        """Wait until `words` stand on the screen; AssertionError shows what does instead."""
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < deadline, f"waited in vain for {words!r}:\n{self.text}"
            assert self.child.isalive() or self._drain(), f"ended before {words!r}:\n{self.text}"
            self.read()

    def _drain(self) -> bool:
        before = len(self.sent)
        self.read(0.2)
        return len(self.sent) > before

    def press(self, keys: str) -> None:
        self.child.send(keys)

    def resize(self, columns: int, lines: int) -> None:
        self._screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def wait_for_end(self, seconds: float = DEADLINE) -> int | None:
        """The exit status once the program has ended; what it still wrote is taken in."""
        deadline = time.monotonic() + seconds
        while self.child.isalive():
            assert time.monotonic() < deadline, f"still running:\n{self.text}"
            self.read()
        self.read(0.3)
        return self.child.exitstatus
