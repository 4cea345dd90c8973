"""What is said before a trip: what would be fired, what it stops, for which reason, and which key does it."""

from collections.abc import Iterator, Sequence

from console.actions.kill.actuator import Actuator, Scope
from console.tui.key_names import key_sign
from console.tui.screens.kill.reasons import MOST_ALERTS, Reasons
from console.tui.text import Line, Span, clip, fit_line, joined, line_width, spread, wrap
from console.tui.theme import Tone
from console.tui.view import View

SCOPES = {Scope.ALL: "everything", Scope.USDM: "USD-M only", Scope.COIN: "coin only"}
"""What each scope stops, in words."""
LABEL = 14
"""Cells of what stands at the left of a part."""
_NAME = 15
"""Cells of an actuator's name."""
MOST_SCREENS = 8
"""The last digit that leads to a screen."""
NOT_TRIPPED = "NOT TRIPPED: it came among other keys, as if pasted"


def label(text: str) -> Span:
    """What a part is called, at its left."""
    return Span(f"{text:<{LABEL}}", Tone.DIM)


def key_of(view: View, action: str) -> str:
    """The sign of an action's key, as the operator has it."""
    return next(one.shown for one in view.actions if one.id == action)


def digit_of(view: View, key: str) -> int:
    """The reason's digit that a key stands for, by textual's name; 0 for none."""
    keys = next(action.keys for action in view.actions if action.id == "pick_reason")
    return keys.index(key) + 1 if key in keys else 0


def taken_words(view: View, reasons: Reasons, digit: int) -> str:
    """What came of a reason's digit, and how it leads to a screen."""
    leaves = f"{key_of(view, 'back')}, then {digit}, leads to screen {digit}"
    if (reason := reasons.by_digit.get(digit)) is None:
        return f"{digit} is no reason now; {leaves}" if digit else ""
    return f"reason: {reason}; {leaves}" if digit <= MOST_SCREENS else f"reason: {reason}"


def can_fire(armed: Sequence[Actuator] | None, scope: Scope) -> bool:
    """Whether anything can stop `scope`; until it is known what there is, it may."""
    return armed is None or any(scope in actuator.scopes for actuator in armed)


def fired_lines(
    view: View, armed: Sequence[Actuator] | None, scope: Scope, cells: int, *, low: bool
) -> Iterator[Line]:
    """What a trip of `scope` fires, and what it leaves alone; `armed` is None until that is known.

    Where the screen isn't `low`, each actuator has a line with its deadline.
    """
    said: list[tuple[str, Tone]] = []
    if armed is None:
        said.append(("all that this context has: looking it up", Tone.UNKNOWN))
    elif not can_fire(armed, scope):
        said.append((_nothing(armed, scope), Tone.HIGH))
    else:
        fired = [actuator for actuator in armed if scope in actuator.scopes]
        if low:
            said.append((", ".join(one.name for one in fired), Tone.STRONG))
        else:
            said += [(f"{one.name:<{_NAME}}  within {one.deadline:g} s", Tone.STRONG) for one in fired]
        left = [actuator.name for actuator in armed if scope not in actuator.scopes]
        said += [(f"not {', '.join(left)}: they stop everything", Tone.DIM)] if left else []
    if view.kill is not None and view.kill.complaint:
        said.append((view.kill.complaint, Tone.WARNING))
    lines = [(line, tone) for words, tone in said for line in wrap(words, max(20, cells - LABEL))]
    for number, (line, tone) in enumerate(lines):
        yield label("" if number else "WILL FIRE"), Span(line, tone)


def _nothing(armed: Sequence[Actuator], scope: Scope) -> str:
    if not armed:
        return "nothing: the settings of this context name no surface of the engine"
    return f"nothing: no surface can stop {SCOPES[scope]}"


def scope_line(view: View, scope: Scope, cells: int) -> Line:
    """What the trip is to stop, the chosen scope marked."""
    choices = (
        (
            Span(f" {key_of(view, f'scope_{each.value}')} ", Tone.KEY),
            _marked(view, words, chosen=each is scope),
        )
        for each, words in SCOPES.items()
    )
    return fit_line((label("STOPS"), *joined(choices, "   ")), cells, view.glyphs.ellipsis)


def reason_lines(view: View, reasons: Reasons, cells: int, *, low: bool) -> Iterator[Line]:
    """Every reason by its digit, the chosen one marked; `low` puts the fixed ones beside one another."""
    by_digit = reasons.by_digit
    rows: list[Line] = [_reason(view, d, w, reasons) for d, w in by_digit.items() if d <= MOST_ALERTS]
    fixed = {digit: words for digit, words in by_digit.items() if digit > MOST_ALERTS}
    rows += _beside(view, fixed, reasons, cells - LABEL if low else 0)
    typed = reasons.chosen not in by_digit.values()
    other = _marked(view, reasons.chosen if typed else "another reason, typed", chosen=typed)
    rows.append((Span(f" {key_of(view, 'type_reason')} ", Tone.KEY), other))
    for number, row in enumerate(rows):
        yield fit_line((label("" if number else "REASON"), *row), cells, view.glyphs.ellipsis)


def key_lines(
    view: View, reason: str, scope: Scope, objection: str, cells: int, *, pasted: bool = False
) -> Iterator[Line]:
    """The key that trips, with all that it would do; or why it does nothing here.

    `pasted`: it was pressed, and has tripped nothing, as it came with other text.
    """
    if objection:
        yield fit_line((Span(f" {objection} ", Tone.BLIND),), cells, view.glyphs.ellipsis)
        return
    before = (Span(f" {key_of(view, 'trip')} ", Tone.ALARM), Span(f" stops {SCOPES[scope]}: ", Tone.STRONG))
    yield (*before, Span(clip(reason, cells - line_width(before), view.glyphs.ellipsis), Tone.STRONG))
    if pasted:
        now = f" {NOT_TRIPPED}: press {key_of(view, 'trip')} NOW "
        yield (Span("    "), Span(clip(now, cells - 4, view.glyphs.ellipsis), Tone.ALARM))
        return
    yield (Span("    at once: it waits for no arming, no second person and no network", Tone.DIM),)


def again_line(view: View, reason: str, cells: int, *, held: bool) -> Line:
    """What trips once more, which is not the key that was pressed last, what asks before, and what resets."""
    trips = Span(f" {key_of(view, 'trip')} ", Tone.ALARM)
    asks, resets = (Span(f" {key_of(view, action)} ", Tone.KEY) for action in ("kill_switch", "reset"))
    right: Line = (resets, Span(" resets ", Tone.DIM))
    if held:
        left: Line = (asks, Span(" asks once more, and then "), trips, Span(" trips"))
    else:
        left = (trips, Span(f" stops {SCOPES[Scope.ALL]} at once: "), Span(reason))
        right = (asks, Span(" chooses ", Tone.DIM), *right)
    return spread(left, right, cells, view.glyphs.ellipsis)


def _beside(view: View, fixed: dict[int, str], reasons: Reasons, cells: int) -> Iterator[Line]:
    """The reasons, as many beside one another as `cells` have room for, and at least one."""
    column = max(map(len, fixed.values())) + 7
    row: list[Span] = []
    for digit, words in fixed.items():
        if row and line_width(row) + column > cells:
            yield tuple(row)
            row = []
        reason = _reason(view, digit, words, reasons)
        row += [*reason, Span(" " * (column - line_width(reason)))]
    yield tuple(row)


def _reason(view: View, digit: int, words: str, reasons: Reasons) -> Line:
    keys = next(action.keys for action in view.actions if action.id == "pick_reason")
    sign = key_sign(keys[digit - 1]) if digit <= len(keys) else " "
    return Span(f" {sign} ", Tone.KEY), _marked(view, words, chosen=words == reasons.chosen)


def _marked(view: View, words: str, *, chosen: bool) -> Span:
    """A choice, marked and strong where it is the one that counts."""
    sign = view.glyphs.cursor if chosen else " "
    return Span(f"{sign}{words}", Tone.STRONG if chosen else Tone.PLAIN)
