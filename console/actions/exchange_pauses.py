"""`state/pauses/exchange.json`: until when nobody asks an exchange that has refused calls for being too many.

All processes of one address count for it together: one that has just begun would ask anew, be refused again,
and bring the ban nearer. What can't be read or written is no reason to stop: each keeps its own pause still.
"""

import logging
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from console.actions.durable import DurableError
from console.actions.shared_document import SharedDocument
from console.audit.errors import JournalError
from console.audit.files import make_folder
from console.audit.points import pass_by
from console.domain.clock import Clock
from console.domain.foreign import visible
from console.host_lock import LockError
from console.own_folder import make_common

LONGEST = 3 * 86_400.0
"""Seconds that a pause may last which others keep to: no ban is longer."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pause:
    """Nobody asks from `told` on for `seconds`; `told` is in seconds since 1970."""

    told: float
    seconds: float

    def left(self, wall: float) -> float:
        """Seconds that are left of it.

        One from the future, as a clock was set back, is over after as long: nobody waits for years.
        """
        return max(0.0, min(self.seconds, LONGEST) - abs(wall - self.told))


@dataclass(frozen=True, slots=True)
class ExchangePauses:
    """The pauses of one state folder, by the exchange's host. Making one touches nothing."""

    state: Path
    clock: Clock

    def left(self, base: str) -> float:
        """Seconds for which the exchange at the URL `base` isn't asked; 0 where nobody says so."""
        try:
            pause = self._kept.read().get(_host(base))
        except ValueError as error:
            log.warning("%s", error)
            return 0.0
        return 0.0 if pause is None else pause.left(self.clock.wall())

    def keep(self, base: str, seconds: float) -> None:
        """Have everybody know that it isn't asked for so long, from now on."""
        now, kept, host = self.clock.wall(), self._kept, _host(base)

        def later(before: Mapping[str, Pause]) -> Mapping[str, Pause]:
            open_ = {each: pause for each, pause in before.items() if pause.left(now)}
            before_it = open_[host].left(now) if host in open_ else 0.0
            return {**open_, host: Pause(now, max(min(seconds, LONGEST), before_it))}

        try:
            make_folder(self.state, pass_by)
            with suppress(FileExistsError):
                make_common(kept.file.parent)
            kept.change(later, self.clock)
        except (DurableError, JournalError, LockError, OSError, ValueError) as error:
            log.warning("other processes don't know of the pause: %s", error)

    @property
    def _kept(self) -> SharedDocument[Mapping[str, Pause]]:
        return SharedDocument(self.state / "pauses" / "exchange.json", {}, _pauses_from, _document_of)


def _host(base: str) -> str:
    """What an exchange counts calls by, besides our address."""
    parts = urlsplit(base)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _pauses_from(document: object) -> Mapping[str, Pause]:
    if not isinstance(document, dict):
        raise ValueError(
            "no pauses of exchanges: they are told by host: none counts until the file is removed"
        )
    return {str(host): _pause_from(host, told) for host, told in document.items()}


def _pause_from(host: object, told: object) -> Pause:
    match told:
        case {"told": int() | float() as at, "seconds": int() | float() as seconds}:
            if math.isfinite(at) and math.isfinite(seconds):
                return Pause(float(at), float(seconds))
    allowed = "told and seconds, each a finite number"
    raise ValueError(
        f"the pause of {visible(str(host))} isn't {allowed}: none counts until the file is removed"
    )


def _document_of(pauses: Mapping[str, Pause]) -> object:
    return {host: {"told": pause.told, "seconds": pause.seconds} for host, pause in pauses.items()}
