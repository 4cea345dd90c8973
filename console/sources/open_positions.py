"""The open positions: the one part of the books that can have thousands of rows.

The database writes each row as a JSON text, and a few hundred of them to one answer: drivers take long over
each value and each row. A text that is the same as last time is the same position.
"""

from decimal import Decimal
from functools import lru_cache
from json import JSONDecodeError, JSONDecoder
from operator import attrgetter

from sqlalchemy import Executable, Text, func, select

from console import schema
from console.domain.surfaces import Position
from console.sources.look import Columns, Look, UnreadableError, as_is

OPEN = ("open", "building")
"""The statuses of positions that are open."""
_AT_ONCE = 256
"""Rows that are put together in one answer."""
_NAMES = (
    "id", "account_id", "symbol", "position_side", "leverage", "quantity", "margin", "entry_price",
    "mark_price", "liquidation_price", "unrealized_pnl", "coin_margin", "notional_value",
    "unrealized_pnl_pct", "stop_loss_price", "take_profit_price", "open_time", "source", "status",
    "last_update_time",
)  # fmt: skip
_COIN_MARGIN = _NAMES.index("coin_margin")
_CUT_SHORT = "the server cuts its answers short"

_json = JSONDecoder(parse_float=Decimal)


class OpenPositions:
    """Reads them again and again, and keeps those that have not changed."""

    def __init__(self) -> None:
        self._known: dict[str, Position] = {}
        self._texts: list[str] = []
        self._positions: tuple[Position, ...] = ()
        self._written_at: float | None = None

    def read(self, look: Look) -> tuple[Position, ...]:
        """All of them by id; the same tuple as before when nothing has changed."""
        columns = look.columns(schema.positions, _NAMES)
        texts = _rows(look, columns)
        if texts != self._texts:
            self._take(look, columns, texts)
        look.wrote(self._written_at)
        return self._positions

    def _take(self, look: Look, columns: Columns, texts: list[str]) -> None:
        known, kept, positions = self._known, dict[str, Position](), []
        faults = look.faults
        new = _at_once(look, columns, [text for text in texts if text not in known])
        known = known | new if look.faults == faults else known
        for text in texts:
            position, faults = known.get(text), look.faults
            if position is None:
                position = _position(look, columns, text)
            if look.faults == faults:  # else it is read anew each time, so that the fault is named each time
                kept[text] = position
            positions.append(position)
        self._known, self._positions = kept, tuple(sorted(positions, key=_id))
        self._texts = texts if len(kept) == len(texts) else []
        self._written_at = max((p.updated_at for p in positions if p.updated_at is not None), default=None)


_id = attrgetter("id")


def _rows(look: Look, columns: Columns) -> list[str]:
    """Each row's JSON text."""
    rows: list[str] = []
    for text, count in look.connection.execute(_question(columns)):
        lines = str(text).split("\n")
        if len(lines) != count:
            raise UnreadableError(_CUT_SHORT)
        rows += lines
    return rows


@lru_cache(maxsize=16)
def _question(columns: Columns) -> Executable:
    """Many rows to an answer, one to a line, as JSON has no line ends of its own."""
    table = schema.positions
    row = func.json_array(*(None if column is None else as_is(column) for column in columns), type_=Text())
    group = table.c.id // _AT_ONCE
    several = select(func.aggregate_strings(row, "\n"), func.count())
    return several.where(table.c.status.in_(OPEN)).group_by(group).order_by(group)


def _at_once(look: Look, columns: Columns, texts: list[str]) -> dict[str, Position]:
    """What many rows' texts say, column by column; the look counts a fault where one can't be read so."""
    try:
        rows = _json.decode(f"[{','.join(texts)}]")
    except JSONDecodeError:
        raise UnreadableError(_CUT_SHORT) from None
    if not rows:
        return {}
    cells = [look.cells(column, said) for column, said in zip(columns, zip(*rows, strict=True), strict=True)]
    cells[_COIN_MARGIN] = [None if said is None else bool(said) for said in cells[_COIN_MARGIN]]
    return dict(zip(texts, map(Position, *cells), strict=True))


def _position(look: Look, columns: Columns, text: str) -> Position:
    try:
        values = look.values(columns, _json.raw_decode(text)[0])
    except JSONDecodeError:
        raise UnreadableError(_CUT_SHORT) from None
    if values[_COIN_MARGIN] is not None:
        values[_COIN_MARGIN] = bool(values[_COIN_MARGIN])
    return Position(*values)
