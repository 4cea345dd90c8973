"""`opsconsole kill reset` and `drill kill`, against real engines."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.actions.faults import VARIABLE
from console.audit.files import records
from console.audit.open_intents import open_intents
from console.audit.record import Record
from console.audit.verify import verify
from console.domain.last_trip import LastTrip, last_trip_from
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import run
from tests.waiting import eventually

PAPER = """\
contexts:
  paper:
    environment: paper
    colour: cyan
    engine_file: engine.json
    kill_switch: {cool_down: 50ms}
poll:
  metrics: {interval: 300ms, timeout: 30s, stale_after: 60s}
  database: {interval: 300ms, timeout: 30s, stale_after: 60s}
  engine: {interval: 300ms, timeout: 30s, stale_after: 60s}
  flags: {interval: 300ms, timeout: 30s, stale_after: 60s}
"""
PROD = """\
contexts:
  prod:
    environment: production
    colour: red
    kill_switch: {flag: engine/flag, state: engine/state.json, cool_down: 50ms}
    flags_file: engine/flags.yaml
"""
PATIENT = """\
poll:
  engine: {timeout: 30s, stale_after: 60s}
  flags: {timeout: 30s, stale_after: 60s}
"""
SURE = ("--reason", "all is well", "--cause-acknowledged", "--override", "nothing to recover")
PATIENTLY = ("--wait", "60")
"""Long enough for an engine on a busy machine; who hears of it sooner goes on."""
SOME_WRITES = [
    "last trip: after rename",
    "reset flag: after set aside",
    "reset feature flags: before rename",
    "journal.write.after",
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path_factory.mktemp("paper") / "state") as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, engine: PaperProcess) -> Path:
    """A home whose settings let a trip of the paper engine be reset at once."""
    (tmp_path / "console.yaml").write_text(PAPER)
    (tmp_path / "state").symlink_to(engine.state)
    return tmp_path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A home with the settings of an engine that has nothing but files, tripped, which we may reset."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "flags.yaml").write_text("global_kill_switch: false  # all\nfeatures: {}\n")
    operators = f"    access: {{operators: {{users: [{os.getuid()}]}}}}\n"
    (tmp_path / "console.yaml").write_text(PROD + operators + PATIENT)
    assert opsconsole(tmp_path, "kill", "trip", "--reason", "margin call", "--wait", "0").returncode == 1
    time.sleep(0.06)  # the cool-down
    return tmp_path


def opsconsole(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return run_here(home, *arguments, *where(home))


def where(home: Path) -> tuple[str, ...]:
    return "--config", str(home / "console.yaml"), "--state", str(home / "state")


def told(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == document.get("exit_code", done.returncode)
    return document


def journal(home: Path) -> list[Record]:
    return list(records(home / "state" / "audit"))


def last(home: Path, context: str) -> LastTrip:
    return last_trip_from(json.loads((home / "state" / "kill" / f"{context}.json").read_text()))


def test_a_drill_trips_proves_resets_and_is_marked_as_one(home: Path, engine: PaperProcess) -> None:
    done = opsconsole(home, "drill", "kill", "--json")
    timings = told(done)
    assert (done.returncode, timings["passed"]) == (0, True), timings["words"]
    assert 0 < timings["flag"] < timings["acknowledged"] <= timings["proven"]
    assert 0 < timings["cleared"] < timings["clear"]
    assert not engine.tripped()
    ours = {each.action for each in journal(home) if each.drill}
    assert ours == {"kill.trip", "kill.reset", "kill.drill"}
    kept = last(home, "paper")
    assert kept.drilled is not None
    assert kept.reset is not None
    assert kept.drilled >= kept.reset


def test_a_reset_is_refused_gate_by_gate_and_then_done_and_proven(home: Path, engine: PaperProcess) -> None:
    switches = "SELECT count(*) FROM system_settings WHERE setting_value = '1'"
    on = engine.count(switches)
    assert opsconsole(home, "kill", "trip", "--reason", "margin call", *PATIENTLY).returncode == 0
    assert opsconsole(home, "drill", "kill").returncode == 3

    refused = told(opsconsole(home, "kill", "reset", "--reason", "all is well", "--json"))
    lacking = {gate["name"] for gate in refused["gates"] if not gate["passes"]}
    assert (refused["exit_code"], lacking) == (3, {"armed", "cause", "recovery", "confirmation"}), refused
    assert engine.tripped()

    confirmed = ("--confirm", "paper paper", *PATIENTLY)
    done = run(home, "kill", "reset", *SURE, *confirmed, "--json", *where(home))
    answer = told(done)
    assert (done.returncode, answer["done"], answer["acknowledged"]) == (0, True, True), answer["words"]
    steps = [each["name"] for each in answer["steps"]]
    assert steps[:4] == ["flag file", "feature flags", "database", "http"]
    assert steps[4:] in (["state file"], [])  # which the engine may have written before us
    assert not engine.tripped()
    assert engine.count(switches) == on
    arming = [each.after for each in journal(home) if each.action == "access.arm"]
    assert arming == ["for 120 s"] * len(arming)
    assert not open_intents(home / "state" / "audit")


def test_a_drill_is_for_paper_only(files: Path) -> None:
    done = opsconsole(files, "drill", "kill", "--context", "prod")
    assert (done.returncode, done.stderr) == (
        2,
        "opsconsole: prod is production: a drill is for a paper context\n",
    )


def test_what_is_cleared_but_not_heard_of_is_one(files: Path) -> None:
    done = opsconsole(files, "kill", "reset", *SURE, "--confirm", "production prod", "--wait", "0.2")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("RESET: ")
    assert not (files / "engine" / "flag").exists()


def test_without_the_words_it_says_what_it_would_do(files: Path) -> None:
    done = opsconsole(files, "kill", "reset", *SURE)
    assert done.returncode == 3
    lines = done.stdout.splitlines()
    assert lines[1:] == [
        "would          flag file: remove the flag",
        "would          feature flags: put global_kill_switch to false",
        "would          state file: put tripped to false",
        "would          reason: all is well",
        "would          WITHOUT a recovery run: nothing to recover",
        "refused        confirmation: 'production prod' has to be typed: --confirm WORDS",
        "NOT RESET: confirmation",
    ]
    assert (files / "engine" / "flag").exists()


def test_a_second_person_can_be_asked_for_and_is_waited_for(files: Path) -> None:
    text = (
        (files / "console.yaml").read_text().replace("{operators:", "{two_person: [kill.reset], operators:")
    )
    (files / "console.yaml").write_text(text)
    confirmed = (*SURE, "--confirm", "production prod")
    asked = told(opsconsole(files, "kill", "reset", *confirmed, "--ask", "--json"))
    assert asked["exit_code"] == 3
    waits = opsconsole(files, "kill", "reset", *confirmed, "--approval", asked["request"])
    assert waits.returncode == 3
    assert waits.stderr.endswith(f"request {asked['request']}: waits for a second person\n")
    glass = opsconsole(files, "kill", "reset", *confirmed, "--break-glass", "nobody else is awake")
    assert glass.returncode == 3
    assert "only an admin may go without a second person" in glass.stderr
    assert (files / "engine" / "flag").exists()


@pytest.mark.parametrize(
    "point", [*SOME_WRITES[:2], *(pytest.param(one, marks=pytest.mark.campaign) for one in SOME_WRITES[2:])]
)
def test_killed_at_a_write_the_next_one_finishes_it(files: Path, point: str) -> None:
    reset = ("kill", "reset", *SURE, "--confirm", "production prod", "--wait", "0")
    killed = run(files, *reset, *where(files), more={VARIABLE: point})
    assert killed.returncode == -signal.SIGKILL
    opsconsole(files, *reset)
    assert not (files / "engine" / "flag").exists()
    assert (files / "engine" / "flags.yaml").read_text().endswith("# all\nfeatures: {}\n")
    assert json.loads((files / "engine" / "state.json").read_text())["tripped"] is False
    assert verify(files / "state" / "audit").sound
    assert not open_intents(files / "state" / "audit")
    assert not last(files, "prod").stands
    assert not last(files, "prod").resetting


def test_an_engine_that_is_tripped_by_others_is_reset_too(home: Path, engine: PaperProcess) -> None:
    engine.post("/control/kill", reason="its own doing")
    eventually(engine.tripped)
    done = opsconsole(home, "kill", "reset", *SURE, "--confirm", "paper paper", *PATIENTLY, "--json")
    assert (done.returncode, [each["name"] for each in told(done)["steps"]]) == (0, ["http"]), done.stdout
    assert not engine.tripped()
