"""The ways back of one context as screens ask for them. What they need is imported when it is wanted."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.domain.assessment import Assessment
from console.domain.clock import Clock

if TYPE_CHECKING:
    from console.domain.readiness import Readiness
    from console.domain.rollback import Advice, Rollbacks
    from console.settings import Settings
    from console.wiring.rollback import Kept


class RollbackDesk:
    """All of it blocks."""

    def __init__(self, settings: "Settings", clock: Clock, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._clock = clock
        self._environ = environ
        self._known: Kept | None = None

    def rollbacks(self, live: Assessment) -> "Rollbacks":
        """Everything that screen 6 shows, as it is now. Raises DeskError, in one line."""
        from console.wiring.rollback import rollbacks  # noqa: PLC0415 (it imports a lot)

        with _in_one_line():
            return rollbacks(self._settings, live, self._environ, clock=self._clock, kept=self._kept)

    def advised(self, live: Assessment) -> "Sequence[Advice]":
        """The advice alone, for which no database is asked. Raises DeskError, in one line."""
        from console.wiring.rollback import advised  # noqa: PLC0415 (as above)

        with _in_one_line():
            return advised(self._settings, live, self._kept)

    def readiness(self) -> "Readiness":
        """When each procedure was practised last, and the newest backup."""
        from console.actions.readiness import readiness_of  # noqa: PLC0415 (not before the first picture)

        return readiness_of(self._settings, self._clock.wall())

    @property
    def _kept(self) -> "Kept":
        from console.wiring.rollback import Kept  # noqa: PLC0415 (as above)

        if self._known is None:
            self._known = Kept()
        return self._known


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Whatever can't be read or isn't known, as one error."""
    from console.actions.backup.errors import BackupError  # noqa: PLC0415 (as above)
    from console.actions.releases.errors import ReleaseError  # noqa: PLC0415 (as above)
    from console.runbooks.seen import DeskError  # noqa: PLC0415 (as above)
    from console.sources.errors import SourceError  # noqa: PLC0415 (as above)

    try:
        yield
    except (BackupError, ReleaseError, SourceError, OSError, ValueError) as error:
        raise DeskError("; ".join(str(error).splitlines())) from None
