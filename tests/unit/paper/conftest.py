"""The desk that tests of trading work at."""

from collections.abc import Iterator

import pytest

from console.paper import open_database
from tests.unit.paper.engines import Desk


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    """A desk with 10 000 in each account and BTC/USD at 50 000."""
    database = open_database(sqlite_url)
    yield Desk(database)
    database.dispose()
