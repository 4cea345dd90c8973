"""The columns of screen 6: whether a procedure is advised, its name, what it needs, its last drill."""

from collections.abc import Callable, Sequence

from console.domain.figures import seconds
from console.domain.rollback import Way
from console.tui.screens.recovery.columns import Instant
from console.tui.screens.recovery.words import answer_of, run_sign
from console.tui.screens.rollback.losses import lost_in_brief
from console.tui.screens.rollback.rows import Row
from console.tui.theme import Glyphs, Tone
from console.tui.widgets.table.columns import Cell, Column

PLACE = "now"
"""The column whose order is the rows' own."""
NOT_LOOKED = Cell("", Tone.DIM)


def procedure_columns(glyphs: Glyphs, now: Instant) -> Sequence[Column[Row]]:
    """All of them, the most important first."""
    return (
        Column(PLACE, "NOW", 10, lambda row: _now(row, glyphs), lambda row: row.place, "left"),
        _told("procedure", "PROCEDURE", 22, _title, grow=26),
        _told("needs", "NEEDS", 16, _of_way(lambda way: needs_in_brief(way, glyphs)), grow=14),
        _told("drill", "LAST DRILL", 11, _of_way(lambda way: drill_in_brief(way, now.at, glyphs))),
        Column("took", "TOOK", 5, _of_way(_took), _seconds, searched=False),
        _told("loses", "WOULD BE LOST", 22, _of_way(lambda way: lost_in_brief(way, glyphs))),
    )


def needs_in_brief(way: Way, glyphs: Glyphs) -> Cell:
    """What it lacks, else what nobody can tell, else how much it has."""
    for met in (False, None):
        found = [need.name for need in way.needs if need.met is met]
        if found:
            sign = answer_of(met, glyphs)
            more = f" +{len(found) - 1}" if len(found) > 1 else ""
            return Cell(f"{sign[0]} {found[0]}{more}", sign[1])
    if not way.needs:
        return Cell("nothing", Tone.DIM)
    sign = answer_of(True, glyphs)
    return Cell(f"{sign[0]} {len(way.needs)} met", sign[1])


def drill_in_brief(way: Way, now: float, glyphs: Glyphs) -> Cell:
    """How long ago it was practised; LATE where that is longer ago than is allowed."""
    last = way.drilled
    if last is None:
        return Cell(f"{glyphs.warning} never", Tone.WARNING)
    if not last.passed:
        return Cell(f"{glyphs.critical} FAILED", Tone.CRITICAL)
    ago = seconds(now - last.at)
    if way.late:
        return Cell(f"{glyphs.warning} LATE {ago}", Tone.WARNING)
    return Cell(f"{glyphs.ok} {ago}", Tone.OK)


def _told(key: str, title: str, width: int, cell: Callable[[Row], Cell], *, grow: int = 0) -> Column[Row]:
    return Column(key, title, width, cell, lambda row: cell(row).text, "left", grow=grow)


def _of_way(cell: Callable[[Way], Cell]) -> Callable[[Row], Cell]:
    """Nothing is said of what nobody has looked at."""
    return lambda row: NOT_LOOKED if row.way is None else cell(row.way)


def _now(row: Row, glyphs: Glyphs) -> Cell:
    if row.run is not None:
        sign = run_sign(row.run, glyphs)
        return Cell(f"{sign.glyph} {sign.word}", sign.tone)
    if row.advice:
        return Cell(f"{glyphs.critical} advised", Tone.CRITICAL)
    return Cell(f"{glyphs.none} not here" if row.refusal else glyphs.none, Tone.DIM)


def _title(row: Row) -> Cell:
    feature = row.values.get("feature", "")
    title = f"{row.title}: {feature}" if row.advice and feature else row.title
    if row.refusal:
        return Cell(title, Tone.DIM)
    return Cell(title, Tone.STRONG if row.advice or row.run is not None else Tone.PLAIN)


def _took(way: Way) -> Cell:
    return Cell("" if way.drilled is None else seconds(way.drilled.seconds), Tone.DIM)


def _seconds(row: Row) -> float | None:
    return None if row.way is None or row.way.drilled is None else -row.way.drilled.seconds
