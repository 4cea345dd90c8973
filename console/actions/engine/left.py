"""`state/left_running/<context>.json`: which processes outlived the engine's that had started them.

They are written down before a stop, pid and start, since afterwards nothing says any more whose they are.
While one of them runs, the engine hasn't ended; the next stop ends it.
"""

import json
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from console.actions.durable import DurableError, replace_file
from console.actions.engine.process import HiddenError, Process, process_seen
from console.audit.files import make_folder, mode_in
from console.audit.points import pass_by
from console.own_folder import make_common

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_LARGEST = 1024 * 1024


class LeftError(Exception):
    """Why it can't be told what outlived an engine, as one line."""


def left_file(state: Path, context: str) -> Path:
    """Where that is kept."""
    return state / "left_running" / f"{quote(context, safe=' ')}.json"


def read_left(file: Path) -> tuple[Process, ...]:
    """Those that were written down since the machine was started, and still run. Raises LeftError."""
    try:
        with file.open("rb") as stream:
            told = json.loads(stream.read(_LARGEST))
        if told["boot"] != _boot():
            return ()
        seen = [(_still(int(pid), str(known)), int(start)) for pid, start, known in told["left"]]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise LeftError(f"{file}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise LeftError(f"{file}: not what a stop has written") from None
    return tuple(process for process, start in seen if process is not None and process.start == start)


def keep_left(file: Path, children: Collection[Process]) -> None:
    """Write down these too: of those who are there already, the ones that run stay. Raises LeftError."""
    if not children:
        return
    every = {each.key: each.known[0] for each in (*read_left(file), *children)}
    document = {"boot": _boot(), "left": [[*key, known] for key, known in every.items()]}
    try:
        _make_folder(file.parent)
        data = json.dumps(document).encode() + b"\n"
        replace_file(file, data, expected=None, keep_owner=False, mode=mode_in(file.parent))
    except (OSError, DurableError) as error:
        raise LeftError(str(error)) from None


def _make_folder(folder: Path) -> None:
    """Make it where it is missing, for those too who share the state: their stop has to know the same."""
    if not folder.is_dir():
        make_folder(folder.parent, pass_by)
        with suppress(FileExistsError):
            make_common(folder)


def _still(pid: int, known: str) -> Process | None:
    try:
        return process_seen(pid, known)
    except HiddenError as error:
        raise LeftError(str(error)) from None


def _boot() -> str:
    return _BOOT.read_text(encoding="ascii").strip()
