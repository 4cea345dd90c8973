"""Law 1 in a run whose store is lost: it is undone all the same, and nothing else is done."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from console.audit.files import records
from console.runbooks.model import Found
from console.runbooks.run import Standing, State
from console.runbooks.store import StoreError, own_store
from tests.unit.runbooks.drives import Desk

BOOK = """\
title: Start it
use: always
risk: raises
steps:
  - name: resume
    text: Let it trade.
    command: sync_positions
    timeout: 5s
    check: ready
    compensation: {text: Stop it., command: stop, check: stopped, timeout: 5s}
  - {name: watch, text: Look on., check: later, on_failure: compensate}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, store=own_store(tmp_path / "shared"))


def lose_store(desk: Desk) -> None:
    """Have something else stand where the store was."""
    folder = desk.folder / "shared"
    if folder.is_dir():
        folder.rename(desk.folder / "away")
        folder.write_text("")


def find_store(desk: Desk) -> None:
    (desk.folder / "shared").unlink()
    (desk.folder / "away").rename(desk.folder / "shared")


@pytest.mark.parametrize("passes", [False, None])
def test_a_watch_that_goes_wrong_undoes_the_run_though_its_store_is_lost(
    desk: Desk, passes: bool | None
) -> None:
    def later(_told: Mapping[str, str]) -> Found:
        lose_store(desk)
        return desk.says("later", passes)

    drive = desk.start(BOOK, checks={"later": later})
    with pytest.raises(StoreError, match="what lowers the risk was done all the same"):
        drive.go_on()
    assert (desk.times, drive.run.standing) == (1, Standing.FAILED)
    done = [one.target for one in records(drive.world.journal.folder) if one.intent and one.done]
    assert f"{drive.run.id}/undo-resume" in done


def test_whoever_comes_back_finds_the_run_as_the_store_has_it_and_undoes_it(desk: Desk) -> None:
    def later(_told: Mapping[str, str]) -> Found:
        lose_store(desk)
        return desk.says("later", False)

    with pytest.raises(StoreError):
        desk.start(BOOK, checks={"later": later}).go_on()
    find_store(desk)
    desk.answers["later"] = False
    assert desk.run().step("watch").state is State.RUNNING
    assert desk.take(desk.run().id, BOOK).go_on().standing is Standing.FAILED
    assert desk.times == 2


def test_a_run_is_aborted_though_its_store_is_lost(desk: Desk) -> None:
    desk.answers["later"] = False
    drive = desk.start(BOOK.replace(", on_failure: compensate", ""))
    drive.go_on()
    lose_store(desk)
    drive.abort("it loses money")
    with pytest.raises(StoreError, match="was done all the same"):
        drive.go_on()
    assert desk.times == 1


def test_nothing_but_what_lowers_the_risk_is_done_without_a_store(desk: Desk) -> None:
    desk.answers["later"] = False
    drive = desk.start(
        BOOK.replace("command: stop", "command: restart").replace(", on_failure: compensate", "")
    )
    drive.go_on()
    lose_store(desk)
    drive.abort("it loses money")
    with pytest.raises(StoreError, match="can't be kept"):
        drive.go_on()
    assert desk.times == 0


def test_a_step_is_not_begun_without_a_store(desk: Desk) -> None:
    drive = desk.start()
    lose_store(desk)
    with pytest.raises(StoreError, match="can't be kept"):
        drive.go_on()
    assert desk.times == 0
