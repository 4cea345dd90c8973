"""A symbol's alerts in the overview: how many there are, and how the worst of them stands."""

from collections.abc import Callable, Mapping, Sequence

from console.domain.alert_rows import AlertRow, AlertState
from console.domain.status import SymbolStatus
from console.domain.symbols import SymbolRows
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.table.columns import Cell, Column, Order

Rows = Sequence[AlertRow]
"""One symbol's alerts, the worst first."""
_WIDTH = 11
"""Cells of the column."""
BySymbol = Callable[[], Mapping[str, Rows]]


def sign_of(rows: Rows, glyphs: Glyphs) -> tuple[str, Tone]:
    """The sign of the worst alert, quiet where somebody has muted it; an arrow where it is only pending."""
    if not rows:
        return "", Tone.DIM
    if not rows[0].matters:
        return "→" if rows[0].state is AlertState.PENDING else glyphs.none, Tone.DIM
    return glyphs.of(rows[0].severity), tone_of_alerts(rows)


def counted(rows: Rows, *, as_bad: bool = False) -> str:
    """How many are wrong, or else pending, with the worst one's state: `2 firing`; empty without any.

    Where others stand otherwise, or with `as_bad` are milder, how many are as the worst: `1/3 lost`.
    """
    if not rows:
        return ""
    wrong, first = [row for row in rows if row.matters] or rows, rows[0]
    alike = [
        row for row in wrong if row.state is first.state and (row.severity is first.severity or not as_bad)
    ]
    number = f"{len(alike)}/{len(wrong)}" if len(alike) < len(wrong) else str(len(wrong))
    return f"{number} {first.state.word}"


def alerts_column(glyphs: Glyphs, by_symbol: BySymbol) -> Column[SymbolStatus]:
    """How many there are, after the worst one's sign."""

    def words(rows: Rows) -> str:
        sign, text = sign_of(rows, glyphs)[0], counted(rows, as_bad=True)
        return f"{sign}{'' if len(text) + 2 > _WIDTH else ' '}{text}" if rows else ""

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
        _WIDTH,
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
