"""Which runbooks are for what is wrong now."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from console.domain.alert_rows import AlertState
from console.domain.assessment import Assessment
from console.domain.severity import Severity
from console.domain.triggers import Standing
from console.runbooks.model import Runbook

_FIRING = (AlertState.FIRING, AlertState.LOST)


@dataclass(frozen=True, slots=True)
class Wrong:
    """The names of the alerts that fire, and the keys of the rollback triggers that are met.

    `own` are the alerts that no rule tells of, such as the kill switch's: by name, what each says.
    """

    alerts: Collection[str] = ()
    triggers: Collection[str] = ()
    own: Mapping[str, str] = field(default_factory=dict)


def wrong_now(live: Assessment) -> Wrong:
    """What is wrong as things are assessed."""
    fires = frozenset(row.rule.name for row in live.ruled.rows if row.state in _FIRING)
    return Wrong(
        fires,
        frozenset(each.trigger.key for each in live.triggers if each.standing is Standing.MET),
        {
            each.name: each.summary
            for each in live.alerts
            if each.severity >= Severity.HIGH and each.name not in fires
        },
    )


def relevance(runbook: Runbook, wrong: Wrong) -> tuple[str, ...]:
    """Why the runbook is for what is wrong, in words; nothing where it isn't."""
    own = (f"{alert} {wrong.own[alert]}" for alert in runbook.alerts if alert in wrong.own)
    fires = (f"{alert} fires" for alert in runbook.alerts if alert in wrong.alerts)
    met = (f"rollback trigger {key} is met" for key in runbook.triggers if key in wrong.triggers)
    return (*own, *fires, *met)


def by_relevance(runbooks: Iterable[Runbook], wrong: Wrong) -> list[Runbook]:
    """The runbooks for the most of what is wrong first, and by name where they are for as much."""
    return sorted(runbooks, key=lambda one: (-len(relevance(one, wrong)), one.name))
