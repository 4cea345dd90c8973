"""What a console makes of a trip with engines that obey, are deaf, forget, hang or are gone.

The engine is a real one, and so is everything between its surfaces and the verdict.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.actions.kill.actuator import Act, Actuator, Scope
from console.actions.kill.database import DatabaseSwitches
from console.actions.kill.feature_flags import FeatureFlags
from console.actions.kill.flag_file import FlagFile
from console.actions.kill.switch import KillSwitch
from console.actions.kill.trip import trip
from console.domain.assessment import Assessment
from console.domain.clock import SystemClock
from console.domain.kill_state import KillState, Verdict, Written
from console.domain.last_trip import LastTrip
from console.monitor import Monitor
from console.settings import Settings
from console.settings_file import load_settings
from console.wiring import open_monitor
from tests.integration.paper_process import PaperProcess
from tests.waiting import DEADLINE, eventually

CLOCK = SystemClock()


class Console:
    """A monitor at work, and every state that it has come to."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.seen: list[KillState] = []
        tell = monitor.on_assessed

        def note(assessment: Assessment) -> None:
            self.seen.append(assessment.kill.state)
            if tell is not None:
                tell(assessment)

        monitor.on_assessed = note

    def fire(self, *actuators: Actuator) -> None:
        """Trip with these, as this process' own trip."""
        at = CLOCK.wall()
        fired = trip(actuators, "test", Scope.ALL, None, CLOCK)
        fired.wait()
        written = tuple(Written(each.name, each.state is Act.DONE, each.words) for each in fired.results)
        last = LastTrip(at, "test", "test", "all", written=written)
        self.monitor.own_trip = lambda: last

    async def until(self, state: KillState, words: str = "", seconds: float = DEADLINE) -> Verdict:
        """The first verdict of this state that has these words."""
        deadline = time.monotonic() + seconds
        while True:
            verdict = self.monitor.assessment().kill
            if verdict.state is state and words in verdict.words:
                return verdict
            assert time.monotonic() < deadline, f"not {state.name}: {verdict.title}: {verdict.words}"
            await asyncio.sleep(0.05)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path / "paper", "--symbols", "3") as running:
        yield running
        running.process.send_signal(signal.SIGCONT)


@pytest.fixture
def settings(engine: PaperProcess, tmp_path: Path) -> Settings:
    return load_settings(context="paper", state=engine.state, environ={"HOME": str(tmp_path)})


@asynccontextmanager
async def watching(monitor: Monitor) -> AsyncIterator[Console]:
    console = Console(monitor)
    polling = asyncio.create_task(monitor.run(lambda: None))
    try:
        yield console
    finally:
        polling.cancel()
        await asyncio.wait({polling})


@pytest.fixture
async def console(settings: Settings) -> AsyncIterator[Console]:
    """One that looks at an engine which nobody has tripped."""
    async with watching(open_monitor(settings, ())) as console:
        await console.until(KillState.CLEAR)
        yield console


async def test_a_trip_ends_in_tripped_and_every_console_on_the_host_knows_it(settings: Settings) -> None:
    switch = KillSwitch(settings)
    async with watching(open_monitor(settings, (), kill_switch=switch)) as here:
        await here.until(KillState.CLEAR)
        switch.trip("test").wait()
        verdict = await here.until(KillState.TRIPPED)
        assert verdict.words == "the engine says so, and no fill since"
        left = here.monitor.assessment().aftermath
        assert left is not None and left.fills.known is not None and left.in_books.known is not None
    switch.close(5)
    async with watching(open_monitor(settings, ())) as elsewhere:
        await elsewhere.until(KillState.TRIPPED)
        last = elsewhere.monitor.assessment().last_trip
    assert last is not None and (last.reason, last.acknowledged is None) == ("test", False)
    assert all(one.done for one in last.written)


async def test_a_deaf_engine_stays_unconfirmed(engine: PaperProcess, console: Console) -> None:
    _play(engine, "deaf")
    console.fire(FlagFile(_flag(engine)))
    words = "set in flag file; the engine says that it is clear"
    await console.until(KillState.UNCONFIRMED, words)
    await asyncio.sleep(1.5)
    assert console.monitor.assessment().kill.state is KillState.UNCONFIRMED
    assert KillState.TRIPPED not in console.seen


async def test_a_forgetful_engine_is_lost_once_it_has_forgotten_and_stays_so_when_it_is_killed(
    engine: PaperProcess, console: Console
) -> None:
    _play(engine, "forgetful")
    console.fire(FlagFile(_flag(engine)))
    await console.until(KillState.TRIPPED)
    await console.until(KillState.LOST, "the engine acknowledged the trip, and now says that it is clear")
    alert = console.monitor.assessment().alerts[0]
    assert (alert.name, alert.severity.word) == ("kill switch", "critical")
    engine.stop(signal.SIGKILL)
    await console.until(KillState.LOST, "cleared an acknowledged trip by itself; engine is not running")


async def test_an_engine_that_is_killed_is_unconfirmed_and_said_not_to_run(
    engine: PaperProcess, console: Console
) -> None:
    engine.stop(signal.SIGKILL)
    console.fire(FlagFile(_flag(engine)))
    words = "set in flag file; the engine has not acknowledged; engine is not running"
    await console.until(KillState.UNCONFIRMED, words)
    assert KillState.TRIPPED not in console.seen


async def test_an_engine_that_hangs_is_unconfirmed_and_said_to_hang(
    engine: PaperProcess, console: Console
) -> None:
    engine.process.send_signal(signal.SIGSTOP)
    console.fire(FlagFile(_flag(engine)))
    await console.until(KillState.UNCONFIRMED, "; engine hangs; ")
    assert KillState.TRIPPED not in console.seen


async def test_frozen_metrics_confirm_nothing(engine: PaperProcess, console: Console) -> None:
    _play(engine, "frozen-metrics")
    console.fire(FlagFile(_flag(engine)))
    await console.until(KillState.UNCONFIRMED, "the engine's metrics: stale for")
    assert KillState.TRIPPED not in console.seen


async def test_a_flags_file_that_cannot_be_read_leaves_it_partial_with_the_place(
    engine: PaperProcess, console: Console
) -> None:
    flags = Path(engine.file["flags_file"])
    flags.write_text("features: [\n")  # noqa: ASYNC240 (nothing else is to happen meanwhile)
    console.fire(FlagFile(_flag(engine)), FeatureFlags(flags, engine.state / "lock", CLOCK))
    await console.until(
        KillState.PARTIAL,
        "the engine says that it is tripped, but: "
        f"feature flags: {flags}:2:1: did not find expected node content",
    )
    assert KillState.TRIPPED not in console.seen


async def test_a_dead_database_leaves_it_partial(engine: PaperProcess, console: Console) -> None:
    console.fire(FlagFile(_flag(engine)), DatabaseSwitches(f"sqlite:///{engine.state}/gone.db", CLOCK))
    await console.until(KillState.PARTIAL, f"database: {engine.state}/gone.db: no such database file")


async def test_a_trip_of_one_account_is_tripped_of_that_account_only(
    engine: PaperProcess, settings: Settings
) -> None:
    switch = KillSwitch(settings)
    async with watching(open_monitor(settings, (), kill_switch=switch)) as here:
        await here.until(KillState.CLEAR)
        switch.trip("test", Scope.COIN).wait()
        assert (await here.until(KillState.TRIPPED)).title == "TRIPPED COIN"
    switch.close(5)
    assert engine.value("futures_trading_enabled", "2") == 1


def _play(engine: PaperProcess, scenario: str) -> None:
    engine.scenario(scenario)
    eventually(lambda: f"scenario {scenario}" in engine.log())


def _flag(engine: PaperProcess) -> Path:
    return Path(engine.file["kill_switch"]["flag"])
