"""Law 1 in a run: without a journal what lowers the risk is done, and what raises it is not."""

from pathlib import Path

import pytest

from console.audit.errors import JournalError
from console.audit.files import records
from console.audit.open_intents import open_intents
from console.runbooks.run import MoveError, Standing, State
from tests.unit.runbooks.drives import STOP, Desk, in_a_process

UNDONE = """\
title: Start it
use: always
risk: raises
steps:
  - name: start
    text: Start it.
    command: restart
    timeout: 5s
    check: ready
    compensation: {text: Stop it., command: stop, check: stopped, timeout: 5s}
  - {name: watch, text: Look on., check: later, on_failure: compensate}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def lose_journal(desk: Desk) -> None:
    """Have something else stand where the journal's folder was."""
    folder = desk.folder / "audit"
    if folder.is_dir():
        folder.rename(desk.folder / "audit.away")
    folder.write_text("")


def find_journal(desk: Desk) -> None:
    (desk.folder / "audit").unlink()
    (desk.folder / "audit.away").rename(desk.folder / "audit")


def test_a_runbook_that_lowers_the_risk_begins_and_passes_without_a_journal_and_says_so(desk: Desk) -> None:
    lose_journal(desk)
    drive = desk.start()
    assert drive.go_on().standing is Standing.PASSED
    assert desk.times == 1
    assert "; THE JOURNAL LACKS IT: the journal in" in desk.run().step("stop").words


def test_what_raises_the_risk_is_not_begun_without_a_journal(desk: Desk) -> None:
    drive = desk.start(UNDONE)
    lose_journal(desk)
    with pytest.raises(JournalError, match="can't be written"):
        drive.go_on()
    assert (desk.times, desk.run().step("start").state) == (0, State.PENDING)


def test_a_run_that_goes_wrong_is_undone_without_a_journal(desk: Desk) -> None:
    def fails(_told: object) -> object:
        lose_journal(desk)
        return desk.says("later", False)

    drive = desk.start(UNDONE, checks={"later": fails})  # type: ignore[dict-item] # says is a Found
    desk.command = ()
    assert drive.go_on().standing is Standing.FAILED
    undo = desk.run().step("undo-start")
    assert undo.state is State.PASSED
    assert "THE JOURNAL LACKS IT" in undo.words


def test_a_journal_that_comes_back_is_told_what_became_of_an_act_whose_outcome_it_lacks(desk: Desk) -> None:
    point = lambda name: lose_journal(desk) if name == "running" else None  # noqa: E731 (of one test)
    assert in_a_process(lambda: desk.start(point=point).go_on()) == 0
    find_journal(desk)
    number = desk.run().step("stop").intent
    assert number in [one.sequence for one in open_intents(desk.folder / "audit")]
    with pytest.raises(MoveError, match="is over: passed"):
        desk.take(desk.run().id)
    [closed] = [one for one in records(desk.folder / "audit") if one.intent == number]
    assert (closed.done, closed.after) == (True, "passed")


def test_without_a_journal_nothing_is_done_twice_either(desk: Desk) -> None:
    lose_journal(desk)
    desk.command = ("/nowhere",)
    drive = desk.start(STOP)
    drive.go_on()
    numbers = [drive.run.step("stop").intent]
    drive.begin("stop", asked=True)
    numbers.append(drive.run.step("stop").intent)
    assert numbers[0] < 0 and numbers[1] < numbers[0]
