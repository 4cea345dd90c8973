"""Fixtures of the tests with real servers."""

import pytest
from sqlalchemy import create_engine


@pytest.fixture
def only_mariadb(mariadb_url: str) -> None:
    """Skip the test where OPSCONSOLE_TEST_MYSQL names a MySQL server: what it tests only MariaDB has."""
    with create_engine(mariadb_url).connect() as connection:
        if not getattr(connection.dialect, "is_mariadb", False):
            pytest.skip("the server is no MariaDB")
