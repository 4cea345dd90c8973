"""What an engine is in the midst of writing is no finding; what lasts is."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from console.domain import ledger_invariants as invariants
from console.domain.ledger import CheckResult, Difference, LedgerReport
from console.runbooks.checks.books import check_ledger
from console.settings import Settings
from console.settings_file import load_settings
from tests.unit.runbooks.checks.healthy_book import HealthyBook, healthy_book

_OFF = "UPDATE futures_trading_accounts SET total_trades = total_trades + {by} WHERE id = 3"


class _StoppedClock:
    def __init__(self, at: datetime) -> None:
        self._seconds = at.timestamp()

    def now(self) -> float:
        return self._seconds

    def wall(self) -> float:
        return self._seconds


@pytest.fixture
def book(tmp_path: Path) -> Iterator[HealthyBook]:
    """A healthy book, but for a trade that is counted too much."""
    made = healthy_book(f"sqlite:///{tmp_path / 'books.db'}")
    _write(made, _OFF.format(by=1))
    yield made
    made.database.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "console.yaml"
    config.write_text(
        "context: here\ncontexts:\n  here:\n    environment: paper\n    colour: green\n"
        f"    database:\n      url: sqlite:///{tmp_path / 'books.db'}\n"
    )
    return load_settings(config=config, state=tmp_path, environ={})


def test_what_is_put_right_within_a_moment_is_no_finding(book: HealthyBook, settings: Settings) -> None:
    def wait(_seconds: float) -> None:
        _write(book, _OFF.format(by=-1))

    assert check_ledger(settings, {}, _StoppedClock(book.now), wait=wait).passes


def test_what_lasts_is_told(book: HealthyBook, settings: Settings) -> None:
    report = check_ledger(settings, {}, _StoppedClock(book.now), wait=lambda _seconds: None)
    broken = [result.invariant for result in report.results if result.count]
    assert broken == [invariants.TOTAL_TRADES, invariants.WIN_RATE]


def test_another_row_that_breaks_it_for_a_moment_does_not_last() -> None:
    assert _of("1", "2").lasting(_of("2", "3")) == _of("2")


def test_rows_that_are_not_listed_all_last() -> None:
    many = CheckResult(invariants.MARGIN, 3, (_difference("1"),))
    assert many.lasting(_of("2")) == many


def test_what_could_not_be_told_before_is_told_now() -> None:
    assert _of("1").lasting(CheckResult(invariants.MARGIN, unknown="row 1")) == _of("1")


def test_what_can_not_be_told_stays_unknown() -> None:
    report = LedgerReport((CheckResult(invariants.MARGIN, 1, (_difference("1"),), unknown="row 2"),))
    passed = LedgerReport((CheckResult(invariants.MARGIN),))
    assert report.lasting(passed).passes is None


def _of(*rows: str) -> CheckResult:
    return CheckResult(invariants.MARGIN, len(rows), tuple(map(_difference, rows)))


def _difference(row: str) -> Difference:
    return Difference(row, "1", "2")


def _write(book: HealthyBook, statement: str) -> None:
    with book.database.begin() as connection:
        connection.exec_driver_sql(statement)
