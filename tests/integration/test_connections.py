"""Connections to a server on this host: which server it is, it says itself, and no CA is loaded for it."""

import ssl

import pytest
from sqlalchemy import make_url

from console.actions.database import Login, UnusableError, connected
from console.sources import connections
from console.sources.connections import checked_url, identity_of


def test_whether_it_is_mysql_or_mariadb_is_asked_of_the_server(mariadb_url: str) -> None:
    said = set()
    for scheme in ("mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"):
        url = mariadb_url.replace("mysql+pymysql:", f"{scheme}:")
        assert checked_url(url).drivername == "mysql+pymysql"
        with connected(Login(url, timeout=5)) as connection:
            said.add(identity_of(connection, make_url(url)).product)
    assert len(said) == 1


def test_a_connection_on_loopback_loads_no_ca(mariadb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", None)
    with connected(Login(mariadb_url, timeout=5)) as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_login_that_takes_what_is_not_here_names_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver says so by an error that is none of a database."""

    def refuse(*_: object, **_more: object) -> None:
        raise RuntimeError("'cryptography' package is required for caching_sha2_password")

    monkeypatch.setattr(connections, "_connection_here", lambda: refuse)
    with (
        pytest.raises(UnusableError, match="takes TLS at the server, or the package cryptography here"),
        connected(Login("mysql://reader@127.0.0.1/books", timeout=5)),
    ):
        pass
