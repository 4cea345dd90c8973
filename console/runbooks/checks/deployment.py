"""The checks of a deployment by name: what its checklists ask for, and what its own steps are seen by."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from console.actions.deployments import calendar_file, read_calendar
from console.domain.clock import Clock
from console.domain.figures import seconds
from console.domain.rollout.stages import STAGES
from console.runbooks.checks import deployment_alerts as of_alerts
from console.runbooks.checks import deployment_settings as of_settings
from console.runbooks.checks.books import books_of, snapshot
from console.runbooks.checks.deployment_database import COIN_SYMBOLS, LOOKS
from console.runbooks.checks.deployment_run import coin_money, coin_round_trip, signed_off
from console.runbooks.checks.engine_processes import processes_ended
from console.runbooks.model import Ask, Found
from console.runbooks.store import StoreError, store_of
from console.sources.errors import SourceError

if TYPE_CHECKING:
    from console.settings import Settings

TIMEOUT = 10.0
"""Seconds that connecting and each statement may take."""
SLOW = 1.0
"""Seconds from which on the coin document calls the database slow."""

ARGUMENTS: Mapping[str, Mapping[str, Collection[str]]] = {
    "limits": {},
    "flags": {"at_most": (of_settings.ENVIRONMENT, *STAGES)},
    "alert_rules": {"of": ("guide", "coin")},
    "alert_channels": {},
    "keys": {},
    "commands": {},
    "resources": {},
    "engine_stopped": {},
    "database": {},
    **{name: {} for name in LOOKS},
    "coin_money": {},
    "coin_round_trip": {"run": (), "before": (), "symbol": COIN_SYMBOLS},
    "signed_off": {"run": ()},
}
"""The checks, with the values that their arguments may have; none: any."""


def deployment_checks(
    settings: "Settings",
    environ: Mapping[str, str],
    clock: Clock,
    commands: Mapping[str, tuple[str, ...]],
) -> Mapping[str, Ask]:
    """The checks by name; each looks at the chosen context anew, and blocks meanwhile.

    `commands` are the context's argument lists that a runbook may run, by name.
    """
    database = _Database(settings, environ, clock)
    alerts = {"guide": of_alerts.GUIDE_ALERTS, "coin": of_alerts.COIN_ALERTS}

    def round_trip(told: Mapping[str, str]) -> Found:
        try:
            run = store_of(settings, environ).find(told["run"])
        except StoreError as error:
            return Found(None, "the run is known", str(error))
        return database.asked(lambda one, _: coin_round_trip(one, run, told["before"], told["symbol"]))

    return {
        "limits": lambda _told: of_settings.limits(settings),
        "flags": lambda told: of_settings.flags(settings, told["at_most"]),
        "alert_rules": lambda told: of_alerts.alert_rules(settings, alerts[told["of"]], environ, clock),
        "alert_channels": lambda _told: of_alerts.alert_channels(settings, environ),
        "keys": lambda _told: of_settings.keys(settings, environ),
        "commands": lambda _told: of_settings.commands(commands),
        "resources": lambda _told: of_settings.resources(settings),
        "engine_stopped": lambda _told: processes_ended(settings, environ),
        "database": lambda _told: database.answers(),
        **{name: database.asking(look) for name, look in LOOKS.items()},
        "coin_money": database.asking(lambda one, _now: coin_money(one)),
        "coin_round_trip": round_trip,
        "signed_off": lambda told: _signed(settings, told["run"]),
    }


def _signed(settings: "Settings", run: str) -> Found:
    try:
        calendar = read_calendar(calendar_file(settings.state, settings.context))
    except ValueError as error:
        return Found(None, "the deployment is signed off", str(error))
    return signed_off(calendar, run)


class _Database:
    """The context's database, opened anew for each question."""

    def __init__(self, settings: "Settings", environ: Mapping[str, str], clock: Clock) -> None:
        self._settings = settings
        self._environ = environ
        self._clock = clock

    def answers(self) -> Found:
        """Whether the right server answers, and how fast."""
        expected = f"the database answers within {seconds(SLOW)}"
        began = self._clock.now()
        try:
            with self._connected() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SourceError as error:
            return Found(False, expected, str(error))
        took = self._clock.now() - began
        return Found(took <= SLOW, expected, f"it took {seconds(took)}")

    def asked(self, look: Callable[[Connection, datetime], Found]) -> Found:
        """What `look` sees; unknown where the database doesn't tell."""
        expected = "the database tells"
        try:
            with self._connected() as connection:
                return look(connection, datetime.fromtimestamp(self._clock.wall()))
        except (SourceError, ValueError) as error:  # or a value that isn't what its column is for
            return Found(None, expected, str(error))

    def asking(self, look: Callable[[Connection, datetime], Found]) -> Ask:
        return lambda _told: self.asked(look)

    def _connected(self) -> AbstractContextManager[Connection]:
        """The books at one instant. Raises SourceError, also in the call itself."""
        return snapshot(books_of(self._settings.chosen, self._environ), TIMEOUT)
