"""A program in a real terminal: what it shows, as an emulator draws it, and every byte that it sent."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

from console.tui.friction import FASTEST
from tests.waiting import DEADLINE, eventually

LEFT_ALTERNATE_SCREEN = "\x1b[?1049l"
SHOWED_CURSOR = "\x1b[?25h"
BETWEEN_KEYS = 1.5 * FASTEST
"""Seconds between two different keys of a hand, from when it is seen what the first has done."""


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
        try:
            self.child.close(force=True)
        except pexpect.ExceptionPexpect:  # killed, but on a busy machine not gone within a tenth of a second
            eventually(lambda: not self.child.isalive())
            self.child.close()

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
        self.wait_for_one_of(words, seconds=seconds)

    def wait_until_gone(self, words: str) -> None:
        """Wait until `words` don't stand on the screen any more."""
        deadline = time.monotonic() + DEADLINE
        while words in self.text:
            assert time.monotonic() < deadline, f"{words!r} stays:\n{self.text}"
            self.read()

    def wait_for_one_of(self, *words: str, seconds: float = DEADLINE) -> str:
        """Wait until some of these words stand on the screen: which, the first of them that do."""
        deadline = time.monotonic() + seconds
        while (there := next((each for each in words if each in self.text), None)) is None:
            assert time.monotonic() < deadline, f"waited in vain for {words}:\n{self.text}"
            assert self.child.isalive() or self._drain(), f"ended before {words}:\n{self.text}"
            self.read()
        return there

    def _drain(self) -> bool:
        before = len(self.sent)
        self.read(0.2)
        return len(self.sent) > before

    def press(self, keys: str) -> None:
        self.child.send(keys)

    def answer(self, text: str) -> None:
        """Type a line, and press enter, as a hand does: what comes with the keys before isn't taken.

        The text mustn't stand on the screen yet: that it does says that the program has taken it.
        """
        assert text not in self.text, f"{text!r} is there already:\n{self.text}"
        self.read(BETWEEN_KEYS)
        self.press(text)
        self.wait_for(text)
        self.read(BETWEEN_KEYS)
        self.press("\r")

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
