"""What a run of a runbook would do, before it is begun: what is asked for up front, and a walk through it.

A thread asks every check of the preview; nothing is done and nothing is kept before enter begins the run.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.geometry import Size
from textual.widget import Widget

from console import threads
from console.runbooks.dry_run import Walked
from console.runbooks.model import Parameter, Runbook
from console.runbooks.seen import DeskError, Offered
from console.runbooks.watch_length import takes_short_watches, too_short
from console.tui.actions import Place, bindings
from console.tui.friction import TOO_FAST, pace_of
from console.tui.screens.frame import Frame
from console.tui.screens.gated import InFull
from console.tui.screens.kill.asking import key_of
from console.tui.screens.recovery.preview import Preview, full_lines, head_lines, preview_lines
from console.tui.screens.recovery.screen import OpensRuns
from console.tui.text import Line, Span, fit_line, spread
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.prompt import Question
from console.tui.widgets.reader import Reader

SHOWS_EVERY = 0.5
"""Seconds between two looks at what a walk has found so far."""


class Beginning(Frame):
    PLACE: ClassVar[Place] = "beginning"
    BINDINGS: ClassVar = bindings("beginning")
    ABOUT: ClassVar[str] = (
        "What a run of the runbook would do: what it asks for up front, then each step with what it does and "
        "what its checks say now. What a step is to bring about needn't be so yet: it is waited for. Nothing "
        "is done before enter begins the run, and even then a step that acts waits for enter."
    )

    def __init__(self, view: View, offered: Offered, values: Mapping[str, str] | None = None) -> None:
        """`values` are what is known already of what the runbook asks for up front."""
        super().__init__(view)
        self._offered = offered
        self._values = known_values(offered.runbook, values or {}, view.context.environment)
        self._walked: list[Walked] = []
        self._unasked = ""
        self._walking: asyncio.Future[None] | None = None
        self._is_beginning = False
        self._head = Lines(self._head_lines, view.glyphs, id="beginning-head")
        self._preview = Reader(self._preview_lines, view.glyphs)
        self._keys = Lines(self._key_lines, view.glyphs, id="beginning-keys")

    @property
    def crumb(self) -> str:
        return self._offered.runbook.name

    def body(self) -> Iterable[Widget]:
        yield self._head
        yield self._preview
        yield self._keys

    def on_mount(self) -> None:
        self.set_focus(self._preview)  # at once: what is asked for next gives it back
        self.set_interval(SHOWS_EVERY, self._show_walk)
        if self._missing and not self._offered.refusal:
            self._ask_for(self._offered.runbook.parameters)
        else:
            self.action_ask_again()

    def paint(self, view: View) -> None:
        super().paint(view)
        self._show()

    def action_give_values(self) -> None:
        self._ask_for(self._offered.runbook.parameters)

    def action_ask_again(self) -> None:
        """Have a thread walk through the runbook, once all that it asks for is there."""
        runs, name, values = self.view.runs, self._offered.runbook.name, dict(self._values)
        if runs is None or self._walking is not None or self._missing:
            return
        walked = self._walked = list[Walked]()
        self._unasked = ""
        self._walking = threads.start(
            lambda: runs().preview(name, values, walked.append), name="walk a runbook"
        )
        self._walking.add_done_callback(self._has_walked)
        self._show()

    def action_begin_run(self) -> None:
        runs, name, values = self.view.runs, self._offered.runbook.name, dict(self._values)
        if runs is None or self._is_beginning:
            return
        if self._offered.refusal:
            self.refuse(self._offered.refusal)
        elif self._missing:
            self._ask_for(self._missing)
        elif pace_of(self.app).too_fast:
            self.refuse(f"{TOO_FAST}; press it again")
        else:
            self._is_beginning = True
            beginning = threads.start(lambda: runs().begin(name, values), name="begin a run")
            beginning.add_done_callback(self._has_begun)

    def action_run_evidence(self) -> None:
        """Show all that the lines have no room for."""
        text = partial(full_lines, self._of_now, glyphs=self.view.glyphs)
        self.app.push_screen(InFull(self.view, self._offered.runbook.title, text))

    @property
    def _of_now(self) -> Preview:
        said = {each.step.name: each for each in self._walked}
        here = self.view.context
        place = {"context": here.name, "environment": here.environment}
        return Preview(self._offered.runbook, self._values, said, place)

    @property
    def _missing(self) -> tuple[Parameter, ...]:
        """What is asked for up front, has no default, and isn't given yet."""
        parameters = self._offered.runbook.parameters
        return tuple(one for one in parameters if one.default is None and one.name not in self._values)

    def _ask_for(self, parameters: Sequence[Parameter]) -> None:
        """Ask for these, one after the other; whoever gives up keeps what was there."""
        if not parameters:
            self.action_ask_again()
            return
        first = parameters[0]
        initial = self._values.get(first.name, first.default or "")
        book, environment = self._offered.runbook, self.view.context.environment
        typed, answered = partial(_complaint, book, environment, first), partial(self._given, parameters)
        self.ask(Question(first.name, initial, typed, answered, partial(_completed, first)))

    def _given(self, parameters: Sequence[Parameter], text: str | None) -> None:
        if text is None:
            self.action_ask_again()
            return
        self._values[parameters[0].name] = parameters[0].checked(text)
        self._show()
        self._ask_for(parameters[1:])

    def _show_walk(self) -> None:
        if self._walking is not None:
            self._show()

    def _has_walked(self, walking: "asyncio.Future[None]") -> None:
        self._walking = None
        error = walking.exception()
        if isinstance(error, DeskError):
            self._unasked = str(error)
        else:
            walking.result()
        if self.is_attached:
            self._show()

    async def _open(self, run_id: str) -> None:
        if isinstance(self.app, OpensRuns):
            await self.app.open_run(run_id)

    def _has_begun(self, beginning: "asyncio.Future[str]") -> None:
        self._is_beginning = False
        error = beginning.exception()
        if not self.is_attached:
            return
        if isinstance(error, DeskError):
            self.refuse(str(error))
        else:
            self.call_later(self._open, beginning.result())

    def _show(self) -> None:
        self._head.show(self._head_lines)
        self._preview.show(self._preview_lines)
        self._keys.show(self._key_lines)

    def _head_lines(self, size: Size) -> Sequence[Line]:
        return head_lines(self._offered.runbook, size.width, self.view.glyphs)

    def _preview_lines(self, cells: int) -> Sequence[Line]:
        return preview_lines(self._of_now, cells, self.view.glyphs)

    def _key_lines(self, size: Size) -> Sequence[Line]:
        """What enter does, and how the preview stands."""
        key = f" {key_of(self.view, 'begin_run')} "
        if self._offered.refusal:
            does: Line = (Span(key, Tone.DIM), Span(f" not here: {self._offered.refusal}", Tone.UNKNOWN))
        elif self._missing:
            names = ", ".join(one.name for one in self._missing)
            does = (Span(key, Tone.KEY), Span(f" asks for {names}"))
        else:
            does = (Span(key, Tone.KEY), Span(" begins the run; its first step waits for enter"))
        ellipsis = self.view.glyphs.ellipsis
        return (
            spread(does, self._changes(), size.width, ellipsis),
            fit_line(self._preview_line(), size.width, ellipsis),
        )

    def _changes(self) -> Line:
        """The key that changes what is asked for up front, where anything is that has a value."""
        named = [one.name for one in self._offered.runbook.parameters]
        if self._offered.refusal or not named or self._missing:
            return ()
        key = Span(f" {key_of(self.view, 'give_values')} ", Tone.KEY)
        return key, Span(f" changes {named[0] if len(named) == 1 else 'values'}")

    def _preview_line(self) -> Line:
        if self._unasked:
            return (Span(f"the checks could not be asked: {self._unasked}", Tone.UNKNOWN),)
        steps = len(self._offered.runbook.steps)
        if self._walking is not None or len(self._walked) < steps:
            waits = "once all of that is given"
            asks = f"being asked, {len(self._walked)} of {steps} steps so far"
            return (Span(f"what the checks say now: {waits if self._walking is None else asks}", Tone.DIM),)
        awaited = sum(each.awaited for each in self._walked)
        found = [each.after.passes for each in self._walked if each.after is not None]
        passing, failing, unknown = (found.count(passes) for passes in (True, False, None))
        counted = f"{passing} pass now, {failing - awaited} don't, {unknown} can't be told"
        comes = f", {awaited} only after their step" if awaited else ""
        return (Span(f"nothing has been done yet; checks: {counted}{comes}", Tone.DIM),)


def known_values(runbook: Runbook, known: Mapping[str, str], environment: str) -> dict[str, str]:
    """What the runbook takes of what is `known` in the environment; the rest is asked for as ever."""
    return {
        one.name: one.checked(known[one.name])
        for one in runbook.parameters
        if one.name in known and not _complaint(runbook, environment, one, known[one.name])
    }


def _complaint(runbook: Runbook, environment: str, parameter: Parameter, text: str) -> str:
    """Why it isn't taken, without the name, which stands before it."""
    try:
        parameter.checked(text)
    except ValueError as error:
        return str(error).removeprefix(f"{parameter.name}: ")
    return "" if takes_short_watches(runbook, environment) else too_short(runbook, parameter, text)


def _completed(parameter: Parameter, text: str) -> str:
    return next((one for one in parameter.choices if one.startswith(text)), text)
