"""The columns of screen 4: how bad, how it stands, of what, since when, and by how much.

Where it is narrow, value and time stand in one column with the words; wide, each in its own. Of what is
counted, how many events there were stands with them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from console.domain.alert_book import severity_of
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.severity import Severity
from console.tui.screens.alerts.rows import Listed
from console.tui.screens.alerts.words import age_text, events_text, muted_words, spelled, value_text, wall_of
from console.tui.theme import Tone, tone_of
from console.tui.view import View
from console.tui.widgets.table.columns import Cell, Column, Order

SEVERITY = "severity"
_STATE_TONES = {
    AlertState.LOST: Tone.STRONG,
    AlertState.FIRING: Tone.STRONG,
    AlertState.PENDING: Tone.PLAIN,
    AlertState.RESOLVED: Tone.DIM,
    AlertState.WARMING: Tone.DIM,
    AlertState.NO_DATA: Tone.UNKNOWN,
    AlertState.FAILING: Tone.UNKNOWN,
}


@dataclass(slots=True)
class Present:
    """What cells need beside their row: taken anew at each paint."""

    view: View


class Room(Enum):
    """How much there is for the columns: the figures beside value and time come with the vast one."""

    NARROW = 0
    WIDE = 1
    VAST = 2


def alert_columns(present: Present, room: Room) -> Sequence[Column[Listed]]:
    """All of them, the most important first: what a screen has no room for is left out at the right."""
    narrow, vast = room is Room.NARROW, room is Room.VAST
    named = _symbol(present, grow=10 if vast else 2), _name(19 if narrow else 21, grow=9 if vast else 1)
    first = _severity(present, 14 if narrow else 15), _state(), *named
    since, value = _since(present), _value(present)
    others = replace(_worst(present), optional=not vast), replace(_events(), optional=not vast)
    if narrow:
        return *first, _brief(present), since, value, *others
    if vast:
        return *first, since, value, *others, _why(present)
    return *first, since, value, _why(present), *others


def symbol_alert_columns(present: Present) -> Sequence[Column[Listed]]:
    """The same of one symbol's alerts, which needn't be named in each."""
    return tuple(column for column in alert_columns(present, Room.WIDE) if column.key != "symbol")


def _severity(present: Present, width: int) -> Column[Listed]:
    """How bad it is; of what is pending how bad it would be, and of what isn't wrong nothing."""
    glyphs = present.view.glyphs

    def cell(row: Listed) -> Cell:
        if row.severity is Severity.OK:
            if row.rule is not None and row.rule.state is AlertState.PENDING:
                return Cell(f"→ {severity_of(row.rule.rule.severity).word}", Tone.DIM)
            return Cell(glyphs.none, Tone.DIM)
        tone = tone_of(row.severity)
        if row.severity is Severity.CRITICAL and not row.alert.muted:
            tone = Tone.ALARM
        return Cell(f"{glyphs.of(row.severity)} {row.severity.word}", tone)

    return Column(SEVERITY, "ALERT", width, cell, lambda row: row.place, "left")


def _state() -> Column[Listed]:
    def cell(row: Listed) -> Cell:
        if row.rule is None:
            return Cell(row.state)
        harmless = row.rule.muted or (row.severity is Severity.OK and row.rule.state is AlertState.FIRING)
        harmless = harmless or _quiet_since(row.rule) is not None
        return Cell(row.state, Tone.DIM if harmless else _STATE_TONES[row.rule.state])

    return Column("state", "STATE", 8, cell, lambda row: row.state, "left")


def _symbol(present: Present, *, grow: int) -> Column[Listed]:
    none = present.view.glyphs.none

    def cell(row: Listed) -> Cell:
        return Cell(none, Tone.DIM) if row.alert.symbol is None else Cell(row.alert.symbol, Tone.STRONG)

    return Column("symbol", "SYMBOL", 10, cell, lambda row: row.alert.symbol, "left", grow=grow)


def _name(width: int, *, grow: int) -> Column[Listed]:
    def text(row: Listed) -> str:
        return row.alert.name if row.rule is not None else spelled(row.alert.name)

    return Column("name", "WHAT", width, lambda row: Cell(text(row)), text, "left", grow=grow)


def _since(present: Present) -> Column[Listed]:
    """For how long it has been so, the newest first."""

    def cell(row: Listed) -> Cell:
        return Cell(_lasts(present, row.rule), Tone.DIM)

    def order(row: Listed) -> Order:
        return None if row.rule is None or row.rule.since is None else -row.rule.since

    return Column("since", "SINCE", 7, cell, order, searched=False)


def _value(present: Present) -> Column[Listed]:
    return _figure("value", "VALUE", present, lambda row: None if row.raised is None else row.raised.value)


def _worst(present: Present) -> Column[Listed]:
    return _figure("worst", "WORST", present, lambda row: row.worst)


def _figure(
    key: str, title: str, present: Present, pick: Callable[[AlertRow], float | None]
) -> Column[Listed]:
    """A figure of the rule's, in the rule's unit."""

    def number(row: Listed) -> float | None:
        return None if row.rule is None else pick(row.rule)

    def cell(row: Listed) -> Cell:
        live = present.view.live
        if row.rule is None or live is None:
            return Cell("")
        gone = row.rule.state in (AlertState.LOST, AlertState.RESOLVED)
        return Cell(value_text(row.rule.rule, pick(row.rule), live.panels), _tone(row), stale=gone)

    return Column(key, title, 8, cell, number, number=number)


def _events() -> Column[Listed]:
    """How many events an `increase()` stands for, exactly."""

    def number(row: Listed) -> float | None:
        return None if row.rule is None or row.rule.raised is None else row.rule.raised.count

    def cell(row: Listed) -> Cell:
        count = number(row)
        return Cell("" if count is None else f"{count:g}", Tone.STRONG)

    return Column("events", "EVENTS", 6, cell, number, number=number)


def _brief(present: Present) -> Column[Listed]:
    """Value and time of a rule's alert, or why something else is wrong."""

    def text(row: Listed) -> str:
        live = present.view.live
        if row.rule is None or live is None or row.rule.raised is None:
            return row.alert.summary
        raised = row.rule.raised
        if (over := _over(present, row.rule)) and not row.rule.muted:
            return over
        if raised.count is not None:
            return f"{'muted  ' if row.rule.muted else ''}{events_text(raised.count)}"
        value = value_text(row.rule.rule, raised.value, live.panels)
        return f"muted  {value}" if row.rule.muted else f"{value}  {_lasts(present, row.rule)}"

    return Column("summary", "WHY", 16, lambda row: Cell(text(row), _tone(row)), text, "left", grow=200)


def _why(present: Present) -> Column[Listed]:
    """The summary; before it who has muted the alert, since when it is over, or how many events."""

    def text(row: Listed) -> str:
        live = present.view.live
        if row.rule is None or live is None:
            return row.alert.summary
        if row.rule.muted:
            return f"{muted_words(row.rule, wall_of(live, live.at))}: {row.alert.summary}"
        count = None if row.rule.raised is None else row.rule.raised.count
        before = _over(present, row.rule) or ("" if count is None else events_text(count))
        return f"{before}: {row.alert.summary}" if before else row.alert.summary

    return Column("summary", "WHY", 20, lambda row: Cell(text(row), _tone(row)), text, "left", grow=200)


def _quiet_since(row: AlertRow) -> float | None:
    """Since when only its rule's `keep_firing_for` keeps the alert firing."""
    return row.raised.quiet_since if row.raised is not None and row.state is AlertState.FIRING else None


def _over(present: Present, row: AlertRow) -> str:
    """For how long what the alert tells of has been over; empty while it isn't."""
    since, live = _quiet_since(row), present.view.live
    if since is None or live is None:
        return ""
    return f"over for {age_text(present.view, max(0.0, live.at - since))}"


def _lasts(present: Present, row: AlertRow | None) -> str:
    live = present.view.live
    if row is None or row.since is None or live is None:
        return ""
    return age_text(present.view, max(0.0, live.at - row.since))


def _tone(row: Listed) -> Tone:
    if row.severity is Severity.OK:
        return Tone.PLAIN if row.rule is not None and row.rule.state is AlertState.PENDING else Tone.DIM
    return Tone.DIM if row.alert.muted else tone_of(row.severity)
