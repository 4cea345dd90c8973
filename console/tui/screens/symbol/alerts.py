"""What the alert rules say of one symbol, as a table of its page."""

from collections.abc import Sequence

from console.domain.alert_rows import AlertRow
from console.domain.assessment import Assessment
from console.tui.screens.alerts.columns import SEVERITY, Present, symbol_alert_columns
from console.tui.screens.alerts.rows import Listed, rule_rows
from console.tui.view import View
from console.tui.widgets.table.table import Table


class AlertPane:
    """The symbol's alerts at present, whatever picture is held."""

    name = "alerts"

    def __init__(self, view: View) -> None:
        self.present = Present(view)
        self.table: Table[Listed] = Table(
            "symbol-alerts", lambda row: row.key, lambda row: row.severity, view.glyphs
        )
        self.table.set_columns(symbol_alert_columns(self.present), SEVERITY)
        self.rows: Sequence[Listed] = ()
        self._taken: Sequence[AlertRow] = ()

    def show(self, assessment: Assessment, symbol: str) -> None:
        """Take on what the rules say of `symbol`, and have the cells written anew, which have ages."""
        rows = (self.present.view.live or assessment).by_symbol.get(symbol, ())
        if rows is not self._taken:
            self._taken, self.rows = rows, rule_rows(rows)
        self.table.set_rows(self.rows)

    @property
    def title(self) -> str:
        """The pane's name, with the number of its rows if it has any."""
        return f"{self.name} {len(self.rows)}" if self.rows else self.name
