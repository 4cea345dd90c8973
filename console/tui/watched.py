"""What the screen needs of what it watches: a monitor in the present, or a player of the past."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.sources.logs.file import LogFile


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
