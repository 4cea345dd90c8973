"""Follows one log for the screen: a reader in a thread of its own, which offers immutable pages."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from console.domain.clock import Clock
from console.sources.logs.file import LogFile
from console.sources.logs.lines import Place
from console.sources.logs.pattern import LinePattern
from console.sources.logs.reader import LogReader, Page, Request
from console.sources.logs.times import Moment

log = logging.getLogger(__name__)

TICK = 0.25
"""Seconds between two looks at a log that nobody writes to."""


class LogFollower:
    """The life of one followed log. `page` is the newest page; `changed` is called in the thread when it has
    been replaced. Everything that is asked for returns at once, and shows in a later page."""

    def __init__(self, file: LogFile, clock: Clock, changed: Callable[[], None]) -> None:
        self.page = Page()
        self._reader = LogReader(file, clock)
        self._changed = changed
        self._requests: deque[Request] = deque()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        # A daemon: quitting never waits for a disk.
        self._thread = threading.Thread(target=self._run, name=f"follow log {file.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end, and close what is open; doesn't wait for it."""
        self._stopped.set()
        self._wake.set()

    def join(self, timeout: float) -> None:
        """Wait until the thread has ended, or `timeout` seconds have passed."""
        self._thread.join(timeout)

    def follow(self) -> None:
        """Show the newest lines from now on."""
        self._ask(lambda reader: reader.follow())

    def stand(self, place: Place) -> None:
        """Show the lines around `place`, whatever comes."""
        self._ask(lambda reader: reader.stand(place))

    def filter(self, pattern: LinePattern | None, place: Place | None) -> None:
        """Show only lines that match, around `place` where the end isn't followed; None: all lines."""
        self._ask(lambda reader: reader.filter(pattern, place))

    def search(self, pattern: LinePattern, place: Place, *, older: bool) -> None:
        """Mark what matches, and go to the next such line before `place`, or else from it on."""
        self._ask(lambda reader: reader.search(pattern, place, older=older))

    def go_to(self, moment: Moment) -> None:
        """Go to the first line that was written at that time or later, or else to the end."""
        self._ask(lambda reader: reader.go_to(moment))

    def to_beginning(self) -> None:
        """Go to the first line that is left of the log."""
        self._ask(lambda reader: reader.to_beginning())

    def give_up(self) -> None:
        """Stop looking any further, for what is searched or for lines that match the filter."""
        self._ask(lambda reader: reader.give_up())

    def _ask(self, request: Request) -> None:
        self._requests.append(request)
        self._wake.set()

    def _run(self) -> None:
        reader = self._reader
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                reader.turn(self._requests)
            except (
                Exception
            ) as error:  # a defect must not leave an old page standing as if it were the newest
                log.exception("following the log failed")
                reader.lose(f"internal error: {type(error).__name__}: {error}")
            if reader.page != self.page:
                self.page = reader.page
                self._changed()
            if not reader.busy:
                self._wake.wait(TICK)
        reader.close()
