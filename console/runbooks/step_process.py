"""A step's command in a process of its own: begun, looked at and ended, also by whoever comes back."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from console.audit.actor import still_runs
from console.audit.files import sync
from console.own_folder import make_common
from console.runbooks.order import NOBODY, Order, Outcome, claim, keep


class Fate(Enum):
    """What has become of a command."""

    NEVER_BEGUN = "was never begun"
    RUNNING = "is running"
    ENDED = "has ended"
    UNWATCHED = "is running, but what watched it was killed"
    LOST = "what watched it was killed: how it ended isn't known"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a command; `outcome` is there when it has ended. `output` is the end of what it wrote."""

    fate: Fate
    outcome: Outcome | None = None
    output: str = ""


def begin(folder: Path, order: Order, files: Mapping[str, str] | None = None) -> None:
    """Have a supervisor of its own session run `order`; OSError where it can't be begun, and never will be.

    `folder` is the command's own, and isn't there yet; `files` are what it finds there, by name.
    """
    make_runs_folder(folder.parent)
    make_common(folder)
    sync(folder.parent)
    for name, text in (files or {}).items():
        keep(folder, name, text)
    keep(folder, "order.json", json.dumps(asdict(order)))
    try:
        outliving((sys.executable, "-m", "console.runbooks.supervisor", str(folder)))
    except OSError:
        claim(folder, NOBODY)
        raise


def outliving(arguments: Sequence[str], errors: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    """Begin a process of its own session, which outlives this one; OSError.

    It says nothing but its errors, and those to the descriptor `errors`, or to nobody.
    """
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,
    )


def look(folder: Path) -> Look:
    """What has become of the command, while its driver is there: one that isn't claimed yet is running."""
    outcome, output = _outcome(folder), _output(folder)
    if outcome is not None:
        return Look(Fate.ENDED, outcome, output)
    who = _text(folder / "claim")
    if who == NOBODY:
        return Look(Fate.NEVER_BEGUN)
    if not who or still_runs(who):
        return Look(Fate.RUNNING, None, output)
    outcome = _outcome(folder)  # it may have ended in order between the two looks
    if outcome is not None:
        return Look(Fate.ENDED, outcome, _output(folder))
    process = _text(folder / "process")
    return Look(Fate.UNWATCHED if process and still_runs(process) else Fate.LOST, None, output)


def settled(folder: Path) -> Look:
    """The same for whoever comes back: what nobody has begun by now is never begun any more."""
    make_runs_folder(folder.parent)
    with suppress(FileExistsError):
        make_common(folder)
    claim(folder, NOBODY)
    return look(folder)


def end(folder: Path) -> bool:
    """Ask a running command's supervisor to end it, with all that it has started.

    False for another user's, which goes on until it ends by itself, or at its time-out.
    """
    who = _text(folder / "claim")
    if who and still_runs(who):
        try:
            os.kill(int(who.partition("-")[0]), signal.SIGTERM)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
    return True


def make_runs_folder(folder: Path) -> None:
    """Make the folder of one run, where it isn't there yet; OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        make_common(folder)
    sync(folder.parent)


def _outcome(folder: Path) -> Outcome | None:
    """How it ended; None where it hasn't, or where that can't be read, which isn't known then."""
    try:
        return Outcome(**json.loads(_text(folder / "outcome.json")))
    except (ValueError, TypeError):
        return None


def _output(folder: Path) -> str:
    return _text(folder / "output.before") + _text(folder / "output")


def _text(file: Path) -> str:
    """What a file says; empty where there is none."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
