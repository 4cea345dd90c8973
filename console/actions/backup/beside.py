"""Work on one connection beside other work, in a thread that nobody waits for who is ended."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.actions.backup.errors import BackupError

T = TypeVar("T")

_TICK = 0.2
_ENDING = 5.0
"""Seconds that work that was given up is waited for."""


@dataclass(frozen=True, slots=True)
class Beside(Generic[T]):
    """Work that goes on."""

    future: "Future[T]"

    def result(self, tell: Callable[[], None]) -> T:
        """What it has come to, `tell` being called now and then until it has. Raises what the work raises."""
        return results([self], tell)[0]


def results(works: Sequence[Beside[T]], tell: Callable[[], None]) -> Sequence[T]:
    """The same of several, which nobody waits for any more once one has failed."""
    left = {work.future for work in works}
    while left:
        done, left = wait(left, timeout=_TICK, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        tell()
    return [work.future.result() for work in works]


@contextmanager
def beside(work: Callable[[Callable[[], None]], T]) -> Iterator[Beside[T]]:
    """Do `work` while the block lasts, which has to ask for its result.

    The work is given a function to call again and again, which raises BackupError once the block was left.
    """
    left, future = threading.Event(), Future[T]()

    def going_on() -> None:
        if left.is_set():
            raise BackupError("it was given up")

    def run() -> None:
        try:
            future.set_result(work(going_on))
        except BaseException as error:  # noqa: BLE001 (the one who asks for the result gets it)
            future.set_exception(error)

    threading.Thread(target=run, name="beside", daemon=True).start()
    try:
        yield Beside(future)
    finally:
        left.set()
        wait([future], timeout=_ENDING)
