"""A systemd unit: which processes are its own, and having it stopped, by argument lists of `systemctl`."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from console.actions.engine.process import HiddenError, Process, process_seen
from console.domain.foreign import visible
from console.settings_rollback import Processes as Told

PATIENCE = 3.0
"""Seconds that systemd has to answer."""
_CGROUPS = Path("/sys/fs/cgroup")
_HIERARCHIES = ("", "systemd", "unified")
"""Where control groups are: one hierarchy of its own, or beside those of an older kind."""
_ASKED = ("LoadState", "ActiveState", "MainPID", "ControlGroup")


class UnitError(Exception):
    """Why nothing is known of a unit, or it was not stopped, as one line."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How systemd says that the unit is, with the processes of its control group."""

    name: str
    active: str
    processes: tuple[Process, ...]

    @property
    def is_down(self) -> bool:
        """Whether it is stopped, and systemd won't start it again by itself."""
        return self.active in ("inactive", "failed")


def look_at(told: Told, environ: Mapping[str, str]) -> Unit:
    """The unit that the settings name, as it is now. Raises UnitError."""
    arguments = ("show", f"--property={','.join(_ASKED)}", "--", str(told.unit))
    said = dict(line.partition("=")[::2] for line in _systemctl(told, arguments, environ).splitlines())
    if said.get("LoadState") != "loaded":
        raise UnitError(f"systemd knows no unit {told.unit}: {said.get('LoadState') or 'it says nothing'}")
    return Unit(str(told.unit), said.get("ActiveState", ""), tuple(_processes(told, said)))


def stop(told: Told, environ: Mapping[str, str]) -> None:
    """Have the unit stopped, and not started again; returns at once. Raises UnitError."""
    _systemctl(told, ("stop", "--no-block", "--no-ask-password", "--", str(told.unit)), environ)


def _processes(told: Told, said: Mapping[str, str]) -> Iterator[Process]:
    """Those of the control group, and the main one, which a unit without a group may have."""
    main, group = int(said.get("MainPID") or 0), said.get("ControlGroup", "")
    for pid in dict.fromkeys([*([main] if main else []), *_pids_in(group)]):
        known = f"{'main process of ' if pid == main else ''}unit {told.unit}"
        try:
            found = process_seen(pid, known)
        except HiddenError as error:
            raise UnitError(f"unit {told.unit}: {error}") from None
        if found is not None and (not group or _is_in(pid, group)):
            yield Process(found.pid, found.start, found.began, found.user, found.name, found.known, unit=True)


def _pids_in(group: str) -> Iterator[int]:
    """The processes of a control group and of those in it."""
    if group.strip("/"):
        for hierarchy in _HIERARCHIES:
            for file in (_CGROUPS / hierarchy / group.strip("/")).rglob("cgroup.procs"):
                with suppress(OSError, ValueError):  # a group that has ended meanwhile
                    yield from map(int, file.read_text(encoding="ascii").split())


def _is_in(pid: int, group: str) -> bool:
    """Whether the process of that pid is one of the group: then the pid wasn't given to another meanwhile."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    groups = [line.split(":", 2)[2] for line in lines if line.count(":") >= 2]
    return any(each == group or each.startswith(f"{group.rstrip('/')}/") for each in groups)


def _systemctl(told: Told, arguments: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """What systemctl says; UnitError with its last words where it fails."""
    whose = ("--user",) if told.user else ()
    try:
        done = subprocess.run(
            ["systemctl", *whose, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "", **_own_bus(environ)},
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnitError(f"systemd has not answered within {PATIENCE:g} s") from None
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise UnitError(f"this machine has no systemd to ask: systemctl: {words}") from None
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UnitError(f"systemctl: {visible(lines[0][:200]) if lines else f'exit code {done.returncode}'}")
    return done.stdout.decode("utf-8", "replace")


def _own_bus(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Where the user's own manager is asked, for those who came without a session, such as cron."""
    return {} if environ.get("XDG_RUNTIME_DIR") else {"XDG_RUNTIME_DIR": f"/run/user/{os.getuid()}"}
