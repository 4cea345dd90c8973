"""`state/vigil/<context>.json`: the vigil of all consoles on this host, kept on over their ends.

A console notes each judgement in memory and adds it to the file once a minute. What can't be written is
missed later as time in which nobody looked; nothing waits for it.
"""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from console.domain.access import believed
from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.vigil import Vigil, document_of, joined, looked, up_to, vigil_from

NOTE_EVERY = 5.0
"""Seconds between two looks that are noted; an alert that begins between them is there at the next."""
KEEP_EVERY = 60.0
"""Seconds between two writings."""
LOCK_DEADLINE = 1.0
"""Seconds to wait for other consoles."""
_LARGEST = 4 * 1024 * 1024
_AHEAD = 60.0
"""Seconds that another console's clock may be ahead."""

log = logging.getLogger(__name__)


def vigil_of(state: Path, context: str) -> Path:
    """Where the vigil over `context` is kept."""
    return state / "vigil" / f"{quote(context, safe=' ')}.json"


def read_vigil(file: Path) -> Vigil:
    """What is kept; nothing where there is no file. ValueError, in one line, for what can't be read."""
    try:
        with file.open("rb") as stream:
            return vigil_from(json.loads(stream.read(_LARGEST)))
    except FileNotFoundError:
        return Vigil()
    except OSError as error:
        raise ValueError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file}: {error}") from None


def critical_in(assessment: Assessment) -> tuple[tuple[str, str | None], ...] | None:
    """The alerts that are critical; None where a source that is watched says nothing that counts."""
    watched = [source for source in assessment.sources if source.health is not Health.OFF]
    if not watched or len(believed(watched)) < len(watched):
        return None
    return tuple(
        (alert.name, alert.symbol) for alert in assessment.alerts if alert.severity is Severity.CRITICAL
    )


class VigilFile:
    """Adds what one console sees of a context to the file. Making one touches nothing."""

    def __init__(self, file: Path, clock: Clock, start: Callable[[Callable[[], None]], object]) -> None:
        """`start` runs what writes the file, off the caller's thread."""
        self._file = file
        self._clock = clock
        self._start = start
        self._seen = Vigil()
        self._changing = threading.Lock()
        self._writing = threading.Lock()
        self._note_from = clock.now()
        self._keep_from = clock.now() + KEEP_EVERY

    @property
    def seen(self) -> Vigil:
        """All that was noted here, whether it is in the file already or not."""
        with self._changing:
            return self._seen

    def noted(self, assessment: Assessment) -> None:
        """Take note of a judgement; cheap, and never waits for the disk."""
        now = self._clock.now()
        if now < self._note_from:
            return
        self._note_from = now + NOTE_EVERY
        critical = critical_in(assessment)
        if critical is not None:
            with self._changing:
                self._seen = looked(self._seen, self._clock.wall(), critical)
        if now >= self._keep_from:
            self._keep_from = now + KEEP_EVERY
            self._start(self.keep)

    def keep(self) -> None:
        """Add what was seen to the file. Waits for the disk: to be called in a thread."""
        from console.actions.durable import DurableError  # noqa: PLC0415 (a screen opens before)
        from console.audit.errors import JournalError  # noqa: PLC0415 (as above)
        from console.audit.files import make_folder  # noqa: PLC0415 (as above)
        from console.audit.points import pass_by  # noqa: PLC0415 (as above)
        from console.host_lock import LockError, host_lock  # noqa: PLC0415 (as above)

        with self._writing:
            seen = self.seen
            try:
                make_folder(self._file.parent, pass_by)
                lock = self._file.with_suffix(".lock")
                with host_lock(lock, deadline=LOCK_DEADLINE, clock=self._clock):
                    self._add(seen)
            except (DurableError, JournalError, LockError) as error:
                log.warning("%s", error)
            except OSError as error:
                log.warning("%s: %s", self._file, (error.strerror or str(error)).lower())

    def _add(self, seen: Vigil) -> None:
        from console.actions.durable import replace_file  # noqa: PLC0415 (as above)
        from console.audit.files import mode_in  # noqa: PLC0415 (as above)

        try:
            kept = read_vigil(self._file)
        except ValueError as error:
            log.warning("%s; it is begun anew", error)
            kept = Vigil()
        now = self._clock.wall() + _AHEAD
        data = json.dumps(document_of(joined(up_to(kept, now), up_to(seen, now)))).encode() + b"\n"
        replace_file(self._file, data, expected=None, keep_owner=False, mode=mode_in(self._file.parent))
