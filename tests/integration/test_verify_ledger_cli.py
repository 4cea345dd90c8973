"""`opsconsole verify`: what it says and exits with."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from console.domain import ledger_invariants
from console.domain.ledger import Invariant
from tests.command import run_here
from tests.opsconsole import run
from tests.unit.runbooks.checks.healthy_book import healthy_book

Start = Callable[..., "subprocess.CompletedProcess[str]"]
_INVARIANTS = sum(isinstance(value, Invariant) for value in vars(ledger_invariants).values())
_NOW = "strftime('%Y-%m-%d %H:%M:%f000', 'now', 'localtime')"
_FROZEN = "UPDATE futures_trading_accounts SET frozen_balance = '1.50000000' WHERE id = 2"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user whose settings name a healthy book, marked and ordered just now."""
    book = healthy_book(f"sqlite:///{tmp_path / 'books.db'}")
    _sql(
        tmp_path,
        f"UPDATE futures_positions SET last_update_time = {_NOW}",
        f"UPDATE futures_orders SET created_at = {_NOW}",
    )
    book.database.dispose()
    (tmp_path / "console.yaml").write_text(
        f"context: here\ncontexts:\n  here:\n    environment: paper\n    colour: green\n"
        f"    database:\n      url: sqlite:///{tmp_path / 'books.db'}\n"
    )
    return tmp_path


def _verify(home: Path, *arguments: str, start: Start = run_here) -> "subprocess.CompletedProcess[str]":
    return start(
        home, "verify", "ledger", "--config", str(home / "console.yaml"), "--state", str(home), *arguments
    )


def _sql(home: Path, *statements: str) -> None:
    engine = create_engine(f"sqlite:///{home / 'books.db'}")
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_clean_book_exits_0_and_says_how_much_was_checked(home: Path) -> None:
    finished = _verify(home, start=run)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == f"ledger clean: {_INVARIANTS} passed\n"


def test_a_finding_exits_2_and_names_row_expected_and_observed(home: Path) -> None:
    _sql(home, _FROZEN)
    finished = _verify(home)
    assert finished.returncode == 2
    lines = finished.stdout.splitlines()
    at = next(at for at, line in enumerate(lines) if "frozen balance, in" in line)
    assert lines[at].startswith("HIGH frozen balance, in futures_trading_accounts: the margins of the open")
    assert lines[at + 1] == "  2: expected 700, found 1.5, -698.50000000 off"


def test_a_warning_alone_exits_1(home: Path) -> None:
    _sql(home, "UPDATE futures_positions SET last_update_time = '2026-01-02 03:04:05.000000'")
    finished = _verify(home)
    assert finished.returncode == 1
    assert "WARNING mark's age" in finished.stdout


def test_what_can_not_be_told_exits_3(home: Path) -> None:
    _sql(home, "ALTER TABLE futures_positions DROP COLUMN liquidation_price")
    finished = _verify(home)
    assert finished.returncode == 3
    assert "can't be told: no column futures_positions.liquidation_price" in finished.stdout


def test_a_book_that_is_not_there_exits_3_in_one_line(home: Path) -> None:
    (home / "books.db").unlink()
    finished = _verify(home, start=run)
    assert finished.returncode == 3
    assert finished.stderr == (
        f"opsconsole: the books can't be checked: {home / 'books.db'}: no such database file\n"
    )


def test_json_tells_every_check_and_the_exact_amount(home: Path) -> None:
    _sql(home, _FROZEN)
    finished = _verify(home, "--json")
    document = json.loads(finished.stdout)
    assert (document["context"], document["exit_code"]) == ("here", finished.returncode)
    assert len(document["checks"]) == _INVARIANTS
    frozen = next(check for check in document["checks"] if check["check"] == "frozen balance")
    assert frozen["differences"] == [
        {"row": "2", "expected": "700", "observed": "1.5", "amount": "-698.50000000"}
    ]


def test_what_a_row_says_is_shown_inert(home: Path) -> None:
    _sql(home, "UPDATE futures_positions SET status = char(27) || '[2Jopen' WHERE id = 2")
    finished = _verify(home)
    assert "\x1b" not in finished.stdout
    assert "\\x1b[2Jopen" in finished.stdout
