"""Asking what may never answer, such as a disk over a network, for no longer than there is time.

Standard library only, and little of it: a trip asks before it writes its flag.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T], name: str) -> T | None:
    """What `call` answers within `seconds`, else None; the daemon thread `name` is left to its own end.

    Where the machine has no thread left, nobody can cut the waiting short. `call` raises nothing.
    """
    found: list[T] = []
    asked = threading.Thread(target=lambda: found.append(call()), name=name, daemon=True)
    try:
        asked.start()
    except RuntimeError:
        return call()
    asked.join(seconds)
    return found[0] if found else None
