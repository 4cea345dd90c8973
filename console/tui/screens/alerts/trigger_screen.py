"""The rollback triggers in full: one of them is chosen, and enter leads to what its procedure would do."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from console import threads
from console.domain.assessment import Assessment
from console.domain.rollback import Advice
from console.domain.triggers import Judgement
from console.runbooks.seen import DeskError, Listing
from console.tui.actions import Place, bindings
from console.tui.screens.alerts.triggers import trigger_text, trigger_texts, worst_first
from console.tui.screens.frame import Frame
from console.tui.screens.recovery.opening import open_runbook
from console.tui.text import Line
from console.tui.view import View
from console.tui.watched import DrivesRuns, GuidesBack
from console.tui.widgets.reader import Reader

IN_A_REPLAY = "a replay begins nothing: `opsconsole runbook list` has the runbooks"
NO_RUNS = "this console was not given any runbooks"


class Triggers(Frame):
    PLACE: ClassVar[Place] = "triggers"
    BINDINGS: ClassVar = bindings("triggers")
    ABOUT: ClassVar[str] = (
        "The deployment guide's rollback triggers. MET says that one of them holds now; what isn't known is "
        "never taken for harmless. Enter shows what the procedure of the chosen one would do, its feature "
        "filled in where it is known; the key beside a procedure leads to where its steps are done by hand."
    )
    crumb = "triggers"

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._looking: asyncio.Future[_Found] | None = None
        self._reader = TriggerReader(lambda: self.view)

    def body(self) -> Iterable[Widget]:
        yield self._reader

    def on_mount(self) -> None:
        self.set_focus(self._reader)  # at once: a prompt that a waiting key asks for is to keep it

    def paint(self, view: View) -> None:
        super().paint(view)
        self._reader.show_again()

    def action_begin_procedure(self) -> None:
        """Have a thread look at the runbooks, and which feature the chosen trigger is about."""
        runs, guide, live, chosen = self.view.runs, self.view.guide, self.view.live, self._reader.chosen
        if chosen is None or live is None:
            self.refuse("the triggers aren't judged yet")
        elif runs is None:
            self.refuse(IN_A_REPLAY if self.view.replay is not None else NO_RUNS)
        elif self._looking is None:
            self._looking = threads.start(lambda: _look(runs, guide, live), name="look at the runbooks")
            self._looking.add_done_callback(lambda looked: self._looked(chosen, looked))

    def _looked(self, chosen: Judgement, looked: "asyncio.Future[_Found]") -> None:
        self._looking = None
        error = looked.exception()
        if not self.is_current:
            return
        if isinstance(error, DeskError):
            self.refuse(str(error))
        else:
            self.call_later(self._open, chosen, *looked.result())

    async def _open(self, chosen: Judgement, listing: Listing, advice: Sequence[Advice]) -> None:
        trigger = chosen.trigger
        feature = next((one.feature for one in advice if one.trigger == trigger.key), "")
        values = {"feature": feature} if feature else {}
        if why := await open_runbook(self.app, listing, trigger.procedure.runbook, values):
            self.refuse(why)


_Found = tuple[Listing, Sequence[Advice]]


def _look(runs: Callable[[], DrivesRuns], guide: Callable[[], GuidesBack] | None, live: Assessment) -> _Found:
    """The runbooks, and what is advised: where that can't be told, the feature is asked for as ever."""
    listing = runs().listing()
    try:
        return listing, () if guide is None else guide().advised(live)
    except DeskError:
        return listing, ()


class TriggerReader(Reader):
    """The triggers, the worst first, one of them chosen; the keys that move go from one to the next."""

    def __init__(self, view: Callable[[], View]) -> None:
        super().__init__(self._text, view().glyphs)
        self._view = view
        self._key = ""

    @property
    def chosen(self) -> Judgement | None:
        """The one that was chosen, else the worst; None before they are judged."""
        found = worst_first(self._view())
        return next((one for one in found if one.trigger.key == self._key), found[0] if found else None)

    def show_again(self) -> None:
        """Show them as they are judged now."""
        self.show(self._text)

    def action_cursor_up(self) -> None:
        self._choose(-1)

    def action_cursor_down(self) -> None:
        self._choose(1)

    def _choose(self, step: int) -> None:
        found, chosen = worst_first(self._view()), self.chosen
        if chosen is None:
            return
        place = max(0, min(found.index(chosen) + step, len(found) - 1))
        self._key = found[place].trigger.key
        self.show_again()
        self._go_to(self._line_of(place))

    def _line_of(self, place: int) -> int:
        """The line from which the one at this place can be read, moved no further than it takes."""
        texts = trigger_texts(self._view(), max(1, self.size.width), self.chosen)
        lines = [len(text) for text in texts]
        first, end = sum(lines[:place]), sum(lines[: place + 1])
        return min(first, max(self.scroll_offset.y, end - self.size.height))

    def _text(self, cells: int) -> Sequence[Line]:
        return trigger_text(self._view(), cells, self.chosen)
