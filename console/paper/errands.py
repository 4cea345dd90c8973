"""What others ask the desk to do: done in the desk's own thread, between two of its turns."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class ErrandError(Exception):
    """The desk has not done it; the message is one line."""


class Errands:
    """Asked for by any thread, carried out by one."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    @property
    def waiting(self) -> int:
        """How many haven't been begun."""
        return len(self._waiting)

    def ask(self, deed: Callable[[], T], seconds: float) -> T:
        """What `deed` answers. Raises what it raises, and ErrandError where the desk is busy for `seconds`.

        What the desk hasn't begun by then is withdrawn; what it has begun is waited for.
        """
        done: Future[T] = Future()
        self._waiting.append(lambda: _carry_out(done, deed))
        try:
            return done.result(seconds)
        except TimeoutError:
            if done.cancel():
                raise ErrandError(f"the desk is busy: not done within {seconds:g} s") from None
            return done.result()

    def carry_out(self) -> None:
        """Do what is waiting. Raises what a deed raises, which whoever asked hears of too."""
        while self._waiting:
            self._waiting.popleft()()


def _carry_out(done: "Future[T]", deed: Callable[[], T]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        answer = deed()
    except BaseException as error:  # whoever asked mustn't wait for ever
        done.set_exception(error)
        raise
    done.set_result(answer)
