"""Fixtures that more than one folder of tests needs."""

import gc
import itertools
import os
import re
import signal
import ssl
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from pymysql.connections import Connection

from tests.debian import NoServerError
from tests.examples import PROFILE
from tests.mariadb import Databases, server
from tests.memory import roomy_memory

# The same examples at every run, so that a run that fails can be run again; HYPOTHESIS_PROFILE=many tries
# more of those, HYPOTHESIS_PROFILE=default others each time.
hypothesis.settings.register_profile("seeded", derandomize=True, deadline=None, max_examples=25)
hypothesis.settings.register_profile("many", derandomize=True, deadline=None, max_examples=60)
hypothesis.settings.load_profile(PROFILE)

_FOLDERS = itertools.count()
_ROOM = 6 << 30
"""Bytes that have to be free in memory for the tests' folders, of which a run takes a tenth."""


def pytest_configure() -> None:
    """Let the programs that tests start hear of Ctrl+C, which a shell has its background jobs ignore.

    And have the tests' folders in memory, unless somebody has said where.
    """
    memory = roomy_memory(_ROOM)
    if memory is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the files out to the workers, as many tests to each, in the order in which they were found.

    Each then begins with some that start servers, which xdist would all give to the first; what it has left
    for others to steal at the end is short, and shares no server.
    """
    tests = [0] * int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = {}
    for file, count in Counter(item.path for item in items).items():
        worker[file] = tests.index(min(tests))
        tests[worker[file]] += count
    items.sort(key=lambda item: worker[item.path])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are found: all of it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Keep the garbage collector off what was imported, and have it look seldom: it took a fifth of a run."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the test's own; for the next number pytest would look through all that there are."""
    name = re.sub(r"\W", "_", request.node.name)[:26]
    folder = tmp_path_factory.getbasetemp() / f"{name}_{next(_FOLDERS)}"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """Have connections that ask for no TLS of a kind share a context: for its own each reads all, 25 ms."""
    make: Callable[[object, object], ssl.SSLContext] = vars(Connection)["_create_ssl_ctx"]
    shared = make(None, {})

    def context(self: object, options: object) -> ssl.SSLContext:
        return make(self, options) if options else shared

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "_create_ssl_ctx", context)
        yield


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
