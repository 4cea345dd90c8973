"""A stop ends the engine's processes, and no other's: real ones, asked, waited for and forced."""

import errno
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import pytest

from console.actions.engine import record, stopping
from console.actions.engine.ending import End, Fate, ending
from console.actions.engine.processes import processes_of
from console.actions.engine.stopping import Stopped, Wish, stop
from console.audit.files import records
from console.audit.journal import Journal
from console.audit.open import folder_in, open_journal
from console.audit.record import Act, Phase
from console.audit.redaction import Json
from console.domain.clock import SystemClock
from console.settings import Settings
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.engine.programs import (
    OBEDIENT,
    PARENT,
    STUBBORN,
    Program,
    aged,
    engine_file,
    is_at_work,
    is_running,
    pid_file,
    running,
)
from tests.unit.actions.people import as_user
from tests.unit.audit.journals import ALICE

CLOCK = SystemClock()
SOON = Wish("a test", grace=0.3)
PATIENTLY = Wish("a test", grace=30)
BY_PID_FILE = "processes: {pid_files: [engine.pid]}"
NOBODY = 54321
UNTIL_THERE = (
    "import os, sys, time; print(flush=True)\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.01)"
)
"""Ends when there is the file that it is told; not when it is asked, by those who may not."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_with(tmp_path, BY_PID_FILE)


@pytest.fixture
def obedient(tmp_path: Path) -> Iterator[Program]:
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        yield program


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[Program]:
    with running(STUBBORN) as program:
        pid_file(tmp_path, program)
        yield program


def fates(stopped: Stopped) -> list[tuple[int, Fate]]:
    return [(end.process.pid, end.fate) for end in stopped.ends]


def test_a_process_that_is_asked_ends(settings: Settings, obedient: Program) -> None:
    told: list[End] = []
    stopped = stop(settings, PATIENTLY, CLOCK, tell=told.append)
    assert (fates(stopped), stopped.done) == ([(obedient.pid, Fate.ENDED)], True)
    assert obedient.wait() == -signal.SIGTERM
    assert told == list(stopped.ends)


def test_the_journal_has_the_intent_and_what_came_of_it(settings: Settings, obedient: Program) -> None:
    assert stop(settings, PATIENTLY, CLOCK).journal == "recorded"
    intent, outcome = records(folder_in(settings.state))
    assert (intent.phase, intent.action, intent.reason) == (Phase.INTENT, "engine.stop", "a test")
    assert (outcome.intent, outcome.done) == (intent.sequence, True)
    assert isinstance(intent.before, list)
    assert isinstance(outcome.after, dict)
    assert str(outcome.after[str(obedient.pid)]).startswith("ended: asked, ended after")


def test_a_process_that_ignores_it_is_forced_after_the_grace(settings: Settings, stubborn: Program) -> None:
    stopped = stop(settings, SOON, CLOCK)
    assert (fates(stopped), stopped.done) == ([(stubborn.pid, Fate.FORCED)], True)
    assert stubborn.wait() == -signal.SIGKILL


def test_one_that_is_held_up_is_forced_and_not_let_go_on(settings: Settings, obedient: Program) -> None:
    obedient.send_signal(signal.SIGSTOP)
    assert stop(settings, SOON, CLOCK).done is True
    assert obedient.wait() == -signal.SIGKILL


def test_at_once_nobody_is_asked(settings: Settings, obedient: Program) -> None:
    assert stop(settings, Wish(grace=30, at_once=True), CLOCK).done is True
    assert obedient.wait() == -signal.SIGKILL


def test_decoys_survive(tmp_path: Path) -> None:
    lines = ("engine_file: " + str(tmp_path / "engine.json"), "processes: {pid_files: [engine.pid, old.pid]}")
    with ExitStack() as stack:
        named, same_line, of_file, of_pid_file = (stack.enter_context(running(OBEDIENT)) for _ in range(4))
        pid_file(tmp_path, of_pid_file).rename(tmp_path / "old.pid")
        aged(tmp_path / "old.pid", 60)
        engine_file(tmp_path, of_file.pid, began=time.time() - 60)
        pid_file(tmp_path, named)
        stopped = stop(settings_with(tmp_path, *lines), PATIENTLY, CLOCK)
        assert fates(stopped) == [(named.pid, Fate.ENDED)]
        assert stopped.done is None  # as long as the old file is there
        assert all(is_running(each.pid) for each in (same_line, of_file, of_pid_file))


@pytest.mark.parametrize("with_descriptors", [True, False])
def test_a_number_that_is_given_again_before_the_signal_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_descriptors: bool
) -> None:
    if not with_descriptors:
        monkeypatch.setattr(os, "pidfd_open", no_descriptor)
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        (found,) = processes_of(settings_with(tmp_path, BY_PID_FILE)).found
        with ending([replace(found, start=found.start - 1)], [], CLOCK) as going:
            going.ask()
            going.force()
            (end,) = going.ends()
        assert end.fate is Fate.ENDED
        assert is_running(program.pid)


def test_a_kernel_without_descriptors_of_processes_will_do(
    settings: Settings, stubborn: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pidfd_open", no_descriptor)
    assert fates(stop(settings, SOON, CLOCK)) == [(stubborn.pid, Fate.FORCED)]


def no_descriptor(_pid: int) -> NoReturn:
    raise OSError(errno.ENOSYS, "not implemented")


def test_one_whose_parent_is_gone_is_ended(tmp_path: Path, settings: Settings) -> None:
    with running(PARENT, STUBBORN) as parent:
        assert parent.stdout is not None
        orphan = int(parent.stdout.readline())
        assert is_at_work(parent)
        parent.kill()
    (tmp_path / "engine.pid").write_text(str(orphan))
    assert fates(stop(settings, SOON, CLOCK)) == [(orphan, Fate.FORCED)]


def test_the_second_stop_finds_that_all_has_ended(settings: Settings, obedient: Program) -> None:
    stop(settings, PATIENTLY, CLOCK)
    again = stop(settings, PATIENTLY, CLOCK)
    assert (again.ends, again.done) == ((), True)
    assert f"process {obedient.pid} of" in again.over[0]


def test_two_stops_at_once_both_see_it_end(settings: Settings, stubborn: Program) -> None:
    came: list[Stopped] = []
    threads = [threading.Thread(target=lambda: came.append(stop(settings, SOON, CLOCK))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.done for each in came] == [True, True]
    assert stubborn.wait() == -signal.SIGKILL


def test_a_child_that_outlives_the_engine_is_a_finding_until_the_next_stop(
    tmp_path: Path, settings: Settings
) -> None:
    with running(PARENT, STUBBORN) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        pid_file(tmp_path, parent)
        first = stop(settings, SOON, CLOCK)
        assert fates(first) == [(parent.pid, Fate.ENDED), (child, Fate.OUTLIVES)]
        assert first.done is False
        assert [each.pid for each in processes_of(settings).found] == [child]
        second = stop(settings, SOON, CLOCK)
    assert (fates(second), second.done) == ([(child, Fate.FORCED)], True)
    assert not is_running(child)


def test_what_starts_again_meanwhile_is_told(tmp_path: Path, settings: Settings, obedient: Program) -> None:
    with running(OBEDIENT) as another:

        def start_again(_end: End) -> None:
            pid_file(tmp_path, another)

        stopped = stop(settings, PATIENTLY, CLOCK, tell=start_again)
        assert [each.pid for each in stopped.restarted] == [another.pid]
        assert (stopped.done, is_running(another.pid)) == (False, True)
    assert obedient.wait() == -signal.SIGTERM


def test_it_never_ends_itself(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "engine.pid").write_text(str(os.getpid()))
    with running(STUBBORN):  # nor what it has started
        stopped = stop(settings, SOON, CLOCK)
    assert (stopped.ends, stopped.done) == ((), None)
    assert stopped.doubts == (
        f"process {os.getpid()} (python; pid file engine.pid) is this one: it isn't ended",
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_users_process_is_told_and_stays() -> None:
    with open_folder() as folder, running(STUBBORN) as program:
        pid_file(folder, program)
        settings = settings_with(folder, BY_PID_FILE)
        words = as_user(NOBODY, lambda: said(stop(settings, SOON, CLOCK)))
        assert words == "STILL THERE, it is root's, and this user may not end it; False"
        assert is_running(program.pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_the_settings_own_command_ends_what_this_user_may_not() -> None:
    with open_folder() as folder, running(UNTIL_THERE, str(folder / "told")) as program:
        pid_file(folder, program)
        settings = settings_with(folder, BY_PID_FILE, f"commands: {{stop: [touch, {folder}/told]}}")
        words = as_user(NOBODY, lambda: said(stop(settings, PATIENTLY, CLOCK)))
    assert words.startswith("ended, ended after")
    assert words.endswith("True")


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users may use: pytest's own are closed to them."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def said(stopped: Stopped) -> str:
    (end,) = stopped.ends
    return f"{end.fate.value}, {end.words}; {stopped.done}"


def test_without_a_known_process_the_settings_own_command_is_run(tmp_path: Path) -> None:
    told = tmp_path / "told"
    stopped = stop(settings_with(tmp_path, f"commands: {{stop: [touch, {told}]}}"), SOON, CLOCK)
    assert told.exists()
    assert (stopped.done, stopped.remarks) == (None, ("stop command: done, exit code 0",))


def test_with_a_known_process_it_is_not(tmp_path: Path, obedient: Program) -> None:
    told = tmp_path / "told"
    settings = settings_with(tmp_path, BY_PID_FILE, f"commands: {{stop: [touch, {told}]}}")
    assert stop(settings, PATIENTLY, CLOCK).done is True
    assert not told.exists()


def test_it_goes_on_with_a_journal_that_cannot_be_written(settings: Settings, obedient: Program) -> None:
    settings.state.mkdir()
    folder_in(settings.state).write_text("in the way")
    stopped = stop(settings, PATIENTLY, CLOCK)
    assert stopped.done is True
    assert stopped.journal.startswith("not recorded: the journal in")
    assert obedient.wait() == -signal.SIGTERM


def test_it_goes_on_with_a_journal_that_hangs(
    settings: Settings, obedient: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def hanging(*_: object) -> Journal:
        answers.wait(30)
        raise OSError("gone")

    monkeypatch.setattr(stopping, "open_journal", hanging)
    monkeypatch.setattr(record, "JOURNAL_DEADLINE", 0.05)
    monkeypatch.setattr(record, "CLOSING", 0.05)
    stopped = stop(settings, PATIENTLY, CLOCK)
    answers.set()
    assert (stopped.done, stopped.journal) == (True, "not recorded: no answer within 0.05 s")
    assert obedient.wait() == -signal.SIGTERM


def test_a_stop_that_was_cut_off_is_closed_by_the_next(settings: Settings, obedient: Program) -> None:
    journal = open_journal(settings.state, CLOCK)
    (found,) = processes_of(settings).found
    before: Json = [{"pid": found.pid, "start": found.start}]
    cut_off = journal.intent(
        replace(ALICE, host=os.uname().nodename), Act("prod", "engine.stop", "prod", before)
    )
    stop(settings, PATIENTLY, CLOCK)
    (closed,) = [each for each in records(journal.folder) if each.intent == cut_off.sequence]
    assert (closed.done, closed.evidence) == (True, {"read_back": True})


def test_of_one_that_was_cut_off_and_knew_no_process_nobody_can_tell(
    settings: Settings, obedient: Program
) -> None:
    journal = open_journal(settings.state, CLOCK)
    cut_off = journal.intent(replace(ALICE, host=os.uname().nodename), Act("prod", "engine.stop", "prod", []))
    stop(settings, PATIENTLY, CLOCK)
    (closed,) = [each for each in records(journal.folder) if each.intent == cut_off.sequence]
    assert closed.done is None
