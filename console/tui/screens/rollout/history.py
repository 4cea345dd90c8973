"""The changes of one feature that the journal has: who, when, why, and what stood there before."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from console.actions.rollout.history import Change
from console.tui.screens.reading import Reading
from console.tui.screens.rollout.words import clock_time
from console.tui.text import Line, Span, wrap
from console.tui.theme import Glyphs, Tone
from console.tui.view import View


class History(Reading):
    def __init__(self, view: View, feature: str, changes: Sequence[Change], unread: str = "") -> None:
        """Show `changes`, newest first; `unread` says why the journal can't be read."""
        text = partial(_text, changes, unread, view.glyphs)
        super().__init__(view, f"Changes of {feature}", text)


def _text(changes: Sequence[Change], unread: str, glyphs: Glyphs, cells: int) -> list[Line]:
    lines: list[Line] = [(Span(line, Tone.UNKNOWN),) for line in (wrap(unread, cells) if unread else ())]
    for change in changes:
        lines += [*_change(change, glyphs, cells), ()]
    if not lines:
        lines.append((Span("no change of it is in the journal", Tone.DIM),))
    return lines


def _change(change: Change, glyphs: Glyphs, cells: int) -> Iterator[Line]:
    sign, tone, said = {
        True: (glyphs.ok, Tone.OK, ""),
        False: (glyphs.critical, Tone.CRITICAL, ", not done"),
        None: (glyphs.unknown, Tone.UNKNOWN, ", whether it was done isn't known"),
    }[change.done]
    yield (
        Span(f"{sign} #{change.sequence}  {clock_time(change.at)}  ", tone),
        Span(change.user, Tone.STRONG),
        Span(f"{f' from {change.ssh}' if change.ssh else ''}{said}", Tone.DIM),
    )
    told = [(change.words, Tone.STRONG), (change.reason, Tone.PLAIN)]
    told += [(_values(change.before, change.wrote), Tone.DIM)]
    if change.approved_by:
        told.append((f"approved by {change.approved_by}", Tone.PLAIN))
    if change.overridden:
        told.append(("gates were overridden", Tone.WARNING))
    for words, tone in told:
        for line in wrap(words, cells - 2) if words else ():
            yield Span("  "), Span(line, tone)


def _values(before: Mapping[str, object], wrote: Mapping[str, object]) -> str:
    """Each key with what stood there before and what was written."""
    return "; ".join(f"{key}: {_value(before.get(key))} to {_value(value)}" for key, value in wrote.items())


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {each}" for key, each in value.items()) or "empty"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value)) or "empty"
    return str(value).lower() if isinstance(value, bool) else str(value)
