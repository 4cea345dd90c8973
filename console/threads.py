"""Blocking calls behind asyncio futures, in daemon threads that quitting never waits for."""

import asyncio
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")

_Call = tuple[str, Callable[[], None]]
"""What a thread is called while it runs the call."""

_idle: list["SimpleQueue[_Call]"] = []
"""Threads that wait for their next call: one is taken for each, and made where none waits."""

_TURN = 0.0005
"""Seconds that a thread computes on while another waits for its turn; Python's own 5 ms are felt at a key."""


def make_way() -> None:
    """Have threads that compute give the event loop its turn soon: from then on, in the whole process."""
    sys.setswitchinterval(_TURN)


def start(function: Callable[[], T], *, name: str) -> "asyncio.Future[T]":
    """Run `function` in a daemon thread; the future holds its result or its exception.

    Cancelling the future leaves the thread running to its own end, which nobody then hears of. Textual's and
    asyncio's own thread pools are joined at exit: with a hanging server, quitting would hang too. Raises
    RuntimeError when the machine has no thread left.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    future.add_done_callback(_heard)

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001 (the one who awaits the future gets it)
            failure = error
        try:
            loop.call_soon_threadsafe(settle, result, failure)
        except RuntimeError:
            return  # the loop is closed: the program has quit meanwhile

    _thread().put((name, run))
    return future


def _thread() -> "SimpleQueue[_Call]":
    """The queue of a thread that does nothing: polling every second needs no new one each time."""
    try:
        return _idle.pop()
    except IndexError:
        calls: SimpleQueue[_Call] = SimpleQueue()
        threading.Thread(target=_serve, args=(calls,), daemon=True).start()
        return calls


def _serve(calls: "SimpleQueue[_Call]") -> None:
    while True:
        name, call = calls.get()
        threading.current_thread().name = name
        call()
        del call  # with it goes what it answered
        _idle.append(calls)


def _heard(future: "asyncio.Future[T]") -> None:
    """Take note of an exception, so that asyncio doesn't complain when nobody waits for it any more."""
    if not future.cancelled():
        future.exception()
