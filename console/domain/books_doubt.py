"""Whether the engine's books speak of the present: the database answers, and the engine still writes into it.

This is the one rule for everything that is taken from the database, on every screen.
"""

from console.domain.figures import seconds
from console.domain.reading import SourceState
from console.domain.surfaces import Books


def books_doubt(database: SourceState[Books], now: float, quiet_after: float) -> str:
    """Why the books aren't the present, in words; empty while they are, or where none are configured.

    `quiet_after` is how many seconds the engine may write nothing before what stands there is no longer
    taken for the present.
    """
    if not database.configured:
        return ""
    if not database.usable(now):
        return database.doubt(now)
    quiet = _quiet(database, now)
    return (
        "" if quiet is None or quiet < quiet_after else f"the engine has written nothing for {seconds(quiet)}"
    )


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
