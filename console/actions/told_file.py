"""`state/notices/<context>.json`: what people were told of alerts, and why they can't be told.

It is written by the one console of this host that tells. A file that is damaged is begun anew: being told
twice is better than not at all.
"""

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from console.actions.durable import DurableError, replace_file
from console.audit.errors import JournalError
from console.audit.files import make_folder, mode_in
from console.audit.points import pass_by
from console.domain.alert_notices import Memory, Told

COMPLAINT_COUNTS = 900.0
"""Seconds for which a complaint counts that no console has repeated."""
_LARGEST = 16 * 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was told, and why people couldn't be at `at`, in seconds since 1970; empty if they could."""

    memory: Memory = field(default_factory=Memory)
    complaint: str = ""
    at: float = 0.0


def told_file(state: Path, context: str) -> Path:
    """Where what was told of `context` is kept."""
    return state / "notices" / f"{quote(context, safe=' ')}.json"


def read_told(file: Path) -> Kept:
    """What is kept; nothing where there is no file, or a damaged one."""
    try:
        with file.open("rb") as stream:
            return _kept(json.loads(stream.read(_LARGEST)))
    except FileNotFoundError:
        return Kept()
    except (OSError, ValueError, OverflowError, RecursionError) as error:
        log.warning("%s: what was told can't be read: %s", file, error)
        return Kept()


def keep_told(file: Path, kept: Kept) -> None:
    """Write it. Waits for the disk; what can't be written is logged, and told again by the next console."""
    try:
        make_folder(file.parent, pass_by)
        data = json.dumps(_document(kept)).encode() + b"\n"
        replace_file(file, data, expected=None, keep_owner=False, mode=mode_in(file.parent))
    except (DurableError, JournalError) as error:
        log.warning("%s", error)
    except OSError as error:
        log.warning("%s: %s", file, (error.strerror or str(error)).lower())


class Complaint:
    """Why people can't be told of the alerts in `file`, which is read again when it has changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int, int] | None = None
        self._kept = Kept()

    def at(self, wall: float) -> str:
        """Why they can't, in one line; empty where nothing is known that counts at this time of day."""
        stamp = self._stamped()
        if stamp != self._stamp:
            self._stamp, self._kept = stamp, Kept() if stamp is None else read_told(self._file)
        return self._kept.complaint if 0 <= wall - self._kept.at < COMPLAINT_COUNTS else ""

    def _stamped(self) -> tuple[int, int, int] | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def _document(kept: Kept) -> dict[str, object]:
    return {
        "told": {key: [one.level, one.name, one.at, one.muted] for key, one in kept.memory.told.items()},
        "sent": dict(kept.memory.sent),
        "complaint": kept.complaint,
        "at": kept.at,
    }


def _kept(document: object) -> Kept:
    match document:
        case {
            "told": dict(told),
            "sent": dict(sent),
            "complaint": str(complaint),
            "at": int() | float() as at,
        }:
            memory = Memory({str(key): _told(one) for key, one in told.items()}, _times(sent))
            return Kept(memory, complaint, float(at))
        case _:
            raise ValueError("not what was told")


def _told(document: object) -> Told:
    match document:
        case [str(level), str(name), int() | float() as at, bool(muted)] if math.isfinite(at):
            return Told(level, name, float(at), muted)
        case _:
            raise ValueError("what was told is a list of level, name, time and whether it is muted")


def _times(document: Mapping[object, object]) -> dict[str, float]:
    times = {str(name): at for name, at in document.items() if isinstance(at, int | float)}
    return {name: float(at) for name, at in times.items() if math.isfinite(at)}
