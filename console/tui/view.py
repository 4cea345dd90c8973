"""What the widgets are handed at each paint: the assessment as it stands now, and whose it is."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from console.domain.access import Arming, Disarmed
from console.domain.alert_trails import AlertTrails
from console.domain.assessment import Assessment
from console.domain.figures import seconds
from console.domain.reading import Health
from console.domain.severity import Severity
from console.tui.actions import Action, actions
from console.tui.headline import (
    CONNECTING,
    Statement,
    last_judged,
    rule_statements,
    statements,
    symbol_statements,
)
from console.tui.preferences import Preferences
from console.tui.text import one_colon
from console.tui.theme import Glyphs
from console.tui.watched import (
    ChangesStages,
    DrivesRuns,
    FiresKillSwitch,
    FollowsJournal,
    GuidesBack,
    HasLogs,
    MarksAlerts,
)

if TYPE_CHECKING:
    from console.tui.access import Access, Waiting


@dataclass(frozen=True, slots=True)
class ContextView:
    """The context as the screen names it.

    `environment` is its word ('paper', 'production') and `colour` that environment's colour, a name or
    `#rrggbb`; `database` is shown until the server has reported its own host. `owns_engine` says that the
    engine ends with the console.
    """

    name: str
    environment: str
    colour: str
    database: str
    operator: str
    owns_engine: bool = False


@dataclass(frozen=True, slots=True)
class Reminder:
    """What is due next after a deployment, in words; `warns` where it is late, or isn't known.

    `brief` says it where there is no room for the words.
    """

    words: str
    warns: bool
    brief: str = ""


@dataclass(frozen=True, slots=True)
class ReplayView:
    """Where a replay is in its record: instants by the recorded clock, `speed` in seconds a second.

    `wall` is the time of day of the instant `at`, in seconds since 1970.
    `keys` are the operator's recorded keys of the last seconds before `at`, the newest last.
    """

    wall: float
    at: float
    begin: float
    end: float
    speed: float
    paused: bool
    keys: tuple[str, ...] = ()


COARSE = 5
"""Seconds to which ages are rounded up on a slow line."""


@dataclass(frozen=True, slots=True)
class View:
    """One paint. `assessment` and `live` are None until the monitor is there.

    `assessment` is what the body of a screen shows, held while it is paused; `live` is always the present,
    for the status line. `statements` say in words what is wrong with what the body shows, the worst first;
    `of_symbols` and `of_rules` are what they take from the symbols and the alert rules, which can be
    thousands, and are kept for as long as these are the same; `alert_trails` are the alerts' past. `actions`
    is the registry with the keys as the operator has them. `slow` says that what changes all the time is
    shown coarsely, as `line_is_slow`, or as the operator wants it. `logs` are those that can be followed.
    `unrecorded` says why nothing is being recorded that should be. `kill` fires the context's kill switch,
    `journal` reads who did what, and `rollout` makes what changes features' stages, once, `marking` what
    mutes alerts, `runs` what drives runbooks, `guide` what knows the ways back: None where there is none.
    `access` is what raising risk takes, None before it is there and where there is none; `mode` is what may
    be done now, and `requests` wait for this person to be the second one. `reminder` is what is due after a
    deployment, and `readiness` how ready the context is to go back.
    """

    context: ContextView
    glyphs: Glyphs
    assessment: Assessment | None = None
    statements: tuple[Statement, ...] = (CONNECTING,)
    of_symbols: tuple[Statement, ...] = ()
    of_rules: tuple[Statement, ...] = ()
    alert_trails: AlertTrails = field(default_factory=AlertTrails)
    live: Assessment | None = None
    actions: tuple[Action, ...] = actions(owns_engine=False)
    preferences: Preferences = field(default_factory=Preferences)
    paused_for: float | None = None
    replay: ReplayView | None = None
    slow: bool = False
    line_is_slow: bool = False
    logs: HasLogs | None = None
    unrecorded: str = ""
    kill: FiresKillSwitch | None = None
    journal: FollowsJournal | None = None
    rollout: Callable[[], ChangesStages] | None = None
    marking: Callable[[], MarksAlerts] | None = None
    runs: Callable[[], DrivesRuns] | None = None
    guide: Callable[[], GuidesBack] | None = None
    access: "Access | None" = None
    mode: Arming | Disarmed = Disarmed()  # noqa: RUF009 (a frozen value)
    requests: "tuple[Waiting, ...]" = ()
    reminder: Reminder | None = None
    readiness: Reminder | None = None
    standing_run: Statement | None = None
    """What is to be said of runs that wait for a person, `first`, or that these can't be read."""
    drill: str = ""
    """Which rollback is practised here, by whom and under what; empty where none is, as far as is known."""

    def next(self, shown: Assessment, live: Assessment | None = None) -> "View":
        """The next paint's view; `live` is the present where the body shows something else."""
        present = live or shown
        of_symbols, of_rules = self.of_symbols, self.of_rules
        is_same = self.assessment is not None and last_judged(self.assessment) is last_judged(shown)
        if not is_same:
            of_symbols = tuple(symbol_statements(shown))
        is_still_held = (self.assessment is self.live) == (shown is present)
        if not (is_same and is_still_held and self.live and self.live.alert_rows is present.alert_rows):
            of_rules = tuple(rule_statements(shown, present))
        said = statements(shown, of_symbols, present, self.paused_for, of_rules)
        if self.unrecorded:
            said = (*said, Statement(Severity.WARNING, one_colon(self.unrecorded)))
        if self.reminder is not None and self.reminder.warns:
            said = (*said, Statement(Severity.WARNING, one_colon(self.reminder.words)))
        if self.standing_run is not None:
            said = _with_runs(said, self.standing_run)
        if self.drill:
            said = _with_runs(said, _practised(self.drill))
        said = (*(_waits(asked) for asked in self.requests), *said)
        return replace(
            self,
            assessment=shown,
            live=present,
            statements=said,
            of_symbols=of_symbols,
            of_rules=of_rules,
            alert_trails=self.alert_trails.then(present.alert_rows, present.at),
        )

    def age(self, age: float, limit: float = math.inf) -> str:
        """An age in seconds as text; on a slow line rounded up, so that it changes seldom.

        What is younger than its `limit` is never written so that it might be older.
        """
        if not self.slow:
            return seconds(age)
        bound = (age // COARSE + 1) * COARSE
        if age < limit:
            bound = min(bound, limit)
        return f"<{bound:.3g} s" if bound < 100 else f"<{seconds(bound)}"

    @property
    def database(self) -> str:
        """The database's host as the server itself reports it, once it has."""
        server = None if self.live is None else self.live.server
        return self.context.database if server is None else server.host

    @property
    def answered(self) -> bool:
        """Whether any source has answered yet: before that, an alert says nothing but that."""
        sources = () if self.live is None else self.live.sources
        return any(source.health not in (Health.WAITING, Health.OFF) for source in sources)


def _with_runs(said: tuple[Statement, ...], runs: Statement) -> tuple[Statement, ...]:
    """The worst comes first, and then what was begun; that nobody can tell comes after what is worse."""
    before = 1 if runs.first else max(1, sum(one.severity > runs.severity for one in said))
    return (*said[:before], runs, *said[before:])


def _practised(drill: str) -> Statement:
    return Statement(Severity.WARNING, one_colon(f"DRILL: {drill}: what fires may be part of it"), first=True)


def _waits(waiting: "Waiting") -> Statement:
    """That somebody waits for this very person."""
    asked = waiting.request
    what = f"{asked.deed.action} of {asked.deed.target}"
    said = f"{waiting.who} waits for your approval of {what}, on screen 8 (A): {asked.reason}"
    brief = f"{what} waits for your approval, on screen 8 (A)"
    return Statement(Severity.WARNING, one_colon(said), one_colon(brief), first=True)
