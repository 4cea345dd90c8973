"""What is said before a change: what it does to every symbol, what it takes, and the very lines it writes."""

from collections.abc import Iterator, Sequence

from console.domain.figures import seconds
from console.domain.rollout.plan import Direction, Move, Plan, Refusal
from console.tui.key_names import key_sign
from console.tui.screens.kill.asking import key_of, label
from console.tui.screens.kill.gates import Helps, gate_in_full, gate_lines
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
_AGED = 1.5
"""Seconds after which it is told how long ago all that was looked at."""


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
        (Span(f"{_move(view, move)}: {_many(len(symbols))}", _tone(move)), Span(f" {_named(symbols)}"))
        for move, symbols in plan.effect.changed.items()
    ]
    others = plan.effect.others
    if others.before is not others.after:
        said.append((Span(f"{_move(view, others)}: any symbol that comes later", _tone(others)),))
    for number, line in enumerate(said):
        yield fit_line((label("" if number else "EFFECT"), *line), cells, view.glyphs.ellipsis)
    for remark in plan.remarks:
        for number, words in enumerate(wrap(remark, max(20, cells - 14))):
            yield label("" if number else "NOTE"), Span(words, Tone.WARNING)


def held_lines(view: View, found: Look, cells: int) -> Iterator[Line]:
    """The positions at the exchange in the symbols that change."""
    said = "; ".join(found.held) or "no position at the exchange in what changes"
    unknown = any(words.startswith("not known") for words in found.held)
    tone = Tone.UNKNOWN if unknown else Tone.STRONG if found.held else Tone.DIM
    yield fit_line((label("HELD"), Span(said, tone)), cells, view.glyphs.ellipsis)


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
        lines += [(), (Span(f"{_move(view, move)}: {_many(len(symbols))}", _tone(move)),)]
        lines += [(Span(line),) for line in wrap(", ".join(symbols), cells)]
    lines += [(), *held_lines(view, found, cells), *((Span(words),) for words in plan.remarks), ()]
    lines += [line for gate in found.gates for line in gate_in_full(view, gate, cells)]
    return [*lines, (), *difference_lines(view, found, cells, len(found.lines))]


def instead_line(view: View, refusal: Refusal, cells: int) -> Line:
    """How one of the changes is taken that are possible instead."""
    keys = next(action.keys for action in view.actions if action.id == "take_instead")
    last = min(len(refusal.instead), len(keys))
    if not last:
        return (Span("nothing comes near it: esc leaves everything as it is", Tone.DIM),)
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
        closed = () if found is None else [gate for gate in found.gates if gate.passes is not True]
        said = objection
        if found is not None and len(found.missing) > 1:
            said = f"{len(closed)} of {len(found.gates)} gates don't pass"
        left = (Span(" NOT YET ", Tone.BLIND), Span(f" {said}", Tone.UNKNOWN))
        yield spread(left, age, cells, ellipsis)
    else:
        key = Span(f" {key_of(view, found.confirmed_by)} ", Tone.ALARM if found.raises else Tone.KEY)
        does = " writes it at once: it waits for no arming and no second person"
        if found.raises:
            does = " asks for the phrase, and writes it" if found.is_typed else " writes it"
        yield spread((key, Span(does, Tone.STRONG)), age, cells, ellipsis)


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
