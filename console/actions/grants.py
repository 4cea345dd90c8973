"""What a database user may do beyond reading, by the server's own `SHOW GRANTS`, roles included."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

READING = frozenset(
    {
        "USAGE",
        "SELECT",
        "SHOW VIEW",
        "SHOW DATABASES",
        "SHOW CREATE ROUTINE",
        "SHOW_ROUTINE",
        "PROCESS",
        "REPLICATION CLIENT",
        "BINLOG MONITOR",
        "SLAVE MONITOR",
        "REPLICA MONITOR",
    }
)
"""The privileges that change nothing, by their names on MySQL and MariaDB."""

_QUOTED = r"(?:`(?:[^`]|``)*`|'(?:[^']|'')*'|\w+)"
_ACCOUNT = rf"{_QUOTED}(?:@{_QUOTED})?"
_PLACE = rf"(?:(?:TABLE|PROCEDURE|FUNCTION|PACKAGE BODY|PACKAGE) )?((?:\*|{_QUOTED})(?:\.(?:\*|{_QUOTED}))?)"
_ON = re.compile(rf"GRANT (.+?) ON {_PLACE} TO {_ACCOUNT}(.*)", re.DOTALL)
_PROXY = re.compile(rf"GRANT PROXY ON {_ACCOUNT} TO .*", re.DOTALL)
_ROLES = re.compile(rf"GRANT ({_ACCOUNT}(?:, ?{_ACCOUNT})*) TO {_ACCOUNT}(?: WITH ADMIN OPTION)?")
_LESS = re.compile(r"(?:REVOKE|SET DEFAULT ROLE) .*", re.DOTALL)
"""Lines that take something away, or name a role that another line grants."""
_PUBLIC_SINCE = (10, 11)
"""The version of MariaDB from which on something can be granted to everyone."""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """A privilege beyond reading, and where it holds: `INSERT` on `binance-data.system_settings`."""

    privilege: str
    place: str

    def __str__(self) -> str:
        return f"{self.privilege} on {self.place}"


@dataclass(frozen=True, slots=True)
class Rights:
    """Everything beyond reading; `unclear` says what could not be found out."""

    beyond_reading: tuple[Right, ...]
    unclear: tuple[str, ...]


def rights_of(connection: Connection) -> Rights:
    """The rights of the user who is connected, with every role that it can take. Raises DBAPIError.

    The connection isn't to be used for anything else after it: a role may have been taken.
    """
    lines = _lines(connection, "SHOW GRANTS FOR CURRENT_USER")
    roles = [role for line in lines for role in _roles_of(line)]
    unclear: list[str] = []
    for asked, statements in _further(connection, roles):
        try:
            lines += [line for statement in statements for line in _lines(connection, statement)]
        except DBAPIError:
            unclear.append(asked)
    rights: set[Right] = set()
    for line in lines:
        if not _roles_of(line) and not _take(line, rights):
            unclear.append("a line of its grants")
    return Rights(tuple(sorted(rights)), tuple(dict.fromkeys(unclear)))


def _lines(connection: Connection, statement: str) -> list[str]:
    answer = connection.exec_driver_sql(statement)
    return [str(row[0]) for row in answer] if answer.returns_rows else []


def _further(connection: Connection, roles: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What else has to be asked, in words and as statements, which the two products have differently."""
    if getattr(connection.dialect, "is_mariadb", False):
        for role in roles:
            taken = f"SET ROLE {_escaped(role)}"
            yield f"what the role {role} may do", (taken, "SHOW GRANTS FOR CURRENT_ROLE")
        if (connection.dialect.server_version_info or ()) >= _PUBLIC_SINCE:
            yield "what everyone may do", ("SHOW GRANTS FOR PUBLIC",)
    elif roles:
        listed = ", ".join(roles)
        yield (
            f"what the roles {listed} may do",
            (f"SHOW GRANTS FOR CURRENT_USER() USING {_escaped(listed)}",),
        )


def _take(line: str, rights: set[Right]) -> bool:
    """Add what `line` grants beyond reading; False where it can't be understood.

    It is shown nowhere, because it may hold the hash of a password.
    """
    if _LESS.fullmatch(line):
        return True
    if _PROXY.fullmatch(line):
        rights.add(Right("PROXY", "other users"))
        return True
    granted = _ON.fullmatch(line)
    if granted is None:
        return False
    place = granted[2].replace("`", "")
    names = re.sub(r"\([^()]*\)", "", granted[1]).split(",")
    privileges = {" ".join(name.upper().split()) for name in names} - READING
    if "WITH GRANT OPTION" in granted[3].upper():
        privileges.add("GRANT OPTION")
    rights.update(Right(privilege, place) for privilege in privileges)
    return True


def _roles_of(line: str) -> list[str]:
    """The roles that `line` grants, as the server quotes them."""
    granted = _ROLES.fullmatch(line)
    return re.findall(_ACCOUNT, granted[1]) if granted else []


def _escaped(user: str) -> str:
    """A per cent sign is the driver's own."""
    return user.replace("%", "%%")
