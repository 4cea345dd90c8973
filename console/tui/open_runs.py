"""The runs that wait for a person, for the overview's lines: read by a thread every few seconds."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from console import threads
from console.domain.severity import Severity
from console.tui.headline import Statement
from console.tui.painting import Painting
from console.tui.text import one_colon

if TYPE_CHECKING:
    from console.tui.watched import KnowsOpenRuns

READS_EVERY = 5
"""Seconds between two readings, to which others add."""


class OpenRuns:
    """Keeps nothing but the words."""

    def __init__(self, painting: Painting, runs: "Callable[[], KnowsOpenRuns] | None") -> None:
        """`runs` makes, in a thread, what reads them; None where there are none, as in a replay."""
        self._painting = painting
        self._runs = runs
        self._looks = 0
        self._reading: asyncio.Future[Statement | None] | None = None

    def begin(self) -> None:
        """Read them."""
        if self._runs is not None and self._reading is None:
            self._reading = threads.start(self._read, name="read the open runs")
            self._reading.add_done_callback(self._taken)

    def look(self) -> None:
        """To be called each second."""
        self._looks += 1
        if self._looks % READS_EVERY == 0:
            self.begin()

    def _read(self) -> Statement | None:
        assert self._runs is not None, "only asked for where there is one"  # noqa: S101
        runs = self._runs()
        found = runs.found()
        if isinstance(found, str):
            words = f"whether a run is open isn't known: {found}"
            return Statement(Severity.UNKNOWN, one_colon(words), "whether a run is open isn't known")
        if not found:
            return None
        from console.tui.screens.recovery.standing import standing_statement  # noqa: PLC0415 (most have none)

        return standing_statement(found, runs.clock.wall())

    def _taken(self, reading: "asyncio.Future[Statement | None]") -> None:
        self._reading = None
        self._painting.tell_of_runs(reading.result())
