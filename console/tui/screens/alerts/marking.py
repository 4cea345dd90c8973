"""Muting an alert, or taking that back: what is meant, for how long, why, and what came of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual.geometry import Size

from console import threads
from console.actions.alert_deeds import duration
from console.domain.access import AccessError, Role
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.assessment import Assessment
from console.tui.access import lack_of
from console.tui.actions import Place, bindings
from console.tui.friction import TOO_FAST, pace_of
from console.tui.safety import NOT_READY
from console.tui.screens.alerts.draft import (
    Deed,
    Draft,
    longer,
    meant,
    read_matchers,
    shorter,
    with_every,
    written,
)
from console.tui.screens.alerts.marking_words import Stage, asked_blocks
from console.tui.screens.kill.covering import Covering, stacked
from console.tui.text import Line
from console.tui.view import View
from console.tui.widgets.prompt import Question

if TYPE_CHECKING:
    from console.tui.watched import MarksAlerts, Said

_GONE = "it has resolved, or is gone, since this was opened"
_NONE_LEFT = "none is left that nobody has acknowledged"


@dataclass(frozen=True, slots=True)
class Told:
    """What came of several deeds."""

    words: str
    unrecorded: str = ""


class Marking(Covering, inherit_bindings=False):
    """Asks for what is missing, does it in a thread, and then says what was read back until it is left."""

    PLACE: ClassVar[Place] = "marking"
    BINDINGS: ClassVar = bindings("marking")
    ABOUT: ClassVar[str] = (
        "An acknowledgement says that somebody is at this alert; it ends with the alert, and the same one "
        "raised anew is news. A silence is of every alert whose labels match. Both have an owner, a reason "
        "and an end, and neither hides anything: it is marked, counts as before, and rings no bell."
    )
    crumb = "mute"

    def __init__(self, view: View, draft: Draft) -> None:
        super().__init__(view)
        self._draft = draft
        self._stage = Stage()
        self._complaint = ""

    def on_mount(self) -> None:
        super().on_mount()
        if self._draft.deed.mutes:
            self.set_focus(self._body)
            self.action_give_reason()

    # What is said.

    def action_give_reason(self) -> None:
        label = f"why {self._draft.deed.value.lower()}?"
        self._ask(label, self._draft.reason, lack_of, lambda text: replace(self._draft, reason=text.strip()))

    def action_type_duration(self) -> None:
        def read(text: str) -> Draft:
            return replace(self._draft, lasting=duration(text))

        self._ask("for how long?", "", _complaint(duration), read)

    def action_longer(self) -> None:
        self._become(replace(self._draft, lasting=longer(self._draft.lasting)))

    def action_shorter(self) -> None:
        self._become(replace(self._draft, lasting=shorter(self._draft.lasting)))

    def action_type_matchers(self) -> None:
        def read(text: str) -> Draft:
            return replace(self._draft, matchers=read_matchers(text))

        self._ask("matching", f"{written(self._draft.matchers)} ", _complaint(read_matchers), read)

    def action_only_here(self) -> None:
        self._become(replace(self._draft, local=not self._draft.local))

    def action_acknowledge_every(self) -> None:
        draft, live = self._draft, self.view.live
        if live is None:
            self.refuse(NOT_READY)
        elif not draft.every or meant(draft, live)[1]:
            self._become(with_every(draft, live))
        else:
            self._become(replace(draft, every=()))

    def _ask(
        self, label: str, initial: str, typed: Callable[[str], str], read: Callable[[str], Draft]
    ) -> None:
        def complaint(text: str) -> str:
            self._complain(typed(text))
            return self._complaint

        def answered(text: str | None) -> None:
            self._complain("")
            if text is not None:
                self._become(read(text))

        self.ask(Question(label, initial, complaint, answered))

    def _complain(self, of: str) -> None:
        """Say above the prompt, too, what it has no room for on a narrow screen."""
        self._complaint = of
        self._show()

    def _become(self, draft: Draft) -> None:
        self._draft, self._stage = draft, Stage()
        self._show()

    # Doing it.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        deed, is_open = self._draft.deed, self._stage.is_open
        if action in ("give_reason", "confirm_marking"):
            return is_open
        if action in ("longer", "shorter", "type_duration"):
            return is_open and deed.mutes
        if action == "acknowledge_every":
            return is_open and deed is Deed.ACKNOWLEDGE
        if action in ("type_matchers", "only_here"):
            return is_open and deed is Deed.SILENCE
        return super().check_action(action, parameters)

    def action_confirm_marking(self) -> None:
        """Do it, unless something is missing, or no hand pressed the key."""
        objection, marking, live = self._objection, self.view.marking, self.view.live
        if objection:
            self.refuse(objection)
        elif pace_of(self.app).too_fast:
            self.refuse(f"{TOO_FAST}; press it again")
        elif marking is not None and live is not None:
            draft, self._stage = self._draft, Stage(under_way=True)
            doing = threads.start(lambda: _done(draft, marking(), live), name="mark the alert")
            doing.add_done_callback(self._came_of_it)
            self._show()

    def _came_of_it(self, doing: "asyncio.Future[Said]") -> None:
        error = doing.exception()
        if isinstance(error, AccessError):
            self._stage = Stage(refused=str(error))
        else:
            self._stage = Stage(said=doing.result())
        if self.is_attached:
            self._show()
            self.show_hints()

    @property
    def _objection(self) -> str:
        """Why it can't be done now, in words; empty where it can."""
        live, access = self.view.live, self.view.access
        if live is None or self.view.marking is None:
            return NOT_READY
        if self._draft.deed.mutes and access is not None and access.catch.standing.role < Role.OPERATOR:
            return f"{access.catch.standing}; an operator or an admin may mute alerts"
        if self._draft.every:
            return self._draft.lack if meant(self._draft, live)[0] else _NONE_LEFT
        if self._draft.deed is Deed.ACKNOWLEDGE and not _stands(self._row(live)):
            return _GONE
        return self._draft.lack

    def _row(self, live: Assessment) -> AlertRow | None:
        """The alert as it is now; None where it is gone."""
        return next((row for row in live.alert_rows if row.key == self._draft.row.key), None)

    # Showing.

    def _shown(self, size: Size) -> Sequence[Line]:
        row = None if self.view.live is None else self._row(self.view.live)
        stage = replace(self._stage, objection=self._complaint or self._objection)
        blocks = asked_blocks(self.view, self._draft, row, stage, size.width)
        return stacked(blocks, size.height)


def _stands(row: AlertRow | None) -> bool:
    return row is not None and row.raised is not None and row.state is not AlertState.RESOLVED


def _done(draft: Draft, marking: "MarksAlerts", live: Assessment) -> "Said":
    """Do what was asked for; AccessError says why it wasn't. Waits for the disk."""
    if draft.every:
        keys = [row.key for row in meant(draft, live)[0]]
        return _told(marking.acknowledge_every(keys, live, draft.reason, draft.lasting))
    if draft.deed is Deed.ACKNOWLEDGE:
        return marking.acknowledge(draft.row.key, live, draft.reason, draft.lasting)
    if draft.deed is Deed.SILENCE:
        return marking.silence(draft.matchers, draft.reason, draft.lasting, local=draft.local)
    if draft.deed is Deed.WITHDRAW:
        return marking.withdraw(draft.row.labels, draft.reason)
    return marking.unsilence("" if draft.row.silenced is None else draft.row.silenced.key, draft.reason)


def _told(done: Sequence["Said"]) -> "Said":
    """What came of each, as one."""
    if not done:
        raise AccessError(_NONE_LEFT)
    unrecorded = [one.unrecorded for one in done if one.unrecorded]
    lost = f"{len(unrecorded)} of {len(done)}: {unrecorded[0]}" if unrecorded else ""
    return Told(f"{len(done)} acknowledged, each by itself; the last: {done[-1].words}", lost)


def _complaint(read: Callable[[str], object]) -> Callable[[str], str]:
    """What is wrong with a text that `read` doesn't take; empty where nothing is."""

    def complaint(text: str) -> str:
        try:
            read(text)
        except ValueError as error:
            return str(error)
        return ""

    return complaint
