"""Trips and resets of consoles that died on the way: their intents are closed by what the world says now."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from console.actions.durable import DurableError
from console.actions.faults import points_of
from console.actions.kill.actuator import Scope
from console.actions.kill.armament import Surfaces
from console.actions.kill.last_trip_file import LastTripFile
from console.actions.kill.read_back import Said, read_back
from console.actions.kill.record import ACTION as TRIP
from console.actions.kill.resetting import ACTION as RESET
from console.actions.removal import settle_abandoned
from console.audit.open_intents import abandoned_intents, close
from console.domain.clock import Clock
from console.domain.last_trip import LastTrip

if TYPE_CHECKING:
    from console.audit.actor import Actor
    from console.audit.journal import Journal
    from console.audit.record import Record
    from console.audit.redaction import Json
    from console.settings import Settings


@dataclass(frozen=True, slots=True)
class Abandoned:
    """What processes of this host which are gone left open of one context."""

    settings: "Settings"
    surfaces: Surfaces
    journal: "Journal"
    who: "Actor"
    file: LastTripFile
    clock: Clock
    environ: Mapping[str, str]

    def close(self) -> None:
        """Close each open trip and reset, by every surface that can be read back. Raises JournalError.

        A trip is done where any of them is set, a reset where none is any more. Anything else is unknown: the
        engine may have been told in another way. A reset that isn't done leaves the trip standing.
        """
        for intent in abandoned_intents(self.journal.folder, self.who.host):
            if intent.context != self.settings.context or intent.action not in (TRIP, RESET):
                continue
            if intent.action == RESET:
                self._settle_flag(intent)
            said = self._said(intent)
            done = _tripped(said) if intent.action == TRIP else self._cleared(said)
            after: Json = {one.name: one.words for one in said}
            closed = close(self.journal, self.who, intent, done, after=after, evidence={"read_back": True})
            if closed is not None and intent.action == RESET:
                self.file.change(partial(_settled, done=done is True))

    def _settle_flag(self, intent: "Record") -> None:
        """A reset that was killed while it removed the flag may have one set aside that is a newer trip's."""
        if self.surfaces.flag is not None:
            since = datetime.fromisoformat(intent.time).timestamp()
            with suppress(DurableError):  # a folder that can't be written has nothing set aside
                settle_abandoned(self.surfaces.flag, since, points_of("reset flag"))

    def _said(self, intent: "Record") -> tuple[Said, ...]:
        scope = next((each for each in Scope if each.value == intent.target), None)
        if scope is None:
            return ()
        return read_back(self.settings, self.surfaces, scope, self.clock, self.environ)

    def _cleared(self, said: tuple[Said, ...]) -> bool | None:
        """Done where nothing is set, as an engine that has to be told says too; not done where all is."""
        if not said or any(one.tripped is None for one in said):
            return None
        if all(one.tripped for one in said):
            return False
        told = bool(self.surfaces.http_reset or self.surfaces.reset_command)
        heard = not told or any(one.name == "state file" for one in said)
        return True if heard and not any(one.tripped for one in said) else None


def _tripped(said: tuple[Said, ...]) -> bool | None:
    return True if any(one.tripped for one in said) else None


def _settled(kept: LastTrip | None, *, done: bool) -> LastTrip | None:
    """The trip whose reset broke off: over, or standing as before."""
    if kept is None or not kept.resetting:
        return kept
    if done:
        return replace(kept, resetting=False, found=())
    return replace(kept, reset=None, resetting=False)
