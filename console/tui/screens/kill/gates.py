"""What is said before a reset: every gate with the reason why, which key helps, and what would be done."""

import time
from collections.abc import Iterator, Mapping, Sequence

from console.domain.gate import Gate
from console.tui.screens.kill.asking import key_of, label
from console.tui.screens.kill.look import CONFIRMATION, SECOND_PERSON, Look
from console.tui.text import Line, Span, clip, fit_line, line_width, spread, wrap
from console.tui.theme import Tone
from console.tui.view import View

_NAME = 15
"""Cells of a gate's name."""
_DIALOG = 68
"""Cells of a line in a dialog."""
_MOST = 3
"""Lines that each thing that would be done takes in one."""
_HELPS: Mapping[str, tuple[str, str]] = {
    "armed": ("arm", "arms"),
    "reason": ("give_reason", "type it"),
    "cause": ("acknowledge_cause", "it is"),
    "recovery": ("override_recovery", "do without"),
    CONFIRMATION: ("confirm_reset", "asks for it"),
    SECOND_PERSON: ("ask_second_person", "asks one"),
}
"""The key that helps a gate to pass, and what it does."""


def gate_lines(view: View, gates: Sequence[Gate], cells: int, room: int) -> Iterator[Line]:
    """Every gate in a line; one that doesn't pass in as many as its words take, while there is `room`."""
    spare = room - len(gates)
    for gate in gates:
        lines = list(_gate(view, gate, cells, 0 if gate.passes else max(0, spare)))
        spare -= len(lines) - 1
        yield from lines


def _gate(view: View, gate: Gate, cells: int, more: int) -> Iterator[Line]:
    """The gate in one line, and in up to `more` further ones."""
    glyphs = view.glyphs
    sign, tone = {
        True: (glyphs.ok, Tone.OK),
        False: (glyphs.critical, Tone.CRITICAL),
        None: (glyphs.unknown, Tone.UNKNOWN),
    }[gate.passes]
    helps = () if gate.passes else _help(view, gate.name)
    room = max(20, cells - _NAME - 4 - line_width(helps))
    words = _in_lines(gate.words, 1 + more, room, glyphs.ellipsis)
    said = Tone.DIM if gate.passes else tone
    before = (Span(f"{sign} ", tone), Span(f"{gate.name:<{_NAME}}", Tone.STRONG), Span(words[0], said))
    yield spread(before, helps, cells, glyphs.ellipsis)
    for line in words[1:]:
        yield Span(" " * (_NAME + 2)), Span(line, said)


def _help(view: View, gate: str) -> Line:
    if gate not in _HELPS:
        return ()
    action, does = _HELPS[gate]
    return Span(f" {key_of(view, action)} ", Tone.KEY), Span(f" {does} ", Tone.DIM)


def deed_lines(view: View, found: Look, cells: int, room: int) -> Iterator[Line]:
    """What exactly would be done, as far as `room` lines say it."""
    lines = found.deed.what
    for number, line in enumerate(lines[:room]):
        more = len(lines) - room if number == room - 1 else 0
        right = (Span(f"+{more} more", Tone.DIM),) if more > 0 else ()
        yield spread((label("WOULD" if number == 0 else ""), Span(line)), right, cells, view.glyphs.ellipsis)


def would_lines(view: View, found: Look) -> Sequence[Line]:
    """The same for the dialog in which it is confirmed, as far as that leaves room for the phrase."""
    first, *others = found.deed.what
    told = ((Tone.STRONG, first), *((Tone.PLAIN, other) for other in others))
    ellipsis = view.glyphs.ellipsis
    return [
        (Span(line, tone),) for tone, words in told for line in _in_lines(words, _MOST, _DIALOG, ellipsis)
    ]


def _in_lines(words: str, most: int, cells: int, ellipsis: str) -> list[str]:
    """`words` in at most `most` lines, of which the last says where there would be more."""
    lines = wrap(words, cells) or [""]
    if len(lines) > most:
        lines[most - 1 :] = [clip(" ".join(lines[most - 1 :]), cells, ellipsis)]
    return lines


def key_line(view: View, found: Look | None, objection: str, refused: str, cells: int) -> Line:
    """The key that goes on; or how many gates don't pass yet, and why nothing was done, if it was tried."""
    ellipsis = view.glyphs.ellipsis
    if refused:
        return fit_line((Span(" REFUSED ", Tone.ALARM), Span(f" {refused}", Tone.CRITICAL)), cells, ellipsis)
    if not objection:
        asks = Span(" asks for environment and context to be typed, and resets", Tone.STRONG)
        return fit_line((Span(f" {key_of(view, 'confirm_reset')} ", Tone.ALARM), asks), cells, ellipsis)
    missing = () if found is None else found.missing
    said = f"{len(missing)} of {len(found.gates)} gates don't pass" if found and missing else objection
    return fit_line((Span(" NOT YET ", Tone.BLIND), Span(f" {said}", Tone.UNKNOWN)), cells, ellipsis)


def second_person_line(view: View, found: Look, cells: int) -> Iterator[Line]:
    """How the second person's approval stands: loud where there is none but an admin's own."""
    ellipsis, consent, request = view.glyphs.ellipsis, found.consent, found.request
    if consent is not None and consent.broken_glass:
        said = f" without a second person, until {_clock(consent.until)}; it is in the journal"
        yield fit_line((Span(" GLASS BROKEN ", Tone.ALARM), Span(said, Tone.CRITICAL)), cells, ellipsis)
    elif consent is None and request is not None:
        said = f"opsconsole approve {request.id}, or screen 8 of another person, by {_clock(request.expires)}"
        yield fit_line((label("WAITS FOR"), Span(said, Tone.WARNING)), cells, ellipsis)
    elif found.said:
        yield fit_line((label("APPROVAL"), Span(found.said, Tone.UNKNOWN)), cells, ellipsis)


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
