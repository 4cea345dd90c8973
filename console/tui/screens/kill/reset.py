"""The reset of the kill switch: every gate as it stands now, what it would do, and what came of it.

Threads look, ask and reset, as the disk may be slow. K leads back to where T trips, at any time.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, TypeVar

from textual.geometry import Size
from textual.timer import Timer

from console import threads
from console.domain.access import AccessError, Role
from console.domain.approval import Consent, Request
from console.domain.assessment import Assessment
from console.domain.figures import seconds
from console.domain.reset_gates import Asked
from console.tui.access import Access, ResetUnderWay, lack_of
from console.tui.actions import Place, bindings
from console.tui.friction import Phrase
from console.tui.safety import NOT_READY
from console.tui.screens.confirm import Confirm, Danger
from console.tui.screens.kill import gates, outcome, state
from console.tui.screens.kill.covering import Covering, stacked
from console.tui.screens.kill.look import OLD, SECOND_PERSON, Look, ask_others, break_glass, look, reset
from console.tui.text import Line
from console.tui.view import View
from console.tui.widgets.prompt import Question

T = TypeVar("T")

_LOOKS_EVERY = 0.05
"""Seconds between two looks at a reset under way."""


class Reset(Covering, inherit_bindings=False):
    """Asks for what a reset needs; nothing is done before the phrase is typed in a dialog of its own."""

    PLACE: ClassVar[Place] = "reset"
    BINDINGS: ClassVar = bindings("reset")
    ABOUT: ClassVar[str] = (
        "A reset raises risk, so it waits until every gate passes; what isn't known doesn't pass. It clears "
        "only what this host's trips have set, and says what it left. A trip that comes meanwhile wins."
    )
    crumb = "reset"

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._asked = Asked()
        self._glass: Consent | None = None
        self._found: Look | None = None
        self._looking: asyncio.Future[Look] | None = None
        self._refused = ""
        self._earlier = None if view.access is None else view.access.kill.resetting
        self._reset = self._earlier if self._earlier is not None and self._earlier.pending else None
        self._is_under_way = self._reset is not None
        self._began = 0.0 if view.live is None else view.live.at
        self._progress: Timer | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self._progress = self.set_interval(_LOOKS_EVERY, self._show_progress, pause=not self._is_under_way)
        self._look_again()

    def paint(self, view: View) -> None:
        super().paint(view)
        self._look_again()

    def action_give_reason(self) -> None:
        self._ask("why reset?", lambda reason: self._become(replace(self._asked, reason=reason)))

    def action_override_recovery(self) -> None:
        self._ask("why no recovery run?", lambda reason: self._become(replace(self._asked, override=reason)))

    def action_acknowledge_cause(self) -> None:
        self._become(replace(self._asked, cause_acknowledged=not self._asked.cause_acknowledged))

    def action_ask_second_person(self) -> None:
        if (at_hand := self._wanting_second_person()) is not None:
            access, found, live = at_hand
            if found.request is not None:
                self.refuse(f"{found.request.id} waits already")
            elif lack := lack_of(self._asked.reason):
                self.refuse(f"first the reason for the reset: {lack}")
            else:
                self._start(partial(ask_others, access, self._asked, live), self._asked_others)

    def action_break_glass(self) -> None:
        if (at_hand := self._wanting_second_person()) is not None:
            access, _, live = at_hand
            if access.catch.standing.role < Role.ADMIN:
                self.refuse(f"{access.catch.standing}; only an admin may break the glass")
            elif lack := lack_of(self._asked.reason):
                self.refuse(f"first the reason for the reset: {lack}")
            else:
                broken = partial(break_glass, access, self._asked, live)
                self._ask(
                    "why without a second person?",
                    lambda reason: self._start(partial(broken, reason), self._broke_glass),
                )

    def action_confirm_reset(self) -> None:
        """Have the phrase typed, once nothing else is missing."""
        objection, access, found = self._objection(self.view), self.view.access, self._found
        if self._is_under_way:
            self.refuse("it is being reset already")
        elif self._reset is not None:  # the outcome of the last one was read: what another would take
            self._reset = None
            self._show()
        elif objection or access is None or found is None:
            self.refuse(objection)
        else:
            danger = Danger(
                f"Reset the kill switch of {self.view.context.name}",
                lambda view: gates.would_lines(view, found),
                Phrase(access.kill.reset_phrase),
                partial(self._shifted, found),
            )
            self.app.push_screen(Confirm(self.view, danger), partial(self._confirmed, found))

    def _objection(self, view: View) -> str:
        """Why it can't be reset now, in words; empty where the phrase alone is missing."""
        found, live = self._found, view.live
        if view.access is None or live is None:
            return NOT_READY
        if found is None:
            return "the gates haven't been looked at yet"
        if live.at - found.at > OLD:
            return f"the gates were looked at {seconds(live.at - found.at)} ago, and not since"
        return next((f"{gate.name}: {gate.words}" for gate in found.missing), "")

    def _shifted(self, seen: Look, view: View) -> str:
        """The same of a reset that was seen to do what `seen` says."""
        if self._found is not None and self._found.deed != seen.deed:
            return "what it would do has changed since"
        return self._objection(view)

    def _confirmed(self, seen: Look, yes: bool | None) -> None:
        """Reset, now that the phrase was typed; the core looks at every gate once more."""
        access, live = self.view.access, self.view.live
        if not yes or access is None or live is None:
            return
        asked = replace(self._asked, typed=access.kill.reset_phrase)
        self._earlier, self._began, self._refused = access.kill.resetting, live.at, ""
        self._is_under_way = True
        if self._progress is not None:
            self._progress.resume()
        self._start(partial(reset, access, asked, self._found or seen, live), self._ended)

    def _ended(self, done: ResetUnderWay) -> None:
        self._reset = self._earlier = done
        self._asked, self._glass, self._is_under_way = Asked(), None, False

    def _show_progress(self) -> None:
        """Show each step as it is done; the monitor's judgement comes with its paint."""
        now = None if self.view.access is None else self.view.access.kill.resetting
        if now is not None and now is not self._earlier:
            self._reset = now
        self._show()
        if self._progress is not None and not self._is_under_way:
            self._progress.pause()

    def _wanting_second_person(self) -> tuple[Access, Look, Assessment] | None:
        """What is needed to get one; says why not where none is wanted."""
        access, found, live = self.view.access, self._found, self.view.live
        if access is None or found is None or live is None:
            self.refuse(NOT_READY)
        elif all(gate.name != SECOND_PERSON for gate in found.missing):
            self.refuse("no second person is missing")
        else:
            return access, found, live
        return None

    def _asked_others(self, request: Request) -> None:
        self.say(f"{request.id} waits for a second person")

    def _broke_glass(self, consent: Consent) -> None:
        self._glass = consent

    def _ask(self, label: str, take: Callable[[str], None]) -> None:
        self.ask(Question(label, "", lack_of, lambda text: None if text is None else take(text)))

    def _become(self, asked: Asked) -> None:
        self._asked = asked
        self._look_again()

    def _start(self, call: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do in a thread what waits for the disk; `then` gets what comes of it."""
        threads.start(call, name="reset").add_done_callback(partial(self._came, then))

    def _came(self, then: Callable[[T], None], future: "asyncio.Future[T]") -> None:
        error = future.exception()
        if isinstance(error, AccessError):
            self._refused, self._is_under_way = str(error), False
        else:
            self._refused = ""
            then(future.result())
        if self.is_attached:
            self._look_again()
            self._show_progress()

    def _look_again(self) -> None:
        """Have a thread look at the gates, unless one is at it."""
        access, live = self.view.access, self.view.live
        if access is not None and live is not None and self._looking is None and not self._is_under_way:
            asked, glass = self._asked, self._glass
            self._looking = threads.start(lambda: look(access, asked, glass, live), name="look at the gates")
            self._looking.add_done_callback(self._seen)

    def _seen(self, looked: "asyncio.Future[Look]") -> None:
        self._looking = None
        error = looked.exception()
        if isinstance(error, AccessError | OSError):
            self._found, self._refused = None, str(error)
        else:
            self._found = looked.result()
        if self.is_attached:
            if self._found is not None and self._found.asked != self._asked:
                self._look_again()
            self._show()

    def _shown(self, size: Size) -> Sequence[Line]:
        now = tuple(state.state_lines(self.view, None, size.width))
        blocks = self._gates(now, size) if self._reset is None else self._outcome(now, self._reset, size)
        return stacked(blocks, size.height)

    def _gates(self, now: tuple[Line, ...], size: Size) -> Iterator[tuple[Line, ...]]:
        view, cells, found = self.view, size.width, self._found
        yield now
        second = () if found is None else tuple(gates.second_person_line(view, found, cells))
        room = size.height - len(now) - len(second) - 1  # the key's line is always there
        if found is not None:
            lines = tuple(gates.gate_lines(view, found.gates, cells, room - 3))
            yield lines
            yield second
            yield tuple(gates.deed_lines(view, found, cells, max(1, room - len(lines) - 3)))
        yield (gates.key_line(view, found, self._objection(view), self._refused, cells),)

    def _outcome(self, now: tuple[Line, ...], done: ResetUnderWay, size: Size) -> Iterator[tuple[Line, ...]]:
        yield now
        yield tuple(outcome.requested_lines(self.view, done, size.width))
        yield tuple(outcome.cleared_lines(self.view, done, size.width))
        yield tuple(outcome.heard_lines(self.view, self._began, size.width))
