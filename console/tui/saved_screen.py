"""The screen as files: a picture and a text of what is shown, for a report or a colleague."""

import os
import re
import time
from pathlib import Path

from rich.cells import cell_len
from textual.app import App

from console.tui.text import visible

FOLDER = "screens"
"""The folder of these files inside the state folder."""

_REMOTE_FONTS = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def save_screen(app: App[int], state: Path, wall: float) -> Path:
    """Write TIME.svg and TIME.txt, readable by their owner alone; returns the picture's path.

    `wall` is the time of day in seconds since 1970. Raises OSError. The picture loads nothing from elsewhere.
    """
    folder = state / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(wall))
    stem = _unused(folder, f"{stamp}{int(wall * 1000) % 1000:03}Z")
    _write(folder / f"{stem}.svg", picture_of(app))
    _write(folder / f"{stem}.txt", text_of_screen(app))
    return folder / f"{stem}.svg"


def where(picture: Path, cells: int, ellipsis: str) -> str:
    """The two files of a picture by one path, in `cells` cells if its last folder leaves it room for that.

    It begins with `~` inside the home folder; a longer one leaves its first folders out.
    """
    folders = picture.parent.parts
    home = Path.home().parts
    if folders[: len(home)] == home:
        folders = ("~", *folders[len(home) :])
    name = f"{picture.stem}.{{svg,txt}}"
    shown = str(Path(*folders, name))
    while cell_len(visible(shown)) > cells and len(folders) > 1:
        folders = folders[1:]
        shown = str(Path(ellipsis, *folders, name))
    return shown


def picture_of(app: App[int]) -> str:
    """The screen as SVG, without control characters and without fonts from elsewhere."""
    return _CONTROLS.sub("", _REMOTE_FONTS.sub("", app.export_screenshot(title=app.title)))


def text_of_screen(app: App[int]) -> str:
    """The lines that stand on the screen, without the blanks at their ends."""
    strips = app.screen._compositor.render_strips()
    return "".join(f"{strip.text.rstrip()}\n" for strip in strips)


def _unused(folder: Path, stem: str) -> str:
    """`stem`, with a number after it where there are files of that name already."""
    number, name = 1, stem
    while (folder / f"{name}.svg").exists() or (folder / f"{name}.txt").exists():
        number += 1
        name = f"{stem}-{number}"
    return name


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
