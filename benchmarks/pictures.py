"""The README's pictures: `python -m benchmarks.pictures`, on a paper engine with a fixed seed, as SVG.

What is drawn is the real screen on a real engine; only its size is given. They load nothing from elsewhere.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.cli.command_line import panels_of
from console.settings_file import load_settings
from console.sources.engine import read_engine_file
from console.tui.app import OpsConsole
from console.tui.saved_screen import picture_of
from console.tui.view import ContextView
from console.wiring import open_monitor

FOLDER = Path(__file__).parent / "pictures"
SEED, SYMBOLS, SCENARIO = 7, 20, "margin-squeeze"
WATCHED = 45.0
"""Seconds that the engine is watched before the first picture: trends need a past."""
_START_SECONDS = 30.0
_ENVIRONMENT = {"LANG": "C.UTF-8", "TERM": "xterm-256color", "COLORTERM": "truecolor"}


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn after these `keys`, in cells."""

    name: str
    keys: Sequence[str]
    columns: int = 120
    lines: int = 40


PICTURES = (
    Picture("overview", ()),
    Picture("symbol", ("enter",)),
    Picture("positions", ("escape", "2")),
    Picture("logs", ("7",)),
    Picture("overview-80x24", ("1",), 80, 24),
)


@contextmanager
def paper_engine(state: Path) -> Iterator[None]:
    """The engine of the pictures, until the block is left."""
    options = ["--symbols", str(SYMBOLS), "--seed", str(SEED), "--scenario", SCENARIO]
    command = [sys.executable, "-m", "console", "paper", "run", "--state", str(state), *options]
    engine = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while read_engine_file(state / "engine.json") is None and time.monotonic() < deadline:
            time.sleep(0.05)
        yield
    finally:
        engine.terminate()
        engine.wait()


async def draw(state: Path) -> None:
    """Open the console on the engine in `state`, press the keys, and write what is shown."""
    os.environ.pop("NO_COLOR", None)
    settings = load_settings(context="paper", state=state)
    panels = panels_of(settings)
    context = ContextView("paper", "paper", settings.chosen.colour, "", "dana", owns_engine=True)
    app = OpsConsole(context, lambda: open_monitor(settings, panels), environ=_ENVIRONMENT)
    async with app.run_test(size=(PICTURES[0].columns, PICTURES[0].lines)) as pilot:
        await asyncio.sleep(WATCHED)
        for picture in PICTURES:
            await pilot.resize_terminal(picture.columns, picture.lines)
            await pilot.press(*picture.keys)
            await asyncio.sleep(2)
            (FOLDER / f"{picture.name}.svg").write_text(picture_of(app), encoding="utf-8")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, paper_engine(Path(folder)):
        asyncio.run(draw(Path(folder)))


if __name__ == "__main__":
    main()
