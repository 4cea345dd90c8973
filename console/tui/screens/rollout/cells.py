"""The matrix of screen 3: a row for each feature, a column for each symbol, in each cell a stage.

A cell shows what the file says; the sign after it that the engine has loaded something else, or that nobody
knows what it has loaded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from console.domain.assessment import Assessment
from console.domain.rollout.drift import Cell as Known
from console.domain.rollout.drift import RolloutStatus, Standing
from console.domain.rollout.stages import STAGES, Stage
from console.domain.severity import Severity
from console.domain.surfaces import Feature
from console.tui.text import width
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.table.columns import Cell, Column, Order

FEATURE = "feature"
"""The key of the first column; those of the symbols begin with a blank, as no other column's does."""
_STAGE_CELLS, _MOST_CELLS = 6, 12
"""Cells of a stage with its signs, and of the longest symbol over it."""

_TONES = {
    None: Tone.UNKNOWN,
    Stage.DISABLED: Tone.DIM,
    Stage.SHADOW: Tone.PLAIN,
    Stage.CANARY: Tone.ACCENT,
    Stage.PRODUCTION: Tone.OK,
}


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A feature at its `place`, with what its own `stage` is, whatever its symbols do.

    `severity` is that of the worst that is wrong with it.
    """

    name: str
    place: int
    stage: Stage | None
    severity: Severity


class Basis(NamedTuple):
    """What every cell rests on: cells are the same for as long as these are the same objects."""

    rules: object = None
    differences: object = None
    engine: object = None
    features: object = None
    listings: object = None
    desired_known: bool = False
    loaded_known: bool = False

    def is_that_of(self, other: "Basis") -> bool:
        return all(one is another for one, another in zip(self, other, strict=True))


@dataclass(slots=True)
class Present:
    """What cells need beside their row, taken anew at each paint."""

    glyphs: Glyphs
    status: RolloutStatus | None = None

    @property
    def stale(self) -> bool:
        """Whether what the file says isn't the present."""
        return self.status is not None and bool(self.status.desired_doubt)

    def take(self, assessment: Assessment) -> Basis:
        self.status = status = assessment.rollout
        return Basis(
            status.rules,
            status.differences,
            status.engine,
            status.features,
            status.listings,
            not status.desired_doubt,
            not status.loaded_doubt,
        )


def key_of(symbol: str) -> str:
    """The key of a symbol's column."""
    return f" {symbol}"


def symbol_of(key: str) -> str:
    """The symbol that a column's key stands for."""
    return key.removeprefix(" ")


def rows_of(status: RolloutStatus) -> tuple[FeatureRow, ...]:
    """A row for each feature, those first that the file has."""
    written = () if status.flags is None else status.flags.features
    named = {feature.name: feature for feature in written}
    lasting = {
        one.feature: Severity.HIGH if one.difference.trades_against_the_file else Severity.WARNING
        for one in status.drifting
    }
    rows = []
    for place, name in enumerate(status.features):
        stage = None if status.flags is None else own_stage(named.get(name))
        doubt = Severity.UNKNOWN if stage is None else Severity.OK
        rows.append(FeatureRow(name, place, stage, max(doubt, lasting.get(name, Severity.OK))))
    return tuple(rows)


def matrix_columns(symbols: Iterable[str], present: Present) -> Sequence[Column[FeatureRow]]:
    """The features' column, and one for each symbol."""
    return (_feature(present), *(_symbol(symbol, present) for symbol in symbols))


def own_stage(feature: Feature | None) -> Stage | None:
    """What a feature's own entry says, whatever its symbols do; without one it is off."""
    if feature is None or not feature.enabled:
        return Stage.DISABLED
    return None if feature.malformed else STAGES.get(feature.stage)


def stage_tone(stage: Stage | None) -> Tone:
    return _TONES[stage]


def stage_words(stage: Stage | None, glyphs: Glyphs) -> str:
    """A stage as it stands in a sentence: its sign and its word."""
    return f"{glyphs.unknown} unknown" if stage is None else f"{glyphs.stages[stage]} {stage.word}"


def severity_of(known: Known) -> Severity:
    """How bad it is that file and engine don't say the same."""
    if known.standing not in (Standing.DRIFT, Standing.RESTART):
        return Severity.OK
    desired, loaded = known.desired, known.loaded
    against = loaded is not None and loaded.trades and desired is not None and not desired.trades
    return Severity.HIGH if against else Severity.WARNING


def stage_cell(known: Known, glyphs: Glyphs, *, stale: bool) -> Cell:
    """The stage as sign and letter between two blanks, and a sign where the engine's isn't the same."""
    stage, severity = known.desired, severity_of(known)
    if stage is None:
        return Cell(f" {glyphs.unknown}    ", Tone.UNKNOWN, stale=stale)
    sign, letter = glyphs.stages[stage], stage.letter
    if severity is not Severity.OK:
        return Cell(f" {sign} {letter}{glyphs.of(severity)} ", tone_of(severity), stale=stale)
    mark = {Standing.LOADED: " ", Standing.PENDING: glyphs.ellipsis}.get(known.standing, glyphs.unknown)
    return Cell(f" {sign} {letter}{mark} ", stage_tone(stage), stale=stale)


def _feature(present: Present) -> Column[FeatureRow]:
    """The name, with the letter of its own stage."""

    def cell(row: FeatureRow) -> Cell:
        letter = present.glyphs.unknown if row.stage is None else row.stage.letter
        tone = Tone.DIM if row.stage is Stage.DISABLED else Tone.STRONG
        return Cell(row.name, tone, letter, present.stale)

    def order(row: FeatureRow) -> Order:
        return (-row.severity, row.place)

    return Column(
        FEATURE, "FEATURE", 20, cell, order, "left", marked=True, grow=16, copied=lambda row: row.name
    )


def _symbol(symbol: str, present: Present) -> Column[FeatureRow]:
    def cell(row: FeatureRow) -> Cell:
        if present.status is None:
            return Cell("")
        return stage_cell(present.status.cell(row.name, symbol), present.glyphs, stale=present.stale)

    def order(row: FeatureRow) -> Order:
        stage = None if present.status is None else present.status.desired(row.name, symbol)
        return None if stage is None else -stage

    def words(row: FeatureRow) -> str:
        return "" if present.status is None else _words(present.status.cell(row.name, symbol))

    return Column(
        key=key_of(symbol),
        title=symbol,
        width=max(_STAGE_CELLS, min(width(symbol), _MOST_CELLS)),
        cell=cell,
        order=order,
        align="left",
        texts=lambda rows: list(map(words, rows)),
        searched=False,
        copied=words,
    )


def _words(known: Known) -> str:
    """A cell for filters, and to be copied: `canary`, `canary loaded shadow`."""
    said = _word(known.desired)
    return said if known.loaded is known.desired else f"{said} loaded {_word(known.loaded)}"


def _word(stage: Stage | None) -> str:
    return "unknown" if stage is None else stage.word
