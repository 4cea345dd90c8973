"""Each kind of act, with its driver, its supervisor or itself killed at every state change.

On coming back the step is what really happened, or UNKNOWN until that can be read back; nothing ran twice.
"""

import random
import signal
import sqlite3
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from console.actions.faults import VARIABLE
from console.audit.open_intents import open_intents
from console.audit.verify import verify
from console.runbooks.deciding import Decision, resume
from console.runbooks.drivers import take
from console.runbooks.executor import Drive
from console.runbooks.model import Ask, Found
from console.runbooks.run import MoveError, Next, Standing, State
from console.runbooks.store import OvertakenError
from tests.unit.runbooks.drives import Desk, dies_at, in_a_process, killed_at, runbook
from tests.waiting import eventually

POINTS = 90
"""More than a run passes."""
SUPERVISORS = ("claimed", "begun", "ended", "told")
BOOK = """\
title: Do it
use: always
risk: raises
steps:
  - {name: look, text: Look., check: ready}
  - name: act
    text: Do it.
    check: done
    timeout: 30s
"""
UNDONE = """\
title: Do it
use: always
risk: lowers
steps:
  - name: act
    text: Do it.
    command: stop
    timeout: 30s
    check: stopped
    compensation: {text: Undo it., command: verify_positions, check: undone, timeout: 30s}
  - {name: see, text: See., check: later, on_failure: compensate}
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of act, as lines of its step."""

    name: str
    lines: str

    @property
    def text(self) -> str:
        return BOOK.replace("    check: done\n", f"    check: done\n{self.lines}")


KINDS = (
    Kind("command", "    command: stop\n"),
    Kind("action", "    action: {trip_kill_switch: {scope: all, reason: it runs}}\n"),
    Kind("sql", '    sql: ["INSERT INTO marks VALUES ({run})"]\n'),
    Kind("start", "    command: start\n"),
    Kind("if-needed", "    command: stop\n    if_needed: true\n    holds_for: 1ms\n"),
    Kind("recent", "    command: restart\n    recent: 1ms\n"),
)


@dataclass(slots=True)
class Bench:
    """A desk at which one kind of act is done, on a world in which it leaves a mark each time."""

    desk: Desk
    kind: Kind

    @property
    def times(self) -> int:
        """How often the act was done."""
        if self.kind.name != "sql":
            return self.desk.times
        with sqlite3.connect(self.desk.folder / "marks.db") as connection:
            return int(connection.execute("SELECT count(*) FROM marks").fetchone()[0])

    @property
    def checks(self) -> Mapping[str, Ask]:
        return {"done": lambda _told: Found(self.times > 0, "it is done", f"{self.times} times")}

    def start(self, point: Callable[[str], None]) -> Drive:
        return self.desk.start(self.kind.text, point, self.checks)

    def come_back(self) -> None:
        """Take the run and go on, again where the act was never begun, until what it did is known."""
        if not self.desk.world().store.latest("paper"):
            return
        if not self.desk.run().standing.over:
            eventually(self._is_settled)
        else:
            with pytest.raises(MoveError, match="is over: passed"):
                self.desk.take(self.desk.run().id, self.kind.text)

    def _is_settled(self) -> bool:
        drive = self.desk.take(self.desk.run().id, self.kind.text, checks=self.checks)
        task, step = drive.go_on(), drive.run.step("act")
        if task.next is Next.ASK and step.state is State.FAILED and step.attempt == 0:
            resume(drive, Decision(again=True))
        return drive.run.step("act").state is not State.UNKNOWN

    def check(self) -> None:
        """What is kept of the run is what happened."""
        run = self.desk.run()
        state, times = run.step("act").state, self.times
        assert times <= 1
        assert (state is State.PASSED) == (times == 1), (state, times)
        assert run.standing is (Standing.PASSED if times else Standing.OPEN)
        assert not [one for one in open_intents(self.desk.folder / "audit") if one.target.startswith(run.id)]
        assert verify(self.desk.folder / "audit").sound


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    kind: Kind = request.param
    url = f"sqlite:///{tmp_path}/marks.db"
    config = tmp_path / "console.yaml"
    config.write_text(
        "context: paper\ncontexts:\n"
        f'  paper: {{environment: paper, colour: cyan, database: {{url: "{url}"}}}}\n'
    )
    with sqlite3.connect(tmp_path / "marks.db") as connection:
        connection.execute("CREATE TABLE marks (run TEXT)")
    return Bench(Desk(tmp_path, config=config if kind.name == "sql" else None), kind)


def test_an_act_whose_driver_is_killed_is_settled_as_what_happened(bench: Bench) -> None:
    killed_and_back(bench, random.Random(bench.kind.name).randrange(20, 70))


@pytest.mark.campaign
@pytest.mark.parametrize("count", range(1, POINTS))
def test_an_act_whose_driver_is_killed_at_any_call_is_settled_as_what_happened(
    bench: Bench, count: int
) -> None:
    killed_and_back(bench, count)


def killed_and_back(bench: Bench, count: int) -> None:
    assert in_a_process(lambda: bench.start(killed_at(count)).go_on()) in (0, signal.SIGKILL)
    bench.come_back()
    if bench.desk.world().store.latest("paper"):
        bench.check()
        assert bench.times == 1
    else:
        assert bench.times == 0


MOMENTS = [
    *((name, time) for name in ("intent", "running", "outcome", "concluded") for time in (1, 2)),
    ("begun", 1),
    ("ended", 1),
]
"""Where a driver stands still: at which point, and at its how manieth passing."""


def taken_over_at(bench: Bench, name: str, time: int) -> None:
    """Have another take the run over and end it while its driver stands still, who then wakes up."""
    passed = 0

    def stands_still(point: str) -> None:
        nonlocal passed
        passed += point == name
        if point != name or passed != time:
            return
        here = bench.desk.world()
        other = replace(here.actor, process="999999-1")
        world = replace(here, actor=other, checks={**here.checks, **bench.checks})
        run = bench.desk.run()
        take(world, runbook(bench.kind.text), run, "they sleep").go_on()

    drive = bench.start(stands_still)
    with pytest.raises(OvertakenError):
        drive.go_on()
    assert (bench.desk.run().standing, bench.times) == (Standing.PASSED, 1)
    assert verify(bench.desk.folder / "audit").sound


def test_a_driver_who_wakes_up_after_a_take_over_does_nothing_more(bench: Bench) -> None:
    taken_over_at(bench, *random.Random(bench.kind.name).choice(MOMENTS))


@pytest.mark.campaign
@pytest.mark.parametrize(("name", "time"), MOMENTS)
def test_a_driver_who_wakes_up_at_any_moment_does_nothing_more(bench: Bench, name: str, time: int) -> None:
    taken_over_at(bench, name, time)


def undone_and_back(desk: Desk, count: int) -> None:
    """Have a run fail and be undone, its driver killed at the `count`th call, and come back to it."""
    desk.answers["later"] = False

    def undone(_told: Mapping[str, str]) -> Found:
        return desk.says("undone", desk.undone.exists())

    in_a_process(lambda: desk.start(UNDONE, killed_at(count), {"undone": undone}).go_on())
    if not desk.world().store.latest("paper"):
        return
    run = desk.run()
    if not run.standing.over:
        desk.take(run.id, UNDONE, checks={"undone": undone}).go_on()
    assert desk.run().standing is Standing.FAILED
    assert (desk.times, desk.undone.read_text()) == (1, "ran\n")


@pytest.mark.parametrize("count", random.Random("undone").sample(range(40, 110), 3))
def test_what_undoes_a_run_is_done_once_whoever_is_killed(tmp_path: Path, count: int) -> None:
    undone_and_back(Desk(tmp_path), count)


@pytest.mark.campaign
@pytest.mark.parametrize("count", range(1, 130))
def test_what_undoes_a_run_is_done_once_whoever_is_killed_at_any_call(tmp_path: Path, count: int) -> None:
    undone_and_back(Desk(tmp_path), count)


@pytest.mark.parametrize("done", [True, False])
def test_a_command_that_is_killed_half_way_is_what_its_check_says(tmp_path: Path, done: bool) -> None:
    dies = "import os, sys; sys.argv[1] and open(sys.argv[1], 'a').write('ran\\n'); os.kill(os.getpid(), 9)"
    desk = Desk(tmp_path)
    desk.command = (sys.executable, "-S", "-c", dies, str(desk.marks) if done else "")
    drive = desk.start()
    drive.go_on()
    states = [step.state for step in desk.told if step.name == "stop"]
    assert states == [State.RUNNING, State.UNKNOWN, State.PASSED if done else State.FAILED]


@pytest.mark.campaign
@pytest.mark.parametrize("point", SUPERVISORS)
def test_an_act_whose_supervisor_is_killed_is_what_happened(
    bench: Bench, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"supervisor: {point}")
    bench.start(lambda _name: None).go_on()
    monkeypatch.delenv(VARIABLE)
    bench.come_back()
    bench.check()
    assert bench.times == (point != "claimed")


@pytest.mark.campaign
@pytest.mark.parametrize("point", SUPERVISORS)
def test_an_act_whose_supervisor_and_driver_are_killed_is_what_happened(
    bench: Bench, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"supervisor: {point}")
    in_a_process(lambda: bench.start(dies_at("begun")).go_on())
    monkeypatch.delenv(VARIABLE)
    bench.come_back()
    bench.check()
