"""`state/open_drills/<context>.json`: a drill that is under way, and how everything was before it.

It is there before anything is changed, and goes once everything is as it was: whoever was killed leaves it to
the next drill, or to `opsconsole drill back`.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from console.actions.drill_reading import OPEN, number
from console.actions.durable import DurableError, replace_file
from console.audit.actor import still_runs
from console.audit.files import make_folder, mode_in
from console.audit.points import pass_by
from console.domain.clock import Clock
from console.domain.readiness import Drilled
from console.host_lock import LockError, host_lock
from console.own_folder import make_common

_LARGEST = 64 * 1024
_LOCK_DEADLINE = 2.0
_TEXTS = ("configuration", "scenario", "flags", "release")
BACK = "opsconsole drill back"
"""The command that puts back what a drill has left."""


@dataclass(frozen=True, slots=True)
class Before:
    """How it was: the engine, its configuration and scenario, the SHA-256 of the flags file in hexadecimal,
    and the release that stood in the tree; empty where the drill isn't about it.
    """

    pid: int
    configuration: str
    scenario: str
    flags: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True)
class OpenDrill:
    """A drill that is under way, or was broken off: whose, on which host, in which `processes` (`PID-START`:
    the drill's, then of those who put back what it has left).

    Instants are in seconds since 1970; `last` is when it was last heard of. `ended`: the drill itself is over
    and kept, and only everything has to be put back.
    """

    context: str
    runbook: str
    scenario: str
    began: float
    last: float
    user: str
    host: str
    processes: tuple[str, ...]
    before: Before
    ended: bool = False

    @property
    def is_driven(self) -> bool:
        """Whether somebody is at it; of one on another host nobody can tell that it is gone."""
        return self.host != os.uname().nodename or still_runs(self.processes[-1])

    @property
    def broken_off(self) -> Drilled:
        """What is kept of it where its process has gone."""
        seconds = max(0.0, self.last - self.began)
        words = f"broken off: its process ended without a word; {BACK} puts back what it has left"
        return Drilled(self.began, seconds, passed=False, scenario=self.scenario, words=words)


def open_drill_file(state: Path, context: str) -> Path:
    return state / OPEN / f"{quote(context, safe=' ')}.json"


def open_drill(state: Path, context: str) -> OpenDrill | None:
    """The drill of a context that is under way, or was broken off.

    Raises OSError, and ValueError in one line for a file that no drill has written.
    """
    return _read(open_drill_file(state, context))


def open_drills(state: Path) -> Iterator[OpenDrill]:
    """Those of all contexts; OSError and ValueError as above."""
    for file in sorted((state / OPEN).glob("*.json")):
        found = _read(file)
        if found is not None:
            yield found


def begin_drill(state: Path, drill: OpenDrill, clock: Clock) -> None:
    """Write down a drill that begins. Raises OSError, also where one is there already."""
    _write(state, None, drill, clock)


def keep_open(state: Path, seen: OpenDrill, now: OpenDrill, clock: Clock) -> OpenDrill:
    """Write down how far it is `now`. Raises OSError, also where it isn't any more as it was `seen`."""
    _write(state, seen, now, clock)
    return now


def end_drill(state: Path, context: str) -> None:
    """Everything is as it was. Raises OSError."""
    open_drill_file(state, context).unlink(missing_ok=True)


def _write(state: Path, seen: OpenDrill | None, now: OpenDrill, clock: Clock) -> None:
    file = open_drill_file(state, now.context)
    make_folder(state, pass_by)
    with suppress(FileExistsError):
        make_common(file.parent)
    data = json.dumps(asdict(now), indent=1).encode() + b"\n"
    try:
        with host_lock(file.with_suffix(".lock"), deadline=_LOCK_DEADLINE, clock=clock):
            there = _read(file)
            if there != seen:
                raise OSError(f"{file}: another drill is under way, or another puts back what one has left")
            replace_file(file, data, expected=None, keep_owner=False, mode=mode_in(file.parent))
    except (LockError, DurableError, ValueError) as error:
        raise OSError(str(error)) from None


def _read(file: Path) -> OpenDrill | None:
    try:
        with file.open("rb") as stream:
            data = stream.read(_LARGEST)
    except FileNotFoundError:
        return None
    try:
        return _drill(json.loads(data))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError):
        raise ValueError(f"{file}: not what a drill writes") from None


def _drill(told: Mapping[str, object]) -> OpenDrill:
    before, processes = told["before"], told["processes"]
    if not isinstance(before, dict) or not isinstance(processes, list) or not processes:
        raise ValueError("no drill")
    texts = {name: _text(before[name]) for name in _TEXTS}
    return OpenDrill(
        context=_text(told["context"]),
        runbook=_text(told["runbook"]),
        scenario=_text(told["scenario"]),
        began=number(told["began"]),
        last=number(told["last"]),
        user=_text(told["user"]),
        host=_text(told["host"]),
        processes=tuple(_text(each) for each in processes),
        before=Before(int(number(before["pid"])), **texts),
        ended=told["ended"] is True,
    )


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise ValueError(f"{told!r} is no text")
    return told
