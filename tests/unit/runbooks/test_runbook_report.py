"""The report of a real run, in a real store with a real journal."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.audit.files import records
from console.audit.open import folder_in
from console.cli.runbook_told import run_lines
from console.runbooks.deciding import Decision, resume
from console.runbooks.executor import Drive
from console.runbooks.model import Found, found_in
from console.runbooks.report import Report, as_json, collected
from console.runbooks.report_markdown import as_markdown
from console.runbooks.store import digest_of
from tests.unit.runbooks.drives import Desk, runbook

NOTED = """\
title: Look and stop
use: always
risk: lowers
steps:
  - name: cause
    text: Say why.
    manual: Why?
  - name: stop
    text: Stop the engine of {context}.
    command: stop
    check: stopped
  - name: see
    text: See that it is.
    check: stopped
"""


def reported(drive: Drive, made: float = 2e9) -> Report:
    store, run = drive.world.store, drive.run
    return collected(
        store.find(run.id),
        runbook(NOTED),
        store.timeline(run.id),
        records(folder_in(drive.world.folder.parent)),
        environment="paper",
        journal="sound",
        made=made,
    )


@pytest.fixture
def drive(tmp_path: Path) -> Drive:
    """A run that has passed."""
    drive = Desk(tmp_path).start(NOTED)
    resume(drive, Decision("sync errors | since `ten`"))
    return drive


def test_it_says_who_did_what_when_and_for_how_long(drive: Drive) -> None:
    report = reported(drive)
    moves = drive.world.store.timeline(drive.run.id)
    assert report.timeline == moves
    assert report.drivers == (str(drive.world.driver),)
    assert report.lasted == moves[-1].at - drive.run.began
    assert {step.name: len(step.took) for step in report.steps} == {"cause": 1, "stop": 1, "see": 1}
    assert all(0 <= span < 60 for step in report.steps for span in step.took)


def test_the_json_has_every_step_move_record_and_hash(drive: Drive) -> None:
    told = json.loads(as_json(reported(drive)))
    run = drive.world.store.find(drive.run.id)
    assert (told["standing"], told["runbook_sha256"]) == ("passed", digest_of(run.text))
    assert [step["evidence_sha256"] for step in told["steps"]] == [step.digest for step in run.steps]
    assert told["steps"][0]["note"] == "sync errors | since `ten`"
    assert told["steps"][1]["text"] == "Stop the engine of paper."
    assert told["steps"][1]["output"] == "stopped it\n"
    assert told["steps"][1]["check"]["expected"] == "it is stopped"
    own = [each.hash for each in records(folder_in(drive.world.folder.parent))]
    assert [each["hash"] for each in told["journal"]["records"]] == own


def test_the_markdown_has_every_part_and_hash(drive: Drive) -> None:
    text = as_markdown(reported(drive))
    assert re.findall(r"^##? (.*)$", text, re.M) == [
        "Look and stop: passed",
        "Steps",
        "Differences, and what else the checks listed",
        "Timeline",
        "Journal",
    ]
    for step in drive.world.store.find(drive.run.id).steps:
        assert step.digest in text
    for record in records(folder_in(drive.world.folder.parent)):
        assert record.hash in text
    assert f"SHA-256 `{digest_of(NOTED)}`" in text


def test_what_checks_listed_is_told_of_every_attempt(tmp_path: Path) -> None:
    desk, answers = Desk(tmp_path), [(False, "BTCUSDT is 2, not 3"), (True, "BTCUSDT | 3")]

    def stopped(_told: Mapping[str, str]) -> Found:
        passes, line = answers[0]
        return Found(passes, "the books agree", "one row", (line,))

    text = NOTED.replace("    check: stopped\n  - name: see", "    check: ready\n  - name: see")
    drive = desk.start(text, checks={"stopped": stopped})
    resume(drive, Decision("why not"))
    del answers[0]
    resume(drive, Decision(again=True))
    report = reported(drive)
    assert [(each.step, each.passes, each.line) for each in report.listed] == [
        ("see", False, "BTCUSDT is 2, not 3"),
        ("see", True, "BTCUSDT | 3"),
    ]
    assert [each["line"] for each in json.loads(as_json(report))["evidence"]] == [
        "BTCUSDT is 2, not 3",
        "BTCUSDT | 3",
    ]
    assert "| see | does not hold | BTCUSDT is 2, not 3 |" in as_markdown(report)
    unknown_to_the_journal = replace(report, records=())
    assert [each.line for each in unknown_to_the_journal.listed] == ["BTCUSDT | 3"]


def test_foreign_text_makes_no_markup(drive: Drive) -> None:
    report = reported(drive)
    hostile = replace(
        report.steps[1].run,
        words="a | b\n# not a heading <img src=x> [x](http://x) `",
        output="one\n````\n## out of the fence\x1b[2J",
    )
    text = as_markdown(replace(report, steps=(replace(report.steps[1], run=hostile),)))
    assert r"- a \| b\\n\# not a heading \<img src=x\> \[x\](http://x) \`" in text
    assert "`````text\none\n````\n## out of the fence\\x1b[2J\n`````" in text
    assert "\x1b" not in text


@given(words=st.text(max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_said_stays_in_its_cell_and_on_its_line(drive: Drive, words: str) -> None:
    report = reported(drive)
    plain, said = (
        as_markdown(replace(report, timeline=(replace(report.timeline[0], words=each),))).splitlines()
        for each in ("", words)
    )
    assert len(plain) == len(said)
    cells = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for lines in (plain, said) for line in lines]
    assert cells[: len(plain)] == cells[len(plain) :]


def test_evidence_that_was_changed_is_named_and_not_believed(drive: Drive) -> None:
    found = drive.world.store.find(drive.run.id)
    changed = found.with_step(replace(found.steps[2], evidence='{"passes": true}'))
    report = replace(reported(drive))
    tampered = collected(
        changed, runbook(NOTED), report.timeline, report.records, environment="paper", journal="", made=2e9
    )
    assert (tampered.steps[2].intact, tampered.steps[2].found) == (False, None)
    assert "IT HAS BEEN CHANGED SINCE" in as_markdown(tampered)


@pytest.mark.parametrize("evidence", ["", "{", "[]", '{"passes": true}', '{"seen": []}'])
def test_evidence_that_cannot_be_read_tells_nothing(drive: Drive, evidence: str) -> None:
    assert found_in(evidence) is None
    found = drive.world.store.find(drive.run.id)
    newer = found.with_step(replace(found.steps[2], evidence=evidence, digest=digest_of(evidence)))
    report = reported(drive)
    told = collected(
        newer, runbook(NOTED), report.timeline, report.records, environment="paper", journal="", made=2e9
    )
    assert told.steps[2].found is None
    assert as_markdown(told)
    assert list(run_lines(newer, {}, 2e9, {}))


def test_newer_evidence_is_read_as_far_as_it_is_known() -> None:
    told = '{"passes": "mostly", "expected": "a", "observed": "b", "details": [1], "why": "newer"}'
    assert found_in(told) == Found(None, "a", "b", ("1",))


def test_a_run_that_goes_on_has_no_end_yet(tmp_path: Path) -> None:
    drive = Desk(tmp_path).start(NOTED)
    drive.go_on()
    report = reported(drive, made=drive.run.began + 60)
    assert (report.ended, report.lasted) == (None, 60)
    text = as_markdown(report)
    assert "| ended | goes on |" in text
    assert "Not begun: `stop`, `see`." in text


def test_of_the_journal_it_takes_what_was_done_in_the_context_meanwhile(drive: Drive) -> None:
    report = reported(drive)
    trip = replace(report.records[1], target="all", action="kill.trip")
    other = replace(trip, context="other")
    later = replace(trip, time="2100-01-01T00:00:00.000000Z")
    again = collected(
        report.run,
        runbook(NOTED),
        report.timeline,
        [*report.records, trip, other, later],
        environment="paper",
        journal="",
        made=2e9,
    )
    assert again.records == (*report.records, trip)
