"""A screen of text above everything, dialogs too: those of the kill switch."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.events import Paste
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from console.tui.screens.frame import Frame
from console.tui.text import Line
from console.tui.view import View
from console.tui.widgets.lines import Lines

_PASTED = "pasted text is not taken: press the keys"


class Covering(Frame, ModalScreen[None], inherit_bindings=False):
    """Covers whatever was there, all but the status line; no key of what lies below gets past it."""

    LIVELY: ClassVar[bool] = True

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._body = Lines(self._shown, view.glyphs, id="kill")
        self._body.can_focus = True

    def body(self) -> Iterable[Widget]:
        yield self._body

    def on_mount(self) -> None:
        if self.focused is None:  # else a key that came before asks for a line already
            self._body.focus()

    def paint(self, view: View) -> None:
        super().paint(view)
        self._show()

    async def action_help(self) -> None:
        await self.app.run_action("help")

    async def action_palette(self) -> None:
        await self.app.run_action("palette")

    async def action_arm(self) -> None:
        await self.app.run_action("arm")

    def action_back(self) -> None:
        self.dismiss()

    def on_paste(self, event: Paste) -> None:
        event.stop()
        self.refuse(_PASTED)

    def _show(self) -> None:
        self._body.show(self._shown)

    @abstractmethod
    def _shown(self, size: Size) -> Sequence[Line]:
        """What it says, in lines for `size`."""


def stacked(blocks: Iterable[Sequence[Line]], height: int, *, head: int = 0) -> Sequence[Line]:
    """The blocks below one another, with an empty line between two of them where there is room.

    With a `head` the first block takes so many lines at least, the empty one below it among them: what comes
    after it stays in its place. Where even that is too much, the longest block loses lines: nothing of the
    first and the last is lost.
    """
    shown = [list(block) for block in blocks if block]
    while sum(map(len, shown)) > height and any(len(block) > 1 for block in shown[1:-1]):
        max(shown[1:-1], key=len).pop()
    spare = height - sum(map(len, shown))
    if shown and head:
        reserved = max(0, min(spare, head - len(shown[0])))
        shown[0] += [()] * reserved
        spare -= reserved
    gaps, lines = max(0, min(spare, len(shown) - (2 if head else 1))), list[Line]()
    for number, block in enumerate(shown):
        lines += [()] * (number >= len(shown) - gaps) + block
    return lines
