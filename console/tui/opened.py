"""Keys wait for what the key before them opens: text for a prompt that isn't there yet would act as keys.

Keys come together on a bad line, and while the machine is busy. Only what leads to the kill switch waits for
nothing, and nothing waits for a screen that doesn't come.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from textual.app import App
from textual.dom import DOMNode

_AT_MOST = 2.0
"""Seconds that a key waits for what should open: far more than it takes."""


class Opened:
    """What the newest key may have on its way to the screen."""

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._passes: Sequence[DOMNode] = ()

    def by(self, key: str, focused: DOMNode | None) -> None:
        """Note a key that was given to `focused`: what enter opens is told to each above that first."""
        self._passes = focused.ancestors_with_self if key == "enter" and focused is not None else ()

    async def there(self) -> None:
        """Wait until what was opened takes keys, but not for long."""
        nodes, self._passes = self._passes, ()
        if not nodes and self._app.screen.is_mounted:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AT_MOST):
                for node in nodes:
                    await _has_passed(node, self._app)
                await _has_passed(self._app.screen, self._app)  # which comes after it is mounted


async def _has_passed(node: DOMNode, app: App[int]) -> None:
    """Wait until `node` has dealt with what has been told to it so far."""
    passed = asyncio.Event()
    if node is not app and node.is_attached and node.call_later(passed.set):
        await passed.wait()
