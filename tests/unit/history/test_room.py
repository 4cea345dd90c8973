"""What it takes to tell thousands of rows is there for one column at a time."""

import sys
import tracemalloc
from array import array

from console.domain.metrics import Column, Lineup, Metrics
from console.history.changes import changes
from console.history.flat import Flat, shape_of
from console.history.payload import Blocks, pack
from console.sources.exposition_bulk import AlikeSeries, Heads

ROWS, COLUMNS = 1000, 40
SYMBOLS = [sys.intern(f"T{row:04}USDT") for row in range(ROWS)]
"""Interned for as long as the test runs, as an engine's are: Python's table of names is not to grow in it."""


def test_a_whole_step_takes_little_more_room_than_its_text() -> None:
    flat: Flat = {}
    shape_of(Metrics).flatten(Metrics({f"m{number}": _column(number) for number in range(COLUMNS)}), "", flat)
    tracemalloc.start()
    try:
        pack(changes({}, flat, blocks := Blocks()), blocks)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    told = COLUMNS * ROWS * len('["m0",[["symbol","T0000USDT"]]],')
    assert peak < 3 * told


def _column(number: int) -> Column:
    heads = Heads([b'm%d{symbol="%b"}' % (number, symbol.encode()) for symbol in SYMBOLS])
    return Column(Lineup(AlikeSeries(f"m{number}", ["symbol"], heads)), array("d", range(ROWS)))
