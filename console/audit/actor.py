"""Who acts, as the kernel knows them: never what `$USER` or `$LOGNAME` claim."""

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROCESS = re.compile(r"([1-9][0-9]{0,8})-([0-9]{1,20})")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:%[0-9A-Za-z_.-]{1,15})?")
"""IPv4 or IPv6, where it is link-local with its interface."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person at a terminal, in one process.

    `tty` and `ssh` are empty where there is none. `ssh` is the client's address as the environment tells it:
    information, no proof. `process` is `PID-START`, so that a number given again is another process.
    """

    uid: int
    user: str
    tty: str
    ssh: str
    host: str
    process: str


def this_actor(environ: Mapping[str, str]) -> Actor:
    """Whoever runs this process; `environ` is asked for the SSH client's address only."""
    uid, pid = os.getuid(), os.getpid()
    return Actor(
        uid=uid,
        user=_user(uid),
        tty=_terminal(),
        ssh=_client(environ.get("SSH_CONNECTION", "")),
        host=os.uname().nodename,
        process=f"{pid}-{process_start(pid) or 0}",
    )


def process_start(pid: int) -> int | None:
    """When process `pid` began, in ticks since boot; None where none runs, or that can't be told."""
    try:
        return start_of(pid)
    except OSError:
        return None


def start_of(pid: int) -> int | None:
    """As `process_start`; None for one that has ended, OSError where nothing can be seen."""
    status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    after_name = status.rpartition(")")[2].split()  # the name may hold spaces and brackets of its own
    return int(after_name[19]) if after_name[0] not in "ZX" else None


def still_runs(process: str) -> bool:
    """Whether the process of an actor runs. One that /proc hides (hidepid) does while its number is taken."""
    numbers = _PROCESS.fullmatch(process)
    if numbers is None:
        return False
    pid, start = int(numbers[1]), int(numbers[2])
    try:
        return start_of(pid) == start
    except OSError:
        return _is_taken(pid)


def _is_taken(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return True


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _terminal() -> str:
    for descriptor in (0, 1, 2):
        try:
            return os.ttyname(descriptor)
        except OSError:
            continue
    return ""


def _client(connection: str) -> str:
    """The first word of SSH_CONNECTION, where that is made like an address."""
    address = connection.partition(" ")[0]
    return address if _ADDRESS.fullmatch(address) else ""
