"""Whether the engine has loaded a change: by its own word on the file as it was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.actions.rollout.flags_file import Written
from console.actions.rollout.look import digest_of
from console.actions.rollout.record import Applied
from console.domain.assessment import Assessment

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Heard:
    """What is heard of a change: `loaded` None where that can't be told; `words` say it."""

    loaded: bool | None
    words: str


def heard_of(applied: Applied, live: Assessment) -> Heard:
    """What the engine says now of the change's feature, for every symbol that anybody knows."""
    status, outcome = live.rollout, applied.outcome
    if not isinstance(outcome, Written):
        return Heard(None, "it isn't written")
    if status.doubt:
        return Heard(None, f"what the engine has loaded isn't known: {status.doubt}")
    if status.flags is None or status.flags.digest != digest_of(outcome.after):
        return Heard(None, "the file hasn't been seen as it was written")
    differing = status.differing(applied.plan.operation.feature)
    if differing is None:
        return Heard(None, "the engine doesn't say what it has loaded")
    return Heard(not differing, _words(differing, at_start=status.at_start))


def _words(differing: Sequence[str], *, at_start: bool) -> str:
    if not differing:
        return "the engine has loaded it"
    if at_start:
        return "the engine reads the file when it starts: a restart is needed"
    more = len(differing) - _MOST_NAMED
    others = f" and {more} more" if more > 0 else ""
    return f"the engine has something else loaded for {', '.join(differing[:_MOST_NAMED])}{others}"
