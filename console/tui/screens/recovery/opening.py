"""Opening what a runbook would do from another screen: the run of it that is open comes first."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.runbooks.seen import Listing, Offered
from console.tui.screens.recovery.screen import OpensRuns

if TYPE_CHECKING:
    from textual.app import App


async def open_runbook(
    app: "App[object]", listing: Listing, name: str, values: Mapping[str, str], refusal: str = ""
) -> str:
    """Open the runbook's open run, else what a run with these `values` would do; returns why neither can be.

    `refusal` is what further speaks against beginning one.
    """
    if not isinstance(app, OpensRuns):
        return ""
    run = next((run for run in listing.runs if run.runbook == name and not run.standing.over), None)
    offered = next((each for each in listing.offered if each.runbook.name == name), None)
    if run is not None:
        await app.open_run(run.id)
    elif offered is None:
        return listing.broken.get(name, f"there is no runbook {name}")
    else:
        await app.open_beginning(Offered(offered.runbook, offered.refusal or refusal), values)
    return ""
