"""What is said before a change: what it does to every symbol, what it takes, and the very lines it writes."""

from collections.abc import Iterable, Iterator, Sequence

from textual.geometry import Size

from console.domain.figures import seconds
from console.domain.rollout.plan import Direction, Move, Plan, Refusal
from console.tui.key_names import key_sign
from console.tui.screens.kill.asking import key_of, label
from console.tui.screens.kill.gates import Helps, gate_in_full, gate_lines, second_person_line
from console.tui.screens.rollout.cells import stage_words
from console.tui.screens.rollout.look import Look
from console.tui.screens.second_person import CONFIRMATION, SECOND_PERSON
from console.tui.text import Line, Span, fit_line, spread, wrap
from console.tui.theme import Tone
from console.tui.view import View

HELPS: Helps = {
    "armed": ("arm", "arms"),
    "reason": ("give_reason", "type it"),
    "step": ("override_gates", "override"),
    "time in stage": ("override_gates", "override"),
    "calm": ("override_gates", "override"),
    "liquidations": ("override_gates", "override"),
    CONFIRMATION: ("write_change", "asks for it"),
    SECOND_PERSON: ("ask_second_person", "asks one"),
}
"""What helps the gates of a change."""
_RISK = {
    Direction.RAISES: (" RAISES RISK ", Tone.ALARM),
    Direction.LOWERS: (" LOWERS RISK ", Tone.KEY),
    Direction.SAME: (" LEAVES RISK ", Tone.KEY),
}
_SIGNS = {"+": Tone.OK, "-": Tone.HIGH, "@": Tone.DIM}
"""The tones of a difference's lines, by what they begin with."""
_MOST_NAMED = 40
"""Symbols of which a line has room for the names, at most."""
_DIFFERENCE = 5
"""Lines of the difference, at most, where the screen is low."""
_HIGH = 30
"""Lines from which on it isn't."""
_MOST_LINES = 6
"""Lines of such names where a phrase is typed."""
_AGED = 1.5
"""Seconds after which it is told how long ago all that was looked at."""


def blocks(
    view: View, found: Look | None, objection: str, refused: str, size: Size
) -> Iterator[tuple[Line, ...]]:
    """All that is said until the change is made.

    `objection` is why it can't be made now, `refused` why it wasn't when that was tried.
    """
    cells = size.width
    yield tuple(head_lines(view, found, cells))
    if found is not None and isinstance(found.plan, Refusal):
        yield tuple(refusal_lines(view, found.plan, cells))
        yield (instead_line(view, found.plan, cells),)
        return
    if found is not None and isinstance(found.plan, Plan):
        yield from _asked(view, found, found.plan, size)
    yield tuple(key_lines(view, found, objection, refused, cells))


def _asked(view: View, found: Look, plan: Plan, size: Size) -> Iterator[tuple[Line, ...]]:
    """What it does, its gates and what it writes, in the room that there is."""
    cells, most = size.width, _DIFFERENCE if size.height < _HIGH else size.height // 3
    effect = (*effect_lines(view, plan, cells), *held_lines(view, found, cells))
    yield effect
    second = tuple(second_person_line(view, found.word, cells))
    room = size.height - 3 - len(effect) - len(second)
    difference = min(len(found.lines), most if found.gates else max(most, room))
    yield tuple(gates_lines(view, found, cells, room - difference))
    yield second
    yield tuple(difference_lines(view, found, cells, difference))


def head_lines(view: View, found: Look | None, cells: int) -> Iterator[Line]:
    """What would be done, and what that does to the risk."""
    whose = Span(f"ROLLOUT of {view.context.name}  ", Tone.STRONG)
    if found is None:
        yield whose, Span(" LOOKING ", Tone.BLIND)
        return
    plan = found.plan
    words, tone = (" NOT POSSIBLE ", Tone.BLIND) if isinstance(plan, Refusal) else _RISK[plan.direction]
    yield fit_line((whose, Span(words, tone)), cells, view.glyphs.ellipsis)
    yield fit_line((Span(str(plan.operation), Tone.STRONG),), cells, view.glyphs.ellipsis)


def refusal_lines(view: View, refusal: Refusal, cells: int) -> Iterator[Line]:
    """Why nothing is written, and what could be instead, by digit."""
    for number, line in enumerate(wrap(refusal.reason, max(20, cells - 14))):
        yield label("" if number else "BECAUSE"), Span(line, Tone.HIGH)
    for number, plan in enumerate(refusal.instead[:9], 1):
        words, _ = _RISK[plan.direction]
        does = f"{words.strip().lower()}{_counted(plan)}"
        key = Span(f" {number} ", Tone.KEY)
        said = (label("" if number > 1 else "INSTEAD"), key, Span(f" {plan.operation}: {does}"))
        yield fit_line(said, cells, view.glyphs.ellipsis)


def effect_lines(view: View, plan: Plan, cells: int) -> Iterator[Line]:
    """What becomes of the symbols, a line for each way that some of them go; then what is remarked."""
    said: list[Line] = [
        (_going(view, move, symbols), Span(f" {_named(symbols)}"))
        for move, symbols in plan.effect.changed.items()
    ]
    for number, line in enumerate((*said, *_others(view, plan))):
        yield fit_line((label("" if number else "EFFECT"), *line), cells, view.glyphs.ellipsis)
    for remark in plan.remarks:
        for number, words in enumerate(wrap(remark, max(20, cells - 14))):
            yield label("" if number else "NOTE"), Span(words, Tone.WARNING)


def confirmed_lines(view: View, plan: Plan, cells: int) -> Iterator[Line]:
    """What becomes of the symbols, by name as far as there is room: a phrase says only how many they are."""
    changed = plan.effect.changed
    room = max(1, _MOST_LINES // max(1, len(changed)))
    for move, symbols in changed.items():
        yield (_going(view, move, symbols),)
        names = wrap(", ".join(symbols), cells)
        rest = (Span(" and others", Tone.WARNING),) if len(names) > room else ()
        *whole, last = names[:room]
        yield from ((Span(line),) for line in whole)
        yield spread((Span(last),), rest, cells, view.glyphs.ellipsis)
    yield from _others(view, plan)


def held_lines(view: View, found: Look, cells: int) -> Iterator[Line]:
    """The positions at the exchange in the symbols that change."""
    yield fit_line((label("HELD"), _held(found)), cells, view.glyphs.ellipsis)


def gates_lines(view: View, found: Look, cells: int, room: int) -> Iterator[Line]:
    """Every gate; where there is no `room` for all, those that pass by their names alone."""
    if len(found.gates) <= room:
        yield from gate_lines(view, found.gates, cells, room, HELPS)
        return
    closed = [gate for gate in found.gates if gate.passes is not True]
    yield from gate_lines(view, closed, cells, max(len(closed), room - 1), HELPS)
    passed = [gate.name for gate in found.gates if gate.passes is True]
    said = f"{len(passed)} of {len(found.gates)}: {', '.join(passed)}"
    yield fit_line((label(f"{view.glyphs.ok} PASS"), Span(said, Tone.DIM)), cells, view.glyphs.ellipsis)


def difference_lines(view: View, found: Look, cells: int, room: int) -> Iterator[Line]:
    """The lines that change, as far as there is room."""
    shown, more = found.lines[:room], len(found.lines) - room
    key = (Span(f" {key_of(view, 'read_deed')} ", Tone.KEY), Span(f" reads all, +{more} ", Tone.DIM))
    for number, line in enumerate(shown):
        right = key if more > 0 and number == len(shown) - 1 else ()
        left = (label("" if number else "WRITES"), Span(line, _SIGNS.get(line[:1], Tone.PLAIN)))
        yield spread(left, right, cells, view.glyphs.ellipsis)


def full_lines(view: View, found: Look, cells: int) -> list[Line]:
    """All of it: every symbol, every gate, every position, and the whole difference."""
    plan = found.plan
    lines = list(head_lines(view, found, cells))
    if isinstance(plan, Refusal):
        return [*lines, (), *refusal_lines(view, plan, cells)]
    for move, symbols in plan.effect.changed.items():
        lines += [(), (_going(view, move, symbols),)]
        lines += [(Span(line),) for line in wrap(", ".join(symbols), cells)]
    lines += [*_others(view, plan), (), *_wrapped("HELD", [_held(found)], cells)]
    lines += [*_wrapped("NOTE", [Span(words, Tone.WARNING) for words in plan.remarks], cells), ()]
    lines += [line for gate in found.gates for line in gate_in_full(view, gate, cells)]
    difference = [Span(line, _SIGNS.get(line[:1], Tone.PLAIN)) for line in found.lines]
    return [*lines, (), *_wrapped("WRITES", difference, cells)]


def instead_line(view: View, refusal: Refusal, cells: int) -> Line:
    """How one of the changes is taken that are possible instead."""
    keys = next(action.keys for action in view.actions if action.id == "take_instead")
    last = min(len(refusal.instead), len(keys))
    if not last:
        return (Span("there is nothing to offer instead: esc leaves everything as it is", Tone.DIM),)
    signs = key_sign(keys[0]) if last == 1 else f"{key_sign(keys[0])} to {key_sign(keys[last - 1])}"
    said = Span(" looks at what is possible instead", Tone.STRONG)
    return fit_line((Span(f" {signs} ", Tone.KEY), said), cells, view.glyphs.ellipsis)


def key_lines(view: View, found: Look | None, objection: str, refused: str, cells: int) -> Iterator[Line]:
    """The key that goes on; or why it doesn't yet, or why nothing was done when it was tried."""
    ellipsis, age = view.glyphs.ellipsis, _age(view, found)
    if refused:
        first, *others = wrap(refused, max(20, cells - 11))
        yield Span(" REFUSED ", Tone.ALARM), Span(f" {first}", Tone.CRITICAL)
        yield from ((Span(f"{'':<10}{line}", Tone.CRITICAL),) for line in others)
    elif found is None or objection:
        said = objection
        if found is not None and objection == found.lack and len(found.missing) > 1:
            closed = [gate for gate in found.gates if gate.passes is not True]
            said = f"{len(closed)} of {len(found.gates)} gates don't pass"
        left = (Span(" NOT YET ", Tone.BLIND), Span(f" {said}", Tone.UNKNOWN))
        yield spread(left, age, cells, ellipsis)
    else:
        key = Span(f" {key_of(view, found.confirmed_by)} ", Tone.ALARM if found.raises else Tone.KEY)
        does = " writes it at once: it waits for no arming and no second person"
        if found.raises:
            does = " asks for the phrase, and writes it" if found.is_typed else " writes it"
        yield spread((key, Span(does, Tone.STRONG)), age, cells, ellipsis)


def _going(view: View, move: Move, symbols: Sequence[str]) -> Span:
    """A way that some symbols go, and how many."""
    return Span(f"{_move(view, move)}: {_many(len(symbols))}", _tone(move))


def _others(view: View, plan: Plan) -> Iterator[Line]:
    """What becomes of a symbol that is listed some day."""
    others = plan.effect.others
    if others.before is not others.after:
        yield (Span(f"{_move(view, others)}: any later symbol", _tone(others)),)


def _held(found: Look) -> Span:
    said = "; ".join(found.held) or "no position at the exchange in what changes"
    unknown = any(words.startswith("not known") for words in found.held)
    return Span(said, Tone.UNKNOWN if unknown else Tone.STRONG if found.held else Tone.DIM)


def _wrapped(words: str, said: Iterable[Span], cells: int) -> Iterator[Line]:
    """All of it, in as many lines as that takes, the first of them under the label `words`."""
    lines = (Span(line, span.tone) for span in said for line in wrap(span.text, max(20, cells - 14)))
    for number, line in enumerate(lines):
        yield label("" if number else words), line


def _move(view: View, move: Move) -> str:
    """A way that symbols go, with what that means for their trading."""
    way = f"{stage_words(move.before, view.glyphs)} to {stage_words(move.after, view.glyphs)}"
    if move.starts:
        return f"{way}, STARTS TRADING"
    return f"{way}, stops trading" if move.stops else way


def _tone(move: Move) -> Tone:
    return Tone.HIGH if move.starts else Tone.STRONG


def _many(number: int) -> str:
    return f"{number:,} symbol{'' if number == 1 else 's'}"


def _named(symbols: Sequence[str]) -> str:
    """As many as a line may have room for: it is clipped."""
    return ", ".join(symbols[:_MOST_NAMED])


def _counted(plan: Plan) -> str:
    """How many symbols start and stop."""
    starts, stops = len(plan.effect.starting), len(plan.effect.stopping)
    told = [f"{number} {word} trading" for number, word in ((starts, "start"), (stops, "stop")) if number]
    return f", {', '.join(told)}" if told else ""


def _age(view: View, found: Look | None) -> Line:
    age = 0.0 if found is None or view.live is None else view.live.at - found.at
    return (Span(f" of {seconds(age)} ago ", Tone.UNKNOWN),) if age > _AGED else ()
