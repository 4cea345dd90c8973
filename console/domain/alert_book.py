"""What the alert rules say: each rule, and each of its alerts, whoever has evaluated them.

Times are seconds on the console's clock; a face never sees where they came from.
"""

from dataclasses import dataclass, field

from console.domain.alert_state import Phase, RuleAlert
from console.domain.metrics import Labels
from console.domain.severity import Severity
from console.domain.silences import Marks
from console.domain.triggers import Evidence, Missing

PAGE = "page"
"""The severity label of what somebody is woken for."""
_SEVERITIES = {
    PAGE: Severity.CRITICAL,
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "error": Severity.HIGH,
    "warning": Severity.WARNING,
    "info": Severity.OK,
    "none": Severity.OK,
}


def severity_of(label: str) -> Severity:
    """How bad an alert is whose `severity` label says this; one that nobody knows is a warning."""
    return _SEVERITIES.get(label.lower(), Severity.WARNING)


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """A rule as its file or its server has it; `hold` is its `for`, all durations are in seconds.

    `sign` and `threshold` are what the expression compares with, where that is one number; `metrics` are the
    names that it compares; `holes` is what it can never catch, a sentence each.
    """

    group: str
    name: str
    expression: str
    hold: float
    keep_firing_for: float
    interval: float
    severity: str = ""
    place: str = ""
    sign: str = ""
    threshold: float | None = None
    metrics: tuple[str, ...] = ()
    holes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """A rule after its last evaluation.

    `error` says why its query fails since `failing_since`, `no_data_since` since when it has had no series at
    all to compare. Of the `needed` seconds that it looks back on, `watched` were: fewer only after a start.
    """

    rule: AlertingRule
    evaluated_at: float | None = None
    error: str | None = None
    failing_since: float | None = None
    no_data_since: float | None = None
    watched: float = 0.0
    needed: float = 0.0

    @property
    def warming(self) -> bool:
        """Whether too little of the past is known to tell."""
        return self.watched < self.needed


@dataclass(frozen=True, slots=True)
class Raised:
    """One alert of the rule that stands at the place `rule` in the book.

    `lowest` and `highest` are the value's extremes since `active_at`; `count` is how many events an
    `increase()` stands for, exactly. Since `still_since` the counter that the rule judges by is known not to
    have moved; None where it judges by more, or nothing is known. The other times are as in `RuleAlert`.
    """

    labels: Labels
    rule: int
    phase: Phase
    value: float
    lowest: float
    highest: float
    active_at: float
    fired_at: float | None = None
    resolved_at: float | None = None
    quiet_since: float | None = None
    lost_since: float | None = None
    annotations: Labels = ()
    count: float | None = None
    still_since: float | None = None


_NOTHING = Missing("nothing has been read yet")
NO_EVIDENCE = Evidence(_NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING)


@dataclass(frozen=True, slots=True)
class AlertBook:
    """All rules and alerts at one instant.

    `marks` are what people said of them, `evidence` what the rollback triggers are judged by. `notes` are
    what is wrong with the files beside them; `untold` says why people can't be told of alerts, where they are
    to be. `evaluated_by` names the server, and is empty where the console evaluates. `wall_ahead` is how many
    seconds the system's time of day is ahead of the console's clock.
    """

    rules: tuple[RuleStanding, ...]
    raised: tuple[Raised, ...]
    marks: Marks = field(default_factory=Marks)
    evidence: Evidence = NO_EVIDENCE
    notes: tuple[str, ...] = ()
    evaluated_by: str = ""
    wall_ahead: float = 0.0
    untold: str = ""

    def __post_init__(self) -> None:
        if any(not 0 <= one.rule < len(self.rules) for one in self.raised):
            raise ValueError("an alert of a rule that isn't in the book")


def raised_by(
    rule: int,
    alert: RuleAlert,
    annotations: Labels,
    count: float | None,
    still_since: float | None = None,
) -> Raised:
    """The alert as one of the rule at the place `rule`, with what else is known of it."""
    return Raised(
        labels=alert.labels,
        rule=rule,
        phase=alert.phase,
        value=alert.value,
        lowest=alert.lowest,
        highest=alert.highest,
        active_at=alert.active_at,
        fired_at=alert.fired_at,
        resolved_at=alert.resolved_at,
        quiet_since=alert.quiet_since,
        lost_since=alert.lost_since,
        annotations=annotations,
        count=count,
        still_since=still_since,
    )


def text_of(labels: Labels, name: str) -> str:
    """What one label or annotation says; empty where there is none."""
    return dict(labels).get(name, "")
