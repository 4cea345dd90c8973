"""What raising a stage waits for in a context, by its settings."""

from typing import TYPE_CHECKING

from console.domain.rollout.gates import FURTHEST, WAIT, Policy
from console.domain.rollout.stages import STAGES, Stage

if TYPE_CHECKING:
    from console.settings import Context

APPROVED_ALWAYS = ("production",)
"""Environments in which nobody puts a feature into production alone."""


def policy_of(context: "Context", feature: str) -> Policy:
    """What the context asks of a feature before it goes further; the feature's own waits come first."""
    said = context.rollout
    own = said.features.get(feature)
    waits = {}
    for stage in (Stage.SHADOW, Stage.CANARY):
        given = (None if own is None else getattr(own, stage.word), getattr(said.waits, stage.word), WAIT)
        waits[stage] = next(wait for wait in given if wait is not None)
    furthest = FURTHEST[context.environment] if said.furthest is None else STAGES[said.furthest]
    return Policy(context.environment, furthest, waits, said.watched)
