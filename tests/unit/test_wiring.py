"""What a context's settings become: rules to judge by, and the kill switch that is told."""

import asyncio
from pathlib import Path

from console.actions.kill.switch import KillSwitch
from console.actions.vigil_file import KEEP_EVERY, vigil_of
from console.domain.kill_state import Verdict
from console.domain.last_trip import LastTrip
from console.settings import Settings
from console.settings_file import load_settings
from console.wiring import open_monitor
from tests.unit.history.records import HandClock

CONTEXT = """contexts:
  prod:
    environment: production
    colour: red
    database: {url: "mysql://reader@127.0.0.1:9/binance-data", server: db-1}
    rollout: {reads: at start}
"""


def settings_in(folder: Path) -> Settings:
    file = folder / "console.yaml"
    file.write_text(CONTEXT)
    return load_settings(config=file, state=folder / "state", environ={"HOME": str(folder)})


def test_the_pinned_server_is_a_rule(tmp_path: Path) -> None:
    assert open_monitor(settings_in(tmp_path), (), environ={}).rules.server == "db-1"


def test_how_the_engine_reads_the_flags_file_is_a_rule(tmp_path: Path) -> None:
    assert open_monitor(settings_in(tmp_path), (), environ={}).rules.dialect.at_start


class Told(KillSwitch):
    """A kill switch that has tripped, and keeps what it is told."""

    trip_of_ours = LastTrip(1.0, "dana", "test", "all")
    told: tuple[Verdict, float] | None = None

    @property
    def latest(self) -> LastTrip:
        return self.trip_of_ours

    def observed(self, verdict: Verdict, now: float) -> None:
        self.told = verdict, now


def test_the_kill_switch_is_told_each_verdict_by_the_time_of_day_and_asked_for_its_trip(
    tmp_path: Path,
) -> None:
    settings, clock = settings_in(tmp_path), HandClock(wall_ahead=7.0)
    switch = Told(settings)
    monitor = open_monitor(settings, (), clock=clock, environ={}, kill_switch=switch)
    assert monitor.on_assessed is not None
    judged = monitor.assessment()
    monitor.on_assessed(judged)
    assert switch.told == (judged.kill, clock.wall())
    assert monitor.snapshot().trip == switch.trip_of_ours


async def test_the_file_of_the_last_trip_is_that_of_the_context(tmp_path: Path) -> None:
    monitor = open_monitor(settings_in(tmp_path), (), environ={}, once=True)
    await monitor.look_once()
    kept = monitor.snapshot().last_trip.value
    assert kept is not None and kept.file == str(tmp_path / "state" / "kill" / "prod.json")


async def test_an_open_console_keeps_the_vigil(tmp_path: Path) -> None:
    settings, clock = settings_in(tmp_path), HandClock()
    monitor = open_monitor(settings, (), clock=clock, environ={})
    assert monitor.on_assessed is not None
    file = vigil_of(settings.state, settings.context)
    monitor.on_assessed(monitor.assessment())
    clock.at += KEEP_EVERY
    monitor.on_assessed(monitor.assessment())
    async with asyncio.timeout(5):
        while not file.exists():
            await asyncio.sleep(0.01)
