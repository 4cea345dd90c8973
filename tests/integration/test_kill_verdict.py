"""What a trip comes to with engines that obey, are deaf, forget, hang or are gone."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from console.actions.kill.actuator import Act, Actuator, Scope
from console.actions.kill.database import DatabaseSwitches
from console.actions.kill.feature_flags import FeatureFlags
from console.actions.kill.flag_file import FlagFile
from console.actions.kill.http import Http
from console.actions.kill.trip import Trip, trip
from console.domain.clock import SystemClock
from console.domain.kill_state import Evidence, KillState, Process, Seen, Verdict, Written, judge
from console.sources.engine import EngineSource
from tests.integration.paper_process import PaperProcess, eventually

CLOCK = SystemClock()
LIMIT = 2.0
"""Seconds after which the engine's word counts no more."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path / "paper", "--symbols", "3") as running:
        yield running
        running.process.send_signal(signal.SIGCONT)


def fire(engine: PaperProcess, *more: Actuator) -> Trip:
    """The flag file, and what a test adds."""
    under_way = trip([FlagFile(_flag(engine)), *more], "test", Scope.ALL, None, CLOCK)
    under_way.wait()
    return under_way


def verdict(engine: PaperProcess, fired: Trip | None, *, confirmed: bool = False, fills: int = 0) -> Verdict:
    """Judge the engine by its own metric, its flag and its process."""
    results = fired.results if fired is not None else ()
    read = EngineSource(flag=_flag(engine), state=None, engine_file=engine.state / "engine.json").read()
    return judge(
        Evidence(
            engine=_metric(engine),
            fills=Seen(float(fills), 0.0, LIMIT),
            surfaces={"flag file": read.value.flag},
            written=[Written(each.name, each.state is Act.DONE, each.words) for each in results],
            processes=[Process("engine", read.value.alive, read.value.stopped)],
            confirmed=confirmed,
        )
    )


def test_an_engine_that_nobody_has_tripped_is_clear(engine: PaperProcess) -> None:
    assert verdict(engine, None).state is KillState.CLEAR


def test_an_engine_that_obeys_is_tripped_and_fills_no_more(engine: PaperProcess) -> None:
    fired = fire(
        engine,
        FeatureFlags(_flags_file(engine), engine.state / "lock", CLOCK),
        DatabaseSwitches(engine.file["database_url"], CLOCK),
        Http(f"{engine.file['control_url']}/control/kill", CLOCK),
    )
    eventually(engine.tripped)
    before = engine.trades()
    time.sleep(1.0)
    after = verdict(engine, fired, fills=engine.trades() - before)
    assert (after.state, after.words) == (KillState.TRIPPED, "the engine says so, and no fill since")


def test_a_deaf_engine_stays_unconfirmed(engine: PaperProcess) -> None:
    _play(engine, "deaf")
    fired = fire(engine)
    time.sleep(1.0)
    assert verdict(engine, fired).words == "set in flag file; the engine says that it is clear"
    assert verdict(engine, fired).state is KillState.UNCONFIRMED


def test_a_forgetful_engine_is_lost_once_it_has_forgotten(engine: PaperProcess) -> None:
    _play(engine, "forgetful")
    fired = fire(engine)
    eventually(engine.tripped)
    assert verdict(engine, fired).state is KillState.TRIPPED
    eventually(lambda: not engine.tripped(), 10)
    assert verdict(engine, fired, confirmed=True).state is KillState.LOST


def test_an_engine_that_is_killed_is_unconfirmed_and_said_not_to_run(engine: PaperProcess) -> None:
    engine.stop(signal.SIGKILL)
    after = verdict(engine, fire(engine))
    assert after.state is KillState.UNCONFIRMED
    assert after.words == (
        "set in flag file; the engine has not acknowledged; engine is not running; connection refused"
    )


def test_an_engine_that_hangs_is_unconfirmed_and_said_to_hang(engine: PaperProcess) -> None:
    engine.process.send_signal(signal.SIGSTOP)
    after = verdict(engine, fire(engine))
    assert after.state is KillState.UNCONFIRMED
    assert "; engine hangs; " in after.words


def test_frozen_metrics_confirm_nothing(engine: PaperProcess) -> None:
    _play(engine, "frozen-metrics")
    fired = fire(engine)
    eventually(lambda: _metric(engine).known is None, 10)
    assert verdict(engine, fired).state is KillState.UNCONFIRMED


def test_a_flags_file_that_cannot_be_read_leaves_it_partial_with_the_place(engine: PaperProcess) -> None:
    _flags_file(engine).write_text("features: [\n")
    fired = fire(engine, FeatureFlags(_flags_file(engine), engine.state / "lock", CLOCK))
    eventually(engine.tripped)
    after = verdict(engine, fired)
    assert after.state is KillState.PARTIAL
    assert after.words == (
        "the engine says that it is tripped, but: "
        f"feature flags: {_flags_file(engine)}:2:1: did not find expected node content"
    )


def test_a_dead_database_leaves_it_partial(engine: PaperProcess) -> None:
    fired = fire(engine, DatabaseSwitches(f"sqlite:///{engine.state}/gone.db", CLOCK))
    eventually(engine.tripped)
    assert verdict(engine, fired).words.endswith(f"database: {engine.state}/gone.db: no such database file")


def _metric(engine: PaperProcess) -> Seen:
    """The engine's own word, as old as its heartbeat."""
    try:
        answer = httpx.get(engine.file["metrics_url"], timeout=0.5)
    except httpx.TimeoutException:
        return Seen(None, None, LIMIT, "no answer within 0.5 s")
    except httpx.TransportError:
        return Seen(None, None, LIMIT, "connection refused")
    lines = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    age = CLOCK.wall() - float(lines["futures_heartbeat_timestamp_seconds"])
    return Seen(float(lines["futures_kill_switch_tripped"]), max(0.0, age), LIMIT)


def _play(engine: PaperProcess, scenario: str) -> None:
    engine.scenario(scenario)
    eventually(lambda: f"scenario {scenario}" in engine.log())


def _flag(engine: PaperProcess) -> Path:
    return Path(engine.file["kill_switch"]["flag"])


def _flags_file(engine: PaperProcess) -> Path:
    return Path(engine.file["flags_file"])
