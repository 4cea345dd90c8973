"""What is on the screen, as text: for snapshots that a reviewer can read, and for looking at styles.

A snapshot holds the lines of the screen, and below them, for each line, the tones that differ from plain
text, as letters under their cells. `OPSCONSOLE_UPDATE_SNAPSHOTS=1` writes what is shown as the new snapshot.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from console.tui.app import OpsConsole
from tests.waiting import DEADLINE, until

SNAPSHOTS = Path(__file__).parent / "snapshots"

_SNAPSHOT_WITHIN = DEADLINE
"""Seconds that a busy machine may take to paint what was asked for."""

_LETTERS = {
    "severity-ok": "g",
    "severity-warning": "w",
    "severity-unknown": "u",
    "severity-high": "h",
    "severity-critical": "c",
    "alarm-text": "A",
}
"""A style's letter, by the theme's variable that its colour is."""


def strips(app: OpsConsole) -> list[Strip]:
    """The screen's lines as they go to the terminal."""
    return app.screen._compositor.render_strips()


def text_of(app: OpsConsole) -> str:
    return _text(strips(app))


def _text(lines: list[Strip]) -> str:
    return "\n".join(strip.text.rstrip() for strip in lines)


def cells(app: OpsConsole) -> Iterator[tuple[int, int, str, Style]]:
    """Every piece of the screen: its line, its column, its text and its style."""
    return _cells(strips(app))


def _cells(lines: list[Strip]) -> Iterator[tuple[int, int, str, Style]]:
    for y, strip in enumerate(lines):
        x = 0
        for segment in strip:
            yield y, x, segment.text, segment.style or Style()
            x += segment.cell_length


def tone_letters(app: OpsConsole) -> str:
    """The same screen with a letter for each cell whose colour is a severity's."""
    return _tones(app, strips(app))


def _tones(app: OpsConsole, lines: list[Strip]) -> str:
    variables = app.theme_variables
    letters = {variables[name].lower(): letter for name, letter in _LETTERS.items()}
    rows: dict[int, str] = {}
    for y, _x, text, style in _cells(lines):
        colour = style.color.triplet.hex.lower() if style.color and style.color.triplet else ""
        letter = letters.get(colour, " ")
        plain = letter == " " and text.isascii() and text.isprintable()
        rows[y] = rows.get(y, "") + (
            " " * len(text) if plain else "".join(_letter_for(character, letter) for character in text)
        )
    return "\n".join(rows[y].rstrip() for y in sorted(rows))


def _letter_for(character: str, letter: str) -> str:
    """The letter under a character, as wide as that is."""
    return " " if character == " " else letter.ljust(cell_len(character))[: cell_len(character)]


async def painted(app: OpsConsole) -> None:
    """Wait until the app shows what its monitor says, which it is asked for rather than left to its tick."""

    def shown() -> bool:
        app.paint()
        return app.view.assessment is not None

    await until(shown)
    await asyncio.sleep(0.05)


async def settled(app: OpsConsole) -> None:
    """Wait until the screen stands still: its parts may be painted one after the other."""
    before = ""
    while (now := text_of(app)) != before:
        before = now
        await asyncio.sleep(0.1)


async def assert_snapshot(app: OpsConsole, name: str) -> None:
    """The screen comes to look as the snapshot `name` does; written when asked to."""
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("OPSCONSOLE_UPDATE_SNAPSHOTS") == "1":
        await settled(app)
        file.parent.mkdir(exist_ok=True)
        file.write_text(_picture(app), encoding="utf-8")
    elif not file.exists():
        pytest.fail(f"no snapshot {file.name}: write it with OPSCONSOLE_UPDATE_SNAPSHOTS=1")
    wanted = file.read_text(encoding="utf-8")
    deadline = time.monotonic() + _SNAPSHOT_WITHIN
    picture = _picture(app)
    while picture != wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        picture = _picture(app)
    assert picture.splitlines() == wanted.splitlines()


def _picture(app: OpsConsole) -> str:
    lines = strips(app)
    return f"{_text(lines)}\n{'=' * 20} tones {'=' * 20}\n{_tones(app, lines)}\n"
