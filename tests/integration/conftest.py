"""Fixtures of the tests with real servers."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from tests.leftovers import end_standbys


@pytest.fixture(scope="module", autouse=True)
def nobody_stands_by(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave nobody behind who stands by for a run of these tests: whoever does outlives all programs."""
    yield
    end_standbys(tmp_path_factory.getbasetemp())


@pytest.fixture
def only_mariadb(mariadb_url: str) -> None:
    """Skip the test where OPSCONSOLE_TEST_MYSQL names a MySQL server: what it tests only MariaDB has."""
    with create_engine(mariadb_url).connect() as connection:
        if not getattr(connection.dialect, "is_mariadb", False):
            pytest.skip("the server is no MariaDB")
