"""What a run of a runbook would do: what it asks for up front, and each step with what its checks say now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.runbooks.dry_run import Walked
from console.runbooks.model import Found, Parameter, Risk, Runbook, filled
from console.runbooks.watch_length import too_short
from console.tui.screens.recovery.detail import answer_sign, typed_words
from console.tui.screens.recovery.words import in_part, part_heads
from console.tui.text import Line, Span, fit, fit_line, spread, wrap
from console.tui.theme import Glyphs, Tone

_LABEL = 10
"""Cells of what stands at the left of a step's parts."""
_NAME = 18
"""Cells of a name, at most."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A runbook with the `values` given so far; `said` is what a walk has found of each step, by name.

    `place` are the context and its environment, as texts name them.
    """

    runbook: Runbook
    values: Mapping[str, str]
    said: Mapping[str, Walked]
    place: Mapping[str, str]

    @property
    def shown(self) -> Mapping[str, str]:
        """What stands for each name in a text: of a parameter what was given, else its default."""
        defaults = {one.name: one.default for one in self.runbook.parameters if one.default is not None}
        return {**defaults, **self.values, **self.place}


def head_lines(runbook: Runbook, cells: int, glyphs: Glyphs) -> tuple[Line, Line]:
    """The runbook's title with the risk that it is to the engine, and when it is for."""
    raises = runbook.risk is Risk.RAISES
    risk = Span(f" risk: {runbook.risk.value} ", Tone.ALARM if raises else Tone.KEY)
    return (
        spread((Span(runbook.title, Tone.STRONG),), (risk,), cells, glyphs.ellipsis),
        spread((Span(runbook.use, Tone.DIM),), (), cells, glyphs.ellipsis),
    )


def preview_lines(preview: Preview, cells: int, glyphs: Glyphs) -> list[Line]:
    """What is asked for up front, and a line for each step; one more for words that it has typed."""
    book, said = preview.runbook, preview.said
    names = [*(one.name for one in book.parameters), *(step.name for step in book.steps)]
    room = min(_NAME, max(map(len, names)))
    lines = [_parameter(book, one, preview.values.get(one.name), room, glyphs) for one in book.parameters]
    lines = [fit_line(line, cells, glyphs.ellipsis) for line in lines]
    lines += [()] if lines else []
    heads = part_heads(book)
    for number, step in enumerate(book.steps, 1):
        if step.name in heads:
            lines.append((Span(f" {heads[step.name]}", Tone.DIM),))
        sign = _sign(said.get(step.name), glyphs)
        words = in_part(filled(step.text, preview.shown))[1]
        if step.name in said and step.act is not None:
            words = said[step.name].act.removeprefix("would ")
        head = Span(f"{number:>2} ", Tone.DIM), Span(f"{sign[0]} ", sign[1])
        name = Span(fit(step.name, room, "left", glyphs.ellipsis), Tone.STRONG)
        does = Span(f"  {words}", Tone.DIM if step.act is None else Tone.PLAIN)
        lines.append(fit_line((*head, name, does), cells, glyphs.ellipsis))
        if typed := typed_words(step, preview.shown):
            label = Span(f"{'you type':>{room + 5}}  ", Tone.DIM)
            lines.append(fit_line((label, Span(typed, Tone.STRONG)), cells, glyphs.ellipsis))
    return lines


def full_lines(preview: Preview, cells: int, glyphs: Glyphs) -> list[Line]:
    """All that is known of each step: its text, what it would do, what its checks say now, what undoes it."""
    lines = list[Line]()
    for number, step in enumerate(preview.runbook.steps, 1):
        lines.append((Span(f"{number:>2} ", Tone.DIM), Span(step.name, Tone.STRONG)))
        lines += [(Span(f"   {line}"),) for line in wrap(filled(step.text, preview.shown), cells - 3)]
        if typed := typed_words(step, preview.shown):
            lines += _part("YOU TYPE", typed, cells, Tone.STRONG)
        if step.name in preview.said:
            lines += _answers(preview.said[step.name], cells, glyphs)
        if step.compensation is not None:
            undone = filled(step.compensation.text, preview.shown)
            lines += _part("UNDONE BY", undone, cells, Tone.DIM)
    return lines


def _parameter(book: Runbook, parameter: Parameter, value: str | None, room: int, glyphs: Glyphs) -> Line:
    """What is asked for, what was given, or stands where nothing is, and what is allowed or wrong with it."""
    given = parameter.default if value is None else value
    words = "not given yet" if given is None else given
    tone = Tone.UNKNOWN if given is None else Tone.STRONG
    allowed = f": {', '.join(parameter.choices)}" if parameter.choices else ""
    name = Span(f"     {fit(parameter.name, room, 'left', glyphs.ellipsis)}", Tone.DIM)
    if short := "" if given is None else too_short(book, parameter, given):
        return name, Span(f"  {words}", tone), Span(f"  {glyphs.warning} {short}", Tone.WARNING)
    return name, Span(f"  {words}", tone), Span(f"  {parameter.text}{allowed}", Tone.DIM)


def _sign(each: Walked | None, glyphs: Glyphs) -> tuple[str, Tone]:
    """What the step's check says now; what the step is to bring about is no failure before it."""
    if each is None or each.after is None:
        return glyphs.stages[0], Tone.DIM
    return (glyphs.stages[1], Tone.PLAIN) if each.awaited else answer_sign(each.after, glyphs)


def _answers(each: Walked, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    """What it would do, what the checks before it say now, and its own."""
    if each.step.act is not None:
        yield from _part("WOULD", each.act.removeprefix("would "), cells, Tone.PLAIN)
    for one in each.before:
        glyph, tone = answer_sign(one, glyphs)
        yield from _part("BEFORE", f"{glyph} {_said(one)}", cells, tone)
    if each.after is not None:
        glyph, tone = _sign(each, glyphs)
        label = "WAITS FOR" if each.awaited else "NOW"
        yield from _part(label, f"{glyph} {_said(each.after)}", cells, tone)


def _said(found: Found) -> str:
    return f"{found.expected}: {found.observed}"


def _part(label: str, words: str, cells: int, tone: Tone) -> Iterator[Line]:
    for number, line in enumerate(wrap(words, max(20, cells - 3 - _LABEL))):
        yield Span(f"   {'' if number else label:<{_LABEL}}", Tone.DIM), Span(line, tone)
