"""Which checksums a server's tables get, by what the server says that it can."""

from types import SimpleNamespace
from typing import cast

import pytest
from pymysql.err import OperationalError as DriverError
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from console.actions.backup.errors import BackupError
from console.actions.backup.sums import sums_in, way_of
from console.domain.backup import FORMAT, WITHOUT_MD5


def server(code: int | None) -> Connection:
    """One that answers, or says this of every question."""

    def asked(question: str) -> None:
        if code is not None:
            raise OperationalError(question, None, DriverError(code, "FUNCTION books.MD5 does not exist"))

    return cast(Connection, SimpleNamespace(dialect=SimpleNamespace(name="mysql"), exec_driver_sql=asked))


@pytest.mark.parametrize(("code", "way"), [(None, FORMAT), (1305, WITHOUT_MD5), (1370, WITHOUT_MD5)])
def test_a_server_without_md5_is_not_asked_for_it(code: int | None, way: int) -> None:
    """MySQL has none from 9.6 on; to who may call no function it says that this one may not be called."""
    assert way_of(server(code)) == way


def test_a_server_that_fails_otherwise_is_not_taken_for_one_without() -> None:
    with pytest.raises(OperationalError):
        way_of(server(2013))


@pytest.mark.parametrize("way", [1, FORMAT])
def test_a_backup_of_md5s_names_what_such_a_server_lacks(way: int) -> None:
    with pytest.raises(BackupError, match="INSTALL COMPONENT 'file://component_classic_hashing'"):
        sums_in(server(1305), {"futures_trades": ["id bigint"]}, way)
