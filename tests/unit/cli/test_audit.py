"""The commands of the journal, and their exit codes."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.audit.anchors import TABLE
from console.audit.files import journal_file
from console.cli.audit import audit
from tests.unit.audit.journals import ALICE, TRIP, arming, journal_in


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The folder of a journal with a trip, its outcome and an arming."""
    made = journal_in(tmp_path)
    made.outcome(ALICE, made.intent(ALICE, TRIP), True)
    made.note(ALICE, arming(1))
    return tmp_path / "audit"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(audit, [str(word) for word in words])


def test_show_prints_the_newest_records_oldest_first(journal: Path) -> None:
    result = run("show", "--folder", journal, "--last", "2")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines() if line[0] == "#"] == ["#2", "#3"]


def test_show_filters_by_action_and_context(journal: Path) -> None:
    result = run("show", "--folder", journal, "--action", "kill.*", "--context", "paper")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no such record is in the journal\n"


def test_show_as_json_prints_the_lines_of_the_journal(journal: Path) -> None:
    result = run("show", "--folder", journal, "--json")
    assert result.stdout == journal_file(journal, 1).read_text()


def test_verify_says_ok_with_the_count(journal: Path) -> None:
    result = run("verify", "--folder", journal, "--anchor", journal.parent / "anchors" / "audit")
    assert (result.exit_code, result.stdout) == (0, f"OK: 3 records in {journal}\n")


def test_verify_names_the_first_record_that_was_edited(journal: Path) -> None:
    file = journal_file(journal, 1)
    file.write_text(file.read_text().replace("margin", "nargin"))
    result = run("verify", "--folder", journal)
    assert result.exit_code == 1
    assert result.stderr == ("opsconsole: journal-000001.jsonl:1: record 1 is not what was written: edited\n")


def test_verify_finds_a_cut_end_by_the_anchor(journal: Path) -> None:
    file = journal_file(journal, 1)
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:2]))
    result = run("verify", "--folder", journal, "--anchor", journal.parent / "anchors" / "audit")
    assert result.exit_code == 1
    assert "cut off" in result.stderr


def test_verify_finds_the_journal_and_its_anchor_of_the_state_folder(tmp_path: Path) -> None:
    journal_in(tmp_path).note(ALICE, arming(1))
    journal_file(tmp_path / "audit", 1).write_bytes(b"")
    result = run("verify", "--state", tmp_path)
    assert result.exit_code == 1
    assert "cut off" in result.stderr


@pytest.mark.parametrize("command", ["show", "export"])
def test_what_is_not_shown_because_it_was_edited_is_told(journal: Path, command: str) -> None:
    file = journal_file(journal, 1)
    file.write_text(file.read_text().replace("console 1", "console 2"))
    result = run(command, "--folder", journal)
    shown = [line for line in result.stdout.splitlines() if line[0] != " "]  # the rest is set in
    assert (result.exit_code, len(shown)) == (1, 2)
    assert "record 3 is not what was written" in result.stderr


@pytest.mark.parametrize("command", ["show", "verify", "export"])
def test_a_journal_that_is_not_there_is_two(tmp_path: Path, command: str) -> None:
    result = run(command, "--folder", tmp_path / "none")
    assert (result.exit_code, result.stderr) == (2, f"opsconsole: there is no journal in {tmp_path}/none\n")


def test_a_time_that_is_none_is_two(journal: Path) -> None:
    result = run("show", "--folder", journal, "--since", "yesterday")
    assert result.exit_code == 2
    assert result.stderr.startswith("opsconsole: 'yesterday' is no time; ")


def test_export_prints_all_records_as_json_or_csv(journal: Path) -> None:
    lines = run("export", "--folder", journal).stdout.splitlines()
    table = run("export", "--folder", journal, "--format", "csv").stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3]
    assert [row.partition(",")[0] for row in table] == ["sequence", "1", "2", "3"]


def test_the_statement_for_the_table_of_heads_is_one_that_a_database_takes() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(run("anchor-table", "--sqlite").stdout)
        database.execute(f"INSERT INTO {TABLE} (journal, sequence, hash) VALUES ('ops1:/audit', 1, 'a')")
        assert database.execute(f"SELECT kept_at IS NOT NULL FROM {TABLE}").fetchall() == [(1,)]
