"""The open positions: the one part of the books that can have thousands of rows.

The database writes each row as two JSON texts, of what stays and of what moves with the market, and a few
hundred rows to one answer: drivers take long over each value and each row. Where both are the same as last
time it is the same position, and one that has only moved shares all else with what it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from decimal import Decimal
from functools import lru_cache
from json import JSONDecodeError, JSONDecoder
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Executable, Text, func, select

from console import schema
from console.domain.surfaces import Position
from console.sources.look import Columns, Look, UnreadableError, as_is

OPEN = ("open", "building")
"""The statuses of positions that are open."""
_AT_ONCE = 256
"""Rows that are put together in one answer, and read together."""
_NAMES = (
    "id", "account_id", "symbol", "position_side", "leverage", "quantity", "margin", "entry_price",
    "mark_price", "liquidation_price", "unrealized_pnl", "coin_margin", "notional_value",
    "unrealized_pnl_pct", "stop_loss_price", "take_profit_price", "open_time", "source", "status",
    "last_update_time",
)  # fmt: skip
"""The columns in the order of a Position's fields."""
_MOVING = ("mark_price", "unrealized_pnl", "unrealized_pnl_pct", "last_update_time")
_STAYING = tuple(name for name in _NAMES if name not in _MOVING)
_BETWEEN = "\t"
"""What parts the two texts of a row; JSON has no tabs and line ends of its own."""
_CUT_SHORT = "the server cuts its answers short"

_Row = tuple[str, str]
"""The JSON texts of what stays and of what moves."""
_NOTHING = (None, None)
_json = JSONDecoder(parse_float=Decimal)


class OpenPositions:
    """Reads them again and again, and keeps those that have not changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Position]] = {}  # by the text of what stays, that of what moves
        self._positions: tuple[Position, ...] = ()
        self._written_at: float | None = None

    def read(self, look: Look) -> tuple[Position, ...]:
        """All of them by id; the same tuple as before when nothing has changed."""
        rows = _rows(look)
        moved = [row for row in rows if self._known.get(row[0], _NOTHING)[0] != row[1]]
        if moved or len(rows) != len(self._known):
            self._take(look, rows, moved)
        look.wrote(self._written_at)
        return self._positions

    def _take(self, look: Look, rows: list[_Row], moved: list[_Row]) -> None:
        faults, known = look.faults, dict(self._known)
        for begin in range(0, len(moved), _AT_ONCE):
            some = moved[begin : begin + _AT_ONCE]
            for (stay, move), position in zip(some, self._read(look, some), strict=True):
                known[stay] = move, position
        # what has a fault is read anew each time, so that the fault is named each time
        faulty = set() if look.faults == faults else {row[0] for row in moved if self._has_fault(look, row)}
        positions = [known[stay][1] for stay, _ in rows]
        self._known = {stay: known[stay] for stay, _ in rows if stay not in faulty}
        self._positions = tuple(sorted(positions, key=attrgetter("id")))
        self._written_at = max((p.updated_at for p in positions if p.updated_at is not None), default=None)

    def _has_fault(self, look: Look, row: _Row) -> bool:
        faults = look.faults
        self._read(look, [row])
        return look.faults > faults

    def _read(self, look: Look, rows: list[_Row]) -> list[Position]:
        """The positions of `rows`, column by column."""
        staying = {text: _staying_of(self._known[text][1]) for text, _ in rows if text in self._known}
        new = [text for text, _ in rows if text not in staying]
        staying.update(zip(new, zip(*_cells(look, _STAYING, new), strict=True), strict=True))
        stay = zip(*(staying[text] for text, _ in rows), strict=True)
        move = _cells(look, _MOVING, [text for _, text in rows])
        cells: dict[str, Sequence[Any]] = dict(zip((*_STAYING, *_MOVING), (*stay, *move), strict=True))
        cells["coin_margin"] = [None if said is None else bool(said) for said in cells["coin_margin"]]
        return list(map(Position, *(cells[name] for name in _NAMES)))


_staying_of: Callable[[Position], tuple[Any, ...]] = attrgetter(
    *(field.name for field, name in zip(fields(Position), _NAMES, strict=True) if name in _STAYING)
)


def _rows(look: Look) -> list[_Row]:
    staying, moving = look.columns(schema.positions, _STAYING), look.columns(schema.positions, _MOVING)
    rows: list[_Row] = []
    for text, count in look.connection.execute(_question(staying, moving)):
        lines = str(text).split("\n")
        if len(lines) != count:
            raise UnreadableError(_CUT_SHORT)
        rows += [(stay, move) for stay, _, move in (line.partition(_BETWEEN) for line in lines)]
    return rows


@lru_cache(maxsize=16)
def _question(staying: Columns, moving: Columns) -> Executable:
    """Many rows to an answer, one to a line."""
    table = schema.positions
    row = _as_json(staying) + _BETWEEN + _as_json(moving)
    group = table.c.id // _AT_ONCE
    several = select(func.aggregate_strings(row, "\n"), func.count())
    return several.where(table.c.status.in_(OPEN)).group_by(group).order_by(group)


def _as_json(columns: Columns) -> ColumnElement[str]:
    return func.json_array(*(None if column is None else as_is(column) for column in columns), type_=Text())


def _cells(look: Look, names: Sequence[str], texts: list[str]) -> list[Sequence[Any]]:
    """What the texts say under `names`, column by column."""
    try:
        rows = _json.decode(f"[{','.join(texts)}]")
    except JSONDecodeError:
        rows = []
    if len(rows) != len(texts):
        raise UnreadableError(_CUT_SHORT)
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    wanted = look.columns(schema.positions, names)
    return [look.cells(column, said) for column, said in zip(wanted, columns, strict=True)]
