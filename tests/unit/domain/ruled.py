"""Books of alerts to judge, as rules would have left them."""

from dataclasses import replace

from console.domain.alert_book import AlertBook, AlertingRule, Raised, RuleStanding
from console.domain.alert_state import Phase
from console.domain.assessment import Assessment
from console.domain.metrics import Labels
from console.domain.silences import Marks
from tests.unit.domain.worlds import NOW, answered, healthy, judged

MARGIN_RULE = AlertingRule(
    group="futures",
    name="MarginCritical",
    expression="futures_margin_ratio < 1.05",
    hold=60.0,
    keep_firing_for=0.0,
    interval=5.0,
    severity="critical",
    sign="<",
    threshold=1.05,
    metrics=("futures_margin_ratio",),
)
LIQUIDATION_RULE = replace(MARGIN_RULE, name="LiquidationImminent", severity="page", threshold=1.02)
SLIPPAGE_RULE = replace(MARGIN_RULE, name="HighSlippage", severity="warning", sign=">", threshold=10.0)
WATCHDOG_RULE = replace(MARGIN_RULE, name="Watchdog", severity="none", expression="vector(1)", metrics=())


def labels_of(rule: AlertingRule, symbol: str) -> Labels:
    return (("alertname", rule.name), ("severity", rule.severity), ("symbol", symbol))


def raised(
    rule: AlertingRule, symbol: str = "BTC", phase: Phase = Phase.FIRING, since: float = NOW - 120
) -> tuple[AlertingRule, Raised]:
    """An alert of `rule` that has been as it is since `since`."""
    value = 1.01 if rule.sign == "<" else 25.0
    return rule, Raised(
        rule=0,
        labels=labels_of(rule, symbol),
        phase=phase,
        value=value,
        lowest=value,
        highest=value,
        active_at=since,
        fired_at=since if phase is Phase.FIRING else None,
        resolved_at=since if phase is Phase.RESOLVED else None,
        annotations=(("summary", f"{rule.name} on {symbol}"),),
    )


def book(
    *alerts: tuple[AlertingRule, Raised], rules: tuple[RuleStanding, ...] = (), marks: Marks | None = None
) -> AlertBook:
    """A book with these alerts, and with `rules` that have none."""
    named = {rule.name: RuleStanding(rule, NOW) for rule, _ in alerts}
    places = {name: place for place, name in enumerate(named)}
    found = tuple(replace(one, rule=places[rule.name]) for rule, one in alerts)
    return AlertBook((*named.values(), *rules), found, marks or Marks())


def ruled(told: AlertBook, age: float = 0.5) -> Assessment:
    """A healthy engine with these alerts."""
    return judged(replace(healthy(), alerts=answered("alerts", told, age)))
