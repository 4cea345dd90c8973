"""Whether the engine has loaded a change: by its own word on the file as it was written."""

from dataclasses import dataclass

from console.actions.flags_file import Written
from console.actions.rollout.look import digest_of
from console.actions.rollout.record import Applied
from console.domain.assessment import Assessment


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
    following = status.following(applied.plan.operation.feature)
    if following.doubt:
        return Heard(None, following.words)
    if status.flags is None or status.flags.digest != digest_of(outcome.after):
        return Heard(None, "the file hasn't been seen as it was written")
    if following.differing and status.at_start:
        return Heard(False, "the engine reads the file when it starts: a restart is needed")
    return Heard(following.is_so, following.words)
