"""The columns of screen 5: how a run or runbook stands, its name, what it is, why now, for how long, who."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.domain.amounts import span
from console.runbooks.model import Risk
from console.runbooks.seen import Hands
from console.tui.screens.recovery.rows import Part, Row
from console.tui.screens.recovery.words import current, progress, run_sign
from console.tui.theme import Glyphs, Tone
from console.tui.widgets.table.columns import Cell, Column

PLACE = "state"
"""The column whose order is the rows' own."""


@dataclass(slots=True)
class Instant:
    """The time of day that ages are counted from: taken anew at each paint."""

    at: float = 0.0


def runbook_columns(glyphs: Glyphs, now: Instant) -> Sequence[Column[Row]]:
    """All of them, the most important first."""
    return (
        Column(PLACE, "NOW", 11, lambda row: _state(row, glyphs), lambda row: row.place, "left"),
        _told("name", "RUNBOOK", 20, lambda row: Cell(row.name, _name_tone(row))),
        _told("what", "WHAT", 20, _what, grow=6),
        _told("why", "WHY NOW", 14, _why, grow=90),
        Column("since", "SINCE", 7, lambda row: _since(row, now), _began, searched=False),
        _told("who", "WHO", 9, _who),
        _told("risk", "RISK", 7, _risk),
    )


def _told(key: str, title: str, width: int, cell: Callable[[Row], Cell], *, grow: int = 0) -> Column[Row]:
    return Column(key, title, width, cell, lambda row: cell(row).text, "left", grow=grow)


def _state(row: Row, glyphs: Glyphs) -> Cell:
    if row.run is not None:
        sign = run_sign(row.run, glyphs)
        return Cell(f"{sign.glyph} {sign.word}", sign.tone)
    if row.unread is not None:
        return Cell(f"{glyphs.unknown} unread", Tone.UNKNOWN)
    if row.part is Part.BROKEN:
        return Cell(f"{glyphs.warning} unread", Tone.WARNING)
    return Cell(f"{glyphs.high} for now", Tone.HIGH) if row.why else Cell(glyphs.none, Tone.DIM)


def _name_tone(row: Row) -> Tone:
    if row.part is Part.OPEN or row.why:
        return Tone.STRONG
    refused = row.offered is not None and row.offered.refusal
    return Tone.DIM if refused or row.part is Part.OVER else Tone.PLAIN


def _what(row: Row) -> Cell:
    """A runbook's title, or where a run is; of one that is over the id, without the name beside it."""
    if row.offered is not None:
        return Cell(row.offered.runbook.title, Tone.DIM if row.offered.refusal else Tone.PLAIN)
    if row.unread is not None:
        return Cell(_own_part(row), Tone.DIM)
    step = None if row.run is None else current(row.run)
    if row.run is None or row.run.standing.over or step is None:
        return Cell("" if row.run is None else _own_part(row), Tone.DIM)
    return Cell(f"{progress(row.run)}, {step.name}")


def _own_part(row: Row) -> str:
    """What tells a run from others of its runbook: an id that is clipped doesn't."""
    return row.key.removeprefix(f"{row.name}-")


def _why(row: Row) -> Cell:
    """What fires that it is for, or why it can't be begun; of a run what its step says."""
    if row.offered is not None and row.offered.refusal:
        return Cell(row.offered.refusal, Tone.DIM)
    if row.run is None:
        tone = Tone.UNKNOWN if row.unread is not None else Tone.HIGH
        return Cell("; ".join(row.why), Tone.WARNING if row.part is Part.BROKEN else tone)
    step = None if row.run.standing.over else current(row.run)
    return Cell("" if step is None else step.words)


def _since(row: Row, now: Instant) -> Cell:
    """For how long an open run has been where it is; for one that is over, since it began."""
    if row.unread is not None:
        return Cell(span(now.at - row.unread.began), Tone.DIM)
    if row.run is None:
        return Cell("")
    step = current(row.run)
    if row.run.standing.over or step is None:
        return Cell(span(now.at - row.run.began), Tone.DIM)
    return Cell(span(now.at - (step.since or row.run.began)))


def _began(row: Row) -> float | None:
    run = row.run or row.unread
    return None if run is None else -run.began


def _who(row: Row) -> Cell:
    run = row.run
    if run is None or run.driver is None:
        return Cell("")
    if row.part is Part.OPEN:
        if row.hands is Hands.NOBODY:
            return Cell("nobody", Tone.DIM)
        if row.hands is Hands.STANDBY:
            return Cell("standby", Tone.BLIND)
        own = row.hands is Hands.OWN
        return Cell("you" if own else run.driver.user, Tone.STRONG if own else Tone.PLAIN)
    return Cell("standby" if run.driver.stands_in else run.driver.user, Tone.DIM)


def _risk(row: Row) -> Cell:
    """What a runbook does to the risk that the engine runs."""
    if row.offered is None:
        return Cell("")
    risk = row.offered.runbook.risk
    return Cell(risk.value, Tone.DIM if risk in (Risk.NONE, Risk.LOWERS) else Tone.HIGH)
