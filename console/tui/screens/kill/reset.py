"""The reset of the kill switch: every gate as it stands now, what it would do, and what came of it.

Threads look, ask and reset, as the disk may be slow. K leads back to where T trips, at any time.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.geometry import Size
from textual.timer import Timer

from console.domain.approval import Consent, Deed
from console.domain.assessment import Assessment
from console.domain.figures import seconds
from console.domain.reset_gates import Asked
from console.tui.access import Draft, ResetUnderWay
from console.tui.actions import Place, bindings
from console.tui.friction import Phrase
from console.tui.safety import NOT_READY
from console.tui.screens.confirm import Confirm, Danger
from console.tui.screens.gated import NOT_LOOKED, OLD, Gated, InFull, T
from console.tui.screens.kill import gates, outcome, state
from console.tui.screens.kill.covering import stacked
from console.tui.screens.kill.look import Look, look, reset
from console.tui.text import Line
from console.tui.view import View

_DIALOG_TAKES = 12
"""Lines of the screen that the dialog needs besides what would be done."""
_LOOKS_EVERY = 0.05
"""Seconds between two looks at a reset under way."""


class Reset(Gated[Look], inherit_bindings=False):
    """Asks for what a reset needs; nothing is done before the phrase is typed in a dialog of its own."""

    PLACE: ClassVar[Place] = "reset"
    BINDINGS: ClassVar = bindings("reset")
    ABOUT: ClassVar[str] = (
        "A reset raises risk, so it waits until every gate passes; what isn't known doesn't pass. It clears "
        "only what this host's trips have set, and says what it left. A trip that comes meanwhile wins."
    )
    DEED: ClassVar[str] = "reset"
    crumb = "reset"

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._earlier = None if view.access is None else view.access.kill.resetting
        self._reset = self._earlier if self._earlier is not None and self._earlier.pending else None
        self._is_under_way = self._reset is not None
        self._began = 0.0 if view.live is None else view.live.at
        self._progress: Timer | None = None

    def on_mount(self) -> None:
        if self.view.access is not None:
            self.view.access.drafts.pop(None, None)  # which trip of others that was, nobody can tell
        super().on_mount()
        self._progress = self.set_interval(_LOOKS_EVERY, self._show_progress, pause=not self._is_under_way)

    def action_override_recovery(self) -> None:
        self._ask("why no recovery run?", lambda why: self._say(replace(self._draft.asked, override=why)))

    def action_acknowledge_cause(self) -> None:
        asked = self._draft.asked
        self._say(replace(asked, cause_acknowledged=not asked.cause_acknowledged))

    def action_read_deed(self) -> None:
        """Show what doesn't fit here."""
        if self._found is None:
            self.refuse(NOT_LOOKED)
        else:
            text = partial(gates.full_lines, self.view, self._found)
            self.app.push_screen(InFull(self.view, "What a reset would do", text))

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
                lambda view: gates.would_lines(view, found, self.size.height - _DIALOG_TAKES),
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
            return NOT_LOOKED
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
        asked = replace(self._draft.asked, typed=access.kill.reset_phrase)
        self._earlier, self._began, self._refused = access.kill.resetting, live.at, ""
        self._is_under_way = True
        if self._progress is not None:
            self._progress.resume()
        now = partial(self._newest_of, live)
        self._start(partial(reset, access, asked, self._found or seen, live, now), self._ended)

    def _ended(self, done: ResetUnderWay) -> None:
        self._reset = self._earlier = done
        self._is_under_way = False
        self._become(Draft() if done.done else Draft(self._draft.asked))

    def _show_progress(self) -> None:
        """Show each step as it is done; the monitor's judgement comes with its paint."""
        now = None if self.view.access is None else self.view.access.kill.resetting
        if now is not None and now is not self._earlier:
            self._reset = now
        self._show()
        if self._progress is not None and not self._is_under_way:
            self._progress.pause()

    def _broke_glass(self, consent: Consent) -> None:
        self._become(replace(self._draft, glass=consent))

    @property
    def _draft(self) -> Draft:
        """What was said so far for the reset of the trip that stands."""
        access = self.view.access
        return Draft() if access is None else access.drafts.get(_newest(self.view), Draft())

    def _say(self, asked: Asked) -> None:
        self._become(replace(self._draft, asked=asked))

    def _become(self, draft: Draft) -> None:
        if self.view.access is None:
            self.refuse(NOT_READY)
        else:
            self.view.access.drafts[_newest(self.view)] = draft
            self._look_again()

    def _came(self, then: Callable[[T], None], future: "asyncio.Future[T]") -> None:
        super()._came(then, future)
        if self.is_attached:
            self._show_progress()

    def _begun(self) -> Callable[[], Look] | None:
        access, live = self.view.access, self.view.live
        if access is None or live is None:
            return None
        return partial(look, access, self._draft, live, partial(self._newest_of, live))

    def _newest_of(self, live: Assessment) -> Assessment:
        """How things stand by now, as it was painted last; to be asked by a thread."""
        return self.view.live or live

    def _deed(self) -> Callable[[], Deed] | None:
        access, live = self.view.access, self.view.live
        if access is None or live is None:
            return None
        return partial(access.kill.reset_deed, live, self._draft.asked)

    @property
    def _reason(self) -> str:
        return self._draft.asked.reason

    def _give_reason(self, reason: str) -> None:
        self._say(replace(self._draft.asked, reason=reason))

    def _is_newest(self, found: Look) -> bool:
        """Whether it is of the newest judgement, and of all that was said."""
        return self.view.live is None or (found.at, found.draft) == (self.view.live.at, self._draft)

    def _shown(self, size: Size) -> Sequence[Line]:
        now = tuple(state.state_lines(self.view, None, size.width))
        blocks = self._gates(now, size) if self._reset is None else self._outcome(now, self._reset, size)
        return stacked(blocks, size.height)

    def _gates(self, now: tuple[Line, ...], size: Size) -> Iterator[tuple[Line, ...]]:
        view, cells, found = self.view, size.width, self._found
        yield now
        second = () if found is None else tuple(gates.second_person_line(view, found.word, cells))
        room = size.height - len(now) - len(second) - 1  # the key's line is always there
        if found is not None:
            lines = tuple(gates.gate_lines(view, found.gates, cells, room - 3))
            yield lines
            yield second
            yield tuple(gates.deed_lines(view, found, cells, max(1, room - len(lines) - 3)))
        refused = self._refused or self._unseen
        yield (gates.key_line(view, found, self._objection(view), refused, cells),)

    def _outcome(self, now: tuple[Line, ...], done: ResetUnderWay, size: Size) -> Iterator[tuple[Line, ...]]:
        yield now
        yield tuple(outcome.requested_lines(self.view, done, size.width))
        yield tuple(outcome.cleared_lines(self.view, done, size.width))
        yield tuple(outcome.heard_lines(self.view, self._began, size.width))


def _newest(view: View) -> float | None:
    """Which trip it is that a reset would end: when it was made or last added to, None for one of others."""
    last = None if view.live is None else view.live.last_trip
    return last.newest if last is not None and last.stands else None
