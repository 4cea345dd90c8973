"""Telling what came of a trip: who doesn't read what is told doesn't hold up the one who tells it.

A full pipe, or a terminal that was stopped, takes nothing; what can't be told is given up.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import click

from console.cli.command_line import tell
from console.patience import within

LISTENS_WITHIN = 1.0
"""Seconds that a line has to be taken; then nothing more is told there."""


class Telling:
    """Standard output and standard error of one command, for as long as each is listened to."""

    def __init__(self) -> None:
        self._deaf: set[str] = set()

    def tell(self, text: str) -> None:
        """Say it on standard output."""
        self._say("output", lambda: tell(text))

    def warn(self, text: str) -> None:
        """Say it on standard error."""
        from console.domain.foreign import visible  # noqa: PLC0415 (a trip's flag is written before)

        self._say("error", lambda: click.echo(f"opsconsole: {visible(text)}", err=True))

    def leave(self, code: int) -> NoReturn:
        """End the program; at once, where the usual end would wait for what nobody takes."""
        if self._deaf:
            os._exit(code)
        raise SystemExit(code)

    def _say(self, where: str, say: Callable[[], None]) -> None:
        def said() -> bool:
            with suppress(OSError):  # a terminal that is lost
                say()
            return True

        if where not in self._deaf and within(LISTENS_WITHIN, said, "telling") is None:
            self._deaf.add(where)
