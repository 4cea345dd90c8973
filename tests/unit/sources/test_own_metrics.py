"""What the console measures itself is what its sources and the engine's database have said."""

import contextlib
import math
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.metrics import Series, Vector
from console.domain.reading import Dated
from console.domain.surfaces import Activity, Books
from console.sources.database import DatabaseSource
from console.sources.errors import NoConnectionError, SourceError
from console.sources.own_metrics import (
    ANSWERS,
    BOOKS_STILL,
    CONNECTION_FAILURES,
    RESPONSE,
    UP,
    OwnMetrics,
)
from console.sources.scrape import ScrapeSource
from console.sources.source import Cancellable
from tests.debian import free_port
from tests.tui.fake import HandClock
from tests.unit.domain.worlds import BOOKS, NOW, account, position

STALE_AFTER = 6.0
TIMEOUT = 4.0
QUIET_AFTER = 15.0


class Answering:
    """A source that answers or fails as it is told to, once `meanwhile` has happened."""

    def __init__(self) -> None:
        self.value: object = BOOKS
        self.error: Exception | None = None
        self.meanwhile: Callable[[], object] = lambda: None
        self.cancelled = False

    def read(self) -> Dated[object]:
        self.meanwhile()
        if self.error is not None:
            raise self.error
        return Dated(self.value)

    def cancel(self) -> None:
        self.cancelled = True


class World:
    """A database that is watched."""

    def __init__(self) -> None:
        self.clock = HandClock(NOW)
        self.own = OwnMetrics(self.clock, stale_after=STALE_AFTER, quiet_after=QUIET_AFTER)
        self.database = Answering()
        self.watched = self.own.watching("database", self.database, timeout=TIMEOUT)

    def answers(self, value: object) -> None:
        self.database.value, self.database.error = value, None
        self.watched.read()

    def fails(self, error: Exception, after: float = 0.0) -> None:
        self.database.error, self.database.meanwhile = error, lambda: self.passes(after)
        try:
            self.watched.read()
        except SourceError as raised:
            assert raised is error
        self.database.meanwhile = lambda: None

    def passes(self, seconds: float) -> None:
        self.clock.at += seconds

    def vector(self, name: str) -> Vector:
        return self.own.samples(self.clock.at).get(f"opsconsole_{name}", {})

    def says(self, name: str, **labels: str) -> float | None:
        return self.vector(name).get(Series(f"opsconsole_{name}", tuple(sorted(labels.items()))))

    def up(self) -> float | None:
        return self.says("up", source="database")


def failed(order: str, account_id: int = 3, side: str = "OPEN_LONG") -> Activity:
    return Activity(order, account_id, "BTC", side, Decimal(1), None, "REJECTED", None, NOW)


def with_failures(*failures: Activity) -> Books:
    """The newest first."""
    return replace(BOOKS, failures=failures)


def connection_failures_of(read: Callable[[], object]) -> float:
    """How many connections `read`, which fails, has lacked."""
    world = World()
    world.database.meanwhile = read
    try:
        world.watched.read()
    except SourceError:
        pass
    else:
        raise AssertionError("it has answered")
    found = world.says("connection_failures_total", source="database")
    assert found is not None
    return found


def test_a_source_is_up_after_an_answer_and_down_after_a_failure() -> None:
    world = World()
    ups = [world.up()]
    world.answers(BOOKS)
    ups.append(world.up())
    world.fails(SourceError("HTTP 503"))
    ups.append(world.up())
    assert ups == [None, 1, 0]


def test_a_source_is_down_while_its_answer_is_late() -> None:
    world = World()
    world.answers(BOOKS)
    ups = []

    def look() -> None:
        for seconds in (TIMEOUT - 0.1, 0.2, 60.0):
            world.passes(seconds)
            ups.append(world.up())

    world.database.meanwhile = look
    world.answers(BOOKS)
    assert [*ups, world.up()] == [1, 0, 0, 1]


def test_a_defect_in_a_source_counts_as_no_answer() -> None:
    world = World()
    world.database.error = ZeroDivisionError()
    try:
        world.watched.read()
    except ZeroDivisionError:
        assert world.up() == 0


def test_connections_that_fail_are_counted_from_0_on() -> None:
    world = World()
    counts = [world.says("connection_failures_total", source="database")]
    for _ in range(2):
        world.fails(NoConnectionError("connection refused"))
        counts.append(world.says("connection_failures_total", source="database"))
    assert counts == [0, 1, 2]


def test_answers_are_counted_from_0_on() -> None:
    world = World()
    counts = [world.says("answers_total", source="database")]
    for _ in range(2):
        world.answers(BOOKS)
        counts.append(world.says("answers_total", source="database"))
    world.fails(SourceError("HTTP 503"))
    assert [*counts, world.says("answers_total", source="database")] == [0, 1, 2, 2]


def test_a_bad_answer_is_no_failed_connection() -> None:
    world = World()
    world.fails(SourceError("HTTP 503"))
    assert world.says("connection_failures_total", source="database") == 0


def test_a_database_that_is_not_there_is_a_failed_connection(tmp_path: Path) -> None:
    source = DatabaseSource(f"sqlite:///{tmp_path / 'none.db'}", clock=HandClock(NOW), timeout=1.0)
    assert connection_failures_of(source.read) == 1


def test_a_database_that_is_locked_is_no_failed_connection(tmp_path: Path) -> None:
    file = tmp_path / "locked.db"
    with contextlib.closing(sqlite3.connect(file)) as engine:
        engine.execute("CREATE TABLE futures_positions (id INTEGER)")
        source = DatabaseSource(f"sqlite:///{file}", clock=HandClock(NOW), timeout=0.05)
        source.read()
        engine.execute("BEGIN EXCLUSIVE")
        assert connection_failures_of(source.read) == 0


def test_an_endpoint_that_refuses_is_a_failed_connection() -> None:
    url = f"http://127.0.0.1:{free_port()}/metrics"
    assert connection_failures_of(ScrapeSource(url, clock=HandClock(NOW), timeout=1.0).read) == 1


def test_a_watched_source_can_be_cancelled() -> None:
    world = World()
    assert isinstance(world.watched, Cancellable)
    world.watched.cancel()
    assert world.database.cancelled


def test_what_the_books_say_is_told_by_account_and_symbol() -> None:
    world = World()
    positions = (position("BTC"), position("BTC"), position("SOL"), replace(position("SOL"), account_id=3))
    rich = replace(account(3, "9000.5"), realized_pnl=Decimal("-12.5"), unrealized_pnl=None)
    world.answers(replace(BOOKS, accounts=(rich,), positions=positions, response_time=0.25))
    found = {
        name: {series.labels: value for series, value in world.vector(name).items()}
        for name in ("open_positions", "account_equity", "account_pnl", "database_response_seconds")
    }
    assert found == {
        "open_positions": {
            (("account", "2"), ("symbol", "BTC")): 2,
            (("account", "2"), ("symbol", "SOL")): 1,
            (("account", "3"), ("symbol", "SOL")): 1,
        },
        "account_equity": {(("account", "3"),): 9000.5},
        "account_pnl": {(("account", "3"), ("kind", "realized")): -12.5},
        "database_response_seconds": {(): 0.25},
    }


def test_a_position_that_was_closed_is_told_no_more() -> None:
    world = World()
    world.answers(BOOKS)
    world.answers(replace(BOOKS, positions=(position("SOL"),)))
    assert [series.symbol for series in world.vector("open_positions")] == ["SOL"]


def test_what_the_database_said_too_long_ago_is_missing() -> None:
    world = World()
    world.answers(with_failures())
    world.passes(STALE_AFTER)
    assert world.own.samples(world.clock.at).keys() == {UP, ANSWERS, CONNECTION_FAILURES}


def test_rows_in_which_the_database_has_nulls_are_told_all_the_same() -> None:
    world = World()
    world.answers(with_failures())
    nameless = replace(position("BTC"), symbol=None)  # type: ignore[arg-type]
    sideless = replace(failed("FUT-1"), side=None)  # type: ignore[arg-type]
    world.answers(replace(with_failures(sideless), positions=(nameless,)))
    assert world.says("open_positions", account="2", symbol="") == 1


def test_parts_that_could_not_be_read_are_missing() -> None:
    world = World()
    world.answers(replace(BOOKS, accounts=None, positions=None))
    assert world.own.samples(NOW).keys() == {UP, ANSWERS, CONNECTION_FAILURES, RESPONSE}


def test_a_database_that_does_not_answer_has_been_slow_for_as_long() -> None:
    world = World()
    world.answers(BOOKS)
    waited = []

    def look() -> None:
        for seconds in (TIMEOUT - 0.5, 1.0):
            world.passes(seconds)
            waited.append(world.says("database_response_seconds"))

    world.database.meanwhile = look
    world.answers(BOOKS)
    assert waited == [BOOKS.response_time, TIMEOUT + 0.5]


def test_a_database_that_was_given_up_stays_slow_until_it_answers() -> None:
    world = World()
    world.fails(SourceError(f"no answer within {TIMEOUT:g} s"), after=TIMEOUT)
    world.passes(60)
    slow = world.says("database_response_seconds")
    world.answers(BOOKS)
    assert (slow, world.says("database_response_seconds")) == (TIMEOUT, BOOKS.response_time)


def test_a_database_that_refuses_at_once_has_no_response_time() -> None:
    world = World()
    world.fails(NoConnectionError("connection refused"))
    assert world.says("database_response_seconds") is None


def test_openings_that_failed_before_the_first_look_do_not_count() -> None:
    world = World()
    world.answers(with_failures(failed("FUT-1")))
    assert world.says("openings_failed_total", account="3") == 0


def test_failed_openings_are_missing_where_the_orders_could_not_be_read() -> None:
    world = World()
    world.answers(replace(BOOKS, failures=None))
    assert not world.vector("openings_failed_total")


def test_closings_that_fail_do_not_count() -> None:
    world = World()
    world.answers(with_failures())
    world.answers(with_failures(failed("FUT-1", side="CLOSE_LONG")))
    assert world.says("openings_failed_total", account="3") == 0


@given(st.lists(st.lists(st.tuples(st.integers(0, 30), st.sampled_from((2, 3))), max_size=8), max_size=8))
def test_each_opening_that_fails_counts_once(looks: Sequence[Sequence[tuple[int, int]]]) -> None:
    world = World()
    orders = [[failed(f"FUT-{number}-{whose}", whose) for number, whose in look] for look in looks]
    world.answers(with_failures())
    for look in orders:
        world.answers(with_failures(*look))
    for whose in (2, 3):
        different = {order.id for look in orders for order in look if order.account_id == whose}
        assert world.says("openings_failed_total", account=str(whose)) == len(different)


def test_a_long_night_of_failures_is_counted_to_the_end() -> None:
    world = World()
    for minute in range(1500):
        world.answers(with_failures(*(failed(f"FUT-{minute - ago}") for ago in range(50))))
    assert world.says("openings_failed_total", account="3") == 1499


def test_what_says_the_same_again_is_the_same_object() -> None:
    world = World()
    world.answers(with_failures())
    before = world.own.samples(NOW)
    world.passes(1)
    world.answers(replace(with_failures(), positions=tuple(map(replace, BOOKS.positions or ()))))
    after = world.own.samples(NOW + 1)
    assert {name for name, vector in before.items() if after[name] is not vector} == {ANSWERS}


def test_series_stay_the_same_objects_when_a_value_moves() -> None:
    world = World()
    world.answers(BOOKS)
    before = world.vector("account_equity")
    world.answers(replace(BOOKS, accounts=(account(2, "1"), account(3, "2"))))
    after = world.vector("account_equity")
    assert [one is other for one, other in zip(before, after, strict=True)] == [True, True]


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_an_amount_is_told_as_the_nearest_number(equity: Decimal) -> None:
    world = World()
    world.answers(replace(BOOKS, accounts=(account(3, str(equity)),)))
    told = world.says("account_equity", account="3")
    assert told is not None
    assert not math.isnan(told)
    assert told == float(equity)


@pytest.mark.parametrize(("quiet_for", "told"), [(14.9, 0.0), (15.0, 1.0), (None, None)])
def test_books_that_nobody_writes_stand_still(quiet_for: float | None, told: float | None) -> None:
    world = World()
    world.answers(replace(BOOKS, quiet_for=quiet_for))
    measured = world.own.samples(NOW).get(BOOKS_STILL)
    assert (None if measured is None else list(measured.values())) == (None if told is None else [told])
