"""The processes of a systemd unit: what systemctl says of them, and what it is asked for."""

import os
import signal
from pathlib import Path

import pytest

from console.actions.engine import unit
from console.actions.engine.ending import Fate
from console.actions.engine.processes import processes_of
from console.actions.engine.stopping import Wish, stop
from console.domain.clock import SystemClock
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.engine.programs import OBEDIENT, is_at_work, running

BY_UNIT = "processes: {unit: engine.service}"
SYSTEMCTL = """\
#!/bin/sh
echo "$@" >> {folder}/asked
case "$1 $2" in
  "stop --no-block") {on_stop};;
  show*) cat {folder}/unit;;
esac
"""
"""Stands for systemd's own: says of the unit what the file says, and does on a stop what the test wants."""
DOWN = "LoadState=loaded\nActiveState=inactive\nMainPID=0\nControlGroup=\n"


class Systemd:
    """A systemctl of the test's own, first in the search path."""

    def __init__(self, folder: Path, group: str) -> None:
        self.folder = folder
        self._group = group
        (folder / "down").write_text(DOWN)
        self.is_down()
        self.on_stop("true")

    def on_stop(self, what: str) -> None:
        program = self.folder / "systemctl"
        program.write_text(SYSTEMCTL.format(folder=self.folder, on_stop=what))
        program.chmod(0o755)

    def says(self, **fields: object) -> None:
        known = {"LoadState": "loaded", "ActiveState": "active", "MainPID": 0, "ControlGroup": self._group}
        lines = (f"{name}={value}\n" for name, value in {**known, **fields}.items())
        (self.folder / "unit").write_text("".join(lines))

    def is_down(self) -> None:
        self.says(ActiveState="inactive", ControlGroup="")

    @property
    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(unit, "_CGROUPS", tmp_path / "cgroups")
    monkeypatch.setattr("console.actions.engine.stopping.FORCED_WITHIN", 0.3)
    return Systemd(folder, own_group())


def own_group() -> str:
    """The control group in which this process and its children are, of any hierarchy: the deepest."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return max((line.split(":", 2)[2] for line in lines), key=len, default="/")


def test_its_processes_are_those_of_its_control_group(tmp_path: Path, systemd: Systemd) -> None:
    with running(OBEDIENT) as main, running(OBEDIENT) as worker, running(OBEDIENT):
        group = tmp_path / "cgroups" / "unified" / own_group().strip("/") / "engine"
        group.mkdir(parents=True)
        (group / "cgroup.procs").write_text(f"{main.pid}\n{worker.pid}\n")
        systemd.says(MainPID=main.pid, ControlGroup=own_group())
        now = processes_of(settings_with(tmp_path, BY_UNIT))
    if own_group() == "/":  # which no unit has: its processes would be everybody's
        assert [each.known for each in now.found] == [("main process of unit engine.service",)]
    else:
        assert [each.pid for each in now.found] == [main.pid, worker.pid]
    assert now.doubts == ()


def test_systemd_is_told_to_stop_it_and_so_does_not_start_it_again(tmp_path: Path, systemd: Systemd) -> None:
    with running(OBEDIENT) as main:
        assert is_at_work(main)
        systemd.says(MainPID=main.pid)
        systemd.on_stop(f"kill {main.pid}; cp {systemd.folder}/down {systemd.folder}/unit")
        stopped = stop(settings_with(tmp_path, BY_UNIT), Wish(grace=30), SystemClock())
    assert [(end.process.pid, end.fate) for end in stopped.ends] == [(main.pid, Fate.ENDED)]
    assert (stopped.done, stopped.remarks) == (True, ("systemd was told to stop engine.service",))
    assert systemd.asked[1] == "stop --no-block --no-ask-password -- engine.service"


def test_what_systemd_leaves_after_the_grace_is_forced(tmp_path: Path, systemd: Systemd) -> None:
    with running(OBEDIENT) as main:
        assert is_at_work(main)
        systemd.says(MainPID=main.pid)
        systemd.on_stop(f"cp {systemd.folder}/down {systemd.folder}/unit")
        stopped = stop(settings_with(tmp_path, BY_UNIT), Wish(grace=0.1), SystemClock())
        assert stopped.ends[0].fate is Fate.FORCED
        assert main.wait() == -signal.SIGKILL  # whom systemd asks, nobody else does


def test_where_systemd_refuses_its_processes_are_ended_and_the_unit_is_a_doubt(
    tmp_path: Path, systemd: Systemd
) -> None:
    with running(OBEDIENT) as main:
        assert is_at_work(main)
        systemd.says(MainPID=main.pid)
        systemd.on_stop("echo 'Access denied' >&2; exit 4")
        stopped = stop(settings_with(tmp_path, BY_UNIT), Wish(grace=30), SystemClock())
    assert stopped.ends[0].fate is Fate.ENDED
    assert stopped.done is None
    assert "may start it again: systemctl: Access denied" in stopped.remarks[0]
    assert "unit engine.service is active" in stopped.doubts


def test_a_unit_that_is_down_has_ended(tmp_path: Path, systemd: Systemd) -> None:
    now = processes_of(settings_with(tmp_path, BY_UNIT))
    assert (now.ended, now.over) == (True, ("unit engine.service is inactive",))


@pytest.mark.parametrize(
    ("fields", "doubt"),
    [
        ({"LoadState": "not-found"}, "systemd knows no unit engine.service: not-found"),
        ({"ActiveState": "active"}, "unit engine.service is active, and has no process that can be seen"),
        ({"ActiveState": "activating"}, "unit engine.service is activating, and has no process"),
    ],
)
def test_what_systemd_cannot_tell_is_a_doubt(
    tmp_path: Path, systemd: Systemd, fields: dict[str, object], doubt: str
) -> None:
    systemd.says(**fields)
    now = processes_of(settings_with(tmp_path, BY_UNIT))
    assert now.ended is None
    assert doubt in now.doubts[0]


def test_a_machine_without_systemd_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    now = processes_of(settings_with(tmp_path, BY_UNIT))
    assert now.ended is None
    assert now.doubts[0].startswith("this machine has no systemd to ask: systemctl: no such file")


def test_the_users_own_manager_is_asked_for_a_unit_of_the_users(tmp_path: Path, systemd: Systemd) -> None:
    processes_of(settings_with(tmp_path, "processes: {unit: engine.service, user: true}"))
    assert systemd.asked[0].startswith("--user show --property=LoadState,ActiveState,")
