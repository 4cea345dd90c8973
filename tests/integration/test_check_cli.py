"""`opsconsole check`: the table, the exit codes, and the runbook that mends what lacks."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from console.paper import open_database
from tests.command import run_here

CONTEXT = "context: here\ncontexts:\n  here:\n    environment: staging\n    colour: green\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user whose context is an empty database of a coin engine."""
    open_database(f"sqlite:///{tmp_path / 'books.db'}", balances={2: Decimal(10_000)}).dispose()
    lines = f"    rules: hardened\n    database:\n      url: sqlite:///{tmp_path / 'books.db'}\n"
    (tmp_path / "console.yaml").write_text(CONTEXT + lines)
    return tmp_path


def check(home: Path, *words: str) -> tuple[int, str]:
    done = run_here(home, "check", *words, "--config", str(home / "console.yaml"), "--state", str(home))
    return done.returncode, done.stdout + done.stderr


def test_a_finding_exits_2_and_names_the_runbook_that_mends_it(home: Path) -> None:
    code, told = check(home, "coin")
    assert code == 2
    assert re.search(
        r"^account 3  +CRITICAL  account 3 of user 1000  +account 3 not found  +prepare_database$", told, re.M
    )
    assert told.splitlines()[-2:] == [
        "to mend it: opsconsole runbook run prepare_database",
        "to mend it: opsconsole runbook run price_data",
    ]


def test_as_json_each_check_has_verdict_expected_observed_and_what_mends_it(home: Path) -> None:
    code, told = check(home, "coin", "--json")
    document = json.loads(told)
    assert (code, document["exit_code"], document["severity"]) == (2, 2, "critical")
    account, *_, rules = document["checks"]
    assert (account["verdict"], account["mended_by"]) == ("critical", "prepare_database")
    assert (account["expected"], account["observed"]) == ("account 3 of user 1000", "account 3 not found")
    assert (rules["verdict"], rules["mended_by"]) == ("ok", None)


def test_a_database_that_does_not_answer_is_unknown_to_whatever_asks_it(home: Path) -> None:
    (home / "books.db").unlink()
    code, told = check(home, "coin", "--json")
    assert code == 3
    unknown = [each for each in json.loads(told)["checks"] if each["verdict"] == "unknown"]
    assert len(unknown) == 6
    assert all("no such database file" in each["observed"] for each in unknown)


def test_a_connection_that_times_out_leads_to_its_runbook(home: Path) -> None:
    (home / "books.db").unlink()
    code, told = check(home, "guide")
    assert code == 2
    assert "to mend it: opsconsole runbook run connection_timeout" in told
