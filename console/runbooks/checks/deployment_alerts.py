"""Whether the alerts of the documents have rules, and people are told of them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from console.actions.alert_notify import variables_of
from console.actions.sending import unable
from console.alert_feed.both import own_rules
from console.domain.clock import Clock
from console.promql.rule_file import RuleFile, RuleFileError, load_rules
from console.runbooks.checks.deployment_settings import without
from console.runbooks.model import Found
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.prometheus_rules import read_rules
from console.sources.prometheus_server import PrometheusServer

if TYPE_CHECKING:
    from console.settings import Prometheus, Settings

GUIDE_ALERTS = (
    "FuturesMarginCritical", "FuturesLiquidationImminent", "FuturesSyncError", "FuturesHighSlippage",
)  # fmt: skip
COIN_ALERTS = ("CoinConnectionFailures", "CoinOpeningsFail", "CoinEquityLow", "DatabaseSlow")
"""What the coin document names thresholds for, as the hardened rules call it."""
TIMEOUT = 10.0
"""Seconds that a Prometheus server has to tell its rules."""


def alert_rules(
    settings: "Settings", names: Iterable[str], environ: Mapping[str, str], clock: Clock
) -> Found:
    """Whether the rules that are evaluated, here or by the context's server, have these alerts."""
    expected = f"alert rules for {', '.join(names)}"
    try:
        named = _evaluated(settings, environ, clock)
    except RuleFileError as error:
        return Found(False, expected, "; ".join(error.problems[:3]))
    except SourceError as error:
        return Found(None, expected, f"the server's rules: {error}")
    return without([f"no rule {name}" for name in names if name not in named], expected, "they are there")


def alert_channels(settings: "Settings", environ: Mapping[str, str]) -> Found:
    """Whether people can be told of alerts and of trips, as far as that shows without telling them."""
    expected = "people are told of alerts and of trips"
    trips, levels = settings.notify.urls_env, variables_of(settings.notify.alerts)
    lacks = [] if trips is not None else ["nobody is told of trips: notify.urls_env"]
    lacks += [] if levels else ["nobody is told of alerts: notify.alerts"]
    named = levels if trips is None else {"trips": trips, **levels}
    lacks += [f"{what}: {why}" for what, name in named.items() if (why := unable(name, environ))]
    return without(lacks, expected, f"addresses are set for {', '.join(named)}")


def _evaluated(settings: "Settings", environ: Mapping[str, str], clock: Clock) -> set[str]:
    """The names of all rules. A server leaves to the console what only that can evaluate."""
    files, server = [load_rules(file) for file in settings.rule_files], settings.chosen.prometheus
    if server is None:
        return _names(files)
    return _served(server, environ, clock) | _names(own_rules(file) for file in files)


def _names(files: Iterable[RuleFile]) -> set[str]:
    return {rule.name for file in files for _, rule in file.rules}


def _served(server: "Prometheus", environ: Mapping[str, str], clock: Clock) -> set[str]:
    """The names of the server's alerting rules. Raises SourceError."""
    credentials = Credentials(server.bearer_env, server.username_env, server.password_env, environ)
    ca_file = str(server.ca_file) if server.ca_file else None
    asked = PrometheusServer(
        server.url, clock=clock, timeout=TIMEOUT, credentials=credentials, ca_file=ca_file
    )
    try:
        return {rule.name for rule in read_rules(asked.asking())}
    finally:
        asked.close()
