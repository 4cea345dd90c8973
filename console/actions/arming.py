"""The safety catch of one console: read-only until it is armed, and again as soon as anything is amiss.

It says of itself what an instant makes of it, so that nothing is armed for want of somebody who looks.
"""

import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from console.audit.actor import Actor
from console.audit.errors import JournalError
from console.audit.journal import Journal
from console.audit.record import Act
from console.domain.access import (
    AccessError,
    Arming,
    Disarmed,
    Ending,
    Role,
    Standing,
    arm,
    believed,
)
from console.domain.clock import Clock
from console.domain.status import SourceStatus

if TYPE_CHECKING:
    from console.settings_access import Access

ARM = "access.arm"
DISARM = "access.disarm"
_LAST_WAIT = 1.0
"""Seconds that leaving waits for the record of what ended."""


class SafetyCatch:
    """Armed or not, for one context and one person at one terminal. May be used from several threads."""

    def __init__(
        self,
        context: str,
        access: "Access",
        standing: Standing,
        *,
        journal: Journal,
        actor: Actor,
        clock: Clock,
        terminal: Callable[[], bool] | None = None,
    ) -> None:
        """`terminal` tells whether the operator still has one, by default whether this process does."""
        self.standing = standing
        self.complaint = ""
        """Why the end of an arming could not be recorded; empty when it could."""
        self._context = context
        self._access = access
        self._journal = journal
        self._actor = actor
        self._clock = clock
        self._terminal = terminal or has_terminal
        self._lock = threading.Lock()
        self._state: Arming | Disarmed = Disarmed()
        self._recording: threading.Thread | None = None

    @property
    def state(self) -> Arming | Disarmed:
        """Armed or read-only at this instant, and why."""
        return self._looked_at(None)

    @property
    def arming(self) -> Arming | None:
        """The arming, while it lasts."""
        state = self.state
        return state if isinstance(state, Arming) else None

    def arm(
        self,
        reason: str,
        sources: Iterable[SourceStatus],
        *,
        server: str = "",
        lasting: float | None = None,
    ) -> Arming:
        """Arm for `lasting` seconds, as long as the settings say at most, once that is in the journal.

        AccessError for somebody without the role, without a reason or a terminal, on another `server` than
        the one that is named, and when the journal can't be written. An arming that lasts is replaced.
        """
        access, standing = self._access, self.standing
        if standing.role < Role.OPERATOR:
            raise AccessError(f"{standing}; an operator or an admin may arm")
        if not self._terminal():
            raise AccessError("there is no terminal whose loss would end it")
        if server:
            raise AccessError(server)
        wanted = access.arm_for if lasting is None else min(lasting, access.arm_for)
        now = self._clock.now()
        arming = arm(reason, now, lasting=wanted, idle=access.idle, believed=believed(sources))
        act = Act(self._context, ARM, self._actor.tty, after=f"for {wanted:g} s", reason=arming.reason)
        try:
            self._journal.note(self._actor, act)
        except JournalError as error:
            raise AccessError(f"not armed: {error}") from None
        with self._lock:
            self._state = arming
        return arming

    def touch(self) -> None:
        """A key was pressed."""
        with self._lock:
            if isinstance(self._state, Arming):
                self._state = self._state.touch(self._clock.now())

    def observe(self, sources: Iterable[SourceStatus], server: str = "") -> Arming | Disarmed:
        """What is left of it, now that the sources are so; `server` says that the wrong one answers."""
        return self._looked_at(believed(sources), server)

    def disarm(self, words: str = "by hand") -> None:
        """Go back to read-only; nothing happens where it is that already."""
        with self._lock:
            if isinstance(self._state, Arming):
                self._end(self._state, Disarmed(self._clock.now(), Ending.BY_HAND, words))

    def close(self) -> None:
        """Disarm because the console is left, and wait a moment for the record."""
        self.disarm("the console was left")
        if self._recording is not None:
            self._recording.join(_LAST_WAIT)

    def _looked_at(self, believable: frozenset[str] | None, server: str = "") -> Arming | Disarmed:
        """The state at this instant; `believable` None where nobody has looked at the sources anew."""
        with self._lock:
            if isinstance(self._state, Arming):
                grounds = self._state.grounds if believable is None else believable
                end = self._state.ended(self._clock.now(), grounds, terminal=self._terminal(), server=server)
                if end is not None:
                    self._end(self._state, end)
            return self._state

    def _end(self, arming: Arming, end: Disarmed) -> None:
        """Take `end` for the state, and have it recorded: nobody waits for that, least of all a screen."""
        self._state = end
        act = Act(self._context, DISARM, self._actor.tty, after=end.words, reason=arming.reason)
        self._recording = threading.Thread(target=self._record, args=(act,), name="disarming", daemon=True)
        try:
            self._recording.start()
        except RuntimeError:
            self._recording = None
            self.complaint = "not recorded: the machine has no thread left"

    def _record(self, act: Act) -> None:
        try:
            self._journal.note(self._actor, act)
            self.complaint = ""
        except JournalError as error:
            self.complaint = str(error)


def has_terminal() -> bool:
    """Whether this process still has its controlling terminal: a connection that breaks takes it away."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
