"""What the kill switch asks of the runs before it is reset: whether a recovery has verified the state."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.actions.kill.reset import Recovered
    from console.settings import Settings


def recovered_in(settings: "Settings", environ: Mapping[str, str] = os.environ) -> "Recovered":
    """The question for `KillSwitch`, which reads the runs when it is asked."""

    def recovered(since: float) -> tuple[float | None, str]:
        from console.runbooks.reading import RunbookError  # noqa: PLC0415 (a trip doesn't wait for them)
        from console.runbooks.recovered import last_recovered, verified_before  # noqa: PLC0415
        from console.runbooks.store import StoreError, store_of  # noqa: PLC0415
        from console.wiring.runbooks import runbook_of_run  # noqa: PLC0415

        try:
            store, context = store_of(settings, environ), settings.context
            found = last_recovered(store, context, since, runbook_of_run)
            earlier = "" if found else verified_before(store, context, since, runbook_of_run)
        except (StoreError, RunbookError) as error:
            return None, str(error).splitlines()[0]
        return found, _tripped_again(settings, since, earlier) if earlier else ""

    return recovered


def _tripped_again(settings: "Settings", since: float, run: str) -> str:
    """What is to be done with a run that verified the state before the trip of `since`."""
    from console.actions.kill.last_trip_file import LastTripFile, path_of  # noqa: PLC0415
    from console.audit.record import iso_time  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    trip = LastTripFile(path_of(settings.state, settings.context), SystemClock()).read()
    by = f" by {trip.by}" if trip is not None and trip.newest == since else ""
    at = f"{iso_time(since)[:19]}Z"
    return f"it was tripped again at {at}{by}, after run {run} began: abort that run, and begin anew"
