"""What is shown when the terminal is too small for the console: nothing that could be misread.

The kill switch needs no room: K, then T, trips it here too, and the command that does is named.
"""

from collections.abc import Iterable, Iterator
from shlex import quote
from typing import ClassVar

from textual.geometry import Size
from textual.widget import Widget

from console.actions.kill.actuator import Scope
from console.tui.actions import IN_A_REPLAY, Place, bindings, keys_of
from console.tui.friction import pace_of
from console.tui.screens.frame import Frame
from console.tui.text import Line, Span, wrap
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.watched import TripUnderWay
from console.tui.widgets.lines import Lines

SMALLEST = Size(80, 24)
_LOOKS_EVERY = 0.2
"""Seconds between two looks at what came of a trip."""
_OWN = ("kill_switch", "trip")
"""The actions whose keys lead to a trip."""


class TooSmall(Frame):
    PLACE: ClassVar[Place] = "too_small"
    BINDINGS: ClassVar = bindings("too_small")
    LIVELY: ClassVar[bool] = True
    crumb = ""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._asks = self._was_pasted = False
        self._trip: TripUnderWay | None = None
        self._notice_lines = Lines(self._shown, view.glyphs, classes="notice")

    def body(self) -> Iterable[Widget]:
        yield self._notice_lines

    def on_mount(self) -> None:
        self.set_interval(_LOOKS_EVERY, self._show)

    def paint(self, view: View) -> None:
        super().paint(view)
        self._show()

    @property
    def has_tripped(self) -> bool:
        """Whether the kill switch was tripped from here."""
        return self._trip is not None

    def get_ready(self) -> None:
        """The first of the two keys: say what the second does."""
        if self.view.replay is not None:
            self.refuse(IN_A_REPLAY)
        elif self.view.kill is not None:
            self._asks, self._was_pasted = True, False
            self._show()
            self.show_hints()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._asks

    def action_trip(self) -> None:
        """Fire everything, unless the key came as part of a paste."""
        from console.tui.screens.kill.in_small import reason_at  # noqa: PLC0415 (not before it is wanted)

        if self.view.kill is None:
            return
        if pace_of(self.app).among_others(keys_of(self.view.actions, *_OWN)):
            self._was_pasted = True
            self.app.bell()
        else:
            self._trip = self.view.kill.trip(reason_at(self.view), Scope.ALL)
            self._asks = False
        self._show()
        self.show_hints()

    def action_back(self) -> None:
        self._asks = False
        self._show()
        self.show_hints()

    def _show(self) -> None:
        self._notice_lines.show(self._shown)

    def _shown(self, size: Size) -> tuple[Line, ...]:
        return (*self._of_the_kill_switch(size.width), *_notice(size, self.app.size, self.view))

    def _of_the_kill_switch(self, cells: int) -> Iterator[Line]:
        """What K asks, or what came of T: above everything else, as there may be room for little."""
        if not self._asks and self._trip is None:
            return
        from console.tui.screens.kill import in_small  # noqa: PLC0415 (not before it is wanted)

        if self._asks:
            yield from in_small.asked_lines(self.view, cells, pasted=self._was_pasted)
        elif self._trip is not None:
            yield from in_small.fired_lines(self.view, self._trip, cells)
        yield ()


def _notice(size: Size, terminal: Size, view: View) -> tuple[Line, ...]:
    can_trip = view.kill is not None and view.replay is None
    said = (
        (f"This terminal is {terminal.width}x{terminal.height}, too small.", Tone.STRONG),
        (f"The console needs {SMALLEST.width}x{SMALLEST.height}.", Tone.PLAIN),
        (f"Enlarge it, or press q to quit.{' K, then T, stops the engine now.' * can_trip}", Tone.DIM),
        ("To stop the engine in a shell here, with the same --config and --state:", Tone.PLAIN),
        (f"opsconsole kill trip --context {quote(view.context.name)} --reason WHY", Tone.STRONG),
    )
    return tuple((Span(line, tone),) for words, tone in said for line in wrap(words, max(1, size.width)))
