"""Fixtures that more than one folder of tests needs."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.debian import NoServerError
from tests.mariadb import Databases, server

# The same examples at every run, so that a run that fails can be run again; HYPOTHESIS_PROFILE=default
# looks further each time.
hypothesis.settings.register_profile("seeded", derandomize=True, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "seeded"))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Databases]:
    """A running MariaDB server. Without one a test is skipped, in CI it fails."""
    try:
        with server() as running:
            yield running
    except NoServerError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"CI needs MariaDB: {error}")
        pytest.skip(str(error))


@pytest.fixture
def mariadb_url(mariadb: Databases) -> Iterator[str]:
    """The URL of a fresh, empty database on MariaDB."""
    name = mariadb.create_database()
    yield mariadb.url(name)
    mariadb.drop_database(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that doesn't exist yet."""
    return f"sqlite:///{tmp_path / 'paper.db'}"


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database: the test runs on SQLite and on MariaDB."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
