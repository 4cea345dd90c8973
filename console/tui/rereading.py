"""What a thread reads anew every so many seconds, one reading at a time, for the overview's lines."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from console import threads

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What is read and how it is told, times in seconds.

    `read` blocks. After `long`, what was read last is no word on the present, and `slow` is told; `unread` is
    where it raised.
    """

    name: str
    every: int
    long: int
    read: Callable[[], T]
    tell: Callable[[T], None]
    slow: T
    unread: T


class Rereading(Generic[T]):
    """Keeps nothing of what it reads."""

    def __init__(self, told: Told[T] | None) -> None:
        """None where there is nothing to read, as in a replay."""
        self._told = told
        self._looks = self._read_at = 0
        self._reading: asyncio.Future[T] | None = None

    def begin(self) -> None:
        """Read it."""
        if self._told is not None and self._reading is None:
            self._reading = threads.start(self._told.read, name=self._told.name)
            self._reading.add_done_callback(self._taken)

    def look(self) -> None:
        """To be called each second."""
        if self._told is None:
            return
        self._looks += 1
        if self._looks % self._told.every == 0:
            self.begin()
        if self._reading is not None and self._looks - self._read_at > self._told.long:
            self._told.tell(self._told.slow)

    def _taken(self, reading: "asyncio.Future[T]") -> None:
        assert self._told is not None, "only read where there is something"  # noqa: S101
        self._reading, self._read_at = None, self._looks
        if reading.exception() is not None:
            self._told.tell(self._told.unread)  # what was read before is no word on the present
        self._told.tell(reading.result())
