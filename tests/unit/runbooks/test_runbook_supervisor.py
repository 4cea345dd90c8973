"""A command's own process: what it leaves in its folder, and that it is run once at most."""

import hashlib
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from console.audit.actor import process_start
from console.domain.clock import SystemClock
from console.runbooks.order import NOBODY, Order, claim
from console.runbooks.step_process import Fate, Look, begin, end, look, settled
from console.runbooks.supervisor import supervise
from tests.unit.runbooks.drives import dies_at, in_a_process
from tests.waiting import eventually


def python(code: str, **limits: float) -> Order:
    return Order(
        (sys.executable, "-S", "-c", code), limits.get("timeout", 30.0), limits.get("grace", 0.3), 4096
    )


def ended(folder: Path) -> Look:
    eventually(lambda: look(folder).fate is not Fate.RUNNING)
    return look(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run" / "stop.1"


def test_an_outcome_has_the_exit_code_and_both_outputs(folder: Path) -> None:
    begin(folder, python("import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(7)"))
    seen = ended(folder)
    assert (seen.fate, seen.output) == (Fate.ENDED, "out\nerr\n")
    assert seen.outcome is not None
    assert (seen.outcome.code, seen.outcome.size) == (7, 8)
    assert seen.outcome.digest == hashlib.sha256(b"out\nerr\n").hexdigest()


@pytest.mark.parametrize("told", ['{"code": 0, "mood": "good"}', '{"code": 0', "[0]"])
def test_an_outcome_that_cannot_be_read_is_not_known(folder: Path, told: str) -> None:
    """A newer console's supervisor may have told it."""
    folder.mkdir(parents=True)
    (folder / "claim").write_text("4194304-1")  # a number that no process has
    (folder / "outcome.json").write_text(told)
    assert look(folder).fate is Fate.LOST


def test_a_flood_of_output_is_kept_to_its_end_and_counted_whole(folder: Path) -> None:
    begin(folder, python("print('x' * 300_000 + 'last words')"))
    seen = ended(folder)
    assert seen.output.endswith("xlast words\n")
    assert seen.outcome is not None
    assert seen.outcome.size == 300_011
    kept = sum(file.stat().st_size for file in folder.glob("output*"))
    assert kept <= 2 * (1 << 16)


def test_a_command_runs_in_a_session_of_its_own(folder: Path) -> None:
    begin(folder, python("import os; print(os.getsid(0) == os.getpid(), os.getppid())"))
    own, supervisor = ended(folder).output.split()
    assert own == "True"
    assert (folder / "claim").read_text().partition("-")[0] == supervisor


def test_what_ignores_the_time_outs_first_signal_is_killed_with_all_that_it_started(folder: Path) -> None:
    deaf = "trap '' TERM; sleep 60 & echo $!; wait"  # a shell is there long before the time is out
    begin(folder, Order(("sh", "-c", deaf), 1.0, 0.3, 4096))
    seen = ended(folder)
    assert seen.outcome is not None
    assert (seen.outcome.code, seen.outcome.ended) == (-9, "time-out")
    eventually(lambda: process_start(int(seen.output)) is None)


def test_what_is_asked_to_end_says_so(folder: Path) -> None:
    begin(folder, python("import time; print('begun', flush=True); time.sleep(60)"))
    eventually(lambda: look(folder).output)
    end(folder)
    seen = ended(folder)
    assert seen.outcome is not None
    assert (seen.outcome.code, seen.outcome.ended) == (-15, "abort")


def test_a_child_that_holds_the_output_open_keeps_nobody(folder: Path) -> None:
    code = (
        "import os, time; os.fork() or (os.setsid(), time.sleep(20)); print('done', flush=True); os._exit(0)"
    )
    began = time.monotonic()
    begin(folder, python(code))
    assert ended(folder).output == "done\n"
    assert time.monotonic() - began < 15


def test_a_command_that_closes_its_output_is_still_waited_for(folder: Path) -> None:
    begin(folder, python("import os, time; os.close(1); os.close(2); time.sleep(0.2); os._exit(5)"))
    seen = ended(folder)
    assert seen.outcome is not None
    assert (seen.outcome.code, seen.outcome.seconds > 0.2) == (5, True)


def test_what_nobody_had_begun_by_the_return_is_never_begun(folder: Path, tmp_path: Path) -> None:
    assert settled(folder).fate is Fate.NEVER_BEGUN
    (folder / "order.json").write_text('{"arguments": ["touch", "%s"], "timeout": 5}' % (tmp_path / "mark"))
    process = os.spawnv(
        os.P_WAIT, sys.executable, [sys.executable, "-m", "console.runbooks.supervisor", str(folder)]
    )
    assert (process, (tmp_path / "mark").exists()) == (0, False)


def test_an_order_is_claimed_once(tmp_path: Path) -> None:
    assert claim(tmp_path, "1-1")
    assert not claim(tmp_path, NOBODY)
    assert (tmp_path / "claim").read_text() == "1-1"


@pytest.mark.parametrize(
    ("name", "fate"),
    [("claimed", Fate.LOST), ("begun", Fate.UNWATCHED), ("ended", Fate.LOST), ("told", Fate.ENDED)],
)
def test_a_supervisor_killed_between_two_states_leaves_what_is_known(
    folder: Path, name: str, fate: Fate
) -> None:
    folder.mkdir(parents=True)
    lasting = "import time; time.sleep(30)" if name == "begun" else "pass"
    (folder / "order.json").write_text(json.dumps(asdict(python(lasting))))
    how = in_a_process(lambda: supervise(folder, SystemClock(), dies_at(name)))
    seen = settled(folder)
    if name == "begun":
        os.kill(int((folder / "process").read_text().partition("-")[0]), signal.SIGKILL)
    assert (how, seen.fate) == (signal.SIGKILL, fate)
