"""A store of samples as those see it who fill it and those who ask it, in threads of their own."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from console.domain.metrics import Vector
from console.promql.samples import SampleStore


def _nothing(_: float) -> Mapping[str, Vector]:
    return {}


@dataclass(frozen=True, slots=True)
class Sampling:
    """`begun` is set once a first scrape has come, or has failed.

    `own` says what the console measures itself at a time, seconds on its clock.
    """

    store: SampleStore
    own: Callable[[float], Mapping[str, Vector]] = _nothing
    begun: threading.Event = field(default_factory=threading.Event)
