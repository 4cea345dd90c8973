"""How many positions were liquidated since an instant, asked of the engine's books when a gate wants it."""

import sqlite3
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from console import schema
from console.sources.connections import checked_url, in_words, open_engine, prepare_session
from console.sources.errors import SourceError


def liquidated_since(
    url: str, since: float, *, timeout: float, password: str | None = None, ca_file: Path | None = None
) -> int:
    """Closed positions whose notes tell of a liquidation, closed at `since` (seconds since 1970) or later.

    Engines write local time. `timeout` bounds each step, in seconds. Raises SourceError.
    """
    checked = checked_url(url)
    positions = schema.positions
    counted = (
        select(func.count())
        .select_from(positions)
        .where(positions.c.close_time >= datetime.fromtimestamp(since))
        .where(func.lower(positions.c.notes).like("%liquidat%"))
    )
    try:
        engine = open_engine(checked, password or checked.password, timeout, ca_file)
        with engine.connect() as connection:
            if connection.dialect.name != "sqlite":
                prepare_session(connection, timeout)
            return int(connection.execute(counted).scalar_one())
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise SourceError(in_words(error, timeout)) from None
