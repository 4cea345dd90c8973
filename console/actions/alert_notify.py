"""Tells people who aren't at a console of alerts, while one is open; in a thread, on nobody's way.

Of all consoles on this host that watch a context, one tells: the one that holds the lock. Another takes over
when it is left or dies, and goes on where it ended. One that knows no service's address leaves it to others.
"""

import atexit
import functools
import logging
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from console.actions.mailbox import Mailbox, sent
from console.actions.sending import unable
from console.actions.told_file import Kept, keep_told, read_told, told_file
from console.audit.actor import this_actor
from console.audit.errors import JournalError
from console.audit.files import make_folder
from console.audit.open import open_journal
from console.audit.points import pass_by
from console.audit.record import Act
from console.domain.alert_book import PAGE
from console.domain.alert_notices import (
    WATCHDOG,
    Look,
    Memory,
    Message,
    Terms,
    doubtful_look,
    due,
    look_at,
)
from console.domain.alert_status import NO_RULES, AlertStatus
from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.host_lock import LockError, host_lock

if TYPE_CHECKING:
    from console.settings import Settings
    from console.settings_audit import AlertNotify

ACTION = "notify.alerts"
"""The action of the record that says who can't be told of alerts."""

LOOKS_EVERY = 1.0
"""Seconds between two looks at what is judged."""
TRIES_EVERY = 5.0
"""Seconds between two tries to be the console that tells."""
COMPLAINS_EVERY = 60.0
"""Seconds after which a complaint that lasts is written again, so that it counts."""
NOTES_EVERY = 3600.0
"""Seconds between two records of one level at least."""
LAST_WAIT = 1.0
"""Seconds that a console which is left waits for what is being sent to one service."""
COUNTS_FOR = 30.0
"""Seconds for which a judgement counts: a console that hangs tells neither of alerts nor that all is well."""

log = logging.getLogger(__name__)


class AlertNotices:
    """What one console tells of one context's alerts. Making one touches nothing."""

    def __init__(
        self,
        settings: "Settings",
        clock: Clock,
        environ: Mapping[str, str],
        send: Callable[[str, Message], str] | None = None,
    ) -> None:
        """`send` sends a message to an address, and says why it wasn't taken, or nothing."""
        wanted, self._context = settings.notify, settings.context
        self._settings = settings
        self._clock = clock
        self._environ = environ
        self._file = told_file(settings.state, settings.context)
        self._terms = _terms(settings)
        variables = variables_of(wanted.alerts)
        self._unable = {level: unable(variable, environ) for level, variable in variables.items()}
        send = send or functools.partial(sent, wanted.timeout, environ)
        self._boxes = {
            level: [
                Mailbox(functools.partial(send, url), clock, self._taken)
                for url in environ.get(variable, "").split()
            ]
            for level, variable in variables.items()
        }
        self._memory = Memory()
        self._unreached: set[str] = set()
        self._kept = Kept()
        self._noted: dict[str, float] = {}
        self._latest: Assessment | None = None
        self._looked_at = NO_RULES
        self._seen: Look | None = None
        self._left = threading.Event()
        self._telling: threading.Thread | None = None

    def observed(self, assessment: Assessment) -> None:
        """Take note of a judgement; never waits."""
        self._latest = assessment
        if self._telling is None:
            telling = threading.Thread(target=self._run, name="notify of alerts", daemon=True)
            with suppress(RuntimeError):  # the machine has no thread left now: it is tried again
                telling.start()
                self._telling = telling
                atexit.register(self.close, LAST_WAIT)

    def close(self, seconds: float) -> None:
        """Leave the telling to others, and wait for what is being sent, `seconds` at most."""
        self._left.set()
        if self._telling is not None:
            self._telling.join(seconds)

    def _run(self) -> None:
        lock, said = self._file.with_suffix(".lock"), ""
        while not self._left.is_set():
            try:
                make_folder(self._file.parent, pass_by)
                with host_lock(lock, deadline=0.0, clock=self._clock):
                    self._tell()
            except (LockError, JournalError, OSError) as error:  # as a rule: another console tells
                if str(error) != said:
                    said = str(error)
                    log.info("alerts are not told from here: %s", error)
            self._left.wait(TRIES_EVERY)

    def _tell(self) -> None:
        """Tell for as long as this console is open; or only that it can't, where it knows no address."""
        self._kept = read_told(self._file)
        self._memory = self._kept.memory
        if all(self._unable.values()):
            self._keep()
            return
        while not self._left.wait(LOOKS_EVERY):
            self._look()
            self._keep()
        for box in self._every_box():
            box.close(LAST_WAIT)
        self._keep()

    def _look(self) -> None:
        live = self._latest
        if live is None or self._clock.now() - live.at > COUNTS_FOR:
            return
        if live.ruled is not self._looked_at:
            self._looked_at, self._seen = live.ruled, _look(live.ruled)
        if self._seen is None:
            return
        messages, self._memory = due(self._seen, self._memory, self._terms, self._clock.wall())
        for message in messages:
            self._unreached |= message.keys
            for box in self._boxes[message.level]:
                box.put(message)

    def _taken(self, message: Message) -> None:
        self._unreached -= message.keys

    def _keep(self) -> None:
        """Keep what was told, for the next console, and what is wrong with telling, for all."""
        now, complaints = self._clock.wall(), self._complaints()
        unreached = self._unreached
        told = {key: one for key, one in self._memory.told.items() if key not in unreached}
        words = "; ".join(f"{level}: {why}" for level, why in complaints.items())
        kept = Kept(Memory(told, self._memory.sent), words, now)
        lasts = bool(words) and not 0 <= now - self._kept.at < COMPLAINS_EVERY
        if lasts or replace(kept, at=self._kept.at) != self._kept:
            keep_told(self._file, kept)
            self._kept = kept
        for level, why in complaints.items():
            self._note(level, why, now)

    def _complaints(self) -> dict[str, str]:
        """Why people can't be told, by level."""
        found = {}
        for level, why in self._unable.items():
            said = [why, *(box.complaint for box in self._boxes[level])]
            if any(said):
                found[level] = "; ".join(dict.fromkeys(filter(None, said)))
        return found

    def _note(self, level: str, why: str, now: float) -> None:
        """Have it in the journal, once in a while."""
        if 0 <= now - self._noted.get(level, -math.inf) < NOTES_EVERY:
            return
        self._noted[level] = now
        act = Act(self._context, ACTION, level, evidence={"not told": why})
        try:
            journal = open_journal(self._settings.state, self._clock)
            journal.note(this_actor(self._environ), act, done=False)
        except JournalError as error:
            log.warning("%s: %s: %s", level, why, error)

    def _every_box(self) -> Iterable[Mailbox]:
        return (box for boxes in self._boxes.values() for box in boxes)


def alert_notices(settings: "Settings", clock: Clock, environ: Mapping[str, str]) -> AlertNotices | None:
    """What tells of the chosen context's alerts; None where the settings name nobody to be told."""
    return AlertNotices(settings, clock, environ) if variables_of(settings.notify.alerts) else None


def _look(status: AlertStatus) -> Look | None:
    """What people may have to be told of; None where there are no rules."""
    if status.doubt:
        return doubtful_look(status.doubt)
    if status.book is None:
        return None
    return look_at(status.rows, status.triggers, status.book.wall_ahead)


def variables_of(wanted: "AlertNotify") -> dict[str, str]:
    """The environment's variables that hold the addresses, by level, the watchdog's among them."""
    named = {
        PAGE: wanted.page,
        "critical": wanted.critical,
        "high": wanted.high,
        "unknown": wanted.unknown,
        "warning": wanted.warning,
        WATCHDOG: wanted.watchdog,
    }
    return {level: addresses.urls_env for level, addresses in named.items() if addresses is not None}


def _terms(settings: "Settings") -> Terms:
    wanted = settings.notify.alerts
    return Terms(
        whence=f"[{settings.chosen.environment}] {settings.context}",
        levels=frozenset(variables_of(wanted)) - {WATCHDOG},
        group_wait=wanted.group_wait,
        group_interval=wanted.group_interval,
        repeat=wanted.repeat,
        resolved=wanted.resolved,
        every=None if wanted.watchdog is None else wanted.watchdog.every,
    )
