"""What a context's settings become: rules to judge by, and the kill switch that is told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from console import wiring
from console.actions.kill.switch import KillSwitch
from console.actions.vigil_file import KEEP_EVERY, VigilFile, vigil_of
from console.domain.kill_state import Verdict
from console.domain.last_trip import LastTrip
from console.monitor import Monitor
from console.settings import Settings
from console.settings_file import load_settings
from console.sources.own_metrics import EQUITY
from console.wiring import open_monitor, own_vigil
from tests.unit.domain.worlds import PANELS
from tests.unit.history.records import HandClock
from tests.waiting import until

CONTEXT = """contexts:
  prod:
    environment: production
    colour: red
    database: {url: "mysql://reader@127.0.0.1:9/binance-data", server: db-1}
    rollout: {reads: at start}
"""


SLOW = "poll: {engine: {timeout: 9s, stale_after: 40s}, metrics: {stale_after: 30s}}\n"
QUICK = "poll: {engine: {interval: 100ms, stale_after: 600ms}, metrics: {stale_after: 1100ms}}\n"


def settings_in(folder: Path, context: str = CONTEXT) -> Settings:
    file = folder / "console.yaml"
    file.write_text(context)
    return load_settings(config=file, state=folder / "state", environ={"HOME": str(folder)})


def test_the_pinned_server_is_a_rule(tmp_path: Path) -> None:
    assert open_monitor(settings_in(tmp_path), (), environ={}).rules.server == "db-1"


def test_how_the_engine_reads_the_flags_file_is_a_rule(tmp_path: Path) -> None:
    assert open_monitor(settings_in(tmp_path), (), environ={}).rules.dialect.at_start


def test_what_only_a_database_tells_is_not_missed_where_there_is_none(tmp_path: Path) -> None:
    without = CONTEXT.replace("database: {", "metrics_url: http://127.0.0.1:9/metrics\n    # {")
    assert EQUITY in open_monitor(settings_in(tmp_path, without), (), environ={}).rules.not_exported
    assert EQUITY not in open_monitor(settings_in(tmp_path), (), environ={}).rules.not_exported


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


@pytest.mark.parametrize(("poll", "limits"), [("", (4, 4)), (SLOW, (40, 30)), (QUICK, (4, 4))])
def test_the_last_trip_and_the_alerts_have_as_long_as_what_they_are_read_like(
    tmp_path: Path, poll: str, limits: tuple[float, float]
) -> None:
    seen = open_monitor(settings_in(tmp_path, CONTEXT + poll), (), environ={}).snapshot()
    assert (seen.last_trip.stale_after, seen.alerts.stale_after) == limits


async def test_of_an_engine_that_was_stopped_it_is_told_when(tmp_path: Path) -> None:
    ended = {"pid": 1, "start_time": 1.0, "ended_at": "2026-11-21T18:02:04"}
    (tmp_path / "engine.json").write_text(json.dumps(ended))
    paper = f"environment: paper\n    colour: cyan\n    engine_file: {tmp_path / 'engine.json'}"
    settings = settings_in(tmp_path, f"contexts:\n  paper:\n    {paper}\n")
    monitor = open_monitor(settings, (), environ={}, once=True)
    await monitor.look_once()
    last = monitor.snapshot().metrics.last
    assert last is not None
    assert last.error == "no engine runs: process 1 was stopped at 2026-11-21T18:02:04"


async def test_an_open_console_keeps_the_vigil(tmp_path: Path) -> None:
    settings, clock = settings_in(tmp_path), HandClock()
    monitor = open_monitor(settings, PANELS, clock=clock, environ={})
    file = vigil_of(settings.state, settings.context)
    judge_for_a_while(monitor, clock)
    await until(file.exists)


def test_a_vigil_is_told_once_every_source_has_answered(tmp_path: Path) -> None:
    settings, clock = settings_in(tmp_path), HandClock()
    made: list[VigilFile] = []

    def vigil() -> VigilFile:
        made.append(own_vigil(settings, clock))
        return made[-1]

    monitor = open_monitor(settings, PANELS, clock=clock, environ={}, vigil=vigil)
    assert monitor.on_assessed is not None
    monitor.on_assessed(monitor.assessment())
    assert made == []
    judge_for_a_while(monitor, clock)
    assert made


def test_people_are_told_of_alerts_once_every_source_has_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Settings] = []
    monkeypatch.setattr(wiring, "own_notices", lambda settings, *_: made.append(settings))
    settings, clock = settings_in(tmp_path), HandClock()
    monitor = open_monitor(settings, PANELS, clock=clock, environ={})
    assert monitor.on_assessed is not None
    monitor.on_assessed(monitor.assessment())
    assert made == []
    judge_for_a_while(monitor, clock)
    assert made == [settings]


def test_who_judges_no_panel_could_see_nothing_critical_and_keeps_no_vigil(tmp_path: Path) -> None:
    settings, clock = settings_in(tmp_path), HandClock()
    judge_for_a_while(open_monitor(settings, (), clock=clock, environ={}), clock)
    assert not vigil_of(settings.state, settings.context).parent.exists()


def judge_for_a_while(monitor: Monitor, clock: HandClock) -> None:
    """Two judgements for which no source is waited for, as long apart as the vigil is written."""
    assert monitor.on_assessed is not None
    judged = replace(monitor.assessment(), sources=())
    monitor.on_assessed(judged)
    clock.at += KEEP_EVERY
    monitor.on_assessed(judged)
