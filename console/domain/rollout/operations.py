"""What a person can ask of a feature's stages, as values. What becomes of it, `planning` says."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.edits import Value
from console.domain.rollout.stages import Stage

Symbols = tuple[str, ...] | None
"""The symbols that are meant; None: the feature as a whole."""


class _Whole:
    """What always means the feature as a whole."""

    __slots__ = ()

    @property
    def symbols(self) -> Symbols:
        return None


@dataclass(frozen=True, slots=True)
class SetStage:
    """Have the feature, or only `symbols` of it, in `stage`; other symbols stay as they are."""

    feature: str
    stage: Stage
    symbols: Symbols = None

    def __str__(self) -> str:
        return f"{self.feature} to {self.stage.word}{_for(self.symbols)}"


@dataclass(frozen=True, slots=True)
class CanaryOnly:
    """Have the feature in canary for exactly `symbols`, and off for every other one."""

    feature: str
    symbols: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.feature} to canary{_for(self.symbols)} only"


@dataclass(frozen=True, slots=True)
class Promote:
    """One stage up."""

    feature: str
    symbols: Symbols = None

    def __str__(self) -> str:
        return f"{self.feature} up one stage{_for(self.symbols)}"


@dataclass(frozen=True, slots=True)
class Demote:
    """One stage down."""

    feature: str
    symbols: Symbols = None

    def __str__(self) -> str:
        return f"{self.feature} down one stage{_for(self.symbols)}"


@dataclass(frozen=True, slots=True)
class Disable(_Whole):
    """Switch the feature off whatever its stage: the quick rollback."""

    feature: str

    def __str__(self) -> str:
        return f"{self.feature} off"


@dataclass(frozen=True, slots=True)
class Enable(_Whole):
    """Switch a feature on again that was switched off, in shadow unless said otherwise."""

    feature: str
    stage: Stage = Stage.SHADOW

    def __str__(self) -> str:
        return f"{self.feature} on again, in {self.stage.word}"


Written = Mapping[str, Value | None]
"""Keys of a feature with what stands there; None: the key is missing."""


@dataclass(frozen=True, slots=True)
class Undo(_Whole):
    """Have what stood there `before` a change that wrote `wrote`, if that still stands: a new change.

    Both are by key, as a Plan has them or as a journal gives them back.
    """

    feature: str
    wrote: Mapping[str, object]
    before: Mapping[str, object]

    def __str__(self) -> str:
        return f"{self.feature}: {', '.join(self.before)} as before"


Operation = SetStage | CanaryOnly | Promote | Demote | Disable | Enable | Undo


def _for(symbols: Symbols) -> str:
    if symbols is None:
        return ""
    return f" for {symbols[0]}" if len(symbols) == 1 else f" for {len(symbols)} symbols"
