"""How the operator wants the screen: what the settings and the command line say about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wishes:
    """`theme` is one of `theme.MEANINGS`; `keys` are the operator's own, by action.

    `low_bandwidth` is whether to draw for a slow line; None: say so when the line turns out to be slow. In
    the folder `state` choices are kept and pictures of the screen written; None: neither.
    """

    theme: str | None = None
    low_bandwidth: bool | None = None
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    state: Path | None = None


NO_WISHES = Wishes()
