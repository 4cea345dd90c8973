"""How many positions were liquidated since an instant."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from console import schema
from console.paper.store import open_database
from console.sources.errors import SourceError
from console.sources.liquidations import liquidated_since
from tests.unit.sources.test_database import NOON, POSITION


def test_only_closed_positions_whose_notes_say_so_count(sqlite_url: str) -> None:
    closed = [
        (NOON - 1, "LIQUIDATED at 41000"),
        (NOON, "Liquidated"),
        (NOON + 60, "liquidation of the remainder"),
        (NOON + 60, "take profit"),
        (NOON + 60, None),
        (None, "liquidation is near"),
    ]
    with open_database(sqlite_url).begin() as connection:
        for at, notes in closed:
            close_time = None if at is None else datetime.fromtimestamp(at)
            row = POSITION | {"status": "closed", "close_time": close_time, "notes": notes}
            connection.execute(insert(schema.positions).values(**row))
    assert liquidated_since(sqlite_url, NOON, timeout=2) == 2


def test_a_database_that_isnt_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        liquidated_since(f"sqlite:///{tmp_path}/none.db", NOON, timeout=1)
    assert "\n" not in str(caught.value)
