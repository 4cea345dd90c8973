"""One service that tells people: its messages go out one after the other, in a thread of its own.

One that isn't taken is sent again, later each time and at once when a further one comes, for an hour.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping

from console.actions.sending import Post, post
from console.domain.alert_notices import WATCHDOG, Message
from console.domain.clock import Clock

FIRST_WAIT = 20.0
LONGEST_WAIT = 600.0
"""Seconds before a message that wasn't taken is sent again: twice as long each time."""
KEPT_FOR = 3600.0
"""Seconds after which one that nobody takes is given up."""


class Mailbox:
    """What goes to one service. `complaint` is why the last message wasn't taken; empty when it was."""

    def __init__(
        self, send: Callable[[Message], str], clock: Clock, taken: Callable[[Message], None]
    ) -> None:
        """`send` says why a message wasn't taken, or nothing; `taken` is called with each that was."""
        self.complaint = ""
        self._send = send
        self._clock = clock
        self._taken = taken
        self._letters: deque[tuple[float, Message]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._sending: threading.Thread | None = None

    def put(self, message: Message) -> None:
        """Have it sent; returns at once."""
        with self._changed:
            self._letters.append((self._clock.now(), message))
            self._changed.notify_all()
            if self._sending is not None:
                return
            self._sending = threading.Thread(target=self._run, name="notify", daemon=True)
            try:
                self._sending.start()
            except RuntimeError:
                self._sending = None
                self.complaint = "the machine has no thread left"

    def close(self, seconds: float) -> None:
        """Wait for what is being sent, `seconds` at most; what isn't taken by then is given up."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._sending is None, seconds)

    def _run(self) -> None:
        wait = FIRST_WAIT
        while (letter := self._next()) is not None:
            put_at, message, waiting = letter
            self.complaint = self._send(message)
            if not self.complaint:
                self._taken(message)
            old = self._clock.now() - put_at > KEPT_FOR
            if self.complaint and not (old or message.kind == WATCHDOG or self._closed):
                self._wait_for_another(waiting, wait)
                wait = min(2 * wait, LONGEST_WAIT)
                continue
            wait = FIRST_WAIT
            if old:
                self.complaint = ""
            with self._changed:
                self._letters.popleft()

    def _wait_for_another(self, waiting: int, seconds: float) -> None:
        """Wait until there are more messages than were `waiting`, or it is closed; `seconds` at most."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._letters) > waiting, seconds)

    def _next(self) -> tuple[float, Message, int] | None:
        """The oldest message, when it was put in, and how many wait; None, and the thread's end, for none."""
        with self._changed:
            if self._letters:
                return *self._letters[0], len(self._letters)
            self._sending = None
            self._changed.notify_all()
            return None


def sent(timeout: float, environ: Mapping[str, str], url: str, message: Message) -> str:
    """Send it to the address `url` within `timeout` seconds; why it wasn't taken, or nothing."""
    said = Post(message.kind, message.title, message.body)
    return "; ".join(post(said, [url], timeout, environ))
