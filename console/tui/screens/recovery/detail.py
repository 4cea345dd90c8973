"""The right side of a run: one step's text, what it does, what its check expected and saw, and its output."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from console.domain.amounts import span
from console.domain.figures import seconds
from console.runbooks.lacking import asks_to_type
from console.runbooks.lookout import PATIENCE
from console.runbooks.model import Found, ManualAct, Question, Step, filled, found_in
from console.runbooks.model import span as lasting_of
from console.runbooks.run import State, StepRun
from console.runbooks.times import lasting
from console.tui.screens.alerts.words import lasting_text
from console.tui.screens.recovery.words import answer_of, clock, in_part, step_sign
from console.tui.text import Line, Span, clip, spread, wrap
from console.tui.theme import Glyphs, Tone

LABEL = 10
"""Cells of what a part is called, at its left."""
_LEAST_OUTPUT = 4
"""Lines of output that further details leave room for."""
_LEAST_DOES = 3
"""Lines that they leave for what the act does."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A step as it is shown: `values` are those of its run, `does` says what its act does.

    `output` are the last lines of what that writes now, where it runs.
    `usual` are the seconds that steps have taken in earlier runs, by name; `now` is the time of day.
    `before` is what the check right before it has seen, which whoever begins an act is to read first, and
    `before_at` when that was.
    """

    step: Step
    run: StepRun
    values: Mapping[str, str]
    now: float
    does: str = ""
    output: Sequence[str] = ()
    usual: Mapping[str, float] = field(default_factory=dict)
    before: Found | None = None
    before_at: float | None = None

    @property
    def found(self) -> Found | None:
        """What the step's own check has seen, else the one before it."""
        return found_of(self.run) or self.before


def detail_lines(shown: Shown, cells: int, room: int, glyphs: Glyphs) -> Sequence[Line]:
    """The step in `room` lines: the end of the output and the first details, as many as there is room for.

    Of an act that nobody has begun comes first what was seen before it, and last what it does: whoever begins
    it is to read the one, and finds the other beside the key, too.
    """
    head, found = list(_head(shown, cells, glyphs)), shown.found
    details = [] if found is None else [line for words in found.details for line in _detail(words, cells)]
    if found is not None and found is shown.before:
        does = list(_does(shown, cells))
        kept = min(len(does), _LEAST_DOES)
        before = [*head, *_first(details, room - len(head) - kept, glyphs)]
        return [*before, *_first(does, room - len(before), glyphs)][:room]
    output = [(Span(line),) for line in _output_lines(shown, cells, glyphs)]
    left = room - len(head)
    if left < 0 or (left == 0 and (details or output)):
        return [*head[: room - 1], _more(len(head) - room + 1 + len(details) + len(output), glyphs)]
    kept = min(len(output) + 1, _LEAST_OUTPUT) if output else 0
    told = _first(details, left - kept, glyphs)
    return [*head, *told, *_last(output, left - len(told))]


def full_lines(shown: Shown, cells: int, glyphs: Glyphs) -> list[Line]:
    """All of the same, and who brought the step where it is, in as many lines as it takes."""
    found, run = shown.found, shown.run
    lines = list(_head(shown, cells, glyphs))
    lines += [] if found is None else [line for words in found.details for line in _detail(words, cells)]
    lines += _does(shown, cells) if found is not None and found is shown.before else ()
    if run.since:
        began = f", begun {run.attempt} times" if run.attempt > 1 else ""
        lines += labelled("BY", f"{run.by}, {clock(run.since)}{began}", cells, Tone.DIM)
    if run.digest:
        lines += labelled("SHA-256", f"{run.digest} of what the check saw", cells, Tone.DIM)
    output = [(Span(part),) for line in _output(shown) for part in wrap(line, cells)]
    return [*lines, *([(), (Span("OUTPUT", Tone.DIM),), *output] if output else [])]


def found_of(run: StepRun) -> Found | None:
    """What the step's check saw last; None where nothing is kept of it, or nothing that can be read."""
    return found_in(run.evidence)


def answer_sign(found: Found, glyphs: Glyphs) -> tuple[str, Tone]:
    """Whether a check passes, as a sign and its tone."""
    return answer_of(found.passes, glyphs)


def _head(shown: Shown, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    """What went wrong, or is missing, comes before what would be done: on a small screen the end is cut."""
    step, run, found = shown.step, shown.run, found_of(shown.run)
    yield _title(shown, cells, glyphs)
    yield from ((Span(line),) for line in wrap(in_part(filled(step.text, shown.values))[1], cells))
    yield ()
    result = list(_result(shown, found, cells, glyphs))
    if run.state in _STOPS:
        yield from result
    if found is None and shown.before is not None:
        glyph, tone = answer_sign(shown.before, glyphs)
        old = "" if shown.before_at is None else f", {seconds(max(0.0, shown.now - shown.before_at))} ago"
        told = f"{shown.before.expected}: {_without_details(shown.before)}{old}"
        yield from labelled("BEFORE", f"{glyph} {told}", cells, tone)
    else:
        yield from _does(shown, cells)
    if found is not None:
        glyph, tone = answer_sign(found, glyphs)
        yield from labelled("EXPECTED", found.expected, cells, Tone.PLAIN)
        yield from labelled("OBSERVED", f"{glyph} {found.observed}", cells, tone)
    if run.state not in _STOPS:
        yield from result
    if run.note:
        yield from labelled("NOTE", run.note, cells, Tone.STRONG)


def _does(shown: Shown, cells: int) -> Iterator[Line]:
    """What the step does, for how long, and what is asked after it."""
    step = shown.step
    if shown.does:
        yield from labelled(_does_label(step), shown.does.removeprefix("ask: "), cells, Tone.PLAIN)
    typed = typed_words(step, shown.values)
    if typed and shown.run.state in _TO_BEGIN and not _is_asked_for(shown):
        yield from labelled("YOU TYPE", typed, cells, Tone.STRONG)
    if holds := lasting_of(step.holds_for, shown.values):
        yield from labelled("HOLDS", f"the check has to pass for {lasting_text(holds)}", cells, Tone.DIM)
    if shown.run.state is State.RUNNING:
        yield from labelled("LIMIT", _limit(step), cells, Tone.DIM)
    if found_of(shown.run) is None and step.check is not None:
        yield from labelled("CHECK", question_words(step.check, shown.values), cells, Tone.DIM)


def _is_asked_for(shown: Shown) -> bool:
    """Whether the step waits for its words to be typed, which it says."""
    confirm = shown.step.confirm
    return confirm is not None and shown.run.words.startswith(
        asks_to_type(filled(confirm.words, shown.values))
    )


def _without_details(found: Found) -> str:
    """What was observed, without the first of the details, which stands below it."""
    first = found.details[0] if found.details else ""
    return found.observed.removesuffix(f": {first}") if first else found.observed


_TO_BEGIN = (State.PENDING, State.WAITING, State.FAILED)
_STOPS = (State.WAITING, State.FAILED, State.UNKNOWN)


def _result(shown: Shown, found: Found | None, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    """What the step waits for, or what has become of it, where its check doesn't say the same."""
    run = shown.run
    if run.state is State.WAITING and run.words not in shown.does:
        yield from labelled("WAITS", run.words, cells, Tone.WARNING)
    elif run.state is not State.WAITING and run.words and (found is None or found.observed != run.words):
        yield from labelled("RESULT", run.words, cells, step_sign(run.state, glyphs).tone)


def _limit(step: Step) -> str:
    """For how long it may go on: an act, and the answer to a check."""
    if step.effect is not None:
        return f"ended after {lasting_text(step.timeout)}, then read back"
    return f"each source has {lasting_text(PATIENCE)} to answer"


def _does_label(step: Step) -> str:
    if isinstance(step.act, ManualAct):
        return "ASKS"
    return "IF NEEDED" if step.if_needed else "DOES"


def _title(shown: Shown, cells: int, glyphs: Glyphs) -> Line:
    """The step's name, what has become of it, and for how long it has been so."""
    run, sign = shown.run, step_sign(shown.run.state, glyphs)
    lasts = max(0.0, shown.now - run.since)
    if run.state is State.RUNNING:
        said = f"{sign.glyph} {sign.word} {lasting(run, shown.now, shown.usual)}"
    elif run.state is State.PENDING:
        known = shown.usual.get(run.name)
        usual = "" if known is None else f", usually takes {seconds(known)}"
        said = f"{sign.glyph} not begun{usual}"
    elif run.state is State.WAITING:
        said = f"{sign.glyph} {sign.word} for {span(lasts)}"
    else:
        said = f"{sign.glyph} {sign.word} {span(lasts)} ago"
    return spread((Span(shown.step.name, Tone.STRONG),), (Span(said, sign.tone),), cells, glyphs.ellipsis)


def question_words(question: Question, values: Mapping[str, str]) -> str:
    """A check by its name, with its arguments: `kill switch is clear`."""
    told = (f"{name} {filled(text, values)}" for name, text in question.arguments.items())
    return " ".join((question.check.replace("_", " "), *told))


def typed_words(step: Step, values: Mapping[str, str]) -> str:
    """What a person types before the step begins, and when not; empty where nothing is."""
    if step.confirm is None:
        return ""
    words, unless = filled(step.confirm.words, values), step.confirm.unless
    return words if unless is None else f"{words}; unless this check passes: {question_words(unless, values)}"


def labelled(label: str, words: str, cells: int, tone: Tone) -> Iterator[Line]:
    """A part with what it is called at its left."""
    for number, line in enumerate(wrap(words, max(10, cells - LABEL))):
        yield Span(f"{'' if number else label:<{LABEL}}", Tone.DIM), Span(line, tone)


def _detail(words: str, cells: int) -> Iterator[Line]:
    """A row of what the check saw, its further lines set in."""
    for number, line in enumerate(wrap(words, max(10, cells - LABEL - 2))):
        yield Span(" " * (LABEL + (2 if number else 0))), Span(line)


def _output(shown: Shown) -> Sequence[str]:
    return shown.output or shown.run.output.splitlines()


def _output_lines(shown: Shown, cells: int, glyphs: Glyphs) -> Iterator[str]:
    """A line each while more comes, so that they don't jump; in full once it has ended."""
    for line in _output(shown):
        if shown.run.state is State.RUNNING:
            yield clip(line, cells - 2, glyphs.ellipsis)
        else:
            yield from wrap(line, cells)


def _first(lines: Sequence[Line], room: int, glyphs: Glyphs) -> Sequence[Line]:
    if len(lines) <= room:
        return lines
    return [*lines[: max(0, room - 1)], _more(len(lines) - room + 1, glyphs)] if room > 0 else ()


def _last(lines: Sequence[Line], room: int) -> Sequence[Line]:
    """The end of an output, below its name."""
    if not lines or room < 2:
        return ()
    return [(Span("OUTPUT", Tone.DIM),), *lines[-(room - 1) :]]


def _more(lines: int, glyphs: Glyphs) -> Line:
    return (Span(f"{' ' * LABEL}{glyphs.ellipsis} {lines} more lines, e shows them", Tone.DIM),)
