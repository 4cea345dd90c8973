"""Ending when told to by a signal or by the line's end, even where the terminal takes nothing any more.

A terminal that nobody reads blocks whoever writes to it, and with that the event loop and the orderly exit.
So a thread of its own, which writes nothing, sees to it that a signal is obeyed in time. It looks after the
terminal too: whoever started the console may have seen to it that nobody tells it of a hang-up. Where the
orderly exit has come to nothing, it has the terminal given back as far as that goes without waiting.
"""

import asyncio
import functools
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

ENDING = (
    signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT,
    signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGXCPU,
)  # fmt: skip
"""What ends a process unless it minds, but for what no process can, and faults of machine code."""
GRACE = 1.5
"""Seconds that the orderly exit has: it takes a tenth of that where the terminal is read."""
_LAST = 0.2
"""Seconds that giving the terminal back has in the end, which takes none."""


def obey(
    leave: Callable[[int], None], finish: Callable[[], None], give_terminal_back: Callable[[], None]
) -> Callable[[], None]:
    """Call `leave(128 + number)` on the running event loop at a signal, and end the process soon after it.

    A terminal that is gone does what a hang-up does.
    What mustn't be broken off, `finish` waits for, in the thread, before that: it comes back in time. Last
    comes `give_terminal_back`, in a thread of its own.
    To be called in the main thread. What is returned gives the signals back to whoever had them before; a
    signal that has come by then still ends the process in time.
    """
    loop = asyncio.get_running_loop()
    reader, writer = os.pipe()

    def hang_up() -> None:
        with suppress(RuntimeError):  # the loop is closed: it is on its way out
            loop.call_soon_threadsafe(leave, 128 + signal.SIGHUP)

    end = functools.partial(_end, finish, give_terminal_back)
    threading.Thread(target=_watch, args=(reader, hang_up, end), name="signals", daemon=True).start()

    def come(number: int, _frame: FrameType | None) -> None:
        # Nothing here takes a lock: the main thread may be holding any.
        os.write(writer, bytes([number]))
        loop.call_soon_threadsafe(leave, 128 + number)

    before = {number: signal.signal(number, come) for number in ENDING}

    def give_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writer)

    return give_back


def _watch(reader: int, hang_up: Callable[[], None], end: Callable[[int], None]) -> None:
    """Wait for a signal or the terminal's end, and `end` with its exit code; a closed pipe ends the watch."""
    if _is_gone_before(reader):
        hang_up()
        end(128 + signal.SIGHUP)
    elif told := os.read(reader, 1):
        end(128 + told[0])
    os.close(reader)


def _end(finish: Callable[[], None], give_terminal_back: Callable[[], None], status: int) -> None:
    """End the process once the orderly exit has had its time."""
    finish()
    time.sleep(GRACE)  # with the pipe open: more signals may come, and be written
    finish()  # of what the last key before the signal has begun
    last = threading.Thread(target=give_terminal_back, daemon=True)
    last.start()
    last.join(_LAST)
    os._exit(status)


def _is_gone_before(reader: int) -> bool:
    """Wait for the pipe or the terminal's end, whichever comes first: whether it is the latter alone."""
    either = select.poll()
    either.register(reader, select.POLLIN)
    if sys.__stdin__ is not None and sys.__stdin__.isatty():
        either.register(sys.__stdin__, 0)  # that it hung up is told in any case
    return reader not in dict(either.poll())
