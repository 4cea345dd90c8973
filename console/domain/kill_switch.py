"""The kill switch's state, from what was written on its surfaces and what the engine says of it.

That a switch was written proves nothing: only the engine's own metric makes it TRIPPED.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from console.domain.severity import Severity


class KillState(Enum):
    CLEAR = "clear"
    UNCONFIRMED = "unconfirmed"
    """Written somewhere, and the engine has not acknowledged it."""
    TRIPPED = "tripped"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> Severity:
        return _SEVERITIES[self]


_SEVERITIES = {
    KillState.CLEAR: Severity.OK,
    KillState.TRIPPED: Severity.HIGH,
    KillState.UNCONFIRMED: Severity.CRITICAL,
    KillState.UNKNOWN: Severity.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """`surfaces` holds, per surface, whether it is set; None where that can't be read."""

    state: KillState
    reason: str
    surfaces: Mapping[str, bool | None]


def kill_switch(acknowledged: float | None, surfaces: Mapping[str, bool | None], doubt: str) -> KillSwitch:
    """Decide the state.

    `acknowledged` is the engine's `futures_kill_switch_tripped` (0 or 1) while that is fresh, else None, and
    then `doubt` says why.
    """
    written = [name for name, value in surfaces.items() if value]
    unread = [name for name, value in surfaces.items() if value is None]
    if acknowledged is not None and acknowledged == 1:
        return KillSwitch(KillState.TRIPPED, "the engine says so", surfaces)
    if written:
        said = doubt if acknowledged is None else "the engine says that it is clear"
        return KillSwitch(KillState.UNCONFIRMED, f"set in {', '.join(written)}; {said}", surfaces)
    if acknowledged is None or acknowledged != 0:
        return KillSwitch(KillState.UNKNOWN, doubt or f"the engine says {acknowledged:g}", surfaces)
    if unread:
        return KillSwitch(KillState.UNKNOWN, f"can't read {', '.join(unread)}", surfaces)
    return KillSwitch(KillState.CLEAR, "the engine says so, and no surface is set", surfaces)
