"""A run, step by step: where it stands, what its current step does, asks and saw, and what can be done now.

A thread looks at it twice a second; what goes on goes on in a thread of its own, and in the steps' own
processes. Leaving this leaves the run where it is.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.containers import Container
from textual.geometry import Size
from textual.widget import Widget

from console import threads
from console.runbooks.model import Found
from console.runbooks.run import State, values_of
from console.runbooks.seen import DeskError, Seen
from console.tui.actions import Place, bindings
from console.tui.screens.recovery.detail import Shown, detail_lines, found_of
from console.tui.screens.recovery.driving import Driving, Says
from console.tui.screens.recovery.evidence import Evidence
from console.tui.screens.recovery.heading import head_lines, left_words, unseen_lines
from console.tui.screens.recovery.keys import Offers, key_lines, offers_of, over_lines
from console.tui.screens.recovery.steps import step_lines
from console.tui.screens.recovery.words import clock, current, part_heads, shown_steps
from console.tui.text import Line
from console.tui.view import View
from console.tui.widgets.lines import Lines

LOOKS_EVERY = 0.5
"""Seconds between two looks at the run."""


class Wizard(Driving):
    PLACE: ClassVar[Place] = "wizard"
    BINDINGS: ClassVar = bindings("wizard")
    LIVELY: ClassVar[bool] = True
    ABOUT: ClassVar[str] = (
        "One run of a runbook: its steps at the left, the one under the cursor at the right, and below what "
        "can be done now, or why not. Enter goes on through checks, and stops before each step that does "
        "something. Leaving this screen, or losing the line, leaves the run where it is; a step that is "
        "being done goes on, and what may have to be undone is watched on. Another person's run is watched, "
        "and can be taken over."
    )

    def __init__(self, view: View, run_id: str) -> None:
        super().__init__(view, run_id)
        self._unread = ""
        self._looking: asyncio.Future[Seen] | None = None
        self._chosen: str | None = None
        glyphs = view.glyphs
        self._head = Lines(self._head_lines, glyphs, id="run-head")
        self._steps = Lines(self._step_lines, glyphs, id="run-steps")
        self._step = Lines(self._detail_lines, glyphs, id="run-step")
        self._keys = Lines(self._key_lines, glyphs, id="run-keys")

    @property
    def crumb(self) -> str:
        return self._run_id.rsplit("-", 2)[0]

    def body(self) -> Iterable[Widget]:
        yield self._head
        yield Container(self._steps, self._step, id="run")
        yield self._keys

    def on_mount(self) -> None:
        self.set_interval(LOOKS_EVERY, self._look_again)
        self._look_again()

    def on_unmount(self) -> None:
        """Say where the run is left; what is being done goes on by itself."""
        words = "" if self._seen is None else left_words(self._seen)
        if words and isinstance(self.app, Says):
            self.app.say(words)

    def paint(self, view: View) -> None:
        super().paint(view)
        self._show()

    # Looking closer.

    def action_step_up(self) -> None:
        self._choose(-1)

    def action_step_down(self) -> None:
        self._choose(1)

    def action_step_now(self) -> None:
        self._chosen = None
        self._show()

    def action_run_evidence(self) -> None:
        if (shown := self._shown) is not None:
            self.app.push_screen(Evidence(self.view, shown))

    def _choose(self, by: int) -> None:
        """Look at another step, and stay there whatever goes on."""
        seen = self._seen
        if seen is not None:
            names = [step.name for step in shown_steps(seen.run)]
            at = names.index(self._at(seen))
            self._chosen = names[max(0, min(at + by, len(names) - 1))]
            self._show()

    # Looking.

    def _look_again(self) -> None:
        """Have a thread look at the run, unless one is at it."""
        runs = self.view.runs
        if runs is not None and self._looking is None and self.is_attached:
            self._looking = threads.start(lambda: runs().look(self._run_id), name="look at a run")
            self._looking.add_done_callback(self._has_looked)

    def _has_looked(self, looked: "asyncio.Future[Seen]") -> None:
        self._looking = None
        error = looked.exception()
        if isinstance(error, DeskError):
            self._unread = str(error)
        else:
            self._unread, self._seen = "", looked.result()
        if self.is_attached:
            self._show()

    @property
    def _offers(self) -> Offers | None:
        return None if self._seen is None else offers_of(self.view, self._seen)

    @property
    def _shown(self) -> Shown | None:
        """The step that is looked at."""
        seen = self._seen
        if seen is None:
            return None
        run, name = seen.run, self._at(seen)
        step = run.step(name)
        began = step.since or run.began
        values = {**values_of(run, self.view.context.environment, began), "began": clock(began)}
        does, output = seen.does.get(name, ""), seen.output if current(run) is step else ()
        before, at = _seen_before(seen, name)
        return Shown(seen.runbook.step(name), step, values, seen.at, does, output, seen.usual, before, at)

    def _at(self, seen: Seen) -> str:
        """The name of the step that is looked at: the chosen one, else the run's own, at its end the last."""
        steps, at = shown_steps(seen.run), current(seen.run)
        if self._chosen is not None and any(step.name == self._chosen for step in steps):
            return self._chosen
        return steps[-1].name if at is None else at.name

    # Showing.

    def _show(self) -> None:
        self._head.show(self._head_lines)
        self._steps.show(self._step_lines)
        self._step.show(self._detail_lines)
        self._keys.show(self._key_lines)

    def _head_lines(self, size: Size) -> Sequence[Line]:
        if self._seen is None:
            return unseen_lines(self._unread or "looking at the run", size.width, self.view.glyphs)
        return head_lines(self._seen, self._unread, size.width, self.view.glyphs)

    def _step_lines(self, size: Size) -> Sequence[Line]:
        seen = self._seen
        if seen is None:
            return ()
        steps, at = shown_steps(seen.run), current(seen.run)
        name = "" if at is None else at.name
        parts = part_heads(seen.runbook)
        return step_lines(steps, name, self._at(seen), size, self.view.glyphs, parts=parts)

    def _detail_lines(self, size: Size) -> Sequence[Line]:
        shown = self._shown
        return () if shown is None else detail_lines(shown, size.width, size.height, self.view.glyphs)

    def _key_lines(self, size: Size) -> Sequence[Line]:
        seen, offers = self._seen, self._offers
        if seen is None or offers is None:
            return ()
        if seen.run.standing.over:
            return over_lines(self.view, seen.report, size.width)
        return key_lines(self.view, offers, size.width)


def _seen_before(seen: Seen, name: str) -> tuple[Found | None, float | None]:
    """What the step right before an act that nobody has begun has seen, where that only checks, and when."""
    names = [step.name for step in seen.runbook.steps]
    is_begun = seen.run.step(name).state not in (State.PENDING, State.WAITING)
    if is_begun or name not in names[1:] or seen.runbook.step(name).effect is None:
        return None, None
    before = seen.runbook.step(names[names.index(name) - 1])
    run = seen.run.step(before.name)
    return (None, None) if before.act is not None else (found_of(run), run.since or None)
