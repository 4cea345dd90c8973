"""A database whose trading switches are all on, and what they say by now."""

from sqlalchemy import Engine, create_engine, event, insert, select
from sqlalchemy.pool import NullPool

from console import schema


def prepared(url: str) -> Engine:
    """The database at `url`, with the table of switches in it."""
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda raw, _: raw.create_collation("OPSCONSOLE_DECIMAL", _compare))
    schema.settings.create(engine)
    with engine.begin() as connection:
        rows = [{"setting_key": key, "setting_value": "1"} for key in schema.TRADING_SWITCHES]
        connection.execute(insert(schema.settings), rows)
    return engine


def values(engine: Engine) -> dict[str, str | None]:
    """Every switch with its value."""
    with engine.connect() as connection:
        table = schema.settings.c
        rows = connection.execute(select(table.setting_key, table.setting_value)).all()
        return {row.setting_key: row.setting_value for row in rows}


def _compare(left: str, right: str) -> int:
    return (left > right) - (left < right)
