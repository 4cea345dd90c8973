"""A log that a test writes, and a reader of it that is given its turns by hand."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.sources.logs.file import LogFile
from console.sources.logs.reader import LogReader, Page, Request
from tests.tui.fake import HandClock

NOON = datetime(2026, 1, 2, 12, 0).timestamp()


def line(after_noon: float, message: str, level: str = "INFO", logger: str = "engine") -> str:
    at = datetime.fromtimestamp(NOON + after_noon)
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03} [{level}] {logger}: {message}\n"


@dataclass(slots=True)
class TickingClock(HandClock):
    """A clock that goes on by `step` whenever it is looked at: everything takes long on it."""

    step: float = 0.06

    def now(self) -> float:
        self.at += self.step
        return self.at


class Reading:
    """A reader that is given its turns by hand."""

    def __init__(self, log: Path, clock: HandClock | None = None) -> None:
        self.log = log
        self.reader = LogReader(LogFile("engine", lambda: self.log), clock or HandClock(NOON))
        self.requests: deque[Request] = deque()

    def close(self) -> None:
        self.reader.close()

    def page(self, *requests: Request) -> Page:
        """The page once everything that was asked for is done."""
        self.turn(*requests)
        while self.reader.busy or self.requests:
            self.reader.turn(self.requests)
        return self.reader.page

    def turn(self, *requests: Request) -> Page:
        self.requests.extend(requests)
        self.reader.turn(self.requests)
        return self.reader.page


def append(log: Path, *lines: str) -> None:
    with log.open("a") as stream:
        stream.write("".join(lines))


def messages(page: Page) -> list[str]:
    return [line.message for line in page.lines]


def message_at(page: Page) -> str | None:
    """The line that a jump or a search has led to."""
    return next((line.message for line in page.lines if line.begin == page.place), None)
