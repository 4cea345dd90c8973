"""The open runs of one context, read without what drives runs: for whoever only tells of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.actions.drill_reading import OPEN
from console.domain.clock import Clock
from console.domain.foreign import visible

if TYPE_CHECKING:
    from console.runbooks.run import Run
    from console.runbooks.seen import Hands
    from console.runbooks.store import RunStore
    from console.settings import Settings


class OpenRuns:
    """Reads them, which blocks. Nothing is made or imported where runs were never kept."""

    def __init__(self, settings: "Settings", clock: Clock, environ: Mapping[str, str]) -> None:
        self.clock = clock
        self._settings = settings
        self._environ = environ
        self._store: RunStore | None = None

    def found(self) -> "Sequence[tuple[Run, Hands]] | str":
        """Each run with whose hands it is in, the newest first, or why none can be read, in one line."""
        if self._settings.runs is None and not (self._settings.state / "runs").exists():
            return ()
        from console.runbooks.store import StoreError, store_of  # noqa: PLC0415 (as said)

        try:
            self._store = self._store or store_of(self._settings, self._environ)
            runs, unread = self._store.listed(self._settings.context)
        except StoreError as error:
            return str(error)
        found = [run for run in runs if not run.standing.over]
        unknown = [one.why for one in unread if one.is_open]
        return "; ".join(unknown) if unknown and not found else self._in_hands(found)

    def drill(self) -> str:
        """The rollback's drill here that is under way, or was broken off, in words; empty for none."""
        if not (self._settings.state / OPEN).exists():
            return ""
        from console.actions.open_drills import BACK, open_drill  # noqa: PLC0415 (most folders never have one)
        from console.domain.rollback import short_name  # noqa: PLC0415 (as above)

        try:
            found = open_drill(self._settings.state, self._settings.context)
        except (OSError, ValueError):
            return ""  # what isn't known to be practised is taken for real
        if found is None:
            return ""
        whose = f"rollback {short_name(found.runbook)} under {found.scenario}, by {visible(found.user)}"
        return whose if found.is_driven else f"{whose}: BROKEN OFF, {BACK} puts back what it has left"

    def _in_hands(self, runs: "Sequence[Run]") -> "Sequence[tuple[Run, Hands]]":
        if not runs:
            return ()
        from console.audit.actor import this_actor  # noqa: PLC0415 (as said)
        from console.runbooks.drivers import hands_of  # noqa: PLC0415 (as said)
        from console.runbooks.run import Driver  # noqa: PLC0415 (as said)

        me = this_actor(self._environ)
        here = Driver(me.user, me.host, me.process)
        return tuple((run, hands_of(run, here)) for run in runs)
