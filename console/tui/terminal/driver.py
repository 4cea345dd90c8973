"""The terminal as it is taken, and as it is given back: nothing of the console is left in it."""

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
