"""What is said before a reset: every gate with the reason why, which key helps, and what would be done."""

import time
from collections.abc import Iterator, Mapping, Sequence

from console.domain.figures import seconds
from console.domain.gate import Gate
from console.tui.screens.kill.asking import key_of, label
from console.tui.screens.kill.look import Look
from console.tui.screens.second_person import CONFIRMATION, SECOND_PERSON, Word
from console.tui.text import Line, Span, clip, fit_line, line_width, spread, wrap
from console.tui.theme import Tone
from console.tui.view import View

_NAME = 15
"""Cells of a gate's name."""
_DIALOG = 68
"""Cells of a line in a dialog."""
_MOST = 3
"""Lines that each thing that would be done takes in one."""
_AGED = 1.5
"""Seconds after which it is told how long ago the gates were looked at."""
Helps = Mapping[str, tuple[str, str]]
"""By gate the action whose key helps it to pass, and what that does."""
RESET: Helps = {
    "armed": ("arm", "arms"),
    "reason": ("give_reason", "type it"),
    "cause": ("acknowledge_cause", "it is"),
    "recovery": ("override_recovery", "do without"),
    CONFIRMATION: ("confirm_reset", "asks for it"),
    SECOND_PERSON: ("ask_second_person", "asks one"),
}
"""What helps the gates of a reset."""


def gate_lines(
    view: View, gates: Sequence[Gate], cells: int, room: int, helping: Helps = RESET
) -> Iterator[Line]:
    """Every gate in a line; one that doesn't pass in as many as its words take, while there is `room`."""
    spare = room - len(gates)
    for gate in gates:
        helps = () if gate.passes else _help(view, helping.get(gate.name))
        lines = list(_gate(view, gate, helps, cells, 1 if gate.passes else 1 + max(0, spare)))
        spare -= len(lines) - 1
        yield from lines


def gate_in_full(view: View, gate: Gate, cells: int) -> Iterator[Line]:
    """The gate in as many lines as its words take."""
    return _gate(view, gate, (), cells, None)


def _gate(view: View, gate: Gate, helps: Line, cells: int, most: int | None) -> Iterator[Line]:
    """The gate in at most so many lines, or in all that it takes, beside the key that helps it."""
    glyphs = view.glyphs
    sign, tone = {
        True: (glyphs.ok, Tone.OK),
        False: (glyphs.critical, Tone.CRITICAL),
        None: (glyphs.unknown, Tone.UNKNOWN),
    }[gate.passes]
    room = max(20, cells - _NAME - 4 - line_width(helps))
    words = _in_lines(gate.words, most, room, glyphs.ellipsis)
    said = Tone.DIM if gate.passes else tone
    before = (Span(f"{sign} ", tone), Span(f"{gate.name:<{_NAME}}", Tone.STRONG), Span(words[0], said))
    yield spread(before, helps, cells, glyphs.ellipsis)
    for line in words[1:]:
        yield Span(" " * (_NAME + 2)), Span(line, said)


def _help(view: View, helps: tuple[str, str] | None) -> Line:
    if helps is None:
        return ()
    action, does = helps
    return Span(f" {key_of(view, action)} ", Tone.KEY), Span(f" {does} ", Tone.DIM)


def deed_lines(view: View, found: Look, cells: int, room: int) -> Iterator[Line]:
    """What exactly would be done, as far as `room` lines say it."""
    lines = found.deed.what
    shown, more = lines[:room], len(lines) - room
    reads = f" reads all, +{more} more " if more > 0 else " reads all "
    key = (Span(f" {key_of(view, 'read_deed')} ", Tone.KEY), Span(reads, Tone.DIM))
    for number, line in enumerate(shown, 1):
        right = key if number == len(shown) else ()
        yield spread((label("WOULD" if number == 1 else ""), Span(line)), right, cells, view.glyphs.ellipsis)


def full_lines(view: View, found: Look, cells: int) -> list[Line]:
    """All of what would be done, and every gate, in as many lines as they take."""
    lines: list[Line] = [(Span(line),) for words in found.deed.what for line in wrap(words, cells)]
    return [*lines, (), *(line for gate in found.gates for line in gate_in_full(view, gate, cells))]


def would_lines(view: View, found: Look, room: int) -> list[Line]:
    """The same for the dialog in which it is confirmed, in `room` lines, which leaves some for the phrase."""
    first, *others = found.deed.what
    told = ((Tone.STRONG, first), *((Tone.PLAIN, other) for other in others))
    ellipsis = view.glyphs.ellipsis
    lines: list[Line] = [
        (Span(line, tone),) for tone, words in told for line in _in_lines(words, _MOST, _DIALOG, ellipsis)
    ]
    if (more := len(lines) - room) > 0:
        key = key_of(view, "read_deed")
        lines[room - 1 :] = [(Span(f"+{more + 1} more lines: esc, then {key} reads them", Tone.HIGH),)]
    return lines


def _in_lines(words: str, most: int | None, cells: int, ellipsis: str) -> list[str]:
    """`words` in at most `most` lines, of which the last says where there would be more."""
    lines = wrap(words, cells) or [""]
    if most is not None and len(lines) > most:
        lines[most - 1 :] = [clip(" ".join(lines[most - 1 :]), cells, ellipsis)]
    return lines


def key_line(view: View, found: Look | None, objection: str, refused: str, cells: int) -> Line:
    """The key that goes on; or how many gates don't pass yet, and why nothing was done, if it was tried."""
    ellipsis = view.glyphs.ellipsis
    if refused:
        return fit_line((Span(" REFUSED ", Tone.ALARM), Span(f" {refused}", Tone.CRITICAL)), cells, ellipsis)
    age = _age(view, found)
    if not objection:
        asks = Span(" asks for environment and context to be typed, and resets", Tone.STRONG)
        return spread((Span(f" {key_of(view, 'confirm_reset')} ", Tone.ALARM), asks), age, cells, ellipsis)
    said = objection
    if found is not None and found.missing:
        closed = [gate for gate in found.gates if gate.passes is not True]
        said = f"{len(closed)} of {len(found.gates)} gates don't pass"
    return spread((Span(" NOT YET ", Tone.BLIND), Span(f" {said}", Tone.UNKNOWN)), age, cells, ellipsis)


def _age(view: View, found: Look | None) -> Line:
    """How old the gates are, where they are older than the rest of the screen."""
    age = 0.0 if found is None or view.live is None else view.live.at - found.at
    return (Span(f" gates of {seconds(age)} ago ", Tone.UNKNOWN),) if age > _AGED else ()


def second_person_line(view: View, word: Word, cells: int) -> Iterator[Line]:
    """How the second person's approval stands: loud where there is none but an admin's own."""
    ellipsis, (request, consent, why) = view.glyphs.ellipsis, word
    if consent is not None and consent.broken_glass:
        said = f" without a second person, until {_clock(consent.until)}; it is in the journal"
        yield fit_line((Span(" GLASS BROKEN ", Tone.ALARM), Span(said, Tone.CRITICAL)), cells, ellipsis)
    elif consent is None and request is not None:
        said = f"opsconsole approve {request.id}, or screen 8 of another person, by {_clock(request.expires)}"
        yield fit_line((label("WAITS FOR"), Span(said, Tone.WARNING)), cells, ellipsis)
    elif why:
        yield fit_line((label("APPROVAL"), Span(why, Tone.UNKNOWN)), cells, ellipsis)


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
