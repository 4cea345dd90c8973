"""What the engine says that it has loaded: the series of `futures_feature_stage`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from console.domain.metrics import Column, LateSeries, Lineup
from console.domain.rollout.stages import Stage

_STAGES: Mapping[float, Stage] = {float(stage): stage for stage in Stage}


@dataclass(frozen=True, slots=True)
class Loaded:
    """One answer of the engine's: `features` are those of the column's series, one for each."""

    column: Column
    features: Sequence[str | None]

    def stages(self, feature: str, symbol: str) -> list[Stage | None]:
        """What each process says of the cell; None for a number that is no stage."""
        places = self.column.lineup.places_of(symbol)
        said = (self.column.numbers[place] for place in places if self.features[place] == feature)
        return list(map(stage_of, said))

    def named(self) -> tuple[str, ...]:
        """The features in the order of their series."""
        return tuple(feature for feature in dict.fromkeys(self.features) if feature is not None)


def stage_of(number: float) -> Stage | None:
    """The stage that the metric's number stands for, if it stands for one."""
    return _STAGES.get(number)


def loaded(column: Column, before: Loaded | None) -> Loaded:
    """What the metric's `column` says: `before` itself where nothing has changed since."""
    if before is not None and before.column is column:
        return before
    known = before is not None and before.column.lineup is column.lineup
    return Loaded(
        column, before.features if before is not None and known else tuple(_features(column.lineup))
    )


def _features(lineup: Lineup) -> Iterator[str | None]:
    """The feature of each series, as few objects: they may be tens of thousands of a handful."""
    series = lineup.series
    if isinstance(series, LateSeries):
        features = series.values_of("feature")
    else:
        features = [one.label("feature") for one in series]
    known: dict[str | None, str | None] = {}
    return (known.setdefault(feature, feature) for feature in features)
