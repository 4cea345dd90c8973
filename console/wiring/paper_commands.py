"""What runs the paper engine of a context, where its settings name no commands of their own."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.settings_memory import shipped_configs

if TYPE_CHECKING:
    from console.settings import Context

_SPOT = ("start", "--configuration", "spot")
_COMMANDS = {
    "start": ("start",),
    "stop": ("stop",),
    "restart": ("restart",),
    "start_previous": _SPOT,
    "start_spot": _SPOT,
    "sync_positions": ("sync-positions",),
    "verify_positions": ("verify-positions",),
    "test_trade": ("test-trade",),
}
"""The settings' names of commands, with those of `opsconsole paper`."""


def paper_commands(context: "Context") -> Mapping[str, tuple[str, ...]]:
    """The argument lists by name: of a paper engine, whose file is in its state folder; else none.

    They read the shipped settings, so that they run whatever the console's own call the context.
    """
    if context.environment != "paper" or context.engine_file is None:
        return {}
    folder, config = str(context.engine_file.parent), str(shipped_configs() / "console.yaml")
    program = (sys.executable, "-m", "console", "paper")
    return {
        name: (*program, *words, "--config", config, "--state", folder) for name, words in _COMMANDS.items()
    }
