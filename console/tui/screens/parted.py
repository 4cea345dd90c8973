"""A screen of several parts, one of which is chosen: tab goes from one to the next, the mouse to any."""

from abc import abstractmethod

from textual.events import DescendantFocus
from textual.widget import Widget

from console.tui.screens.frame import Frame
from console.tui.view import View


class Parted(Frame):
    """Subclasses name their parts and show them; a part's widgets lie under one with its name as id."""

    def __init__(self, view: View, chosen: str) -> None:
        super().__init__(view)
        self.chosen = chosen
        self._awaited: str | None = None

    @abstractmethod
    def parts(self) -> tuple[str, ...]:
        """The parts in the order in which tab goes through them."""

    @abstractmethod
    def target(self, part: str) -> Widget | None:
        """What gets the focus; None where nothing in it can have it."""

    @abstractmethod
    def show_chosen(self) -> None:
        """Show the chosen part as such."""

    def choose(self, part: str) -> Widget | None:
        """Show the part, and give it the focus once it is there."""
        self.chosen = part
        self.show_chosen()
        target = self.target(part)
        self._awaited = None if target is not None and target.has_focus else part
        self.call_after_refresh(self._focus_chosen)
        return target

    def focus_next(self, selector: str | type[Widget] = "*") -> Widget | None:
        return self._step(1)

    def focus_previous(self, selector: str | type[Widget] = "*") -> Widget | None:
        return self._step(-1)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Follow the mouse, which may have gone to another part.

        Until the focus is where the keys have sent it, it doesn't count where else it has been on the way.
        """
        if event.widget is not self.focused:
            return
        part = next((node.id for node in event.widget.ancestors_with_self if node.id in self.parts()), None)
        if part is not None and self._awaited in (None, part):
            self._awaited = None
            if part != self.chosen:
                self.choose(part)

    def _step(self, step: int) -> Widget | None:
        parts = self.parts()
        return self.choose(parts[(parts.index(self.chosen) + step) % len(parts)])

    def _focus_chosen(self) -> None:
        """Have the focus on the part that was chosen last: more keys may have come meanwhile."""
        target = self.target(self.chosen)
        self.set_focus(target)
        if target is None:
            self._awaited = None
