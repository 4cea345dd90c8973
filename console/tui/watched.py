"""What the screen needs: a monitor in the present or a player of the past, what it fires, and the journal."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.sources.logs.file import LogFile

if TYPE_CHECKING:
    from console.actions.kill.actuator import Actuator, Order, Result, Scope
    from console.audit.follow import Look
    from console.domain.last_trip import LastTrip


class Watched(Protocol):
    """Where assessments come from."""

    clock: Clock

    def assessment(self, ahead: float = 0.0) -> Assessment:
        """What is true `ahead` seconds from now; cheap when nothing has changed."""

    async def run(self, changed: Callable[[], None]) -> None:
        """Poll until cancelled; call `changed` on the event loop after each reading."""

    def focus(self, symbol: str | None) -> None:
        """Read what is only wanted for one symbol, from now on; None: for none."""


@runtime_checkable
class HasLogs(Protocol):
    """A monitor names the logs that can be followed."""

    clock: Clock
    logs: tuple[LogFile, ...]


@runtime_checkable
class Holds(Protocol):
    """A monitor can say what an earlier assessment is worth by now."""

    def held(self, judged: Assessment, ahead: float = 0.0) -> Assessment:
        """What `judged` comes to `ahead` seconds from now, if nothing has been read since."""


class FollowsJournal(Protocol):
    """What reads the journal in `folder`; `look` blocks."""

    @property
    def folder(self) -> Path: ...

    def look(self, *, verify_now: bool = False) -> "Look": ...


class TripUnderWay(Protocol):
    """A trip whose actuators are being fired, or have been."""

    @property
    def order(self) -> "Order": ...

    @property
    def fired(self) -> tuple[str, ...]:
        """Every actuator by its name, in their order."""

    @property
    def pending(self) -> tuple[str, ...]: ...

    @property
    def results(self) -> "tuple[Result, ...]": ...

    @property
    def journal(self) -> str:
        """What became of the record, in words; empty while that isn't known."""


class FiresKillSwitch(Protocol):
    """The kill switch of a context, as a screen fires it."""

    @property
    def armed_with(self) -> "tuple[Actuator, ...]": ...

    @property
    def complaint(self) -> str:
        """What could not be prepared, so that a trip may lack it; empty where all is well."""

    @property
    def latest(self) -> "LastTrip | None":
        """The last trip of this process."""

    def trip(self, reason: str, scope: "Scope") -> TripUnderWay:
        """Fire everything that can stop `scope`; comes back once the flag is durable."""


@runtime_checkable
class Replayed(Watched, Protocol):
    """A player: instants are seconds since 1970, `speed` is seconds of the record in a second."""

    paused: bool

    @property
    def at(self) -> float: ...

    @property
    def begin(self) -> float: ...

    @property
    def end(self) -> float: ...

    @property
    def speed(self) -> float: ...

    def keys_near(self, at: float) -> tuple[str, ...]:
        """The names of the operator's recorded keys of the last seconds before `at`, the newest last."""

    def seek(self, at: float) -> None: ...

    def set_speed(self, speed: float) -> None: ...
