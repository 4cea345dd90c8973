"""Metric series and their values, as one scrape or one query answers them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]
"""Label names with their values, sorted by name, without the metric's own name."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The identity of one time series. Equal when name and labels are; its hash is computed once."""

    name: str
    labels: Labels
    symbol: str | None = field(init=False)
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbol", dict(self.labels).get("symbol"))
        object.__setattr__(self, "_hash", hash((self.name, self.labels)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Series) and (self.name, self.labels) == (other.name, other.labels)

    def label(self, name: str) -> str | None:
        return next((value for key, value in self.labels if key == name), None)


Vector = Mapping[Series, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query evaluates to at one instant: a vector, or why there is none."""

    vector: Vector
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """Everything an engine's metrics say at one instant.

    `samples` holds each metric's series under the metric's name; `answers` holds what the panels and key
    metrics asked, under the text of the query. `covered` says for how many seconds samples have been
    collected: a `[5m]` range that was only watched for 20 s says so beside its value. `notes` are remarks of
    the source, such as a clock that runs ahead.
    """

    samples: Mapping[str, Vector]
    answers: Mapping[str, Answer] = field(default_factory=dict)
    covered: float = math.inf
    notes: tuple[str, ...] = ()

    def exports(self, name: str) -> bool:
        return bool(self.samples.get(name))

    def single(self, name: str) -> float | None:
        """The value of a metric that has exactly one series; None when it has none or several."""
        values = list(self.samples.get(name, {}).values())
        return values[0] if len(values) == 1 else None
