"""Whether the database has every table and column that engines and console rely on."""

from collections.abc import Callable, Mapping

from console import schema
from console.runbooks.checks.answers import answer
from console.runbooks.model import Found
from console.sources.errors import SourceError


def tables_and_columns(read: Callable[[], Mapping[str, frozenset[str]]]) -> Found:
    """What is missing of the contract; SourceError of `read` says why it can't be told."""
    expected = f"the {len(schema.metadata.tables)} tables of the contract, with all columns"
    try:
        there = read()
    except SourceError as error:
        return Found(None, expected, f"the database can't be read: {error}")
    wrong = []
    for table in schema.metadata.sorted_tables:
        lacking = [column.name for column in table.columns if column.name not in there.get(table.name, ())]
        if table.name not in there:
            wrong.append(f"no table {table.name}")
        elif lacking:
            wrong.append(f"{table.name} lacks {', '.join(lacking)}")
    return answer(expected, wrong, [], "all of them are there")
