"""What an operator does with a run on its screen: each deed in a thread, after what it asks for was given.

Dangerous is what is confirmed in a dialog; a step's words are typed there too.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from textual.app import App

from console import threads
from console.runbooks.deciding import Decision
from console.runbooks.seen import DeskError, Hands, Seen
from console.tui.access import lack_of
from console.tui.friction import TOO_FAST, Phrase, TwoKeys, pace_of
from console.tui.screens.confirm import Confirm, Danger
from console.tui.screens.frame import Frame
from console.tui.screens.recovery.asking import abort_lines, confirmed_lines
from console.tui.screens.recovery.evidence import Report
from console.tui.screens.recovery.keys import ONLY_ENDED, Does, Offers, in_others_hands
from console.tui.screens.recovery.words import who
from console.tui.view import View
from console.tui.watched import DrivesRuns
from console.tui.widgets.prompt import Question

T = TypeVar("T")

ABORTS = TwoKeys("x", "y")
NOT_SEEN = "the run hasn't been looked at yet"


@runtime_checkable
class Says(Protocol):
    """The app, as far as these screens want it when they may have been left."""

    def say(self, words: str) -> None: ...

    def refuse(self, words: str) -> None: ...


class Driving(Frame):
    """Subclasses look at the run, and show it."""

    def __init__(self, view: View, run_id: str) -> None:
        super().__init__(view)
        self._run_id = run_id
        self._seen: Seen | None = None

    @property
    @abstractmethod
    def _offers(self) -> Offers | None:
        """What can be done with the run as it was seen last."""

    @abstractmethod
    def _look_again(self) -> None: ...

    def action_next_thing(self) -> None:
        """Do what enter does now; what no hand has pressed is not done."""
        offers = self._offers
        if offers is None or not offers.enter.can:
            self.refuse(NOT_SEEN if offers is None else offers.enter.words)
        elif pace_of(self.app).too_fast:
            self.refuse(f"{TOO_FAST}; press it again")
        elif offers.does is Does.NOTE:
            self._ask("write down", _lack_of_note, lambda note: self._decide(Decision(note=note), offers.at))
        elif offers.does is Does.CONFIRM:
            self._have_typed(offers)
        elif offers.does is Does.REPORT:
            self.action_run_report()
        else:
            self._decide(Decision(again=offers.again, wait=offers.does is Does.LOOK), offers.at)

    def action_override_step(self) -> None:
        if (offers := self._offers_of("override_step")) is not None:
            at = offers.at
            self._ask("why leave it out?", lack_of, lambda why: self._decide(Decision(skip=why), at))

    def action_wait_for_step(self) -> None:
        if (offers := self._offers_of("wait_for_step")) is not None:
            at = offers.at
            self._start(lambda runs: runs.wait(self._run_id, at), _as_said)

    def action_abort_run(self) -> None:
        if self._offers_of("abort_run") is not None:
            self._ask("why abort?", lack_of, self._confirm_abort)

    def action_take_over(self) -> None:
        seen = self._seen
        if seen is not None and seen.unread:
            self.refuse(ONLY_ENDED)
        elif seen is None or seen.hands is not Hands.OTHERS:
            self.refuse(NOT_SEEN if seen is None else "nobody else drives the run")
        else:
            self._ask("why take it over?", lack_of, self._take_over)

    def action_run_report(self) -> None:
        self._start(lambda runs: runs.report(self._run_id), self._open_report)

    def _offers_of(self, action: str) -> Offers | None:
        """What is offered, where this action is; else it is said why not."""
        offers = self._offers
        if offers is None:
            self.refuse(NOT_SEEN)
            return None
        offer = next(one for one in offers.each if one.action == action)
        if not offer.can:
            self.refuse(offer.words)
        return offers if offer.can else None

    def _take_over(self, why: str) -> None:
        self._start(lambda runs: runs.take_over(self._run_id, why), _as_said)

    def _decide(self, decision: Decision, at: str) -> None:
        self._start(lambda runs: runs.go_on(self._run_id, decision, at), _as_said)

    def _have_typed(self, offers: Offers) -> None:
        """Have the words of the step's confirmation typed."""
        words, at, again, seen = offers.asks, offers.at, offers.again, self._seen
        if seen is None:
            return
        version = seen.run.step(at).version

        def objection(view: View) -> str:
            now, offers = self._seen, self._offers
            if now is None or offers is None or now.run.step(at).version != version:
                return "the step has moved on since this was opened"
            return "" if offers.enter.can else offers.enter.words

        lines = partial(confirmed_lines, seen, at)
        danger = Danger(f"{seen.runbook.title}: {at}", lines, Phrase(words), objection)
        self._confirm(danger, lambda: self._decide(Decision(confirm=words, again=again), at))

    def _confirm_abort(self, why: str) -> None:
        seen = self._seen
        if seen is None:
            return

        take_over = why if seen.unread and in_others_hands(seen) else ""

        def objection(view: View) -> str:
            now, offers = self._seen, self._offers
            if take_over and now is not None and now.run.driver != seen.run.driver:
                return f"{who(now.run.driver, now.hands)} it by now"
            return "" if offers is None or offers.abort.can else offers.abort.words

        danger = Danger(f"Abort {self._run_id}", partial(abort_lines, seen, why), ABORTS, objection)
        self._confirm(
            danger, lambda: self._start(lambda runs: runs.abort(self._run_id, why, take_over), _as_said)
        )

    def _confirm(self, danger: Danger, deed: Callable[[], None]) -> None:
        self.app.push_screen(Confirm(self.view, danger), lambda yes: deed() if yes else None)

    def _ask(self, label: str, typed: Callable[[str], str], take: Callable[[str], None]) -> None:
        self.ask(Question(label, "", typed, lambda text: None if text is None else take(text), by_hand=True))

    def _start(self, call: Callable[[DrivesRuns], T], then: Callable[[T], str]) -> None:
        """Do in a thread what waits for the disk, or drives.

        `then` gets what comes of it, and says what is to be complained of.
        """
        runs = self.view.runs
        if runs is not None:
            going = threads.start(lambda: call(runs()), name="drive a run")
            going.add_done_callback(partial(self._came, self.app, then))
            self._look_again()

    def _came(self, app: App[object], then: Callable[[T], str], going: "asyncio.Future[T]") -> None:
        """Say what went wrong, also where this screen was left meanwhile."""
        error = going.exception()
        complaint = str(error) if isinstance(error, DeskError) else then(going.result())
        if complaint and app.is_running and isinstance(app, Says):
            app.refuse(complaint)
        self._look_again()

    def _open_report(self, kept: tuple[Path, str]) -> str:
        if self.is_attached:
            self.app.push_screen(Report(self.view, *kept))
        return ""


def _lack_of_note(note: str) -> str:
    return "" if note.strip() else "it is asked for, for others to read"


def _as_said(complaint: str) -> str:
    """What the journal lacks of what was done is all that there is to say of it."""
    return complaint
