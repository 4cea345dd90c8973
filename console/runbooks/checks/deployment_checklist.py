"""The two documents' pre-deployment checklists, as far as a program can look: what `opsconsole check` asks.

Which runbook mends a lack stands beside each. What only a person can tell is in the runbooks themselves.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.domain.severity import Severity
from console.runbooks.model import Ask, Found

if TYPE_CHECKING:
    from console.settings import Context


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist. `lacking` is how bad it is where its check doesn't pass.

    `mended_by` names the runbook that mends it; empty where none does.
    """

    name: str
    chapter: str
    check: str
    mended_by: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    lacking: Severity = Severity.HIGH


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of an item."""

    item: Item
    severity: Severity
    found: Found

    @property
    def mended_by(self) -> str:
        """The runbook to run now; empty where nothing is wrong, or nothing mends it."""
        return self.item.mended_by if self.severity else ""


_CONFIGURATION, _INFRASTRUCTURE, _DATA = "configuration", "infrastructure", "data"

GUIDE = (
    Item("limits", _CONFIGURATION, "limits", "configuration"),
    Item("feature flags", _CONFIGURATION, "flags", "configuration", {"at_most": "environment"}),
    Item("alert rules", _CONFIGURATION, "alert_rules", "configuration", {"of": "guide"}),
    Item("alert channels", _CONFIGURATION, "alert_channels", "configuration"),
    Item("exchange keys", _CONFIGURATION, "keys", "configuration"),
    Item("commands", _CONFIGURATION, "commands", "configuration"),
    Item("resources", _INFRASTRUCTURE, "resources", lacking=Severity.WARNING),
    Item("database", _INFRASTRUCTURE, "database", "connection_timeout", lacking=Severity.CRITICAL),
    Item("sources", _INFRASTRUCTURE, "sources", "connection_timeout"),
    Item("exchange", _INFRASTRUCTURE, "exchange", "exchange_down"),
    Item("engine process", _INFRASTRUCTURE, "process", "", {"is": "running"}, Severity.WARNING),
    Item("schema", _DATA, "schema", "prepare_database"),
    Item("market data", _DATA, "prices", "price_data"),
)
"""The deployment guide's. An engine that isn't deployed yet need not run."""
COIN = (
    Item("account 3", "coin engine", "account3", "prepare_database", lacking=Severity.CRITICAL),
    Item("coin_margin column", "coin engine", "coin_margin", "prepare_database", lacking=Severity.CRITICAL),
    Item("coin_margin index", "coin engine", "coin_index", "prepare_database", lacking=Severity.WARNING),
    Item("coin_margin marking", "coin engine", "coin_marking", "prepare_database"),
    Item("coin candles", "coin engine", "coin_klines", "price_data"),
    Item("coin prices", "coin engine", "coin_prices", "price_data"),
    Item("coin alert rules", "coin engine", "alert_rules", "configuration", {"of": "coin"}, Severity.WARNING),
)
"""The coin engine's."""
_LENIENT = ("alert_channels", "keys")
"""Checks that a paper context may lack without harm."""


def items_of(context: "Context", which: str | None = None) -> tuple[Item, ...]:
    """Everything that is asked of a context, or only the list `which`, `guide` or `coin`.

    A context whose exchange has no COIN-M has no coin engine; where nothing names the engine's process, that
    isn't watched.
    """
    if which is None:
        which = "guide" if context.exchange is not None and context.exchange.coinm is None else "all"
    items = {"guide": GUIDE, "coin": COIN, "all": (*GUIDE, *COIN)}[which]
    return tuple(item for item in items if item.check != "process" or context.engine_file is not None)


def findings(items: Iterable[Item], checks: Mapping[str, Ask], environment: str) -> Iterator[Finding]:
    """What each item's check says now, in order."""
    for item in items:
        found = checks[item.check](item.arguments)
        yield Finding(item, _severity(item, found.passes, environment), found)


def _severity(item: Item, passes: bool | None, environment: str) -> Severity:
    if passes is None:
        return Severity.UNKNOWN
    if passes:
        return Severity.OK
    return Severity.WARNING if environment == "paper" and item.check in _LENIENT else item.lacking
