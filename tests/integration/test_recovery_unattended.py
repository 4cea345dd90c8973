"""What was let trade is watched without whoever did so: killed as by `kill -9`, or stopped by Ctrl+Z."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from console.audit.actor import still_runs
from console.runbooks.run import Standing, State
from console.runbooks.standby import named_in
from console.runbooks.store import own_store
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import start
from tests.waiting import eventually

BOOK = """\
title: Let it trade
use: always
risk: raises
steps:
  - name: begin
    text: Let it trade.
    command: verify_positions
    timeout: 60s
    check: ledger
    compensation:
      text: Stop it.
      action: {trip_kill_switch: {scope: all, reason: "run {run} went wrong"}}
      check: {kill_switch: {is: tripped}}
  - name: watch
    text: Look on.
    check: ledger
    holds_for: 10m
    on_failure: compensate
"""


@pytest.mark.parametrize(
    "how",
    [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.campaign)],
    ids=lambda how: how.name,
)
def test_what_goes_wrong_once_the_driver_is_gone_trips_the_engine(
    tmp_path: Path, how: signal.Signals
) -> None:
    state, book = tmp_path / "state", tmp_path / "trade.yaml"
    book.write_text(BOOK)
    with PaperProcess(state, "--seed", "7", "--symbols", "2") as engine:
        driver = start(tmp_path, "runbook", "run", str(book), "--state", str(state))
        store = own_store(state)
        eventually(lambda: store.latest("paper"))
        run = store.latest("paper")[0].id
        eventually(lambda: store.find(run).step("watch").state is State.RUNNING)
        eventually(lambda: still_runs(named_in(state / "runs" / run)))
        driver.send_signal(how)
        assert not engine.tripped()
        with closing(sqlite3.connect(state / "paper.db", timeout=10)) as books:
            books.execute("UPDATE futures_trading_accounts SET total_trades = total_trades + 1")
            books.commit()
        eventually(lambda: store.find(run).standing is Standing.FAILED)
        assert engine.tripped()
        driver.kill()
        driver.communicate()
    taken = [move.words for move in store.timeline(run) if move.words.startswith("stands in for ")]
    gone = "has ended" if how is signal.SIGKILL else "is stopped"
    assert [words.endswith(f"whose process {gone}") for words in taken] == [True]
    assert store.find(run).step("undo-begin").attempt == 1
