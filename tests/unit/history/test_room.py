"""What it takes to tell thousands of rows is there for one column at a time."""

import subprocess
import sys
import tracemalloc
from array import array
from pathlib import Path

from console.domain.metrics import Column, Lineup, Metrics
from console.history.changes import changes
from console.history.flat import Flat, shape_of
from console.history.payload import Blocks, pack
from console.sources.exposition_bulk import AlikeSeries, Heads

ROOT = Path(__file__).parents[3]
ROWS, COLUMNS = 1000, 40
SYMBOLS = [sys.intern(f"T{row:04}USDT") for row in range(ROWS)]
"""Interned for as long as the test runs, as an engine's are: Python's table of names is not to grow in it."""


def test_a_whole_step_takes_little_more_room_than_its_text() -> None:
    """In a process of its own: threads that other tests left take room, too."""
    program = "from tests.unit.history.test_room import room; print(room())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told = COLUMNS * ROWS * len('["m0",[["symbol","T0000USDT"]]],')
    assert int(done.stdout) < 3 * told


def room() -> int:
    """The bytes that everything together takes at once."""
    flat: Flat = {}
    shape_of(Metrics).flatten(Metrics({f"m{number}": _column(number) for number in range(COLUMNS)}), "", flat)
    tracemalloc.start()
    pack(changes({}, flat, blocks := Blocks()), blocks)
    return tracemalloc.get_traced_memory()[1]


def _column(number: int) -> Column:
    heads = Heads([b'm%d{symbol="%b"}' % (number, symbol.encode()) for symbol in SYMBOLS])
    return Column(Lineup(AlikeSeries(f"m{number}", ["symbol"], heads)), array("d", range(ROWS)))
