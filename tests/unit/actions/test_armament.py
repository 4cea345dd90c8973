"""What a trip fires is what the settings name, and of a paper engine what engine.json says at that moment."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.actions.kill.actuator import ALL_SCOPES, WHOLE, Act, Actuator, Answer, Order, Scope
from console.actions.kill.armament import Surfaces, UnableError, armament, database_of, reserves, surfaces_of
from console.actions.kill.flag_file import FlagFile
from console.domain.clock import SystemClock
from tests.unit.actions.contexts import settings_with

EVERYTHING = (
    "kill_switch: {flag: f, state: s, http: http://127.0.0.1:9/control/kill}",
    "flags_file: flags.yaml",
    "database: {url: sqlite:////nowhere/paper.db}",
    "commands: {trip_kill_switch: [stop, now]}",
)


def armed(folder: Path, *lines: str, environ: Mapping[str, str] | None = None) -> dict[str, Actuator]:
    settings = settings_with(folder, *lines)
    surfaces = surfaces_of(settings.chosen)
    return {each.name: each for each in armament(settings, surfaces, SystemClock(), environ or {})}


def engine_file(folder: Path, **fields: object) -> None:
    (folder / "state").mkdir(exist_ok=True)
    (folder / "state" / "engine.json").write_text(json.dumps(fields))


def test_every_surface_that_the_context_names_is_fired_the_flag_first(tmp_path: Path) -> None:
    names = ["flag file", "state file", "http", "command", "feature flags", "database"]
    assert list(armed(tmp_path, *EVERYTHING)) == names


def test_an_ended_engines_port_is_left_alone_and_all_else_is_fired(tmp_path: Path) -> None:
    told = {"control_url": "http://127.0.0.1:4711", "kill_switch": {"flag": "/engine/flag"}}
    engine_file(tmp_path, **told, ended_at="2026-01-02T03:04:05")
    found = surfaces_of(settings_with(tmp_path, "engine_file: engine.json").chosen)
    assert (found.flag, found.http, found.http_reset) == (Path("/engine/flag"), None, None)


@pytest.mark.parametrize(
    ("switch", "name"), [("database", "database"), ("feature_flags", "feature flags"), ("command", "command")]
)
def test_a_surface_that_is_switched_off_is_not_fired(tmp_path: Path, switch: str, name: str) -> None:
    without = EVERYTHING[0].replace("flag: f", f"flag: f, {switch}: false")
    assert name not in armed(tmp_path, without, *EVERYTHING[1:])


def test_a_context_that_names_nothing_has_nothing_to_fire(tmp_path: Path) -> None:
    assert armed(tmp_path) == {}


def test_the_deadlines_are_those_of_the_settings(tmp_path: Path) -> None:
    deadlines = "kill_switch: {flag: f, deadlines: {flag_file: 250ms, database: 9s, command: 4s}}"
    found = armed(tmp_path, deadlines, *EVERYTHING[2:])
    assert (found["flag file"].deadline, found["database"].deadline) == (0.25, 9)
    assert found["command"].deadline > 4  # what is late is ended, which takes a while


def test_a_command_can_stop_one_account_if_it_is_told_which(tmp_path: Path) -> None:
    assert armed(tmp_path, "commands: {trip_kill_switch: [stop]}")["command"].scopes == WHOLE
    told = armed(tmp_path, "commands: {trip_kill_switch: [stop, '--account={scope}']}")
    assert told["command"].scopes == ALL_SCOPES


def test_a_command_is_run_as_it_stands(tmp_path: Path) -> None:
    command = armed(tmp_path, "commands: {trip_kill_switch: [echo, 'of {scope}: {reason}']}")["command"]
    assert command.fire(Order("x; y", Scope.COIN)).words == "exit code 0: of coin: x; y"


def test_a_paper_engines_surfaces_are_what_its_file_says(tmp_path: Path) -> None:
    engine_file(
        tmp_path,
        kill_switch={"flag": "/engine/flag", "state": "/engine/state.json"},
        control_url="http://127.0.0.1:4711",
        flags_file="/engine/flags.yaml",
        database_url="sqlite:////engine/paper.db",
        database_password_env="PAPER",
    )
    found = surfaces_of(settings_with(tmp_path, "engine_file: engine.json").chosen)
    assert found == Surfaces(
        flag=Path("/engine/flag"),
        state=Path("/engine/state.json"),
        flags_file=Path("/engine/flags.yaml"),
        database="sqlite:////engine/paper.db",
        password_env="PAPER",
        http="http://127.0.0.1:4711/control/kill",
        http_reset="http://127.0.0.1:4711/control/reset",
    )


def test_who_writes_to_the_database_may_be_another_than_who_reads(tmp_path: Path) -> None:
    database = "url: mysql://reader@db/x, password_env: READ, action_user: writer, action_password_env: WRITE"
    surfaces = surfaces_of(settings_with(tmp_path, f"database: {{{database}}}").chosen)
    switches = database_of(surfaces, 3.0, SystemClock(), {"READ": "r", "WRITE": "w"})
    assert (switches.user, switches.password) == ("writer", "w")
    with pytest.raises(UnableError, match="the environment variable WRITE is not set"):
        database_of(surfaces, 3.0, SystemClock(), {"READ": "r"})


def test_where_nobody_is_named_to_write_the_reader_does(tmp_path: Path) -> None:
    surfaces = surfaces_of(
        settings_with(tmp_path, "database: {url: mysql://reader@db/x, password_env: READ}").chosen
    )
    switches = database_of(surfaces, 3.0, SystemClock(), {"READ": "r"})
    assert (switches.user, switches.password) == (None, "r")


def test_what_the_context_names_comes_before_the_engines_file(tmp_path: Path) -> None:
    engine_file(tmp_path, kill_switch={"flag": "/engine/flag"}, flags_file="/engine/flags.yaml")
    settings = settings_with(tmp_path, "engine_file: engine.json", "kill_switch: {flag: mine}")
    found = surfaces_of(settings.chosen)
    assert (found.flag, found.flags_file) == (tmp_path / "mine", Path("/engine/flags.yaml"))


def test_an_engine_that_cannot_be_found_is_told_and_what_is_named_is_fired(tmp_path: Path) -> None:
    found = armed(tmp_path, "engine_file: engine.json", "kill_switch: {flag: mine}")
    words = f"no engine runs: there is no {tmp_path}/state/engine.json"
    assert found["engine file"].fire(Order("x")) == Answer(Act.FAILED, words)
    assert isinstance(found["flag file"], FlagFile)


@pytest.mark.parametrize("content", ["", "{", "[1]", "[" * 100_000, '{"kill_switch": 1, "control_url": {}}'])
def test_an_engine_file_that_is_none_never_stops_a_trip(tmp_path: Path, content: str) -> None:
    engine_file(tmp_path)
    (tmp_path / "state" / "engine.json").write_text(content)
    assert "flag file" in armed(tmp_path, "engine_file: engine.json", "kill_switch: {flag: mine}")


def test_a_password_that_is_missing_is_told_by_its_variables_name(tmp_path: Path) -> None:
    database = armed(tmp_path, "database: {url: mysql://u@127.0.0.1:9/x, password_env: DB_PASSWORD}")[
        "database"
    ]
    assert database.fire(Order("x")) == Answer(Act.FAILED, "the environment variable DB_PASSWORD is not set")


def test_a_flag_that_has_no_name_of_a_file_is_told_and_the_rest_is_fired(tmp_path: Path) -> None:
    engine_file(tmp_path, kill_switch={"flag": "/", "state": str(tmp_path / "state.json")})
    found = armed(tmp_path, "engine_file: engine.json")
    assert found["flag file"].fire(Order("x")) == Answer(Act.FAILED, "/: is a folder, not a file")
    assert found["state file"].fire(Order("x")).act is Act.DONE


def test_space_is_kept_for_what_can_be_a_file(tmp_path: Path) -> None:
    named = Surfaces(flag=Path("/"), state=tmp_path / "state.json", flags_file=tmp_path / "flags.yaml")
    assert [each.path.name for each in reserves(named)] == [".state.json.reserve", ".flags.yaml.reserve"]


def test_an_engine_file_that_hangs_does_not_hold_up_a_flag_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    os.mkfifo(tmp_path / "state" / "engine.json")
    found = armed(tmp_path, "engine_file: engine.json", "kill_switch: {flag: mine}")
    words = f"{tmp_path}/state/engine.json: no answer within 0.25 s"
    assert found["engine file"].fire(Order("x")) == Answer(Act.FAILED, words)
    assert isinstance(found["flag file"], FlagFile)
