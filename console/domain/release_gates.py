"""What has to hold before a release's files take the place of those in the tree, besides what all deeds need.

All of it is shown at once, one gate to a line. No gate passes on what isn't known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.domain.access import AccessError, stated
from console.domain.backup_progress import size_text
from console.domain.gate import Gate, reason_gate

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator has said so far: why, what was typed, and which tree they have seen, if they say.

    `run` is the run of a runbook that it is part of, if it is. `override` is the reason to put back what was
    never deployed and healthy, or what the journal doesn't know.
    """

    reason: str = ""
    typed: str = ""
    seen: str = ""
    run: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known: of the release, of the tree, and of the engine's processes.

    `problems` are what is wrong with the recorded copy, and no override lifts them; `known` says that the
    journal knows of it, `good` that it was deployed and healthy by the journal. `ended` says whether every
    process of the engine has ended, and `ended_words` what was seen. `needed` and `free` are bytes of the
    tree's disk. `tree` stands for the files that are there now.
    """

    called: str
    problems: Sequence[str]
    known: bool
    good: bool
    ended: bool | None
    ended_words: str
    needed: int
    free: int
    tree: str
    phrase: str


def back_gates(asked: Asked, ground: Ground) -> tuple[Gate, ...]:
    """Every gate, in the order in which an operator meets them."""
    return tuple(_gates(asked, ground))


def _gates(asked: Asked, ground: Ground) -> Iterator[Gate]:
    yield reason_gate(asked.reason)
    yield _copy(ground)
    yield _health(asked, ground)
    if asked.seen:
        same = ground.tree.startswith(asked.seen)
        words = (
            "they are as they were seen" if same else f"they are {ground.tree[:12]}, seen were {asked.seen}"
        )
        yield Gate("files", same, words)
    yield Gate("processes", ground.ended, ground.ended_words)
    room = ground.needed <= ground.free
    words = f"{size_text(ground.needed)} may be needed, {size_text(ground.free)} are free"
    yield Gate("disk", room, words)
    typed = asked.typed == ground.phrase
    yield Gate("confirmation", typed, "typed" if typed else f"{ground.phrase!r} has to be typed")


def _health(asked: Asked, ground: Ground) -> Gate:
    """What never proved itself may be as bad as what it takes the place of."""
    if ground.known and ground.good:
        return Gate("health", True, f"{ground.called} was deployed and healthy")
    never = f"{ground.called} WAS NEVER DEPLOYED AND HEALTHY"
    if not ground.known:
        never = f"{ground.called}: the journal doesn't know it, nor whether it was ever healthy"
    if not asked.override.strip():
        return Gate("health", False, f"{never}: needs an override with a reason")
    try:
        return Gate("health", True, f"OVERRIDDEN: {stated(asked.override)} ({never})")
    except AccessError as error:
        return Gate("health", False, f"{never}: {error}")


def _copy(ground: Ground) -> Gate:
    if not ground.problems:
        return Gate("release", True, f"the copy of {ground.called} is as it was recorded")
    more = len(ground.problems) - _MOST_NAMED
    words = "; ".join(ground.problems[:_MOST_NAMED])
    return Gate("release", False, f"{words} and {more} more" if more > 0 else words)
