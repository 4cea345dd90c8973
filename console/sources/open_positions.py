"""The open positions: the one part of the books that can have thousands of rows.

The database writes each row as two JSON texts, of what stays and of what moves with the market, and a few
hundred rows to one answer: drivers take long over each value and each row. Where both are the same as last
time it is the same position, and one that has only moved shares all else with what it was.
"""

from collections.abc import Callable, Mapping, Sequence
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

_json = JSONDecoder(parse_float=Decimal)


class OpenPositions:
    """Reads them again and again, and keeps those that have not changed."""

    def __init__(self) -> None:
        self._known: dict[str, Position] = {}  # by what its row said
        self._positions: tuple[Position, ...] = ()
        self._written_at: float | None = None

    def read(self, look: Look) -> tuple[Position, ...]:
        """All of them by id; the same tuple as before when nothing has changed."""
        rows, gone = _rows(look), dict(self._known)
        found = [gone.pop(row, None) for row in rows]
        new = [row for row, position in zip(rows, found, strict=True) if position is None]
        if new or gone or len(rows) != len(self._positions):
            self._take(look, rows, new, gone)
        look.wrote(self._written_at)
        return self._positions

    def _take(self, look: Look, rows: list[str], new: list[str], gone: Mapping[str, Position]) -> None:
        faults, known = look.faults, dict(self._known)
        moved = {_parted(row)[0]: position for row, position in gone.items()}
        for begin in range(0, len(new), _AT_ONCE):
            some = new[begin : begin + _AT_ONCE]
            known.update(zip(some, _read(look, some, moved), strict=True))
        # what has a fault is read anew each time, so that the fault is named each time
        faulty = set() if look.faults == faults else {row for row in new if _has_fault(look, row)}
        positions = list(map(known.__getitem__, rows))
        self._known = {row: known[row] for row in rows if row not in faulty}
        self._positions = tuple(sorted(positions, key=attrgetter("id")))
        self._written_at = max((p.updated_at for p in positions if p.updated_at is not None), default=None)


def _has_fault(look: Look, row: str) -> bool:
    faults = look.faults
    _read(look, [row], {})
    return look.faults > faults


def _read(look: Look, rows: list[str], moved: Mapping[str, Position]) -> list[Position]:
    """The positions of `rows`, column by column; `moved` has those before by the text of what stays."""
    texts = list(map(_parted, rows))
    staying = {stay: _staying_of(moved[stay]) for stay, _ in texts if stay in moved}
    new = [stay for stay, _ in texts if stay not in staying]
    staying.update(zip(new, zip(*_cells(look, _STAYING, new), strict=True), strict=True))
    stay = zip(*(staying[text] for text, _ in texts), strict=True)
    move = _cells(look, _MOVING, [text for _, text in texts])
    cells: dict[str, Sequence[Any]] = dict(zip((*_STAYING, *_MOVING), (*stay, *move), strict=True))
    cells["coin_margin"] = [None if said is None else bool(said) for said in cells["coin_margin"]]
    return list(map(Position, *(cells[name] for name in _NAMES)))


def _parted(row: str) -> tuple[str, str]:
    """The JSON texts of what stays and of what moves."""
    stay, _, move = row.partition(_BETWEEN)
    return stay, move


_staying_of: Callable[[Position], tuple[Any, ...]] = attrgetter(
    *(field.name for field, name in zip(fields(Position), _NAMES, strict=True) if name in _STAYING)
)


def _rows(look: Look) -> list[str]:
    staying, moving = look.columns(schema.positions, _STAYING), look.columns(schema.positions, _MOVING)
    rows: list[str] = []
    in_parts = look.connection.dialect.name != "sqlite"
    for text, count in look.connection.execute(_question(staying, moving, in_parts=in_parts)):
        lines = str(text).split("\n") if count else []
        if len(lines) != count:
            raise UnreadableError(_CUT_SHORT)
        rows += lines
    return rows


@lru_cache(maxsize=16)
def _question(staying: Columns, moving: Columns, *, in_parts: bool) -> Executable:
    """Many rows to an answer, one to a line.

    A server that cuts long answers short is asked for them `in_parts`. SQLite has no need of it, and would
    sort all rows for it.
    """
    table = schema.positions
    row = _as_json(staying) + _BETWEEN + _as_json(moving)
    part = table.c.id // _AT_ONCE
    several = select(func.aggregate_strings(row, "\n"), func.count()).where(table.c.status.in_(OPEN))
    return several.group_by(part).order_by(part) if in_parts else several


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
