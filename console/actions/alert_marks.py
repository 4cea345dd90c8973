"""`state/alerts/<context>.json`: what people said of alerts, shared by all consoles on this host.

Unlike the vigil, which is begun anew when it can't be read, a damaged file is refused: an acknowledgement is
somebody's word.
"""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from console.actions.durable import MISSING, digest, replace_file
from console.audit.files import make_folder
from console.audit.points import pass_by
from console.domain.clock import Clock
from console.domain.silences import Marks, document_of, marks_from
from console.host_lock import host_lock

LOCK_DEADLINE = 2.0
"""Seconds to wait for other consoles."""
_LARGEST = 4 * 1024 * 1024
_MODE = 0o660


def marks_file(state: Path, context: str) -> Path:
    """Where the marks of `context` are kept."""
    return state / "alerts" / f"{quote(context, safe=' ')}.json"


def read_marks(file: Path) -> Marks:
    """What is kept; nothing where there is no file. ValueError, in one line, for what can't be read."""
    return _marks(file, _read(file))


def change_marks(file: Path, change: Callable[[Marks], Marks], clock: Clock) -> Marks:
    """Change what is kept, and return it; nobody else's change comes between. Waits for the disk.

    Raises what `change` raises, ValueError for a file that can't be read, LockError while another console
    holds it, DurableError or JournalError for what can't be written.
    """
    make_folder(file.parent, pass_by)
    with host_lock(file.with_suffix(".lock"), deadline=LOCK_DEADLINE, clock=clock):
        before = _read(file)
        marks = change(_marks(file, before))
        data = json.dumps(document_of(marks)).encode() + b"\n"
        expected = MISSING if before is None else digest(before)
        replace_file(file, data, expected=expected, keep_owner=False, mode=_MODE)
    return marks


def _read(file: Path) -> bytes | None:
    """The file's content; None where there is none."""
    try:
        with file.open("rb") as stream:
            return stream.read(_LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"{file}: {(error.strerror or str(error)).lower()}") from None


def _marks(file: Path, data: bytes | None) -> Marks:
    if data is None:
        return Marks()
    try:
        return marks_from(json.loads(data))
    except (ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"{file}: {error}") from None
