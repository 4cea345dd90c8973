"""How bad it is, all in all, what the alert rules and the rollback triggers say."""

from collections.abc import Sequence

from console.domain.alert_status import alerts_of
from console.domain.assessment import Assessment
from console.domain.severity import Severity, worst
from console.domain.triggers import Judgement as RollbackTrigger
from console.domain.triggers import Standing


def alerts_severity(live: Assessment) -> Severity:
    """The worst of them, muted ones included; UNKNOWN where no rules were evaluated."""
    if live.ruled.book is None:
        return Severity.UNKNOWN
    said = (alert.severity for alert in alerts_of(live.snapshot, live.ruled))
    return worst([Severity.CRITICAL if triggers_met(live) else Severity.OK, *said])


def engine_severity(live: Assessment) -> Severity:
    """How bad the engine is: a rollback trigger that is met is critical, whatever no alert says of it."""
    return Severity.CRITICAL if triggers_met(live) else live.severity


def triggers_met(live: Assessment) -> Sequence[RollbackTrigger]:
    """The rollback triggers that are met, in the guide's order."""
    return [trigger for trigger in live.triggers if trigger.standing is Standing.MET]
