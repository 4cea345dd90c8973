"""The screen as commands open it: drawn as the settings and the command line want it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.command_line import fail

if TYPE_CHECKING:
    from console.black_box import BlackBox
    from console.settings import Settings
    from console.tui.view import ContextView
    from console.tui.watched import Watched


def run_screen(
    settings: "Settings",
    context: "ContextView",
    watch: "Callable[[], Watched]",
    *,
    fps: float | None = None,
    low_bandwidth: bool = False,
    box: "BlackBox | None" = None,
) -> int:
    """Show `context` until the operator leaves; returns the exit code. `fps` comes before the settings'.

    `box` records what is shown, and the keys.
    """
    from console import heap  # noqa: PLC0415
    from console.tui import garbage  # noqa: PLC0415
    from console.tui.app import OpsConsole  # noqa: PLC0415 (no other command needs textual)
    from console.tui.keymap import KeymapError  # noqa: PLC0415
    from console.tui.wishes import Wishes  # noqa: PLC0415

    drawn = settings.screen
    slow = True if low_bandwidth else None if drawn.low_bandwidth == "auto" else drawn.low_bandwidth
    wishes = Wishes(theme=drawn.theme, low_bandwidth=slow, keys=settings.keys, state=settings.state)
    try:
        console = OpsConsole(
            context,
            watch,
            wishes=wishes,
            fps=fps or drawn.fps,
            on_key=None if box is None else box.pressed,
            unrecorded=lambda: "" if box is None else box.note,
        )
    except KeymapError as error:
        fail(f"{settings.place_of_key(error.action)}: keys.{error.action}: {error}")
    heap.hold_together()  # before there are threads
    garbage.keep()
    return console.run() or 0
