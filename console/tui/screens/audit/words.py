"""What is said of the journal as a whole, and of one record in full."""

import json
from collections.abc import Iterable, Iterator, Sequence

from console.audit.follow import Entry, Look
from console.audit.partial import left_undone
from console.audit.record import FIELDS, Phase
from console.audit.redaction import Json
from console.domain.figures import seconds
from console.tui.screens.audit.columns import Row, clock_time, outcome_of, severity_of
from console.tui.text import Line, Span, clip, fit_line, spread, wrap
from console.tui.theme import Glyphs, Tone, tone_of

NO_JOURNAL = "a replay has none: `opsconsole audit show` has this host's"


def verdict_line(look: Look | None, why_none: str, cells: int, glyphs: Glyphs) -> Line:
    """Whether the journal is what was written, loud where it isn't; unknown is never sound.

    `why_none` says why there is nothing to look at, if there isn't.
    """
    ellipsis = glyphs.ellipsis
    if why_none:
        return fit_line(
            (Span(" NO JOURNAL ", Tone.BLIND), Span(f" {why_none}", Tone.UNKNOWN)), cells, ellipsis
        )
    if look is None:
        return (Span(" NOT READ YET ", Tone.BLIND),)
    if look.error:
        return fit_line(
            (Span(" NOT READ ", Tone.BLIND), Span(f" {look.error}", Tone.UNKNOWN)), cells, ellipsis
        )
    if look.verdict is None or look.verified_at is None:
        return (Span(" NOT VERIFIED YET ", Tone.BLIND),)
    finding = look.verdict.finding
    if finding is not None:
        what = f" record {finding.sequence} {finding.why}"
        return fit_line(
            (Span(f" {glyphs.critical} NOT SOUND ", Tone.ALARM), Span(what, Tone.CRITICAL)), cells, ellipsis
        )
    records = look.verdict.records
    counted = f" {records:,} records, each as it was written" if records else " no record yet"
    sound = [Span(f" {glyphs.ok} SOUND ", Tone.OK), Span(counted)]
    newer = _newer(look.entries, look.verdict.head.sequence)
    if newer:
        sound.append(Span(f"; {newer} newer not verified yet", Tone.UNKNOWN))
    return fit_line(sound, cells, ellipsis)


def place_line(look: Look | None, folder: str, cells: int, glyphs: Glyphs) -> Line:
    """Where it is and when it was verified; before that, where it is unsound, or what was noted."""
    verdict = None if look is None else look.verdict
    if look is None or verdict is None or look.verified_at is None:
        return fit_line((Span(f" {folder}", Tone.DIM),), cells, glyphs.ellipsis)
    place = Span(f" {folder}", Tone.DIM)
    if verdict.finding is not None:
        place = Span(f" at {verdict.finding.place} in {folder}", Tone.CRITICAL)
    elif verdict.notes:
        place = Span(f" {glyphs.warning} {'; '.join(verdict.notes)}", Tone.WARNING)
    checked = Span(f"verified {seconds(max(0.0, look.at - look.verified_at))} ago ", Tone.DIM)
    return spread((place,), (checked,), cells, glyphs.ellipsis)


def summary_lines(row: Row, cells: int, lines: int, glyphs: Glyphs) -> Sequence[Line]:
    """The record under the cursor, as far as `lines` lines have room for it."""
    severity = severity_of(row)
    sign = f"{glyphs.of(severity)} "
    text = list(wrap(_in_a_sentence(row), cells - len(sign)))
    if len(text) > lines:
        text[lines - 1 :] = [clip(" ".join(text[lines - 1 :]), cells - len(sign), glyphs.ellipsis)]
    tone = Tone.PLAIN if row.entry.record is not None else Tone.CRITICAL
    return [
        (Span(sign if number == 0 else " " * len(sign), tone_of(severity)), Span(line, tone))
        for number, line in enumerate(text)
    ]


def detail_lines(entry: Entry, cells: int) -> Iterator[Line]:
    """Everything that a record holds, a field after the other."""
    if entry.record is None:
        yield (Span(f"{entry.place} holds no sound record: {entry.why}", Tone.CRITICAL),)
        return
    for name in FIELDS:
        value = getattr(entry.record, name)
        if value in (None, ""):
            continue
        for number, line in enumerate(_lines_of(value, max(20, cells - _NAME))):
            yield (Span(f"{name if number == 0 else '':<{_NAME}}", Tone.DIM), Span(line))
    yield ()
    yield (
        Span(f"{'local time':<{_NAME}}", Tone.DIM),
        Span(f"{clock_time(entry.record, '%Y-%m-%d %H:%M:%S %Z')}"),
    )
    yield (Span(f"{'stands in':<{_NAME}}", Tone.DIM), Span(entry.place))


_NAME = 11
"""Cells of a field's name."""


def _newer(entries: Iterable[Entry], verified: int) -> int:
    return sum(1 for entry in entries if entry.record is not None and entry.record.sequence > verified)


def _in_a_sentence(row: Row) -> str:
    record = row.entry.record
    if record is None:
        return f"{row.entry.place} holds no sound record: {row.entry.why}"
    whose = f"{record.user} ({record.uid}) on {record.host}"
    whose += f" {record.tty}" if record.tty else ""
    whose += f" from {record.ssh}" if record.ssh else ""
    came = "open: under way, or cut short" if row.open else outcome_of(record)
    said = f"{record.action}{f' of {record.target}' if record.target else ''}: {came}"
    said += f" (record {record.intent})" if record.intent is not None else ""
    parts = [said, whose, f'"{record.reason}"' if record.reason else "", "a drill" if record.drill else ""]
    parts += _agreed(record.approval)
    parts += [f"left undone: {'; '.join(left)}"] if (left := left_undone(record)) else []
    parts += [f"after {_compact(record.after)}"] if record.after is not None else []
    return ", ".join(part for part in parts if part)


def _agreed(approval: Json) -> Iterator[str]:
    """Whose approval it was done with, or that it was done without."""
    if isinstance(approval, dict):
        yield f"{'GLASS BROKEN' if approval.get('broken glass') else 'approved'} by {approval.get('by')}"


def _lines_of(value: object, cells: int) -> Iterator[str]:
    """A field's value: text as it is, what has parts with each on a line of its own."""
    if isinstance(value, Phase):
        value = value.value
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    for line in text.split("\n") if not isinstance(value, str) else [text]:
        indent = len(line) - len(line.lstrip(" "))
        for part in wrap(line.lstrip(" "), max(10, cells - indent)):
            yield " " * indent + part


def _compact(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(", ", ": "), ensure_ascii=False)
