"""What a screen with a rule's alert on it does about that alert: take it on, silence it, take that back."""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from textual.events import Key

from console.domain.alert_rows import AlertRow, AlertState
from console.tui.actions import IN_A_REPLAY
from console.tui.screens.alerts.draft import Deed, Draft, draft_of, with_every
from console.tui.screens.frame import Frame

_ACKNOWLEDGED = (AlertState.PENDING, AlertState.FIRING, AlertState.LOST)
_WHY_NOT = {
    "acknowledge": "only a rule's alert that is pending, firing or lost can be acknowledged",
    "acknowledge_every": "only a rule's alerts that are pending, firing or lost can be acknowledged",
    "silence": "only an alert that a rule has raised can be silenced",
    "unmute": "nobody has muted this",
}
CANNOT = "this console can't mute alerts: it was given no place to keep that"


@runtime_checkable
class OpensAlerts(Protocol):
    """The app, as far as screens with alerts want it."""

    async def open_alert(self, key: str) -> None: ...

    async def open_triggers(self) -> None: ...

    async def open_marking(self, draft: Draft) -> None: ...


class Muting(Frame):
    """Subclasses say which alert is meant."""

    @property
    @abstractmethod
    def _meant(self) -> AlertRow | None:
        """The rule's alert that the keys are for; None where there is none."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        row = self._meant
        if action in ("acknowledge", "acknowledge_every"):
            return self._may_mute and row is not None and row.state in _ACKNOWLEDGED
        if action == "silence":
            return self._may_mute and row is not None and row.raised is not None
        if action == "unmute":
            return self._may_mute and row is not None and row.muted
        return super().check_action(action, parameters)

    def on_key(self, event: Key) -> None:
        """Say why a key does nothing here, where nothing else has taken it."""
        for action in self.view.actions:
            why = _WHY_NOT.get(action.id)
            if why is not None and event.key in action.keys and not self.check_action(action.id, ()):
                self.refuse(why if self._may_mute else IN_A_REPLAY)

    async def action_acknowledge(self) -> None:
        await self._ask_for(Deed.ACKNOWLEDGE)

    async def action_acknowledge_every(self) -> None:
        await self._ask_for(Deed.ACKNOWLEDGE, every=True)

    async def action_silence(self) -> None:
        await self._ask_for(Deed.SILENCE)

    async def action_unmute(self) -> None:
        """Take back the acknowledgement; where there is none, end the silence."""
        row = self._meant
        acknowledged = row is not None and row.acknowledged is not None
        await self._ask_for(Deed.WITHDRAW if acknowledged else Deed.UNSILENCE)

    @property
    def _may_mute(self) -> bool:
        return self.view.replay is None

    async def _ask_for(self, deed: Deed, *, every: bool = False) -> None:
        row, live = self._meant, self.view.live
        if self.view.marking is None:
            self.refuse(CANNOT)
        elif row is not None and live is not None and isinstance(self.app, OpensAlerts):
            draft = draft_of(deed, row)
            await self.app.open_marking(with_every(draft, live) if every else draft)
