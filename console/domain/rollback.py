"""The guided way back as values: what calls for it, which procedures there are, what each needs and loses.

Instants are wall-clock seconds since 1970.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.domain.readiness import PROCEDURES, Drilled, short_name

if TYPE_CHECKING:
    from console.domain.losses import Losses

__all__ = ["PROCEDURES", "Advice", "Change", "Drilled", "Need", "Rollbacks", "Way", "short_name"]


@dataclass(frozen=True, slots=True)
class Advice:
    """A row of the guide's table of triggers that is met: `evidence` is why, `runbook` walks what it says.

    `feature` is the one to roll back, where the row is about a feature and it is known; `why_feature` says
    why that one.
    """

    trigger: str
    condition: str
    action: str
    runbook: str
    evidence: str
    feature: str = ""
    why_feature: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """What a procedure needs, such as `a backup`, and whether it is there: None where nobody knows."""

    name: str
    met: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Way:
    """One procedure as it stands: `undoes` and `cannot` are its document's, `needs` what it needs now.

    `refusal` says why it can't be begun here, empty where it can. `loses` is what would be lost by putting
    a backup back, None where the procedure restores nothing, or `loses_unknown` says why nobody can tell.
    `late` says that the last drill is older than the context allows, or that there was none. `values` are
    what the runbook asks for up front, as far as it is known now.
    """

    runbook: str
    title: str
    undoes: Sequence[str]
    cannot: Sequence[str]
    needs: Sequence[Need]
    refusal: str = ""
    loses: "Losses | None" = None
    loses_unknown: str = ""
    drilled: Drilled | None = None
    late: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed, from the journal: `what` in words, such as `risk_guard: shadow to canary`."""

    at: float
    by: str
    what: str
    feature: str = ""


@dataclass(frozen=True, slots=True)
class Rollbacks:
    """Everything that screen 6 shows, looked at once at `at`.

    `advice` is what the guide says now, the most urgent first; `unknown` are the triggers of which nobody
    can tell whether they are met, each with why. `changes` are the latest, the newest first. `deployed`
    says in words what is deployed and since when. `ways` are the procedures, those that are advised first.
    """

    at: float
    advice: Sequence[Advice] = ()
    unknown: Sequence[str] = ()
    changes: Sequence[Change] = ()
    deployed: str = ""
    ways: Sequence[Way] = field(default_factory=tuple)
