"""`state/kill/<context>.json`: the last trip of ours on this host, for other consoles and the next login.

It is written behind the flag and never in its way. Where it can't be, what this process did is remembered in
the process. Reading it for the screen is `console.sources.last_trip`.
"""

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from console.actions.durable import DurableError, replace_file
from console.actions.faults import points_of
from console.domain.clock import Clock
from console.host_lock import LockError, host_lock

if TYPE_CHECKING:
    from console.domain.last_trip import LastTrip

LOCK_DEADLINE = 0.3
"""Seconds to wait for other consoles; then it goes on without them: what is lost at worst is a note."""
_LARGEST = 1024 * 1024
_MODE = 0o600
_GROUP_MODE = 0o660

Change = Callable[["LastTrip | None"], "LastTrip | None"]
"""From what is kept to what is to be."""


def path_of(state: Path, context: str) -> Path:
    """Where the last trip of `context` is kept, whatever signs its name is made of."""
    return state / "kill" / f"{quote(context, safe=' ')}.json"


class LastTripFile:
    """The last trip of one context, changed by several threads and consoles. Making one touches nothing.

    `memory` is what this process knows of its own last trip; `complaint` is why the file can't be written,
    empty when it can.
    """

    def __init__(self, file: Path, clock: Clock) -> None:
        self.memory: LastTrip | None = None
        self.complaint = ""
        self._file = file
        self._clock = clock
        self._remembering = threading.Lock()
        self._changing = threading.Lock()

    def prepare(self) -> None:
        """Make the folder, for the owner only, before there is a need. Raises OSError."""
        from console.audit.files import make_folder  # noqa: PLC0415 (the flag is written before)
        from console.audit.points import pass_by  # noqa: PLC0415 (as above)

        make_folder(self._file.parent, pass_by)

    def read(self) -> "LastTrip | None":
        """The last trip, as the file and this process know it together; None where there was none."""
        from console.domain.last_trip import joined  # noqa: PLC0415 (as above)

        return joined(self._kept(), self.memory)

    def begin(self, trip: "LastTrip") -> "LastTrip | None":
        """Take `trip` for the last one, with what is still to be put back of those before; what was kept.

        One of a single account is only noted where one of everything still stands. This process remembers it
        at once, as reading the file may take for ever; one that is overtaken meanwhile is in the next's note.
        """
        from console.domain.last_trip import begun, joined  # noqa: PLC0415 (as above)

        own = self.memory
        at_once = begun(own, trip)
        self._remember(lambda _: at_once)
        before = joined(self._kept(), own)
        if self.memory is None or self.memory.newest != at_once.newest:
            return before
        now = begun(before, trip)
        self._remember(lambda _: now if now.at in (trip.at, at_once.at) else own)
        return joined(self._change_kept(lambda kept: begun(joined(kept, own), trip)), own)

    def change(self, change: Change) -> "LastTrip | None":
        """Apply `change` to the memory and, which may take long on a disk that hangs, to the file.

        Returns what the file held before.
        """
        self._remember(change)
        return self._change_kept(change)

    def _remember(self, change: Change) -> None:
        with self._remembering:
            self.memory = change(self.memory)

    def _change_kept(self, change: Change) -> "LastTrip | None":
        with self._changing:
            self.complaint = ""
            try:
                return self._change_file(change)
            except DurableError as error:
                self.complaint = str(error)
            except OSError as error:
                self.complaint = f"{self._file}: {(error.strerror or str(error)).lower()}"
            return None

    def _change_file(self, change: Change) -> "LastTrip | None":
        self.prepare()
        with ExitStack() as stack:
            with suppress(LockError):
                lock = self._file.with_suffix(".lock")
                stack.enter_context(host_lock(lock, deadline=LOCK_DEADLINE, clock=self._clock))
            kept = self._kept()
            wanted = change(kept)
            if wanted is not None and wanted != kept:
                self._write(wanted)
            return kept

    def _kept(self) -> "LastTrip | None":
        from console.domain.last_trip import last_trip_from  # noqa: PLC0415 (as above)

        try:
            with self._file.open("rb") as stream:
                return last_trip_from(json.loads(stream.read(_LARGEST)))
        except (OSError, ValueError, RecursionError):
            return None

    def _write(self, trip: "LastTrip") -> None:
        from console.domain.last_trip import document_of  # noqa: PLC0415 (as above)

        shared = self._file.parent.stat().st_mode & 0o070 == 0o070  # an administrator made it for a group
        data = json.dumps(document_of(trip), indent=1).encode() + b"\n"
        mode = _GROUP_MODE if shared else _MODE
        replace_file(
            self._file, data, expected=None, point=points_of("last trip"), keep_owner=False, mode=mode
        )
