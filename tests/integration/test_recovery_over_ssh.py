"""The whole recovery over a real sshd: from a cascade of liquidations, tripped, to trading again.

The line is cut on the way; whoever comes back takes the run over, and nothing has run twice.
"""

import os
import random
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from console.paper.service import PASSWORD_VARIABLE
from console.runbooks.run import Run, Standing, State
from tests import sshd
from tests.debian import NoServerError
from tests.integration.paper_process import PaperProcess
from tests.integration.recoveries import Recovery
from tests.integration.recovery_keys import gone_through
from tests.sshd import Sshd
from tests.waiting import eventually

STEPS = (
    "stopped", "runs", "tripped", "sources", "exchange", "positions", "account", "cause", "difference",
    "sync", "engine-verifies", "ledger", "orders", "prices", "schema", "cause-over", "alerts", "reset",
    "none-hangs", "start", "heartbeat", "first-sync", "metrics", "watch",
)  # fmt: skip
TRIPS = ("stopped", "tripped")
NOTED = ("cause", "cause-over")
ACTS = ("stopped", "sync", "engine-verifies", "schema", "reset", "watch")
CUT = random.Random(7).choice(ACTS[1:])
FIRES_WHEN_IT_TRADES = """\
groups:
  - name: trading
    interval: 1s
    rules:
      - {alert: Trades, expr: futures_kill_switch_tripped == 0, for: 12s, labels: {severity: critical}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    (tmp_path / "sshd").mkdir()
    try:
        with sshd.server(tmp_path / "sshd") as running:
            yield running
    except NoServerError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"CI needs an sshd: {error}")
        pytest.skip(str(error))


def test_a_recovery_whose_line_is_cut_ends_with_an_engine_that_trades(server: Sshd, tmp_path: Path) -> None:
    with PaperProcess(tmp_path / "engine", "--symbols", "3", "--scenario", "sync-errors") as engine:
        recovery = Recovery(server, engine, tmp_path / "home", steps=ACTS)
        recovery.trip()
        run = recovery.whole([CUT])
        assert_recovered(recovery, run, ACTS)
        assert recovery.cut == [CUT]


@pytest.mark.campaign
@pytest.mark.parametrize("kills", [False, True], ids=["line", "driver"])
def test_it_goes_on_after_a_cut_at_every_step(
    server: Sshd, tmp_path: Path, database_url: str, *, kills: bool
) -> None:
    secrets, url = without_password(database_url)
    with PaperProcess(
        tmp_path / "engine", "--symbols", "6", "--database", url, environment=secrets
    ) as engine:
        recovery = Recovery(server, engine, tmp_path / "home", secrets, kills)
        recovery.cascade()
        run = recovery.whole(STEPS)
        assert_recovered(recovery, run, STEPS)
        assert_cut(recovery)


@pytest.mark.campaign
def test_by_keyboard_it_goes_on_after_a_cut_at_every_step(
    server: Sshd, tmp_path: Path, database_url: str
) -> None:
    secrets, url = without_password(database_url)
    with PaperProcess(
        tmp_path / "engine", "--symbols", "6", "--database", url, environment=secrets
    ) as engine:
        recovery = Recovery(server, engine, tmp_path / "home", secrets, kills=True)
        recovery.shorten_the_watch()
        recovery.cascade()
        run = gone_through(recovery, STEPS)
        assert_recovered(recovery, run, STEPS)
        assert_cut(recovery)


@pytest.mark.campaign
def test_an_alert_that_is_new_after_the_reset_trips_it_again(server: Sshd, tmp_path: Path) -> None:
    steps = ("stopped", "schema", "reset", "watch")
    with PaperProcess(tmp_path / "engine", "--symbols", "3") as engine:
        recovery = Recovery(
            server, engine, tmp_path / "home", steps=steps, rules=FIRES_WHEN_IT_TRADES, watch="5m"
        )
        recovery.trip()
        run = recovery.whole()
        assert run.standing is Standing.FAILED
        states = {step.name: step.state for step in run.steps}
        assert (states["reset"], states["watch"]) == (State.PASSED, State.FAILED)
        assert states["undo-reset"] is State.PASSED
        assert engine.tripped()
        last = [each.reason for each in recovery.journal("kill.trip")][-1]
        assert last == f"recovery run {run.id} went wrong after the reset"


def without_password(url: str) -> tuple[dict[str, str], str]:
    """The variable that holds a database's password, and its URL without."""
    password = make_url(url).password
    return (
        ({}, url) if password is None else ({PASSWORD_VARIABLE: password}, url.replace(f":{password}@", "@"))
    )


def assert_cut(recovery: Recovery) -> None:
    """It was cut at every step; where nobody drove after the reset, what stood by may have been faster."""
    left = set(STEPS) - set(recovery.cut)
    assert not left or (recovery.kills and left <= set(STEPS[STEPS.index("reset") + 1 :]))


def assert_recovered(recovery: Recovery, run: Run, steps: Collection[str]) -> None:
    """The run has passed, each of its acts was done once, the engine trades, and the report has all of it."""
    assert run.standing is Standing.PASSED
    assert recovery.calls == {"sync_positions": 1, "verify_positions": 1}
    tripped = [step.attempt for step in run.steps if step.name in TRIPS]  # 0: it was already
    assert max(tripped) <= 1
    assert (len(recovery.journal("kill.trip")), len(recovery.journal("kill.reset"))) == (1 + sum(tripped), 1)
    assert recovery.engine.log().count("KILL SWITCH untripped: reset") == 1
    assert not recovery.engine.tripped()
    before = recovery.fills()
    eventually(lambda: recovery.fills() > before)
    assert_complete(recovery, recovery.report(), steps)


def assert_complete(recovery: Recovery, report: dict[str, Any], steps: Collection[str]) -> None:
    """The report has each step with its evidence, each taking over, and the journal's records."""
    done = {step["name"]: step for step in report["steps"] if not step["name"].startswith("undo-")}
    left_out = {"none-hangs": "skipped"} if "none-hangs" in steps else {}  # the engine runs
    states = {name: step["state"] for name, step in done.items()}
    assert states == dict.fromkeys(steps, "passed") | left_out
    seen = [step for name, step in done.items() if name not in NOTED]
    assert all(step["evidence_intact"] for step in seen)
    assert all(step["note"] == f"noted: {name}" for name, step in done.items() if name in NOTED)
    taken = [move for move in report["timeline"] if "the line was cut" in move["words"]]
    assert bool(taken) is not recovery.kills
    assert len(taken) <= len(recovery.cut)
    assert "are sound" in report["journal"]["verified"]
    acts = {record["action"] for record in report["journal"]["records"]}
    assert {"runbook.start", "runbook.step", "runbook.take", "kill.reset"} <= acts
