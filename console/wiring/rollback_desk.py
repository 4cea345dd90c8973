"""The ways back of one context as screens ask for them. What they need is imported when it is wanted."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.domain.assessment import Assessment
from console.domain.clock import Clock

if TYPE_CHECKING:
    from console.domain.readiness import Readiness
    from console.domain.rollback import Advice, Rollbacks
    from console.settings import Settings


class RollbackDesk:
    """All of it blocks."""

    def __init__(self, settings: "Settings", clock: Clock, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._clock = clock
        self._environ = environ

    def rollbacks(self, live: Assessment) -> "Rollbacks":
        """Everything that screen 6 shows, as it is now. Raises DeskError, in one line."""
        from console.wiring.rollback import rollbacks  # noqa: PLC0415 (it imports a lot)

        return rollbacks(self._settings, live, self._environ)

    def advised(self, live: Assessment) -> "Sequence[Advice]":
        """The advice alone, for which no database is asked. Raises DeskError, in one line."""
        from console.wiring.rollback import advised  # noqa: PLC0415 (as above)

        return advised(self._settings, live, self._environ)

    def readiness(self) -> "Readiness":
        """When each procedure was practised last, and the newest backup."""
        from console.actions.readiness import readiness_of  # noqa: PLC0415 (not before the first picture)

        return readiness_of(self._settings, self._clock.wall())
