"""Screen 4: every alert, the worst first, the one under the cursor in full, rollback triggers and sources.

All of it is the present's, whatever picture is held: alerts are what must not be missed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.containers import Container
from textual.geometry import Size
from textual.widget import Widget

from console.domain.alert_rows import AlertRow
from console.domain.assessment import Assessment
from console.domain.status import Alert
from console.domain.triggers import Standing
from console.tui.actions import Place, bindings
from console.tui.drill import drill_lines
from console.tui.screens.alerts.columns import SEVERITY, Present, Room, alert_columns
from console.tui.screens.alerts.holes import Holes
from console.tui.screens.alerts.muting import Muting, OpensAlerts
from console.tui.screens.alerts.rows import Listed, listed
from console.tui.screens.alerts.standing import rules_line, source_lines
from console.tui.screens.alerts.triggers import room_for_all, trigger_lines
from console.tui.screens.alerts.words import in_full
from console.tui.screens.overview.screen import OpensSymbols
from console.tui.text import Line, Span
from console.tui.theme import Glyphs, Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.table.lines import Drawn
from console.tui.widgets.table.table import Table

_TITLES = 2
"""Lines above the table's rows while it is filtered; else one is empty below them."""
_LINES_BESIDE = 6
"""Lines of a low screen that are neither rows nor triggers nor sources: status line, titles, what is chosen,
the rules, key hints."""
_SCREENS = {"kill switch": "kill_switch", "log": "logs"}
"""The alerts that a screen says more of, with the action that opens it."""


class Alerts(Muting):
    PLACE: ClassVar[Place] = "alerts"
    BINDINGS: ClassVar = bindings("alerts")
    ABOUT: ClassVar[str] = (
        "What the alert rules say, and what else is wrong now, the worst first; below it the alert under the "
        "cursor in full, the rollback triggers, and each source with its age and limit. Muted alerts stay. "
        "Nothing here is ever held still. Enter opens a rule's alert, or what another one is about."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._alerts: tuple[Alert, ...] = ()
        self._ruled: tuple[AlertRow, ...] = ()
        self._listed: tuple[Listed, ...] = ()
        self._rows: dict[str, Listed] = {}
        self._room: Room | None = None
        self._hinted: tuple[bool, bool] = (False, False)
        self._present = Present(view)
        glyphs = view.glyphs
        self._chosen = Lines(self._chosen_text, glyphs, id="chosen")
        self._rules = Lines(self._rules_text, glyphs, id="rules")
        self._triggers = Lines(self._triggers_text, glyphs, id="triggers")
        self._sources = Lines(self._sources_text, glyphs, id="sources")
        self.table = AlertTable(glyphs, self._moved)

    def body(self) -> Iterable[Widget]:
        yield Container(self.table, self._chosen, id="alerts")
        yield Container(Container(self._rules, self._triggers, id="told"), self._sources, id="below")

    def on_mount(self) -> None:
        self.set_focus(self.table)  # at once: a prompt that a waiting key asks for is to keep it

    def paint(self, view: View) -> None:
        super().paint(view)
        self._present.view = view
        self._set_columns()
        if view.live is not None:
            self._list(view.live)
        self.table.styles.max_height = _TITLES + len(self.table.keys)
        self._make_room()
        self._chosen.show(self._chosen_text)
        self._rules.show(self._rules_text)
        self._triggers.show(self._triggers_text)
        self._sources.show(self._sources_text)
        self._hint_anew()

    async def on_table_opened(self, event: Table.Opened) -> None:
        """Open the rule's alert, or what another one is about, where that has a screen of its own."""
        row = self._rows.get(event.key)
        if row is None:
            return
        if row.rule is not None and isinstance(self.app, OpensAlerts):
            await self.app.open_alert(row.rule.key)
        elif row.alert.symbol is not None and isinstance(self.app, OpensSymbols):
            self.app.open_symbol(row.alert.symbol)
        elif row.alert.name in _SCREENS:
            await self.app.run_action(_SCREENS[row.alert.name])
        else:
            self.say("all that is known of it stands below the alerts")

    async def action_rollback_triggers(self) -> None:
        if isinstance(self.app, OpensAlerts):
            await self.app.open_triggers()

    async def action_rule_holes(self) -> None:
        await self.app.push_screen(Holes(self.view))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        live = self.view.live
        if action == "rollback_triggers":
            return live is not None and bool(live.triggers)
        if action == "rule_holes":
            return live is not None and live.ruled.book is not None
        return super().check_action(action, parameters)

    @property
    def _meant(self) -> AlertRow | None:
        row = self._rows.get(self.table.cursor_key or "")
        return None if row is None else row.rule

    def _set_columns(self) -> None:
        rooms = {"-narrow": Room.NARROW, "-vast": Room.VAST}
        room = next((room for name, room in rooms.items() if self.has_class(name)), Room.WIDE)
        if room is not self._room:
            self._room = room
            self.table.set_columns(alert_columns(self._present, room), SEVERITY)

    def _list(self, live: Assessment) -> None:
        """Have the rows anew where anything has changed, and in any case their cells, which have ages."""
        if live.alerts is not self._alerts or live.alert_rows is not self._ruled:
            self._alerts, self._ruled, self._listed = live.alerts, live.alert_rows, listed(live)
            self._rows = {row.key: row for row in self._listed}
        self.table.set_rows(self._listed)

    def _make_room(self) -> None:
        """Show the sources on a low screen too, where the alerts leave them their lines."""
        live = self.view.live
        if live is None:
            return
        met = sum(judgement.standing is Standing.MET for judgement in live.triggers)
        taken = _LINES_BESIDE + len(self._rows) + bool(live.triggers) + met + (self.view.replay is not None)
        taken += len(list(drill_lines(self.view, self.size.width)))
        self.set_class(self.size.height - taken > len(live.sources), "-roomy")

    def _moved(self) -> None:
        self._chosen.show(self._chosen_text)
        self._hint_anew()

    def _hint_anew(self) -> None:
        """Show the keys that the row under the cursor has."""
        hinted = self.check_action("acknowledge", ()) is True, self.check_action("unmute", ()) is True
        if hinted != self._hinted:
            self._hinted = hinted
            self.show_hints()

    def _chosen_text(self, size: Size) -> Sequence[Line]:
        """The alert under the cursor, or that there is none."""
        if not self.view.answered:
            return [(Span("connecting", Tone.UNKNOWN),)]
        row = self._rows.get(self.table.cursor_key or "")
        if row is None:
            return [(Span("no alerts" if not self._rows else "no alert is shown", Tone.DIM),)]
        return in_full(row, self.view, size.width)

    def _rules_text(self, size: Size) -> Sequence[Line]:
        return rules_line(self.view, size.width)

    def _triggers_text(self, size: Size) -> Sequence[Line]:
        return tuple(trigger_lines(self.view, size.width, every=room_for_all(self.size.height)))

    def _sources_text(self, size: Size) -> Sequence[Line]:
        return source_lines(self.view, size.width)


class AlertTable(Table[Listed]):
    """The alerts; `moved` is called as soon as the cursor is on another one."""

    def __init__(self, glyphs: Glyphs, moved: Callable[[], None]) -> None:
        super().__init__("alerts", lambda row: row.key, lambda row: row.severity, glyphs)
        self._moved = moved
        self._told: str | None = None

    def _show(self, lines: list[Drawn]) -> None:
        super()._show(lines)
        if self.cursor_key != self._told:
            self._told = self.cursor_key
            self._moved()
