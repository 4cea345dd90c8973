"""What a screen does things with: each is made by the command line, and is missing where it can't be done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.tui.watched import (
    ChangesStages,
    DrivesRuns,
    FiresKillSwitch,
    FollowsJournal,
    GuidesBack,
    KeepsCalendar,
    KnowsOpenRuns,
    MarksAlerts,
)

if TYPE_CHECKING:
    from console.tui.access import Access


@dataclass(frozen=True, slots=True)
class Tools:
    """What a console is given besides what it watches. A replay has none of them.

    `kill` fires the context's kill switch, and `journal` reads who did what. The others are made once and off
    the event loop: `rollout` changes features' stages, `marking` mutes alerts, `runs` drives runbooks,
    `open_runs` reads which runs are open, `calendar` says when to look after a deployment, `guide` knows the
    ways back, and `access` is what raising risk takes.
    """

    kill: FiresKillSwitch | None = None
    journal: FollowsJournal | None = None
    rollout: Callable[[], ChangesStages] | None = None
    marking: Callable[[], MarksAlerts] | None = None
    runs: Callable[[], DrivesRuns] | None = None
    open_runs: Callable[[], KnowsOpenRuns] | None = None
    calendar: Callable[[], KeepsCalendar] | None = None
    guide: Callable[[], GuidesBack] | None = None
    access: "Callable[[], Access] | None" = None


NO_TOOLS = Tools()
