"""Lines of SHOW GRANTS as MySQL and MariaDB write them. A real server is asked in `integration`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from console.actions.grants import Right, Rights, _roles_of, _take, rights_of

TO = "TO `v`@`10.0.0.%`"


def taken(line: str) -> list[str]:
    rights: set[Right] = set()
    assert _take(line, rights)
    return sorted(map(str, rights))


@pytest.mark.parametrize(
    "line",
    [
        f"GRANT USAGE ON *.* {TO} IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227'",
        f"GRANT SELECT, SHOW VIEW, PROCESS, REPLICATION CLIENT ON *.* {TO}",
        f"GRANT SELECT (`id`, `symbol`) ON `binance-data`.`futures_orders` {TO}",
        "GRANT SELECT ON `binance-data`.* TO PUBLIC",
        "SET DEFAULT ROLE `ops` FOR `v`@`10.0.0.%`",
        f"REVOKE INSERT ON `mysql`.* {TO}",
    ],
)
def test_what_only_reads_is_no_right(line: str) -> None:
    assert taken(line) == []


@pytest.mark.parametrize(
    ("line", "rights"),
    [
        (f"GRANT ALL PRIVILEGES ON *.* {TO}", ["ALL PRIVILEGES on *.*"]),
        (f"GRANT SELECT, INSERT (`a`, `b`) ON `d`.`t` {TO}", ["INSERT on d.t"]),
        (
            f"GRANT SELECT ON `binance-data`.* {TO} WITH GRANT OPTION",
            ["GRANT OPTION on binance-data.*"],
        ),
        (
            f"GRANT USAGE ON *.* {TO} IDENTIFIED BY PASSWORD '*B6' WITH GRANT OPTION",
            ["GRANT OPTION on *.*"],
        ),
        (f"GRANT EXECUTE ON PROCEDURE `d`.`p` {TO}", ["EXECUTE on d.p"]),
        (
            f"GRANT BACKUP_ADMIN,XA_RECOVER_ADMIN ON *.* {TO}",
            ["BACKUP_ADMIN on *.*", "XA_RECOVER_ADMIN on *.*"],
        ),
        ("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION", ["PROXY on other users"]),
    ],
)
def test_everything_else_is_one(line: str, rights: list[str]) -> None:
    assert taken(line) == rights


@pytest.mark.parametrize("line", ["", "GRANT", "GRANT SELECT ON", "ALLOW ALL", "GRANT INSERT ON a b c TO x"])
def test_a_line_that_is_not_understood_is_said_to_be(line: str) -> None:
    rights: set[Right] = set()
    assert not _take(line, rights)
    assert not rights


@pytest.mark.parametrize(
    ("line", "roles"),
    [
        ("GRANT `ops` TO `v`@`%`", ["`ops`"]),
        ("GRANT `ops`@`%`,`more`@`%` TO `v`@`%`", ["`ops`@`%`", "`more`@`%`"]),
        ("GRANT `ops` TO `v`@`%` WITH ADMIN OPTION", ["`ops`"]),
        ("GRANT SELECT ON `d`.* TO `v`@`%`", []),
    ],
)
def test_roles_are_found_as_the_server_quotes_them(line: str, roles: list[str]) -> None:
    assert _roles_of(line) == roles


@dataclass
class Rows:
    lines: list[str]
    returns_rows: bool = True

    def __iter__(self) -> Iterator[tuple[str]]:
        return iter([(line,) for line in self.lines])


@dataclass
class MySQL:
    """A MySQL server, by what it answers to each statement: there is none here to ask."""

    answers: dict[str, list[str]]
    dialect: object = None

    def exec_driver_sql(self, statement: str) -> Rows:
        if statement not in self.answers:
            raise DBAPIError(statement, None, Exception("denied"))
        return Rows(self.answers[statement])

    def rights(self) -> Rights:
        return rights_of(cast("Connection", self))


OWN = "SHOW GRANTS FOR CURRENT_USER"


def test_what_the_roles_allow_counts_on_mysql() -> None:
    used = "GRANT SELECT, INSERT ON `d`.* TO `v`@`%`"
    mysql = MySQL(
        {
            OWN: ["GRANT USAGE ON *.* TO `v`@`%`", "GRANT `ops`@`%`,`more`@`%` TO `v`@`%`"],
            f"{OWN}() USING `ops`@`%%`, `more`@`%%`": [used, "GRANT `ops`@`%`,`more`@`%` TO `v`@`%`"],
        }
    )
    assert mysql.rights() == Rights((Right("INSERT", "d.*"),), ())


def test_a_role_that_cannot_be_looked_into_leaves_it_untold() -> None:
    mysql = MySQL({OWN: ["GRANT `ops`@`%` TO `v`@`%`"]})
    assert mysql.rights() == Rights((), ("what the roles `ops`@`%` may do",))


def test_a_line_that_is_not_understood_leaves_it_untold() -> None:
    assert MySQL({OWN: ["ALLOW ALL"] * 2}).rights() == Rights((), ("a line of its grants",))


def test_grants_that_cannot_be_seen_at_all_are_an_error() -> None:
    with pytest.raises(DBAPIError):
        MySQL({}).rights()
