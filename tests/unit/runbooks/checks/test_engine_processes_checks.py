"""What runbooks ask of an engine's processes: ended, running, and none older than its code."""

import os
import time
from pathlib import Path

from console.actions.releases.past import last_changed
from console.audit.actor import this_actor
from console.audit.open import open_journal
from console.audit.record import Act
from console.domain.clock import SystemClock
from console.runbooks.checks.engine_processes import processes_ended, processes_running, processes_young
from console.settings import Settings
from console.settings_file import load_settings
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.engine.programs import OBEDIENT, aged, engine_file, is_at_work, pid_file, running

BY_PID_FILE = "processes: {pid_files: [engine.pid]}"
CODE = "code: {tree: ., files: [services/*.py]}"
HOUR = 3600.0


def test_running_and_ended_are_told_of_the_same_process(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, BY_PID_FILE)
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        ended, runs = processes_ended(settings), processes_running(settings)
        assert (ended.passes, runs.passes) == (False, True)
        assert f"process {program.pid} (" in ended.observed
        assert f"process {program.pid} (" in runs.observed
    ended, runs = processes_ended(settings), processes_running(settings)
    assert (ended.passes, runs.passes) == (True, False)
    assert runs.observed == f"process {program.pid} of {tmp_path}/engine.pid has ended"


def test_what_nobody_can_tell_passes_as_neither(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    for check in (processes_ended, processes_running, processes_young):
        assert check(settings).passes is None


def test_one_that_began_after_its_code_changed_is_young(tmp_path: Path) -> None:
    settings = with_code(tmp_path)
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        found = processes_young(settings)
    assert found.passes is True
    assert found.observed.startswith("1 began after services/risk.py (")


def test_one_that_began_before_a_file_was_written_is_named_with_the_file(tmp_path: Path) -> None:
    settings = with_code(tmp_path)
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        time.sleep(0.1)  # what comes within that, a clock of hundredths doesn't tell apart
        (tmp_path / "services" / "book.py").write_text("")
        found = processes_young(settings)
    assert found.passes is False
    assert f"process {program.pid} (" in found.observed
    assert "before services/book.py (" in found.observed


def test_unpacking_a_file_with_its_old_time_is_seen(tmp_path: Path) -> None:
    settings = with_code(tmp_path)
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        time.sleep(0.1)
        (tmp_path / "risk.py").write_text("")
        aged(tmp_path / "risk.py", HOUR)
        (tmp_path / "risk.py").replace(tmp_path / "services" / "risk.py")
        assert processes_young(settings).passes is False


def test_what_only_the_release_tells_is_seen(tmp_path: Path) -> None:
    settings = with_code(tmp_path)
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        time.sleep(0.1)
        journal = open_journal(settings.state, SystemClock())
        journal.note(this_actor(os.environ), Act("prod", "release.remove_coin", "r-000000000000"))
        assert last_changed(settings) is not None
        found = processes_young(settings)
    assert found.passes is False
    assert "before the coin engine's files were taken out" in found.observed


def test_nothing_is_young_where_nothing_runs_or_no_file_is_there(tmp_path: Path) -> None:
    assert processes_young(settings_with(tmp_path, BY_PID_FILE)).observed == "the context names no code"
    assert processes_young(with_code(tmp_path)).observed == "no process runs"
    (tmp_path / "services" / "risk.py").unlink()
    found = processes_young(with_code(tmp_path, write=False))
    assert (found.passes, found.observed) == (None, f"{tmp_path}: none of the code files is there")


def with_code(folder: Path, *, write: bool = True) -> Settings:
    """A context whose code is one file, written before its process begins."""
    (folder / "services").mkdir(exist_ok=True)
    if write:
        (folder / "services" / "risk.py").write_text("")
        time.sleep(0.02)
    return settings_with(folder, BY_PID_FILE, CODE)


def test_what_a_paper_engine_makes_for_itself_was_there_before_it(tmp_path: Path) -> None:
    (tmp_path / "console.yaml").write_text(
        f"contexts:\n  paper: {{environment: paper, colour: cyan, engine_file: {tmp_path}/engine.json}}\n"
    )
    settings = load_settings(config=tmp_path / "console.yaml", state=tmp_path, environ={"HOME": "/"})
    with running(OBEDIENT) as program:
        assert is_at_work(program)
        engine_file(tmp_path, program.pid)
        time.sleep(0.1)
        (tmp_path / "app").mkdir()
        (tmp_path / "app" / "VERSION").write_text("1.0\n")
        assert processes_young(settings).passes is False
        aged(tmp_path / "app" / "VERSION", HOUR)
        assert processes_young(settings).passes is True
