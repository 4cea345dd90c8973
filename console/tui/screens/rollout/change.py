"""A change of a feature's stage: what it would do, what it takes, and what came of it.

What raises the risk passes every gate; what lowers it is written by one key. The file is looked at again
and again: one that has changed meanwhile ends a change that raises the risk.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.geometry import Size

from console.actions.rollout.acknowledgement import heard_of
from console.actions.rollout.record import Applied
from console.domain.approval import Consent, Deed
from console.domain.figures import seconds
from console.domain.rollout.operations import Disable, Operation
from console.domain.rollout.plan import Plan, Refusal
from console.tui.actions import Place, bindings, keys_of
from console.tui.friction import TOO_FAST, Phrase, pace_of
from console.tui.safety import NOT_READY
from console.tui.screens.confirm import Confirm, Danger
from console.tui.screens.gated import NOT_LOOKED, OLD, Gated, InFull
from console.tui.screens.kill.covering import stacked
from console.tui.screens.rollout import asking, told
from console.tui.screens.rollout.look import Asking, Draft, Look, apply, is_armed, look
from console.tui.text import Line
from console.tui.view import View

_LOOKS_EVERY = 1.0
"""Seconds between two looks, while nothing is said that asks for one."""
_DIALOG = 68
"""Cells of a line in the dialog."""
_LOWERING = ("demote", "disable", "switch_off", "write_change")
"""The actions by which a feature comes down: on a bad line their keys may come together."""


class Change(Gated[Look], inherit_bindings=False):
    """Shows what is asked for until it is written, and then what comes of it."""

    PLACE: ClassVar[Place] = "change"
    BINDINGS: ClassVar = bindings("change")
    ABOUT: ClassVar[str] = (
        "What a change of a stage does to every symbol, and the very lines that it writes. What raises risk "
        "waits until every gate passes; what isn't known doesn't pass. What lowers it waits for nothing. "
        "Afterwards: REQUESTED, WRITTEN into the file and read back, ACKNOWLEDGED by the engine, OBSERVED in "
        "its trades."
    )
    DEED: ClassVar[str] = "change"
    crumb = "change"

    def __init__(self, view: View, operation: Operation) -> None:
        super().__init__(view)
        self._draft = Draft(operation)
        self._first: Look | None = None
        self._done: Applied | None = None
        self._began = 0.0
        self._is_wanted = False
        self._acknowledged: float | None = None

    # What is said.

    def action_override_gates(self) -> None:
        def overridden(why: str) -> None:
            self._become(replace(self._draft, asked=replace(self._draft.asked, override=why)))

        self._ask("why not wait?", overridden)

    def action_take_instead(self) -> None:
        """Ask for one of the changes that are possible instead."""
        found = self._found
        if found is None or not isinstance(found.plan, Refusal):
            return
        keys = next(action.keys for action in self.view.actions if action.id == "take_instead")
        number = keys.index(pace_of(self.app).key)
        if number < len(found.plan.instead):
            self._first = None
            self._become(replace(self._draft, operation=found.plan.instead[number].operation))

    def action_read_deed(self) -> None:
        """Show what doesn't fit here."""
        if self._found is None:
            self.refuse(NOT_LOOKED)
        else:
            text = partial(asking.full_lines, self.view, self._found)
            self.app.push_screen(InFull(self.view, "What the change would do", text))

    # Doing it.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("write_change", "switch_off"):
            found = self._found
            is_possible = found is None or isinstance(found.plan, Plan)
            return self._done is None and is_possible and (action == "switch_off") is self._is_off
        return super().check_action(action, parameters)

    def action_switch_off(self) -> None:
        self.action_write_change()

    def action_write_change(self) -> None:
        """Write it, or have the phrase typed first, unless something is missing, or no hand pressed it."""
        found, objection = self._found, self._objection(self.view)
        if self._is_under_way:
            self.refuse("it is being written already")
        elif found is None and self._is_off and not self._is_pasted:
            self._is_wanted = True  # a quick rollback isn't lost for having been pressed early
            self.say("it is written as soon as the file has been looked at")
        elif objection or found is None or not isinstance(found.plan, Plan):
            self.refuse(objection)
        elif self._is_pasted:
            self.refuse(f"{TOO_FAST}; press it again")
        elif found.is_typed and self.view.rollout is not None:
            phrase = Phrase(self.view.rollout().phrase(found.plan))
            self._have_typed(found, found.plan, phrase)
        else:
            self._confirmed(found, True)

    @property
    def _is_off(self) -> bool:
        return isinstance(self._draft.operation, Disable)

    @property
    def _is_pasted(self) -> bool:
        """Whether no hand has pressed the key; of what lowers risk, only where other text came with it."""
        pace, found = pace_of(self.app), self._found
        lowers = self._is_off if found is None else not found.raises
        return pace.among_others(keys_of(self.view.actions, *_LOWERING)) if lowers else pace.too_fast

    def _have_typed(self, found: Look, plan: Plan, phrase: Phrase) -> None:
        danger = Danger(
            str(plan.operation),
            lambda view: list(asking.confirmed_lines(view, plan, _DIALOG)),
            phrase,
            partial(self._shifted, found),
        )
        self.app.push_screen(Confirm(self.view, danger), partial(self._confirmed, found))

    def _objection(self, view: View) -> str:
        """Why it can't be written now, in words; empty where it can, but for the phrase."""
        found, live = self._found, view.live
        if view.rollout is None or live is None:
            return NOT_READY
        if found is None:
            return self._unseen or NOT_LOOKED
        if isinstance(found.plan, Refusal):
            return found.plan.reason
        return self._lack_of(found, view, live.at) if found.raises else ""

    def _lack_of(self, found: Look, view: View, now: float) -> str:
        """The same of one that raises the risk."""
        if view.access is None:
            return NOT_READY
        if self._first is not None and found.file.digest != self._first.file.digest:
            return "the flags file has changed since this was opened: esc, then look at it again"
        if now - found.at > OLD:
            return f"the gates were looked at {seconds(now - found.at)} ago, and not since"
        return found.lack

    def _shifted(self, seen: Look, view: View) -> str:
        """The same of a change that was seen to do what `seen` says."""
        if self._found is not None and self._found.deed != seen.deed:
            return "what it would do has changed since"
        return self._objection(view)

    def _confirmed(self, seen: Look, yes: bool | None) -> None:
        """Write, now that it was confirmed; the core looks at every gate once more."""
        found, asked = self._found or seen, self._asking()
        if yes and asked is not None and isinstance(found.plan, Plan):
            self._is_under_way, self._began, self._refused = True, asked.live.at, ""
            self._start(partial(apply, asked, found, found.plan), self._applied)
            self._show()

    def _applied(self, done: Applied) -> None:
        self._done = done
        self.show_hints()

    # Looking.

    def paint(self, view: View) -> None:
        super().paint(view)
        done, live = self._done, view.live
        if done is None or live is None or self._acknowledged is not None:
            return
        if heard_of(done, live).loaded:
            self._acknowledged = live.at

    def _asking(self) -> Asking | None:
        rollout, live = self.view.rollout, self.view.live
        if rollout is None or live is None:
            return None
        return Asking(rollout, self.view.access, live, self._draft)

    def _begun(self) -> Callable[[], Look] | None:
        """Looks seldom while nothing asks for it: git, journal and database are asked each time."""
        asked, found = self._asking(), self._found
        if asked is None or self._done is not None:
            return None
        is_old = found is None or asked.live.at - found.at >= _LOOKS_EVERY
        if self._is_due or is_old or (found is not None and not self._is_newest(found)):
            return partial(look, asked)
        return None

    def _took_found(self, found: Look) -> None:
        """What was asked for stays what it came to at first: one stage up is up from where it was then."""
        if self._first is None and isinstance(found.plan, Plan):
            self._first = found
            self._draft = replace(self._draft, operation=found.plan.operation)
        self.show_hints()
        if self._is_wanted and self.is_attached and not found.raises:
            self._is_wanted = False
            self._confirmed(found, True)

    def _is_newest(self, found: Look) -> bool:
        return found.draft == self._draft and found.was_armed is is_armed(self.view.access)

    def _become(self, draft: Draft) -> None:
        self._draft = draft
        self._look_again()
        self._show()

    @property
    def _reason(self) -> str:
        return self._draft.asked.reason

    def _give_reason(self, reason: str) -> None:
        self._become(replace(self._draft, asked=replace(self._draft.asked, reason=reason)))

    def _deed(self) -> Callable[[], Deed] | None:
        found, rollout, asked = self._found, self.view.rollout, self._draft.asked
        if found is None or rollout is None or not isinstance(found.plan, Plan):
            return None
        return partial(rollout().deed, found.plan, found.file, asked)

    def _broke_glass(self, consent: Consent) -> None:
        self._become(replace(self._draft, glass=consent))

    # Showing.

    def _shown(self, size: Size) -> Sequence[Line]:
        done, live = self._done, self.view.live
        if done is None:
            refused = "" if self._is_under_way else self._refused or self._unseen
            blocks = asking.blocks(self.view, self._found, self._objection(self.view), refused, size)
        else:
            now = self._began if live is None else live.at
            waiting = told.Waiting(self._began, now if self._acknowledged is None else self._acknowledged)
            blocks = told.blocks(self.view, done, self._reason, waiting, size.width)
        return stacked(blocks, size.height)
