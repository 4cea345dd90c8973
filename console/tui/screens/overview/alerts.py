"""A symbol's alerts in the overview: how many there are, and how the worst of them stands."""

from collections.abc import Callable, Mapping, Sequence

from console.domain.alert_rows import AlertRow, AlertState
from console.domain.status import SymbolStatus
from console.domain.symbols import SymbolRows
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.table.columns import Cell, Column, Order

Rows = Sequence[AlertRow]
"""One symbol's alerts, the worst first."""
BySymbol = Callable[[], Mapping[str, Rows]]


def sign_of(rows: Rows, glyphs: Glyphs) -> tuple[str, Tone]:
    """The sign of the worst alert, quiet where somebody has muted it; an arrow where it is only pending."""
    if not rows:
        return "", Tone.DIM
    if not rows[0].matters:
        return "→" if rows[0].state is AlertState.PENDING else glyphs.none, Tone.DIM
    return glyphs.of(rows[0].severity), tone_of_alerts(rows)


def counted(rows: Rows) -> str:
    """How many are wrong, or else pending, with the worst one's state: `2 firing`; empty without any."""
    return f"{sum(row.matters for row in rows) or len(rows)} {rows[0].state.word}" if rows else ""


def alerts_column(glyphs: Glyphs, by_symbol: BySymbol) -> Column[SymbolStatus]:
    """How many there are, after the worst one's sign."""

    def words(rows: Rows) -> str:
        return f"{sign_of(rows, glyphs)[0]} {counted(rows)}" if rows else ""

    def cell(row: SymbolStatus) -> Cell:
        rows = by_symbol().get(row.symbol, ())
        return Cell(words(rows), tone_of_alerts(rows))

    def order(rows: Rows) -> Order:
        return (-rows[0].severity, -rows[0].state, -len(rows)) if rows else None

    def orders(rows: Sequence[SymbolStatus]) -> Sequence[Order]:
        known = {symbol: order(its) for symbol, its in by_symbol().items()}
        return [known.get(name) for name in _names(rows)]

    def texts(rows: Sequence[SymbolStatus]) -> Sequence[str]:
        known = {symbol: words(its) for symbol, its in by_symbol().items()}
        return [known.get(name, "") for name in _names(rows)]

    return Column(
        "alerts",
        "ALERTS",
        11,
        cell,
        lambda row: order(by_symbol().get(row.symbol, ())),
        "left",
        orders=orders,
        texts=texts,
    )


def tone_of_alerts(rows: Rows) -> Tone:
    """The worst one's tone, quiet as its sign is."""
    if not rows or not rows[0].matters or all(row.muted for row in rows if row.matters):
        return Tone.DIM
    return tone_of(rows[0].severity)


def _names(rows: Sequence[SymbolStatus]) -> Sequence[str]:
    return rows.names if isinstance(rows, SymbolRows) else [row.symbol for row in rows]
