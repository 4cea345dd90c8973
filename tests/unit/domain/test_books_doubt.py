"""An engine that no longer writes: nothing that its database says is the present, wherever it is shown."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.assessment import Assessment, Rules, aged, assess, is_older_view
from console.domain.books_doubt import books_doubt
from console.domain.reading import SourceState
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Books
from console.domain.symbol_detail import SOURCES, symbol_detail
from console.domain.thresholds import KEY_METRICS
from tests.unit.domain.worlds import (
    BOOKS,
    LIMIT,
    NOW,
    PANELS,
    account,
    answered,
    failing,
    healthy,
    metrics,
    of,
    position,
)

QUIET_AFTER = 15.0
RULES = Rules(PANELS, KEY_METRICS, quiet_after=QUIET_AFTER)


def quiet_for(seconds: float, books: Books = BOOKS) -> Snapshot:
    """A database that has just answered, into which the engine wrote last so many seconds ago."""
    return replace(healthy(), database=answered("database", replace(books, quiet_for=seconds - 0.5), age=0.5))


def quiet() -> Assessment:
    return assess(quiet_for(17), RULES)


def test_books_without_news_are_in_doubt_in_words() -> None:
    assert quiet().books_doubt == "the engine has written nothing for 17 s"


def test_accounts_and_symbols_are_in_doubt_for_the_same_reason() -> None:
    assessment = quiet()
    said = {status.reason for status in assessment.accounts} | {
        row.doubts.database for row in assessment.symbols
    }
    assert said == {assessment.books_doubt}


def test_one_alert_says_it_for_everything_in_the_database() -> None:
    (alert,) = quiet().alerts
    assert (alert.name, alert.severity, alert.summary) == (
        "database",
        Severity.UNKNOWN,
        "the engine has written nothing for 17 s",
    )


def test_an_account_that_was_last_seen_low_is_not_forgotten_when_the_engine_falls_silent() -> None:
    poor = quiet_for(17, replace(BOOKS, accounts=(account(3, "50"),)))
    assert [alert.summary for alert in assess(poor, RULES).alerts] == [
        "the engine has written nothing for 17 s",
        "last seen critical, equity below 100",
    ]


def test_a_stale_database_says_so_itself() -> None:
    stale = replace(healthy(), database=answered("database", replace(BOOKS, quiet_for=60), age=LIMIT))
    (alert,) = (alert for alert in assess(stale, RULES).alerts if alert.name == "database")
    assert alert.summary.startswith("stale for 2.0 s")


def test_a_symbols_facts_of_the_database_are_in_doubt_too() -> None:
    assessment = quiet()
    doubts = dict(zip(SOURCES, symbol_detail(assessment, "BTC").doubts, strict=True))
    assert doubts == {"metrics": "", "database": assessment.books_doubt, "exchange": "", "flags": ""}


def test_nobody_is_flat_because_of_books_that_are_in_doubt() -> None:
    without = metrics(margin=of("", BTC=2.0))
    samples = {name: one for name, one in without.samples.items() if name != "futures_position_quantity"}
    snapshot = quiet_for(17, replace(BOOKS, positions=(position("BTC"),)))
    snapshot = replace(snapshot, metrics=answered("metrics", replace(without, samples=samples)))
    assert assess(snapshot, RULES).symbols[1].severity is Severity.UNKNOWN
    assert assess(snapshot, replace(RULES, quiet_after=60)).symbols[1].severity is Severity.OK


def test_a_stale_database_is_the_greater_doubt() -> None:
    stale = failing(answered("database", replace(BOOKS, quiet_for=60), age=LIMIT), "connection refused")
    assert books_doubt(stale, NOW, QUIET_AFTER) == "stale for 2.0 s: connection refused"


def test_where_no_database_is_configured_there_is_nothing_to_doubt() -> None:
    assert books_doubt(SourceState("database", LIMIT, configured=False), NOW, QUIET_AFTER) == ""


def test_tables_that_do_not_say_when_they_were_written_are_believed() -> None:
    assert books_doubt(answered("database", replace(BOOKS, quiet_for=None)), NOW, QUIET_AFTER) == ""


@given(st.floats(0, 100), st.floats(0, 2 * LIMIT), st.floats(0, 100))
def test_books_are_in_doubt_when_the_answer_or_the_newest_row_is_too_old(
    unwritten: float, age: float, quiet_after: float
) -> None:
    database = answered("database", replace(BOOKS, quiet_for=unwritten), age=age)
    old = NOW - database.good.fetched_at if database.good is not None else math.inf
    expected = old >= LIMIT or unwritten + old >= quiet_after
    assert bool(books_doubt(database, NOW, quiet_after)) == expected


def test_a_picture_that_is_held_turns_doubtful_when_the_engine_has_been_quiet_too_long() -> None:
    snapshot = quiet_for(14.75)
    held = assess(snapshot, RULES)
    assert held.books_doubt == ""
    assert held.next_change == pytest.approx(NOW + 0.25)
    assert is_older_view(snapshot, held, replace(snapshot, at=NOW + 0.2))
    assert not is_older_view(snapshot, held, replace(snapshot, at=NOW + 0.25))


def test_a_doubt_that_holds_an_age_is_said_anew_every_second() -> None:
    snapshot = quiet_for(17)
    held = assess(snapshot, RULES)
    sooner = replace(snapshot, at=NOW + 0.9)
    assert is_older_view(snapshot, held, sooner)
    assert aged(held, sooner).books_doubt == held.books_doubt
    assert not is_older_view(snapshot, held, replace(snapshot, at=NOW + 1))
