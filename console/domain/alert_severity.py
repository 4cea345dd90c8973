"""How bad it is, all in all, what the alert rules and the rollback triggers say."""

from console.domain.alert_status import alerts_of
from console.domain.assessment import Assessment
from console.domain.severity import Severity, worst
from console.domain.triggers import Standing


def alerts_severity(live: Assessment) -> Severity:
    """The worst of them, muted ones included; UNKNOWN where no rules were evaluated."""
    if live.ruled.book is None:
        return Severity.UNKNOWN
    met = any(trigger.standing is Standing.MET for trigger in live.triggers)
    said = (alert.severity for alert in alerts_of(live.snapshot, live.ruled))
    return worst([Severity.CRITICAL if met else Severity.OK, *said])
