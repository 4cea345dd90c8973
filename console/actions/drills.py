"""`state/drills.json`: when each rollback was practised last, how long it took, and how it ended.

Drills are of paper contexts, and every context that shares the state folder reads them. Importing this costs
nothing: a console that only looks asks once a minute.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.drill_reading import OPEN, number
from console.domain.readiness import Drilled

if TYPE_CHECKING:
    from console.actions.durable import Expected
    from console.domain.clock import Clock

_LARGEST = 1024 * 1024
_LOCK_DEADLINE = 2.0
"""Seconds to wait for others who drill."""


def drills_file(state: Path) -> Path:
    return state / "drills.json"


def drills_in(state: Path) -> Mapping[str, Drilled]:
    """The last drill of each procedure, by its runbook's name; one that was never practised isn't in it.

    One whose process was killed counts as broken off. Raises OSError, and ValueError in one line for a file
    that isn't what a drill has written.
    """
    kept = _kept(drills_file(state))
    if not (state / OPEN).is_dir():
        return kept
    from console.actions.open_drills import open_drills  # noqa: PLC0415 (most folders never have one)

    found = dict(kept)
    for drill in open_drills(state):
        last = found.get(drill.runbook)
        if not drill.ended and not drill.is_driven and (last is None or last.at < drill.began):
            found[drill.runbook] = drill.broken_off
    return found


def _kept(file: Path) -> Mapping[str, Drilled]:
    try:
        with file.open("rb") as stream:
            data = stream.read(_LARGEST)
    except FileNotFoundError:
        return {}
    try:
        told = json.loads(data)
        return {str(name): _drilled(one) for name, one in told.items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise ValueError(f"{file}: not what a drill writes") from None


def is_late(drilled: Drilled | None, now: float, within: float) -> bool:
    """Whether the last drill was longer than `within` seconds ago, failed, or there was none."""
    return drilled is None or not drilled.passed or not now - drilled.at <= within


def keep_drill(state: Path, runbook: str, drilled: Drilled, clock: "Clock") -> None:
    """Write down a procedure's last drill, unless a later one is. Raises OSError, and ValueError as above."""
    from console.actions.durable import MISSING, DurableError, digest, replace_file  # noqa: PLC0415
    from console.audit.files import make_folder, mode_in  # noqa: PLC0415
    from console.audit.points import pass_by  # noqa: PLC0415
    from console.host_lock import LockError, host_lock  # noqa: PLC0415 (who only reads needs none of it)

    file = drills_file(state)
    make_folder(state, pass_by)
    try:
        with host_lock(file.with_suffix(".lock"), deadline=_LOCK_DEADLINE, clock=clock):
            there = _kept(file)
            if runbook in there and there[runbook].at > drilled.at:
                return  # it was killed before that one, and is put back only now
            kept = {**there, runbook: drilled}
            before: Expected = digest(file.read_bytes()) if file.exists() else MISSING
            data = json.dumps({name: asdict(one) for name, one in kept.items()}, indent=1).encode() + b"\n"
            replace_file(file, data, expected=before, keep_owner=False, mode=mode_in(state))
    except (LockError, DurableError) as error:
        raise OSError(str(error)) from None


def _drilled(told: Mapping[str, object]) -> Drilled:
    at, seconds = number(told["at"]), number(told["seconds"])
    return Drilled(at, seconds, told["passed"] is True, str(told["scenario"]), str(told["words"]))
