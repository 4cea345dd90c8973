"""What has been seen of the alerts while the console was open: their values, and when each became what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from console.domain.alert_rows import AlertRow, AlertState
from console.domain.trails import FINE_STEP, Trails

MOST_ALERTS = 256
"""Alerts of which the past is kept, the worst first: fixed memory, however many there are."""
_MOST_TURNS = 12
_MEASURED = (AlertState.FIRING, AlertState.PENDING)


@dataclass(frozen=True, slots=True)
class Turn:
    """That an alert came into `state` at `at`, on the console's clock."""

    state: AlertState
    at: float


@dataclass(frozen=True, slots=True)
class AlertTrails:
    """By the alerts' keys: the `values` while pending or firing, and the newest `turns` in their order.

    `rows` are those that the turns have been taken from.
    """

    values: Trails = field(default_factory=Trails)
    turns: Mapping[str, tuple[Turn, ...]] = field(default_factory=dict)
    rows: tuple[AlertRow, ...] = ()

    def then(self, rows: tuple[AlertRow, ...], at: float) -> "AlertTrails":
        """These, and what is so at `at`; of an instant before what is known already, that alone."""
        newest = self.values.newest
        if newest is not None and at < newest.at:
            return AlertTrails().then(rows, at)
        trails = self if rows is self.rows else replace(self, rows=rows, turns=_turned(self.turns, rows, at))
        if newest is not None and at < newest.at + FINE_STEP:
            return trails
        measured = dict(islice(_values(rows), MOST_ALERTS))
        if not measured and newest is None:
            return trails
        return replace(trails, values=self.values.with_moment(at, tuple(measured), measured.values()))


def _values(rows: Sequence[AlertRow]) -> Iterator[tuple[str, float]]:
    return ((row.key, row.raised.value) for row in rows if row.raised is not None and row.state in _MEASURED)


def _turned(
    before: Mapping[str, tuple[Turn, ...]], rows: Sequence[AlertRow], at: float
) -> Mapping[str, tuple[Turn, ...]]:
    """The turns, with those that `rows` have taken; the same object where they have taken none."""
    new: dict[str, tuple[Turn, ...]] = {}
    for row in rows:
        if row.raised is not None:
            turn, known = Turn(row.state, at if row.since is None else row.since), before.get(row.key, ())
            if turn not in known[-1:]:
                new[row.key] = (*known, turn)[-_MOST_TURNS:]
    if not new:
        return before
    kept = {**before, **new}
    if len(kept) > MOST_ALERTS:
        present = dict.fromkeys(row.key for row in rows if row.key in kept)
        kept = {key: kept[key] for key in islice(present | kept, MOST_ALERTS)}
    return kept
