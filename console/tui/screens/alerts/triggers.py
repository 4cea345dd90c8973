"""The guide's rollback triggers: how each stands, on which evidence, and what the guide recommends then."""

from collections import Counter
from collections.abc import Iterator, Sequence

from console.domain.severity import Severity
from console.domain.triggers import Judgement, Procedure, Standing
from console.tui.actions import Action, actions
from console.tui.screens.kill.asking import key_of
from console.tui.text import Line, Span, fit, fit_line, spread, wrap
from console.tui.theme import Tone, tone_of
from console.tui.view import View

_SEVERITIES = {
    Standing.CLEAR: Severity.OK,
    Standing.UNKNOWN: Severity.UNKNOWN,
    Standing.MET: Severity.CRITICAL,
}
_DEFAULT = actions(owns_engine=False)
"""The registry with its own keys, which are those that the procedures name."""
_CONDITION = 30
"""Cells of the longest of the guide's conditions."""
_WIDE = 100
"""Cells from which on a trigger's parts stand in columns, and the procedure's name beside its key."""
_ALL = 40
"""Lines of a screen from which on there is room for every trigger."""


def trigger_lines(view: View, cells: int, *, every: bool) -> Iterator[Line]:
    """The triggers that are met, each with its key; the others in a word, or `every` one in a line."""
    triggers = () if view.live is None else view.live.triggers
    if not triggers:
        return
    if every:
        yield _headed(view, cells)
    else:
        yield _counted(view, triggers, cells)
    for judgement in triggers:
        if every or judgement.standing is Standing.MET:
            yield _line(view, judgement, cells)


def room_for_all(height: int) -> bool:
    """Whether a screen of so many lines has room for each trigger."""
    return height >= _ALL


def _headed(view: View, cells: int) -> Line:
    title: Line = (Span("ROLLBACK TRIGGERS", Tone.DIM),)
    return spread(title, _hint(view), cells, view.glyphs.ellipsis)


def _counted(view: View, triggers: Sequence[Judgement], cells: int) -> Line:
    """How many stand how: `? rollback triggers: 4 clear, 1 unknown`."""
    counts = Counter(judgement.standing for judgement in triggers)
    said = ", ".join(
        f"{counts[standing]} {standing.value if standing is not Standing.MET else 'MET'}"
        for standing in (Standing.MET, Standing.UNKNOWN, Standing.CLEAR)
        if counts[standing]
    )
    worst = max(_SEVERITIES[standing] for standing in counts)
    line = (Span(f"{view.glyphs.of(worst)} rollback triggers: {said}", tone_of(worst)),)
    return spread(line, _hint(view), cells, view.glyphs.ellipsis)


def _hint(view: View) -> Line:
    return Span(f" {key_of(view, 'rollback_triggers')} ", Tone.KEY), Span(" evidence ", Tone.DIM)


def _line(view: View, judgement: Judgement, cells: int) -> Line:
    """A trigger's standing and evidence; where it is met, the key of its procedure at the right end."""
    severity, met = _SEVERITIES[judgement.standing], judgement.standing is Standing.MET
    wide, condition = cells >= _WIDE, judgement.trigger.condition
    word = f"{_word(judgement.standing):<8}" if wide else _word(judgement.standing)
    named = f"{fit(condition, _CONDITION, 'left', view.glyphs.ellipsis)}  " if wide else f"{condition}: "
    left = (
        Span(f"{view.glyphs.of(severity)} {word}", Tone.ALARM if met else tone_of(severity)),
        Span(f" {named}"),
        Span(judgement.words, tone_of(severity) if severity else Tone.DIM),
    )
    leads = tuple(_leads_to(view, judgement.trigger.procedure)) if met else ()
    return spread(left, leads if wide else leads[:1], cells, view.glyphs.ellipsis)


def _word(standing: Standing) -> str:
    return "MET" if standing is Standing.MET else standing.value


def _leads_to(view: View, procedure: Procedure) -> Iterator[Span]:
    """The key that leads to where a procedure is done, if one does, and its name."""
    action = action_of(view, procedure)
    if action is not None:
        yield Span(f" {action.shown} ", Tone.KEY)
    yield Span(f" {procedure.name} ", Tone.STRONG)


def action_of(view: View, procedure: Procedure) -> Action | None:
    """The action to which a procedure's key belongs, under the operator's own keys; None where none does."""
    places = {"app", "anywhere"}
    by_default = (action for action in _DEFAULT if places & set(action.places))
    meant = next((action.id for action in by_default if procedure.key in action.keys), "")
    return next((action for action in view.actions if action.id == meant), None)


def worst_first(view: View) -> Sequence[Judgement]:
    """Every trigger, those that are met before what isn't known, and that before what is clear."""
    triggers = () if view.live is None else view.live.triggers
    return sorted(triggers, key=lambda judgement: -_SEVERITIES[judgement.standing])


def trigger_text(view: View, cells: int, chosen: Judgement | None = None) -> list[Line]:
    """Every trigger with its evidence, and the steps that the guide recommends; the worst first."""
    lines = [line for trigger in trigger_texts(view, cells, chosen) for line in trigger]
    return lines or [(Span("not judged yet", Tone.UNKNOWN),)]


def trigger_texts(view: View, cells: int, chosen: Judgement | None) -> list[list[Line]]:
    """The lines of each trigger, an empty one at their end."""
    return [[*_in_full(view, one, cells, is_chosen=one is chosen), ()] for one in worst_first(view)]


def _in_full(view: View, judgement: Judgement, cells: int, *, is_chosen: bool) -> Iterator[Line]:
    severity = _SEVERITIES[judgement.standing]
    tone = Tone.ALARM if judgement.standing is Standing.MET else tone_of(severity)
    yield fit_line(
        (
            Span(f"{view.glyphs.cursor if is_chosen else ' '} ", Tone.ACCENT),
            Span(f"{view.glyphs.of(severity)} {_word(judgement.standing):<8}", tone),
            Span(f" {judgement.trigger.condition}", Tone.STRONG),
        ),
        cells,
        view.glyphs.ellipsis,
    )
    for line in wrap(judgement.words, max(20, cells - _INDENT)):
        yield Span(" " * _INDENT), Span(line, tone_of(severity) if severity else Tone.PLAIN)
    procedure = judgement.trigger.procedure
    yield Span(" " * (_INDENT - 1)), *_leads_to(view, procedure)
    for number, step in enumerate(procedure.steps, 1):
        for place, line in enumerate(wrap(step, max(20, cells - _INDENT - 3))):
            yield Span(" " * _INDENT), Span(f"{number}. " if place == 0 else "   ", Tone.DIM), Span(line)


_INDENT = 13
