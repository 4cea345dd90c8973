"""A run's report as Markdown, for an incident record. Foreign text makes no markup, and no link."""

import re
from collections.abc import Iterable, Iterator, Sequence

from console.audit.record import Record, iso_time
from console.domain.figures import seconds
from console.domain.foreign import visible
from console.runbooks.report import Report, StepReport
from console.runbooks.run import State, told_steps
from console.runbooks.store import digest_of

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&#])")
_HOW = {True: "passes", False: "does not hold", None: "can't be told"}


def as_markdown(report: Report) -> str:
    """The whole report."""
    parts = (_head(report), _steps(report), _differences(report), _timeline(report), _journal(report))
    return "\n".join(line for part in parts for line in part)


def _head(report: Report) -> Iterator[str]:
    run = report.run
    yield from (f"# {_text(report.title)}: {run.standing.value}", "")
    ended = "goes on" if report.ended is None else _instant(report.ended)
    yield from _table(
        ("", ""),
        [
            ("run", _code(run.id)),
            ("runbook", f"{_code(run.runbook)}, SHA-256 {_code(digest_of(run.text))}"),
            ("context", _text(run.context)),
            *((_text(name), _text(value)) for name, value in run.values.items()),
            ("began", _instant(run.began)),
            ("ended", ended),
            ("lasted", seconds(report.lasted)),
            ("driven by", "; ".join(map(_text, report.drivers))),
            ("in the journal", "; ".join(map(_text, report.people)) or "nobody"),
            ("report of", _instant(report.made)),
        ],
    )


def _steps(report: Report) -> Iterator[str]:
    yield from ("## Steps", "")
    for step in report.steps:
        if step.run.state is not State.PENDING:
            yield from _step(step)
    left = [_code(step.name) for step in told_steps(report.run) if step.state is State.PENDING]
    if left:
        yield from (f"Not begun: {', '.join(left)}.", "")


def _step(step: StepReport) -> Iterator[str]:
    run = step.run
    yield from (f"### {_text(step.name)}: {run.state.value}", "", _text(step.text), "")
    took = ", ".join(map(seconds, step.took))
    yield f"- {_instant(run.since)} by {_text(run.by)}{f', took {took}' if took else ''}"
    if run.words:
        yield f"- {_text(run.words)}"
    if run.note:
        yield f"- written down: {_text(run.note)}"
    if step.found is not None:
        yield f"- the check {_HOW[step.found.passes]}: expected {_text(step.found.expected)}"
        yield f"- observed {_text(step.found.observed)}"
    if step.intact is not None:
        kept = "as it was kept" if step.intact else "IT HAS BEEN CHANGED SINCE"
        yield f"- evidence: SHA-256 {_code(run.digest)}, {kept}"
    yield ""
    if run.output:
        yield from _fenced(run.output.splitlines())


def _differences(report: Report) -> Iterator[str]:
    yield from ("## Differences, and what else the checks listed", "")
    rows = [(each.at, _text(each.step), _HOW[each.passes], _text(each.line)) for each in report.listed]
    if rows:
        yield from _table(("at", "step", "the check", "listed"), rows)
    else:
        yield from ("No check has listed anything.", "")


def _timeline(report: Report) -> Iterator[str]:
    yield from ("## Timeline", "")
    rows = [
        (_instant(move.at), _text(move.step) or "the run", move.state, _text(move.words), _text(move.by),
         _code(move.digest) if move.digest else "")
        for move in report.timeline
    ]  # fmt: skip
    yield from _table(("at", "step", "became", "words", "by", "evidence"), rows)


def _journal(report: Report) -> Iterator[str]:
    yield from ("## Journal", "", f"{_text(report.journal)}.", "")
    if report.records:
        rows = [_row(record) for record in report.records]
        yield from _table(("number", "at", "who", "did", "to", "reason", "came of it", "hash"), rows)


def _row(record: Record) -> tuple[str, ...]:
    done = {True: "done", False: "not done", None: ""}[record.done]
    closes = f" of {record.intent}" if record.intent is not None else ""
    return (
        str(record.sequence),
        record.time,
        _text(f"{record.user}@{record.host}"),
        _text(record.action),
        _text(record.target),
        _text(record.reason),
        f"{record.phase.value}{closes}{f': {done}' if done else ''}",
        _code(record.hash),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    """Lines as they are, in a fence that none of them can end."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}text", *map(visible, lines), fence, "")


def _text(foreign: str) -> str:
    return _MARKUP.sub(r"\\\1", visible(foreign))


def _code(name: str) -> str:
    """An id or a hash, whose letters can't end a code span."""
    return f"`{visible(name).replace('`', chr(39)).replace('|', '/')}`"


def _instant(at: float) -> str:
    return f"{iso_time(at)[:19]}Z"
