"""What a console knew of its rules, in a file, for the next one: which alerts were pending or firing.

A convenience: a file that can't be read or written is logged, and the rules begin anew.
"""

import json
import logging
from pathlib import Path
from typing import Protocol

from console.own_folder import keep_whole

log = logging.getLogger(__name__)

KEEP_EVERY = 5.0
"""Seconds between two times that it is written, at least."""
KEPT_PER_SECOND = 16_000
"""Bytes that this may write in a second on average: with thousands of alerts it is done less often."""
_LARGEST = 64 * 1024 * 1024


class Rememberable(Protocol):
    def remembered(self, now: float, wall: float) -> dict[str, object]: ...
    def restore(self, document: dict[str, object], now: float, wall: float) -> None: ...


class AlertMemory:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._keep_from = float("-inf")

    def recall(self, rules: Rememberable, now: float, wall: float) -> None:
        """Have `rules` go on from what was kept; `now` and `wall` are the console's clocks at one instant."""
        try:
            with self._file.open("rb") as stream:
                document = json.loads(stream.read(_LARGEST))
            if not isinstance(document, dict):
                raise ValueError("not a mapping of rules")
            rules.restore(document, now, wall)
        except FileNotFoundError:
            return
        except (OSError, ValueError, OverflowError, RecursionError) as error:
            log.warning("%s: what is kept there of alerts can't be used: %s", self._file, error)

    def keep(self, rules: Rememberable, now: float, wall: float) -> None:
        """Write what `rules` know, unless that was done only just now."""
        if now < self._keep_from:
            return
        told = json.dumps(rules.remembered(now, wall)).encode()
        self._keep_from = now + max(KEEP_EVERY, len(told) / KEPT_PER_SECOND)
        try:
            keep_whole(self._file, told)
        except OSError as error:
            log.warning("%s: alerts can't be remembered: %s", self._file, error.strerror or error)
