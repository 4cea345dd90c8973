"""What the console measures itself: whether its sources answer, and what the engine's database says.

Rules ask for these as for any other metric; the head of configs/alert_rules_hardened.yaml lists them. What
can't be measured is missing, never NaN.
"""

import threading
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Generic, TypeVar

from console.domain.clock import Clock
from console.domain.metrics import Column, Lineup, Series, Vector, column_of
from console.domain.reading import Dated
from console.domain.surfaces import Account, Activity, Books, Position
from console.sources.discovered import cancel_if_possible
from console.sources.errors import NoConnectionError
from console.sources.source import Source

T = TypeVar("T")

UP = "opsconsole_up"
ANSWERS = "opsconsole_answers_total"
CONNECTION_FAILURES = "opsconsole_connection_failures_total"
OPENINGS_FAILED = "opsconsole_openings_failed_total"
OPEN_POSITIONS = "opsconsole_open_positions"
EQUITY = "opsconsole_account_equity"
PNL = "opsconsole_account_pnl"
RESPONSE = "opsconsole_database_response_seconds"
BOOKS_STILL = "opsconsole_books_still"

OF_DATABASE = frozenset({OPENINGS_FAILED, OPEN_POSITIONS, EQUITY, PNL, RESPONSE, BOOKS_STILL})
"""What nobody can measure without a database."""

DATABASE = "database"
"""The name of the source whose response time is measured."""
_OPENING = "OPEN_"
"""What the side of an order that opens a position begins with."""
_REMEMBERED = 1000
"""Failed orders that are known again: twenty times as many as are read at once."""


class OwnMetrics:
    """Watches the sources of one context. For any thread."""

    def __init__(self, clock: Clock, *, stale_after: float, quiet_after: float) -> None:
        """What the database said isn't known any more when it is `stale_after` seconds old.

        `quiet_after` is for how many seconds the engine may write nothing.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._readings: dict[str, _Readings] = {}
        self._books = _BooksMeasured(stale_after, quiet_after)
        self._columns: Mapping[str, Column] = {}

    def watching(self, name: str, source: Source[T], *, timeout: float) -> Source[T]:
        """`source`, with each of its readings noted; one that takes longer than `timeout` seconds is late."""
        readings = self._readings[name] = _Readings(name, timeout)
        return _Watched(source, readings, self._note, self._clock)

    def samples(self, now: float) -> Mapping[str, Vector]:
        """Each metric that is known at `now`; one that says the same as before is the same object."""
        with self._lock:
            measured = dict(self._books.measured(now))
            for name, vector in self._of_readings(now):
                measured[name] = _as_before(vector, self._columns.get(name))
            self._columns = {name: column for name, column in measured.items() if column}
            return self._columns

    def _of_readings(self, now: float) -> Iterator[tuple[str, Vector]]:
        every = self._readings.values()
        yield UP, {one.named: up for one in every if (up := one.up(now)) is not None}
        yield ANSWERS, {one.answered: one.answers for one in every}
        yield CONNECTION_FAILURES, {one.counted: one.unconnected for one in every}
        waited = self._readings[DATABASE].waited(now) if DATABASE in self._readings else None
        if waited is not None:
            yield RESPONSE, {_RESPONSE: waited}

    def _note(self, value: object, at: float) -> None:
        """Take what a source says at `at`, if it is what the database does."""
        if isinstance(value, Books):
            with self._lock:
                self._books.take(value, at)


class _Readings:
    """What became of one source's readings; times are on the console's clock."""

    def __init__(self, name: str, timeout: float) -> None:
        labels = (("source", name),)
        self.named, self.answered = Series(UP, labels), Series(ANSWERS, labels)
        self.counted = Series(CONNECTION_FAILURES, labels)
        self.answers = self.unconnected = 0
        self._timeout = timeout
        self._began: float | None = None
        self._good: bool | None = None
        self._took = 0.0

    def begin(self, at: float) -> None:
        self._began = at

    def end(self, at: float, *, good: bool) -> None:
        began, self._began = self._began, None
        self._took = 0.0 if began is None else at - began
        self._good = good
        self.answers += good

    def up(self, now: float) -> float | None:
        """1 if the last reading succeeded and the one under way isn't late, 0 if not; None before any."""
        if self._under_way(now) > self._timeout:
            return 0.0
        return None if self._good is None else float(self._good)

    def waited(self, now: float) -> float | None:
        """Seconds that a late reading has waited, or had when it was given up; None if the last wasn't."""
        waited = self._under_way(now)
        if waited <= self._timeout:
            waited = self._took if self._good is False else 0.0
        return waited if waited >= self._timeout else None

    def _under_way(self, now: float) -> float:
        began = self._began
        return 0.0 if began is None else now - began


class _Watched(Generic[T]):
    """A source whose readings are noted."""

    def __init__(
        self, source: Source[T], readings: _Readings, note: Callable[[object, float], None], clock: Clock
    ) -> None:
        self._source = source
        self._readings = readings
        self._note = note
        self._clock = clock

    def read(self) -> Dated[T]:
        began = self._clock.now()
        self._readings.begin(began)
        good = False
        try:
            answer = self._source.read()
            good = True
        except NoConnectionError:
            self._readings.unconnected += 1
            raise
        finally:
            self._readings.end(self._clock.now(), good=good)
        self._note(answer.value, began if answer.data_at is None else answer.data_at)
        return answer

    def cancel(self) -> None:
        cancel_if_possible(self._source)


class _BooksMeasured:
    """What the newest books come to."""

    def __init__(self, stale_after: float, quiet_after: float) -> None:
        self._stale_after = stale_after
        self._quiet_after = quiet_after
        self._books: Books | None = None
        self._at = 0.0
        self._openings = _FailedOpenings()
        self._positions = _OpenPositions()
        self._columns: Mapping[str, Column] = {}
        self._measured: Books | None = None

    def take(self, books: Books, at: float) -> None:
        self._books, self._at = books, at
        if books.failures is not None:
            self._openings.take(books.failures)

    def measured(self, now: float) -> Mapping[str, Column]:
        books = self._books
        if books is None or now - self._at >= self._stale_after:
            return {}
        if books is not self._measured:
            vectors = self._vectors(books)
            self._columns = {
                name: _as_before(vector, self._columns.get(name)) for name, vector in vectors.items()
            }
            self._measured = books
        return self._columns

    def _vectors(self, books: Books) -> Mapping[str, Vector]:
        accounts = books.accounts or ()
        openings = {} if books.failures is None else self._openings.counted(accounts)
        quiet = {} if books.quiet_for is None else {_STILL: float(books.quiet_for >= self._quiet_after)}
        return {
            RESPONSE: {_RESPONSE: books.response_time},
            BOOKS_STILL: quiet,
            OPEN_POSITIONS: self._positions.counted(books.positions or ()),
            EQUITY: dict(_equities(accounts)),
            PNL: dict(_profits(accounts)),
            OPENINGS_FAILED: openings,
        }


class _FailedOpenings:
    """How many opening orders have failed, by account, since the first look."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._seen: dict[str, None] | None = None

    def take(self, failures: Iterable[Activity]) -> None:
        """The newest failed orders: each counts once, and those of the first look, which are older, don't."""
        new = {one.id: one.account_id for one in failures if (one.side or "").startswith(_OPENING)}
        if self._seen is None:
            self._seen = {}
        else:
            self._counts.update(account for order, account in new.items() if order not in self._seen)
        self._seen.update(dict.fromkeys(new))
        while len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def counted(self, accounts: Iterable[Account]) -> Vector:
        """The count of each of `accounts`, and of every other with a failed order."""
        every = dict.fromkeys((*(one.id for one in accounts), *self._counts))
        return {_of_account(OPENINGS_FAILED, account): self._counts[account] for account in every}


class _OpenPositions:
    """How many there are by account and symbol: thousands, which mostly are the same as before."""

    def __init__(self) -> None:
        self._rows: tuple[list[int], list[str]] = ([], [])
        self._series: Mapping[tuple[int, str], Series] = {}
        self._column = Column(Lineup(()), array("d"))

    def counted(self, positions: Collection[Position]) -> Column:
        rows = list(map(_account, positions)), [position.symbol or "" for position in positions]
        if rows != self._rows:
            counts = Counter(zip(*rows, strict=True))
            self._series = {held: self._series.get(held) or _of_positions(*held) for held in counts}
            numbers = array("d", counts.values())
            self._rows, self._column = rows, Column(Lineup(self._series.values()), numbers)
        return self._column


_account = attrgetter("account_id")
_RESPONSE, _STILL = Series(RESPONSE, ()), Series(BOOKS_STILL, ())


def _of_positions(account: int, symbol: str) -> Series:
    return Series(OPEN_POSITIONS, (("account", str(account)), ("symbol", symbol)))


def _equities(accounts: Iterable[Account]) -> Iterator[tuple[Series, float]]:
    for account in accounts:
        if account.total_equity is not None:
            yield _of_account(EQUITY, account.id), float(account.total_equity)


def _profits(accounts: Iterable[Account]) -> Iterator[tuple[Series, float]]:
    for account in accounts:
        for kind, amount in (("realized", account.realized_pnl), ("unrealized", account.unrealized_pnl)):
            if amount is not None:
                yield Series(PNL, (("account", str(account.id)), ("kind", kind))), float(amount)


def _of_account(name: str, account: int) -> Series:
    return Series(name, (("account", str(account)),))


def _as_before(vector: Vector, before: Column | None) -> Column:
    """`vector` as a column: the one before where that says the same, or else of the same lineup."""
    column = column_of(vector, None if before is None else before.lineup)
    return before if before is not None and column.says_the_same(before) else column
