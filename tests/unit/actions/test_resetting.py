"""A reset clears what trips have set, tells what it left, and loses to a trip that comes meanwhile."""

import errno
import json
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from console.actions.durable import DurableError
from console.actions.kill import flag_file, resetting
from console.actions.kill.resetting import OVERTAKEN
from console.audit.record import Phase
from console.domain.access import AccessError
from console.domain.news import Kind
from tests.integration.trading_switches import prepared, values
from tests.unit.actions.engine_of_files import (
    ASKED,
    FLAGS,
    WHO,
    console,
    engine_in,
    flag,
    journal,
    last,
    live,
    outcomes,
    tripped,
)
from tests.unit.domain.worlds import NOW
from tests.waiting import DEADLINE, eventually


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return engine_in(tmp_path)


def test_what_a_trip_has_set_is_cleared_and_recorded(folder: Path) -> None:
    switch = console(folder)
    trip = tripped(switch)
    reset = switch.reset(ASKED, WHO, live(trip))
    assert outcomes(reset) == dict.fromkeys(("flag file", "feature flags", "state file"), "done")
    assert (reset.done, reset.left, reset.journal, reset.overtaken) == (True, (), "recorded", False)
    assert not flag(folder).exists()
    assert (folder / "engine" / "flags.yaml").read_text() == FLAGS
    assert json.loads((folder / "engine" / "state.json").read_text())["tripped"] is False
    intent, outcome = journal(folder)
    assert (intent.phase, intent.reason, outcome.done) == (Phase.INTENT, "all is well", True)
    assert isinstance(intent.before, dict)
    assert intent.before["feature flags: global_kill_switch"] == "false"
    assert last(folder) == replace(trip, reset=NOW, found=(), resetting=False)


def test_what_others_had_set_before_is_left_and_told(folder: Path) -> None:
    flag(folder).write_bytes(b"1")
    switch = console(folder)
    reset = switch.reset(ASKED, WHO, live(tripped(switch)))
    assert outcomes(reset) == dict.fromkeys(("feature flags", "state file"), "done")
    assert (flag(folder).exists(), reset.left) == (True, ("flag file: was set by others, and stays",))


def test_a_flag_that_a_colleague_has_made_anew_since_is_left_and_told(folder: Path) -> None:
    switch = console(folder)
    seen = live(tripped(switch))
    flag(folder).unlink()
    flag(folder).write_bytes(b"1")
    assert "flag file: LEFT: was set by others, and stays" in switch.reset_deed(seen, ASKED).what
    reset = switch.reset(ASKED, WHO, seen)
    assert (flag(folder).exists(), reset.left) == (True, ("flag file: was set by others, and stays",))


def test_what_an_earlier_trip_has_set_is_cleared_with_the_later_one(folder: Path) -> None:
    switch = console(folder)
    tripped(switch, ago=90)
    switch.reset(ASKED, WHO, live(tripped(switch)))
    assert not flag(folder).exists()
    assert yaml.safe_load((folder / "engine" / "flags.yaml").read_text())["global_kill_switch"] is False


@pytest.mark.parametrize(
    "point",
    [
        "reset: before flag file",
        "reset: after flag file",
        "reset: before state file",
        "reset: after state file",
    ],
)
def test_a_trip_that_comes_on_the_way_wins(folder: Path, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    switch, other = console(folder), console(folder)
    trip = tripped(switch)

    def meddle(name: str) -> None:
        if name == point:
            other.trip("runaway")
            other.close(10)

    monkeypatch.setattr(resetting, "point", meddle)
    reset = switch.reset(ASKED, WHO, live(trip))
    switch.close(10)
    assert (reset.overtaken, reset.done) == (True, False)
    assert flag(folder).exists()
    assert yaml.safe_load((folder / "engine" / "flags.yaml").read_text())["global_kill_switch"] is True
    assert json.loads((folder / "engine" / "state.json").read_text())["tripped"] is True
    assert (last(folder).stands, last(folder).reason) == (True, f"{OVERTAKEN}runaway")


def test_a_flag_that_others_write_on_the_way_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = console(folder)
    trip = tripped(switch)

    def meddle(name: str) -> None:
        if name == "reset: before feature flags":
            flag(folder).write_bytes(b"1")

    monkeypatch.setattr(resetting, "point", meddle)
    assert switch.reset(ASKED, WHO, live(trip)).overtaken
    switch.close(10)
    assert flag(folder).exists()
    assert yaml.safe_load((folder / "engine" / "flags.yaml").read_text())["global_kill_switch"] is True


def test_a_flag_that_is_lost_as_its_removal_fails_is_set_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = console(folder)
    trip = tripped(switch)

    def lose(path: Path, *_: object) -> None:
        path.unlink()
        raise DurableError("operation not permitted")

    monkeypatch.setattr(flag_file, "remove_file", lose)
    assert switch.reset(ASKED, WHO, live(trip)).overtaken
    switch.close(10)
    assert flag(folder).exists()


def test_a_trip_whose_note_comes_after_the_reset_is_fired_again(folder: Path) -> None:
    switch = console(folder)
    switch.reset(ASKED, WHO, live(tripped(switch)))
    late = console(folder)
    tripped(late, ago=1.0)  # before the reset was over
    eventually(lambda: len(journal(folder, "kill.trip")) == 6)


def test_what_fails_ends_it_and_the_trip_stands(folder: Path) -> None:
    switch = console(folder)
    trip = tripped(switch)
    (folder / "engine" / "flags.yaml").write_text("global_kill_switch: [\n")
    reset = switch.reset(ASKED, WHO, live(trip))
    assert outcomes(reset) == {"flag file": "done", "feature flags": "refused"}
    assert (reset.done, reset.fired[2:], reset.pending) == (False, ("state file",), ())
    assert last(folder) == trip
    (folder / "engine" / "flags.yaml").write_text(FLAGS.replace("false", "true"))
    assert switch.reset(ASKED, WHO, live(trip)).done


def test_what_cannot_be_looked_at_on_the_way_ends_it_and_the_trip_stands(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = console(folder)
    trip = tripped(switch)

    def fail(name: str) -> None:
        if name == "reset: before feature flags":
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(resetting, "point", fail)
    reset = switch.reset(ASKED, WHO, live(trip))
    assert (reset.done, reset.pending) == (None, ())
    assert reset.left == ("what is set can't be told: input/output error",)
    assert [(each.phase, each.done) for each in journal(folder)] == [
        (Phase.INTENT, None),
        (Phase.UNKNOWN, None),
    ]
    assert last(folder) == trip


def test_people_are_told_of_a_reset_and_otherwise_of_one_that_failed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = console(folder)
    trip = tripped(switch)
    told: list[tuple[Kind, str, str]] = []
    monkeypatch.setattr(switch.notices, "tell", lambda *news, drill: told.append(news))
    (folder / "engine" / "flags.yaml").write_text("global_kill_switch: [\n")
    switch.reset(ASKED, WHO, live(trip))
    (folder / "engine" / "flags.yaml").write_text(FLAGS.replace("false", "true"))
    switch.reset(ASKED, WHO, live(trip))
    assert [kind for kind, _, _ in told] == [Kind.NOT_RESET, Kind.RESET]
    assert told[0][1:] == ("all is well", "flag file done, feature flags refused; left: state file: tripped")


def test_a_command_resets_the_engine_after_everything_is_clear(folder: Path) -> None:
    switch = console(folder, f"commands: {{reset_kill_switch: [test, '!', -e, {folder}/engine/flag]}}")
    assert outcomes(switch.reset(ASKED, WHO, live(tripped(switch))))["command"] == "done"


def test_what_the_settings_no_longer_name_stays_to_be_put_back(folder: Path) -> None:
    trip = tripped(console(folder))
    switch = console(folder, files="flag: engine/flag")
    reset = switch.reset(ASKED, WHO, live(trip))
    assert reset.left == ("state file: the settings don't name it any more",)
    assert [one.surface for one in last(folder).found] == ["state file"]


def test_a_trip_of_others_is_reset_by_the_engines_own_command(folder: Path) -> None:
    flag(folder).write_bytes(b"1")
    switch = console(folder, "commands: {reset_kill_switch: [echo, '{reason}']}")
    reset = switch.reset(ASKED, WHO, live(None))
    assert [result.words for result in reset.results] == ["exit code 0: all is well"]
    assert (flag(folder).exists(), reset.left) == (True, ("flag file: set",))


def test_progress_can_be_watched_from_another_thread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = console(folder)
    trip, reached, go = tripped(switch), threading.Event(), threading.Event()

    def hold(name: str) -> None:
        if name == "reset: before feature flags":
            reached.set()
            go.wait(2 * DEADLINE)

    monkeypatch.setattr(resetting, "point", hold)
    working = threading.Thread(target=lambda: switch.reset(ASKED, WHO, live(trip)))
    working.start()
    assert reached.wait(DEADLINE)
    assert switch.resetting is not None
    assert switch.resetting.pending == ("feature flags", "state file")
    assert last(folder).resetting
    go.set()
    working.join(DEADLINE)
    assert not switch.resetting.pending


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.008, 0.012, 0.016, 0.024, 0.032])
def test_whenever_a_trip_comes_everything_is_set_in_the_end(folder: Path, delay: float) -> None:
    engine = prepared(f"sqlite:///{folder}/paper.db")
    files = f"database: {{url: 'sqlite:///{folder}/paper.db'}}"
    switch, other = console(folder, files), console(folder, files)
    trip, tick = tripped(switch), threading.Event()

    def reset() -> None:
        with suppress(AccessError):  # the trip may come before it has begun
            switch.reset(ASKED, WHO, live(trip))

    working = threading.Thread(target=reset)
    working.start()
    tick.wait(delay)
    other.trip("runaway")
    working.join(DEADLINE)
    other.close(10)
    switch.close(10)
    eventually(lambda: set(values(engine).values()) == {"0"})
    eventually(lambda: "global_kill_switch: true" in (folder / "engine" / "flags.yaml").read_text())
    assert flag(folder).exists()
    eventually(lambda: last(folder).stands)
    engine.dispose()
