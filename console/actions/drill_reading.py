"""What the files of drills share: where the open ones are, and how a number in one is read."""

import math

OPEN = "open_drills"
"""The folder of the drills that are under way, or were broken off."""


def number(told: object) -> float:
    """What a file tells as a finite number; ValueError for anything else."""
    if not isinstance(told, int | float) or not math.isfinite(told):
        raise ValueError(f"{told!r} is no number")
    return float(told)
