"""The rows of screen 6: what is under way first, then what the guide says now, then the other procedures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from console.domain.assessment import Assessment
from console.domain.rollback import PROCEDURES, Advice, Rollbacks, Way
from console.domain.rollback_advice import advised
from console.domain.severity import Severity
from console.runbooks.run import Run
from console.runbooks.seen import Listing, Offered
from console.tui.screens.recovery.words import severity_of


@dataclass(frozen=True, slots=True)
class Row:
    """A procedure by its runbook's name, at its `place`; `advice` are the guide's rows that call for it now.

    `way` is None of one that was not looked at yet, and of one that is no rollback; `offered` is None where
    there is no such runbook, or nobody knows yet. `run` is its run that is open.
    """

    name: str
    place: int
    advice: tuple[Advice, ...] = ()
    way: Way | None = None
    offered: Offered | None = None
    run: Run | None = None

    @property
    def title(self) -> str:
        if self.way is not None:
            return self.way.title
        return self.name if self.offered is None else self.offered.runbook.title

    @property
    def refusal(self) -> str:
        """Why it can't be begun here; empty where it can, or nobody has looked yet."""
        ours = "" if self.way is None else self.way.refusal
        return ours or ("" if self.offered is None else self.offered.refusal)

    @property
    def values(self) -> Mapping[str, str]:
        """What is known of what its runbook asks for up front."""
        known = {} if self.way is None else self.way.values
        feature = next((one.feature for one in self.advice if one.feature), "")
        return {**known, "feature": feature} if feature else known

    @property
    def severity(self) -> Severity:
        if self.run is not None:
            return severity_of(self.run)
        if self.advice:
            return Severity.CRITICAL
        return Severity.WARNING if self.way is not None and self.way.late else Severity.OK


def advice_now(looked: Rollbacks | None, live: Assessment | None) -> Sequence[Advice]:
    """What the guide says of the present; `looked` knows the features, and may be some seconds old."""
    features = {} if looked is None else {one.trigger: one for one in looked.advice}
    now = () if live is None else advised(live.triggers, None, ())
    return tuple(_with_feature(one, features.get(one.trigger)) for one in now)


def _with_feature(advice: Advice, looked: Advice | None) -> Advice:
    feature, why = ("", "") if looked is None else (looked.feature, looked.why_feature)
    return replace(advice, feature=feature, why_feature=why)


def rows_of(listing: Listing | None, looked: Rollbacks | None, advice: Sequence[Advice]) -> tuple[Row, ...]:
    """A row for each procedure, in the order in which they are shown."""
    ways = {} if looked is None else {way.runbook: way for way in looked.ways}
    offered = {} if listing is None else {each.runbook.name: each for each in listing.offered}
    opened = {run.runbook: run for run in _open_runs(listing)}
    names = dict.fromkeys((*(one.runbook for one in advice), *(ways or PROCEDURES)))
    return tuple(
        Row(
            name,
            place,
            tuple(one for one in advice if one.runbook == name),
            ways.get(name),
            offered.get(name),
            opened.get(name),
        )
        for place, name in enumerate(sorted(names, key=lambda name: name not in opened))
    )


def _open_runs(listing: Listing | None) -> Iterable[Run]:
    """The newest last."""
    runs = () if listing is None else listing.runs
    return (run for run in reversed(runs) if not run.standing.over)
