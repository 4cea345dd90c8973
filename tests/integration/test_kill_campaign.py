"""kill -9 of the console at every write of a trip and of a reset.

Afterwards no file is torn, the next start closes every intent, and nothing has happened twice.
"""

import json
import os
import pwd
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer

from console.actions import faults
from console.actions.checkpoint import Operator
from console.actions.durable import STEPS
from console.actions.faults import VARIABLE
from console.actions.kill.switch import KillSwitch
from console.actions.roles import roles_in, this_person
from console.audit.anchors import AnchorFile
from console.audit.files import records
from console.audit.open_intents import open_intents
from console.audit.points import POINTS
from console.audit.record import Phase
from console.audit.verify import verify
from console.domain.access import Arming
from console.domain.last_trip import LastTrip, last_trip_from
from console.domain.reset_gates import Asked
from console.schema import TRADING_SWITCHES
from console.settings import Settings
from console.settings_file import load_settings
from tests.opsconsole import run
from tests.unit.actions.resets import FOR_EVER, healthy_after
from tests.unit.audit.journals import in_child

REPLACED = [f"{when} {step}" for step in STEPS for when in ("before", "after")]
EVERY_WRITE = [
    *(f"{file}: {step}" for file in ("flag", "state", "feature flags", "last trip") for step in REPLACED),
    *(f"database: {when} {step}" for step in ("write", "commit") for when in ("before", "after")),
    *POINTS,
]
SOME = random.Random(4).sample(EVERY_WRITE, 3)
FULL_DISK_ONLY = {"reserve.shrink.before", "reserve.shrink.after"}
ASKED = Asked("it is over", "production prod", cause_acknowledged=True, override="a rehearsal")
FLAGS = "global_kill_switch: false  # all\nfeatures: {}\n"
SETTINGS = """\
contexts:
  prod:
    environment: production
    colour: red
    flags_file: engine/flags.yaml
    database: {{url: 'sqlite:///{folder}/engine/books.db'}}
    kill_switch:
      flag: engine/flag
      state: engine/state.json
      http: '{url}'
      cool_down: 50ms
    commands:
      trip_kill_switch: [sh, -c, 'echo trip >> {folder}/engine/calls']
      reset_kill_switch: [sh, -c, 'echo reset >> {folder}/engine/calls']
    access: {{operators: {{users: [{user}]}}}}
"""


@dataclass(frozen=True)
class Engine:
    """The surfaces of an engine that does nothing by itself, and how often each was made to do something."""

    home: Path
    server: HTTPServer

    @property
    def settings(self) -> Settings:
        return load_settings(
            config=self.home / "console.yaml", state=self.home / "state", environ={"HOME": str(self.home)}
        )

    def trip(self, point: str) -> int:
        """The exit code of a trip by the command, which is killed at `point`."""
        files = ("--config", str(self.home / "console.yaml"), "--state", str(self.home / "state"))
        command = ("kill", "trip", *files, "--reason", "margin call", "--wait", "0")
        return run(self.home, *command, more={VARIABLE: point}).returncode

    def trip_here(self) -> None:
        switch = KillSwitch(self.settings)
        switch.trip("margin call")
        switch.close(20)

    def reset(self, point: str = "") -> int:
        """What ended the process of a reset, which is killed at `point`: 0, or minus the signal."""

        def deed() -> None:
            os.environ[VARIABLE] = point
            self.reset_here()

        return in_child(deed)

    def reset_here(self) -> bool | None:
        """Reset the last trip, on good ground; whether that was done."""
        settings, last = self.settings, self.last
        assert last is not None
        time.sleep(max(0.0, last.newest + 0.05 - time.time()))  # the cool-down
        live = healthy_after(last)
        armed = Arming(0.0, FOR_EVER, "it is over", FOR_EVER, live.at)
        who = Operator(roles_in(settings.chosen).standing(this_person()), armed)
        return KillSwitch(settings).reset(ASKED, who, live).done

    def start(self) -> None:
        """What the next console does when it is opened."""
        switch = KillSwitch(self.settings)
        switch.prepare()
        assert switch.complaint == ""

    @property
    def last(self) -> LastTrip | None:
        file = self.home / "state" / "kill" / "prod.json"
        return last_trip_from(json.loads(file.read_text())) if file.exists() else None

    @property
    def flag(self) -> Path:
        return self.home / "engine" / "flag"

    @property
    def journal(self) -> Path:
        return self.home / "state" / "audit"

    @property
    def effects(self) -> dict[str, int]:
        """How often the endpoint was called, and each switch was written."""
        return {"http": len(self.server.log)} | dict(
            self._query("SELECT key, count(*) FROM writes GROUP BY key")
        )

    @property
    def commands(self) -> Counter[str]:
        """How often each command has run; one may go on when the console that began it is gone."""
        calls = self.home / "engine" / "calls"
        return Counter(calls.read_text().split() if calls.exists() else ())

    @property
    def switches(self) -> set[str]:
        return {value for (value,) in self._query("SELECT setting_value FROM system_settings")}

    def assert_whole(self) -> None:
        """Every file is there with a whole content, or not at all."""
        state = self.home / "engine" / "state.json"
        assert not self.flag.exists() or self.flag.read_bytes() == b"1"
        assert not state.exists() or isinstance(json.loads(state.read_text())["tripped"], bool)
        assert self.last is None or self.last.reason == "margin call"
        assert (self.home / "engine" / "flags.yaml").read_text() in (FLAGS, FLAGS.replace("false", "true"))
        assert self.switches in ({"1"}, {"0"})
        anchor = AnchorFile(self.home / "state" / "anchors" / "audit")
        assert verify(self.journal, [anchor]).sound

    def _query(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.home / "engine" / "books.db")) as books:
            return books.execute(query).fetchall()


@pytest.fixture
def engine(tmp_path: Path, httpserver: HTTPServer) -> Engine:
    return made(tmp_path, httpserver)


def made(home: Path, server: HTTPServer) -> Engine:
    """A new engine in `home`, of which nothing is tripped."""
    server.clear()
    server.expect_request("/control/kill", method="POST").respond_with_json({"tripped": True})
    (home / "engine").mkdir(parents=True)
    (home / "engine" / "flags.yaml").write_text(FLAGS)
    user = pwd.getpwuid(os.getuid()).pw_name
    (home / "console.yaml").write_text(
        SETTINGS.format(folder=home, url=server.url_for("/control/kill"), user=user)
    )
    with closing(sqlite3.connect(home / "engine" / "books.db")) as books:
        books.executescript(
            "CREATE TABLE system_settings (setting_key TEXT PRIMARY KEY, setting_value TEXT);"
            "CREATE TABLE writes (key TEXT);"
            "CREATE TRIGGER written AFTER UPDATE ON system_settings BEGIN"
            " INSERT INTO writes VALUES (new.setting_key); END;"
        )
        rows = [(key, "1") for key in TRADING_SWITCHES]
        books.executemany("INSERT INTO system_settings VALUES (?, ?)", rows)
        books.commit()
    return Engine(home, server)


@pytest.mark.parametrize("point", SOME)
def test_a_trip_killed_at_a_write_is_closed_by_the_next_start_and_not_repeated(
    engine: Engine, point: str
) -> None:
    _killed_at(engine, point)


@pytest.mark.campaign
@pytest.mark.parametrize("point", [point for point in EVERY_WRITE if point not in SOME])
def test_a_trip_killed_at_any_write_is_closed_by_the_next_start_and_not_repeated(
    engine: Engine, point: str
) -> None:
    _killed_at(engine, point)


def _killed_at(engine: Engine, point: str) -> None:
    ended = engine.trip(point)
    assert ended == (1 if point in FULL_DISK_ONLY else -signal.SIGKILL)
    engine.assert_whole()
    before, was_set = engine.effects, engine.flag.exists()
    engine.start()
    assert open_intents(engine.journal) == ()
    assert [each.done for each in records(engine.journal) if each.phase is not Phase.INTENT] in (
        [],
        [True] if was_set else [None],
    )
    kept = list(records(engine.journal))
    engine.start()
    assert list(records(engine.journal)) == kept
    assert (engine.effects, engine.flag.exists()) == (before, was_set)
    assert max(before.values()) <= 1
    assert engine.commands["trip"] <= 1
    engine.trip_here()
    engine.assert_whole()
    assert engine.flag.exists()
    assert engine.switches == {"0"}
    assert yaml.safe_load((engine.home / "engine" / "flags.yaml").read_text())["global_kill_switch"] is True
    assert all(engine.effects[key] == 1 for key in TRADING_SWITCHES)
    assert [each.phase for each in records(engine.journal)][-2:] == [Phase.INTENT, Phase.OUTCOME]


def test_the_campaign_knows_every_point_that_a_trip_passes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = Listener()
    monkeypatch.setattr(faults, "os", SimpleNamespace(environ={VARIABLE: passed}))
    engine.start()
    engine.trip_here()
    assert passed.names == set(EVERY_WRITE) - FULL_DISK_ONLY


def test_a_reset_killed_at_a_write_is_closed_by_the_next_start_and_not_repeated(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    points = random.Random(4).sample(_points_of_a_reset(made(tmp_path / "heard", httpserver)), 2)
    for number, point in enumerate(points):
        _reset_killed_at(made(tmp_path / str(number), httpserver), point)


@pytest.mark.campaign
def test_a_reset_killed_at_any_write_is_closed_by_the_next_start_and_not_repeated(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    for number, point in enumerate(_points_of_a_reset(made(tmp_path / "heard", httpserver))):
        _reset_killed_at(made(tmp_path / str(number), httpserver), point)


def _points_of_a_reset(engine: Engine) -> list[str]:
    engine.trip_here()
    passed = Listener()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faults, "os", SimpleNamespace(environ={VARIABLE: passed}))
        assert engine.reset_here()
    return sorted(passed.names)


def _reset_killed_at(engine: Engine, point: str) -> None:
    engine.trip_here()
    assert engine.reset(point) == -signal.SIGKILL, point
    engine.assert_whole()
    before = engine.effects
    engine.start()
    assert open_intents(engine.journal) == (), point
    kept = list(records(engine.journal))
    engine.start()
    assert (list(records(engine.journal)), engine.effects) == (kept, before), point
    assert all(before[key] <= 2 for key in TRADING_SWITCHES), point
    assert before["http"] == engine.commands["trip"] == 1, point
    assert engine.commands["reset"] <= 1, point
    engine.assert_whole()
    assert engine.last is not None
    assert not engine.last.resetting, point
    closed = kept[-1].done if kept[-1].action == "kill.reset" else None
    assert engine.last.stands == (closed is not True), point
    if engine.last.stands:
        assert engine.reset() == 0, point
    engine.assert_whole()
    assert not engine.flag.exists(), point
    assert engine.switches == {"1"}, point
    assert (engine.home / "engine" / "flags.yaml").read_text() == FLAGS, point


class Listener:
    """Stands where the name of the point to die at would, and hears every name that it is compared with."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __eq__(self, other: object) -> bool:
        self.names.add(str(other))
        return False

    def __hash__(self) -> int:
        return id(self)
