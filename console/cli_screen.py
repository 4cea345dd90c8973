"""The screen as commands open it: drawn as the settings and the command line want it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.command_line import fail

if TYPE_CHECKING:
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
    on_key: Callable[[str], None] | None = None,
) -> int:
    """Show `context` until the operator leaves; returns the exit code. `fps` comes before the settings'."""
    from console.tui import garbage  # noqa: PLC0415
    from console.tui.app import OpsConsole  # noqa: PLC0415 (no other command needs textual)
    from console.tui.keymap import KeymapError  # noqa: PLC0415
    from console.tui.wishes import Wishes  # noqa: PLC0415

    drawn = settings.screen
    slow = True if low_bandwidth else None if drawn.low_bandwidth == "auto" else drawn.low_bandwidth
    wishes = Wishes(theme=drawn.theme, low_bandwidth=slow, keys=settings.keys, state=settings.state)
    try:
        console = OpsConsole(context, watch, wishes=wishes, fps=fps or drawn.fps, on_key=on_key)
    except KeymapError as error:
        fail(f"{settings.place_of_key(error.action)}: keys.{error.action}: {error}")
    garbage.keep()
    return console.run() or 0
