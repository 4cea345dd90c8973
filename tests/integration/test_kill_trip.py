"""A whole trip against a paper engine: every surface set, and the engine says so itself."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from console.actions.durable import STEPS, Reserve
from console.actions.faults import VARIABLE
from console.actions.kill.actuator import Act, Actuator, Scope
from console.actions.kill.command import Command
from console.actions.kill.database import DatabaseSwitches
from console.actions.kill.feature_flags import FeatureFlags
from console.actions.kill.flag_file import FlagFile, StateFile
from console.actions.kill.hold import HELD
from console.actions.kill.http import Http
from console.actions.kill.switch import KillSwitch
from console.actions.kill.trip import trip
from console.domain.clock import SystemClock
from console.domain.kill_state import KillState
from console.settings_file import load_settings
from console.wiring import open_monitor
from tests.integration.paper_process import PaperProcess
from tests.unit.actions.kill_fakes import Notes
from tests.waiting import eventually

CLOCK = SystemClock()


def actuators(engine: PaperProcess) -> list[Actuator]:
    """One of each kind, for everything that the paper engine offers."""
    state = engine.state
    return [
        FlagFile(state / "state" / "ops_kill_switch.flag", Reserve(state / "reserve")),
        StateFile(state / "state" / "ops_state.json"),
        FeatureFlags(state / "configs" / "feature_flags_futures.yaml", state / "lock", CLOCK),
        DatabaseSwitches(engine.file["database_url"], CLOCK),
        Http(f"{engine.file['control_url']}/control/kill", CLOCK),
        Command((sys.executable, "-c", "print('stopped')")),
    ]


def test_every_surface_is_set_and_the_engine_acknowledges(tmp_path: Path) -> None:
    with PaperProcess(tmp_path / "paper") as engine:
        results = trip(actuators(engine), "test", Scope.ALL, None, CLOCK).wait()
        assert {each.name: each.state for each in results} == dict.fromkeys(
            ("flag file", "state file", "feature flags", "database", "http", "command"), Act.DONE
        ), results
        eventually(engine.tripped)


@pytest.mark.parametrize("number", range(5))
def test_each_actuator_alone_trips_the_engine(tmp_path: Path, number: int) -> None:
    with PaperProcess(tmp_path / "paper") as engine:
        (result,) = trip([actuators(engine)[number]], "test", Scope.ALL, None, CLOCK).wait()
        assert result.state is Act.DONE, result
        eventually(engine.tripped)


def test_one_account_is_stopped_and_the_engine_is_not_tripped(tmp_path: Path) -> None:
    with PaperProcess(tmp_path / "paper") as engine:
        results = trip(actuators(engine), "test", Scope.COIN, None, CLOCK).wait()
        assert [each.name for each in results] == ["database", "http"]
        assert {each.state for each in results} == {Act.DONE}, results
        eventually(lambda: engine.values("futures_trading_enabled")[("3",)] == 0)
        assert engine.values("futures_trading_enabled")[("2",)] == 1
        assert not engine.tripped()


def test_the_flag_is_durable_at_once_whatever_hangs(tmp_path: Path) -> None:
    """Database and endpoint take connections and never answer, the command sleeps, the journal hangs."""
    latencies, hung = [], Notes(hold=threading.Event())
    with socket.create_server(("127.0.0.1", 0)) as hole:
        port = hole.getsockname()[1]
        others: list[Actuator] = [
            DatabaseSwitches(f"mysql://nobody@127.0.0.1:{port}/x", CLOCK, timeout=1.5, deadline=1.5),
            Http(f"http://127.0.0.1:{port}/", CLOCK, deadline=1.5),
            Command((sys.executable, "-c", "import time; time.sleep(60)"), timeout=1.5),
        ]
        for number in range(12):
            flag = tmp_path / f"flag-{number}"
            began = time.monotonic()
            under_way = trip([*others, FlagFile(flag)], "test", Scope.ALL, hung, CLOCK)
            latencies.append(time.monotonic() - began)
            assert flag.read_bytes() == b"1"
        states = {each.name: each.state for each in under_way.wait()}
    assert hung.hold is not None
    hung.hold.set()
    assert states["flag file"] is Act.DONE
    assert states["command"] is Act.TIMED_OUT
    assert {states["database"], states["http"]} <= {Act.FAILED, Act.TIMED_OUT}
    assert sorted(latencies)[len(latencies) // 2] < 1.5, latencies  # none waited for any deadline


@pytest.mark.parametrize("step", [f"{when} {step}" for step in STEPS for when in ("before", "after")])
def test_a_console_killed_while_it_writes_the_flag_leaves_a_whole_flag_or_none(
    tmp_path: Path, step: str
) -> None:
    source = (
        "import sys; from pathlib import Path\n"
        "from console.actions.kill.actuator import Scope\n"
        "from console.actions.kill.flag_file import FlagFile\n"
        "from console.actions.kill.trip import trip\n"
        "from console.domain.clock import SystemClock\n"
        "trip([FlagFile(Path(sys.argv[1]))], 'x', Scope.ALL, None, SystemClock()).wait()\n"
    )
    flag = tmp_path / "flag"
    ended = subprocess.run(
        [sys.executable, "-c", source, str(flag)],
        env={**os.environ, VARIABLE: f"flag: {step}"},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    renamed = step in ("after rename", "before fsync folder", "after fsync folder")
    assert flag.exists() == renamed
    assert not renamed or flag.read_bytes() == b"1"


@pytest.mark.campaign
async def test_an_engine_that_forgets_is_tripped_again_where_the_context_holds(tmp_path: Path) -> None:
    file = tmp_path / "console.yaml"
    context = "{environment: paper, colour: cyan, engine_file: engine.json, kill_switch: {hold: true}}"
    file.write_text(f"contexts:\n  paper: {context}\n")
    settings = load_settings(config=file, state=tmp_path / "paper", environ={"HOME": str(tmp_path)})
    switch = KillSwitch(settings)
    monitor = open_monitor(settings, (), kill_switch=switch)
    with PaperProcess(tmp_path / "paper") as engine:
        engine.scenario("forgetful")
        polling = asyncio.create_task(monitor.run(lambda: None))
        switch.trip("margin")
        async with asyncio.timeout(30):
            while switch.latest is None or not switch.latest.reason.startswith(HELD):
                await asyncio.sleep(0.05)
            while monitor.assessment().kill.state is not KillState.TRIPPED:
                await asyncio.sleep(0.05)
        polling.cancel()
        assert engine.tripped()
    switch.close(10)
