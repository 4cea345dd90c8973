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
        from console.runbooks.recovered import last_recovered  # noqa: PLC0415
        from console.runbooks.store import StoreError, store_of  # noqa: PLC0415
        from console.wiring.runbooks import runbook_of_run  # noqa: PLC0415

        try:
            return last_recovered(store_of(settings, environ), settings.context, since, runbook_of_run), ""
        except (StoreError, RunbookError) as error:
            return None, str(error).splitlines()[0]

    return recovered
