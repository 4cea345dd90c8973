"""Whether the engine's books speak of the present: the database answers, it is the engine's own, and the
engine still writes into it.

This is the one rule for everything that is taken from the database, on every screen.
"""

from dataclasses import replace

from console.domain.figures import seconds
from console.domain.foreign import visible
from console.domain.reading import Reading, SourceState
from console.domain.surfaces import Books


def books_doubt(
    database: SourceState[Books], now: float, quiet_after: float, server: str | None = None
) -> str:
    """Why the books aren't the present, in words; empty while they are, or where none are configured.

    `quiet_after` is how many seconds the engine may write nothing before what stands there is no longer
    taken for the present; `server` is what the database's server has to call itself.
    """
    if not database.configured:
        return ""
    if not database.usable(now):
        return database.doubt(now)
    wrong = wrong_server(database.value, server)
    if wrong:
        return wrong
    quiet = _quiet(database, now)
    return (
        "" if quiet is None or quiet < quiet_after else f"the engine has written nothing for {seconds(quiet)}"
    )


def wrong_server(books: Books | None, wanted: str | None) -> str:
    """That the books are another server's than the context pins by its `server_uuid` or host name.

    Empty where they aren't, and where there is nothing to compare.
    """
    if books is None or wanted is None or wanted in (books.identity.uuid, books.identity.host):
        return ""
    return f"the server is {visible(books.identity.host)}, and has to be {wanted}"


def disowned(database: SourceState[Books], wrong: str) -> SourceState[Books]:
    """The source as if the wrong server's answer were none."""
    if database.last is None:
        return database
    refused: Reading[Books] = replace(database.last, value=None, error=wrong)
    return replace(database, last=refused, good=None)


def quiet_at(database: SourceState[Books], now: float, quiet_after: float) -> float | None:
    """When the books will be in doubt because the engine wrote nothing; None where nothing tells."""
    quiet = _quiet(database, now)
    return None if quiet is None else now + quiet_after - quiet


def _quiet(database: SourceState[Books], now: float) -> float | None:
    """For how many seconds the engine has written nothing that says when it was written."""
    books = database.value
    if books is None or books.quiet_for is None:
        return None
    return books.quiet_for + (database.age(now) or 0.0)
