"""The terminal as it is taken, and as it is given back: nothing of the console is left in it."""

import os
import termios
from contextlib import suppress
from threading import Event

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from console.tui.terminal.line_watch import QUESTION

_EMPTY = "\x1b[m\x1b[H\x1b[2J"
"""Blanks everywhere, in the terminal's own colours, and the cursor at the top."""
_LAST_ANSWER = 0.8
"""Seconds that an answer has in the end: with what else there is to do, less than a signal leaves."""
_TAKEN_BACK = (
    "\x18"  # what was being sent is broken off
    "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    f"{_EMPTY}\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""All that textual and this driver ask for, undone."""


class TidyDriver(LinuxDriver):
    """Textual's driver, which takes in what the terminal was asked for, and empties the screen in the end.

    An answer that came later would be typed into the shell. The picture would stay on a terminal without an
    alternate screen. And tmux before 3.4, when its window has become wider since the start, breaks the
    picture's lines, and puts what is too much then above the shell's.
    """

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._answers = False
        self._answered = Event()

    def write(self, data: str) -> None:
        if data == QUESTION:
            self._answered.clear()
        super().write(data)

    def send_message(self, message: Message) -> None:
        """Tell the app, whose loop is another thread's: textual takes two turns of the loop more for it."""
        self._app.post_message(message)

    def process_message(self, message: Message) -> None:
        if isinstance(message, TerminalSupportsSynchronizedOutput):
            self._answers = True
            self._answered.set()
        super().process_message(message)

    def stop_application_mode(self) -> None:
        if self._answers:
            self._answered.wait(_LAST_ANSWER)
        self.write(_EMPTY)
        super().stop_application_mode()

    def stop_at_once(self) -> None:
        """Undo what was asked of the terminal as far as that waits for nobody: the process ends after it.

        May be called in any thread. Of a terminal that takes nothing any more only the modes are set.
        """
        if self._file is None:
            return
        with suppress(OSError, termios.error):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            anew = os.open(os.ttyname(self._file.fileno()), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            os.write(anew, _TAKEN_BACK.encode())
