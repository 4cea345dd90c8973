"""Runs as a screen drives them: real files, journal and processes; only the checks are answered by hand."""

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from console.audit.actor import process_start, this_actor
from console.domain.clock import SystemClock
from console.runbooks import beat
from console.runbooks.deciding import Decision
from console.runbooks.executor import Drive
from console.runbooks.model import Found
from console.runbooks.run import STANDBY, Driver, Standing, State
from console.runbooks.run import begun as running
from console.runbooks.seen import DeskError, Hands
from console.runbooks.store import own_store
from console.settings_file import load_settings
from console.wiring import run_desk, runbooks
from console.wiring.run_desk import RunDesk
from tests.waiting import eventually

RUNBOOK = """\
title: Stop it
use: always
risk: lowers
steps:
  - name: look
    text: It can be seen.
    check: sources
  - name: cause
    text: Say why.
    manual: Why?
  - name: stop
    text: It is stopped.
    preconditions: [exchange]
    command: stop
    timeout: 30s
    check: {engine: {is: stopped}}
    compensation: {text: It is verified., command: verify_positions, check: sources, timeout: 5s}
"""
_WRITES = "import sys; open(sys.argv[1], 'a').write('ran\\n'); print('stopped it')"
_SLEEPS = "import time; print('begun', flush=True); time.sleep(60)"


@dataclass
class Office:
    """A state folder with one runbook; `answers` are what its checks say in place of that they pass."""

    folder: Path
    slow: bool = False
    answers: dict[str, bool | None] = field(default_factory=dict)

    def desk(self) -> RunDesk:
        """A console's desk: there can be several."""
        (self.folder / "own").mkdir(exist_ok=True)
        (self.folder / "own" / "stop_it.yaml").write_text(RUNBOOK)
        stop = [sys.executable, "-S", "-c", _SLEEPS if self.slow else _WRITES, str(self.folder / "marks")]
        verify = [sys.executable, "-S", "-c", _WRITES, str(self.folder / "undone")]
        file = self.folder / "console.yaml"
        file.write_text(
            f"runbooks: {self.folder / 'own'}\n"
            "contexts:\n  desk:\n    environment: paper\n    colour: green\n"
            f"    commands: {{stop: {stop!r}, verify_positions: {verify!r}}}\n"
        )
        environ = {"HOME": str(self.folder)}
        settings = load_settings(config=file, state=self.folder / "state", environ=environ)
        return RunDesk(settings, SystemClock(), environ, lambda _live, _why: nullcontext(None))

    @property
    def times(self) -> int:
        """How often the command has run."""
        marks = self.folder / "marks"
        return len(marks.read_text().splitlines()) if marks.exists() else 0

    def ask(self, name: str) -> Callable[[Mapping[str, str]], Found]:
        return lambda _told: Found(self.answers.get(name, True), f"{name} holds", f"{self.times} marks")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    here = Office(tmp_path)
    checks = {name: here.ask(name) for name in ("sources", "exchange", "engine")}
    monkeypatch.setattr(runbooks, "checks_of_context", lambda *_told: checks)
    monkeypatch.setattr(run_desk, "ASKS_EVERY", 0.05)
    return here


def begun(desk: RunDesk) -> str:
    """A run up to the step that stops."""
    run = desk.begin("stop_it", {})
    desk.go_on(run, Decision(), "look")
    assert state_of(desk, run, "cause") is State.PENDING
    desk.go_on(run, Decision(note="a drill"), "cause")
    return run


def in_a_thread(deed: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """Do it beside the test; what it raises is kept."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            deed()
        except DeskError as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, raised


def state_of(desk: RunDesk, run: str, step: str) -> State:
    return desk.look(run).run.step(step).state


def test_a_run_goes_on_up_to_a_step_that_does_something_and_ends_with_a_report(office: Office) -> None:
    desk = office.desk()
    run = begun(desk)
    assert (state_of(desk, run, "look"), state_of(desk, run, "stop")) == (State.PASSED, State.PENDING)
    assert office.times == 0
    assert desk.look(run).report is None
    desk.go_on(run, Decision(), "stop")
    seen = desk.look(run)
    assert (seen.run.standing, seen.hands, office.times) == (Standing.PASSED, Hands.NOBODY, 1)
    assert seen.report is not None
    assert "# Stop it" in seen.report.read_text()


def test_to_find_out_what_a_step_has_become_begins_nothing(office: Office) -> None:
    desk = office.desk()
    run = begun(desk)
    drive = desk._drives[run]
    drive.move(running(drive.run.step("stop"), "", drive.world.actor.host, 0))  # and its driver is gone
    office.desk().go_on(run, Decision())
    assert (state_of(desk, run, "stop"), office.times) == (State.PENDING, 0)


def test_what_is_decided_counts_for_the_step_that_was_seen_only(office: Office) -> None:
    desk = office.desk()
    run = begun(desk)
    with pytest.raises(DeskError, match="the run is at stop by now, not at cause"):
        desk.go_on(run, Decision(note="once more"), "cause")


def test_the_list_has_what_can_be_begun_what_is_broken_and_the_open_run_with_its_steps(
    office: Office,
) -> None:
    desk = office.desk()
    run = begun(desk)
    (office.folder / "own" / "broken.yaml").write_text("title: [")
    listing = desk.listing()
    assert "stop_it" in [each.runbook.name for each in listing.offered]
    assert list(listing.broken) == ["broken"]
    assert [(each.id, len(each.steps)) for each in listing.runs] == [(run, 4)]
    assert listing.hands == {run: Hands.OWN}


def test_one_thread_drives_and_an_abort_from_another_ends_what_it_does(office: Office) -> None:
    office.slow = True
    desk = office.desk()
    run = begun(desk)
    driving, raised = in_a_thread(lambda: desk.go_on(run, Decision(), "stop"))
    eventually(lambda: desk.look(run).output == ("begun",))
    assert desk.under_way == (run,)
    with pytest.raises(DeskError, match="it goes on already"):
        desk.go_on(run, Decision(), "stop")
    desk.abort(run, "the wrong engine")
    driving.join(10)
    assert not driving.is_alive()
    assert raised == []
    assert desk.look(run).run.standing is Standing.ABORTED
    assert (office.folder / "undone").read_text() == "ran\n"
    assert not desk.under_way


def test_waiting_asks_until_it_holds_and_goes_on_then(office: Office) -> None:
    desk = office.desk()
    run = begun(desk)
    office.answers["exchange"] = False
    desk.go_on(run, Decision(), "stop")
    assert state_of(desk, run, "stop") is State.WAITING
    waiting, raised = in_a_thread(lambda: desk.wait(run, "stop"))
    eventually(lambda: desk.look(run).doing)
    assert office.times == 0
    del office.answers["exchange"]
    waiting.join(10)
    assert (raised, office.times) == ([], 1)
    assert desk.look(run).run.standing is Standing.PASSED


def test_waiting_ends_when_it_is_asked_for_once_more_and_leaves_no_beat(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Drive, "see_to_standby", lambda drive: drive._beating.go(1.0))
    desk = office.desk()
    run = begun(desk)
    file = office.folder / "state" / "runs" / run / beat.FILE
    file.parent.mkdir(parents=True)
    office.answers["exchange"] = False
    desk.go_on(run, Decision(), "stop")
    waiting, raised = in_a_thread(lambda: desk.wait(run, "stop"))
    eventually(lambda: desk.look(run).doing)
    desk.wait(run, "stop")
    waiting.join(10)
    assert (raised, office.times, desk.under_way) == ([], 0, ())
    assert not file.exists()
    assert state_of(desk, run, "stop") is State.WAITING


def test_another_process_s_run_is_only_watched_until_it_is_taken_over(office: Office) -> None:
    desk = office.desk()
    with pytest.MonkeyPatch.context() as patch:
        other = replace(this_actor(os.environ), process=f"{os.getppid()}-{process_start(os.getppid())}")
        patch.setattr(runbooks, "this_actor", lambda _environ: other)
        run = begun(office.desk())
    assert desk.look(run).hands is Hands.OTHERS
    with pytest.raises(DeskError, match="watch it, or take it over with a reason"):
        desk.go_on(run, Decision(), "stop")
    with pytest.raises(DeskError, match="watch it, or take it over with a reason"):
        desk.abort(run, "not mine")
    desk.take_over(run, "it was left")
    assert desk.look(run).hands is Hands.OWN
    desk.go_on(run, Decision(), "stop")
    assert (desk.look(run).run.standing, office.times) == (Standing.PASSED, 1)


def test_what_stands_in_on_another_host_is_not_taken_for_nobody(office: Office) -> None:
    desk = office.desk()
    run = begun(desk)
    there = Driver(f"ann{STANDBY}", "elsewhere", "1-1")
    store = own_store(office.folder / "state")
    store.take(store.find(run), there, 0.0, "stands in for ann")
    assert office.desk().look(run).hands is Hands.STANDBY


def test_a_run_that_cannot_be_read_any_more_can_be_looked_at_ended_and_reported(office: Office) -> None:
    desk = office.desk()
    run = begun(desk)
    store = own_store(office.folder / "state")
    there = Driver("ann", "elsewhere", "1-1")
    old = replace(store.find(run), id="older-1", runbook="older", text="title: older", driver=there)
    store.create(old, "dana")
    seen = desk.look("older-1")
    assert seen.unread.startswith("run older-1:1:1: ")
    assert [step.name for step in seen.runbook.steps] == ["look", "cause", "stop", "undo-stop"]
    with pytest.raises(DeskError, match="driven by ann"):
        desk.abort("older-1", "nobody knows it")
    assert desk.abort("older-1", "nobody knows it", "ann is away") == "what was begun stays: look, cause"
    ended = desk.look("older-1")
    assert ended.run.standing is Standing.ABORTED
    assert ended.report is not None
    assert "# older, which can't be read any more (run older-1:1:1" in ended.report.read_text()


def test_a_run_that_is_over_leaves_nothing_watching(tmp_path: Path) -> None:
    before = {*threading.enumerate()}
    (tmp_path / "own").mkdir()
    (tmp_path / "flags.yaml").write_text("features: {}\n")
    (tmp_path / "own" / "look.yaml").write_text(
        "title: Look\nuse: always\nrisk: none\nsteps:\n"
        "  - {name: look, text: It can be seen., check: sources}\n"
    )
    file = tmp_path / "console.yaml"
    file.write_text(
        f"runbooks: {tmp_path / 'own'}\n"
        "contexts: {desk: {environment: paper, colour: green, flags_file: flags.yaml}}\n"
    )
    settings = load_settings(config=file, state=tmp_path / "state", environ={"HOME": str(tmp_path)})
    desk = RunDesk(settings, SystemClock(), {}, lambda _live, _why: nullcontext(None))
    run = desk.begin("look", {})
    desk.go_on(run, Decision(), "look")
    assert desk.look(run).run.standing is Standing.PASSED
    eventually(lambda: not any(one.name == "lookout" for one in {*threading.enumerate()} - before))
