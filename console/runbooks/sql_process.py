"""The process that does one step's transaction on the context's database, as the login that may write there.

Exit codes: 0 committed, 3 nothing was done, 1 it may have been done: the connection was lost on the way.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

from console.actions.database import Login, UnusableError, connected, transaction
from console.actions.faults import point
from console.actions.kill.armament import surfaces_of
from console.domain.foreign import visible
from console.runbooks.concluding import NOTHING_DONE
from console.runbooks.model import PLACEHOLDER, Kind
from console.settings import Context
from console.settings_file import SettingsError, load_settings


def main() -> None:
    """`python -m console.runbooks.sql_process [--config FILE] --context NAME --state FOLDER STATEMENTS`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    parser.add_argument("--context", required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("statements", type=Path)
    given = parser.parse_args()
    told = json.loads(given.statements.read_text(encoding="utf-8"))
    try:
        settings = load_settings(
            config=given.config, context=given.context, state=given.state, environ=os.environ
        )
        login = login_of(settings.chosen, os.environ, told["timeout"])
    except (SettingsError, UnusableError) as error:
        _leave(NOTHING_DONE, str(error))
    bound = {name: value_of(Kind(kind), value) for name, (kind, value) in told["values"].items()}
    code, words = carried_out(login, told["statements"], bound)
    _leave(code, words)


def login_of(context: Context, environ: Mapping[str, str], timeout: float) -> Login:
    """Whoever writes to the context's database; UnusableError where there is none.

    `timeout` bounds connecting and each statement, in seconds.
    """
    surfaces = surfaces_of(context)
    if surfaces.database is None:
        raise UnusableError("the context has no database")
    password = environ.get(surfaces.password_env) if surfaces.password_env else None
    if surfaces.password_env and not password:
        raise UnusableError(f"the environment variable {surfaces.password_env} is not set")
    return Login(surfaces.database, timeout, password, surfaces.ca_file, surfaces.server, surfaces.user)


def value_of(kind: Kind, value: str) -> int | str | Decimal:
    """A parameter's value as the database takes it."""
    if kind is Kind.WHOLE:
        return int(value)
    return Decimal(value) if kind is Kind.AMOUNT else value


def carried_out(
    login: Login, statements: list[str], values: Mapping[str, int | str | Decimal]
) -> tuple[int, str]:
    """Do the statements in one transaction; the exit code, and what came of it in words."""
    told: list[str] = []
    try:
        with connected(login) as connection:
            try:
                with transaction(connection):
                    told += [_done(connection, each, values) for each in statements]
                    point("sql: before commit")
                point("sql: after commit")
            except DBAPIError as error:
                if error.connection_invalidated:
                    return 1, "the connection was lost: what it did isn't known"
                raise
    except UnusableError as error:
        return NOTHING_DONE, str(error)
    return 0, "; ".join(told)


def _done(connection: Connection, statement: str, values: Mapping[str, int | str | Decimal]) -> str:
    exact = connection.dialect.name != "sqlite"
    named = {name: values[name] for name in PLACEHOLDER.findall(statement)}
    bound = {
        name: value if exact or not isinstance(value, Decimal) else str(value)
        for name, value in named.items()
    }
    changed = connection.execute(_clause(statement), bound).rowcount
    word = statement.split(maxsplit=1)[0].upper()
    return f"{word}: {changed} rows" if changed >= 0 else word


def _clause(statement: str) -> TextClause:
    """The statement with its placeholders as bound values, and every other colon as it stands."""
    return text(PLACEHOLDER.sub(lambda found: f":{found[1]}", statement.replace(":", "\\:")))


def _leave(code: int, words: str) -> NoReturn:
    sys.stdout.write(f"{visible(words)}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
