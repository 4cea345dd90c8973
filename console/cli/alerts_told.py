"""What the alert rules and the rollback triggers say, as text and as JSON."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from console.domain.alert_rows import AlertRow, AlertState
from console.domain.alert_status import AlertStatus
from console.domain.assessment import Assessment
from console.domain.foreign import visible
from console.domain.severity import Severity
from console.domain.silences import Acknowledgement, Silence
from console.domain.triggers import Judgement, Standing

VERSION = 1
Json = dict[str, object]

_WIDEST = 60
"""Characters: one label of thousands isn't to push all others away."""
_HEADER = ("state", "severity", "what", "symbol", "since", "value", "worst", "muted", "why")


def alert_lines(live: Assessment, severity: Severity, engine: str, *, everything: bool) -> Iterator[str]:
    """The verdict, the table of what is wrong or about to be, and the triggers.

    `everything` is the rest, too: resolved alerts, watchdogs, rules that can't tell yet.
    """
    status = live.ruled
    yield _verdict(status, severity, engine)
    if status.book is None and not status.doubt:
        yield "no alert rules are evaluated: the context names no metrics"
    if status.doubt:
        yield f"the alert rules are not evaluated: {status.doubt}"
    shown = [row for row in status.rows if everything or row.matters or row.state is AlertState.PENDING]
    if shown:
        yield ""
        yield from table([_HEADER, *(_cells(row, status) for row in shown)])
    if not everything:
        yield from _left_out(status.rows)
    yield from trigger_lines(live.triggers)
    if status.book is not None and status.book.notes:
        yield from ("", *(f"note: {note}" for note in status.book.notes))


def trigger_lines(triggers: Sequence[Judgement]) -> Iterator[str]:
    """The rollback triggers that are met or unknown, each with what it recommends; that none is met, else."""
    if not triggers:
        return
    yield from ("", "rollback triggers")
    for judgement in triggers:
        if judgement.standing is not Standing.CLEAR:
            trigger = judgement.trigger
            recommended = f"; {trigger.procedure.name}" if judgement.standing is Standing.MET else ""
            yield f"  {judgement.standing.value:<8} {trigger.condition}: {judgement.words}{recommended}"
    clear = sum(judgement.standing is Standing.CLEAR for judgement in triggers)
    if clear:
        yield f"  {clear} of {len(triggers)} are clear"


def alerts_document(live: Assessment, severity: Severity, whose: Json) -> Json:
    """All of it; `whose` says which engine is meant, and when. Every row is in it, whatever its state."""
    status = live.ruled
    return {
        "version": VERSION,
        **whose,
        "severity": severity.word,
        "exit_code": severity.exit_code,
        "doubt": status.doubt,
        "evaluated_by": "" if status.book is None else status.book.evaluated_by or "console",
        "notes": [] if status.book is None else list(status.book.notes),
        "alerts": [row_json(row, status) for row in status.rows],
        "triggers": [trigger_json(judgement) for judgement in live.triggers],
    }


def row_json(row: AlertRow, status: AlertStatus) -> Json:
    """One alert, or one rule that can't tell; times are UTC, numbers that JSON doesn't know are null."""
    raised = row.raised
    return {
        "key": row.key,
        "state": row.state.word,
        "severity": row.severity.word,
        "name": row.rule.name,
        "group": row.rule.group,
        "label": row.rule.severity,
        "symbol": row.symbol,
        "labels": dict(row.labels),
        "since": _instant(row, status),
        "value": None if raised is None else _finite(raised.value),
        "worst": None if row.worst is None else _finite(row.worst),
        "count": None if raised is None or raised.count is None else _finite(raised.count),
        "sign": row.rule.sign,
        "threshold": None if row.rule.threshold is None else _finite(row.rule.threshold),
        "expression": row.rule.expression,
        "summary": row.summary,
        "muted": row.muted,
        "acknowledged": None if row.acknowledged is None else mark_json(row.acknowledged),
        "silenced": None if row.silenced is None else mark_json(row.silenced),
    }


def trigger_json(judgement: Judgement) -> Json:
    """A rollback trigger with its evidence in words, and the procedure that is recommended."""
    procedure = judgement.trigger.procedure
    return {
        "key": judgement.trigger.key,
        "condition": judgement.trigger.condition,
        "standing": judgement.standing.value,
        "words": judgement.words,
        "procedure": procedure.name,
        "steps": list(procedure.steps),
    }


def mark_json(mark: Acknowledgement | Silence) -> Json:
    """What somebody has said of an alert, and until when it holds."""
    said = {"by": mark.owner, "reason": mark.reason, "since": utc(mark.since), "until": utc(mark.until)}
    if isinstance(mark, Acknowledgement):
        return {"labels": dict(mark.labels), **said}
    return {"key": mark.key, "matchers": [str(matcher) for matcher in mark.matchers], **said}


def mark_lines(silences: Sequence[Silence], acknowledged: Sequence[Acknowledgement]) -> Iterator[str]:
    """What is muted, a table of each kind that there is."""
    from console.actions.alert_deeds import alert_named  # noqa: PLC0415 (no other command waits for it)

    if silences:
        header = ("id", "silenced", "by", "until", "reason")
        cells = [(one.key, _matched(one), one.owner, utc(one.until), one.reason) for one in silences]
        yield from table([header, *cells])
    if silences and acknowledged:
        yield ""
    if acknowledged:
        named = [(alert_named(one.labels), one.owner, utc(one.until), one.reason) for one in acknowledged]
        yield from table([("acknowledged", "by", "until", "reason"), *named])
    if not silences and not acknowledged:
        yield "nothing is silenced or acknowledged"


def utc(at: float) -> str:
    """Seconds since 1970 as `2026-01-02T03:04:05Z`."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows with their columns one below the other; what is longer than most is on its own."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [min(max(map(len, column)), _WIDEST) for column in zip(*shown, strict=True)]
    for row in shown:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _verdict(status: AlertStatus, severity: Severity, engine: str) -> str:
    word = ("OK", "WARNING", "CRITICAL", "UNKNOWN")[severity.exit_code]
    wrong = [row for row in status.rows if row.matters]
    muted = sum(row.muted for row in wrong)
    counted = (
        f"{len(wrong) or 'no'} alert{'' if len(wrong) == 1 else 's'}{f', {muted} muted' if muted else ''}"
    )
    worst = f"; {wrong[0].rule.name}{f' {wrong[0].symbol}' if wrong[0].symbol else ''}" if wrong else ""
    return f"{word} - {engine}: {counted}{worst}"


def _cells(row: AlertRow, status: AlertStatus) -> tuple[str, ...]:
    raised = row.raised
    count = "" if raised is None or raised.count is None else f" ({raised.count:g} events)"
    return (
        row.state.word,
        row.severity.word,
        row.rule.name,
        row.symbol or "",
        _instant(row, status) or "",
        "" if raised is None else f"{raised.value:.6g}{count}",
        "" if row.worst is None else f"{row.worst:.6g}",
        _muted(row),
        row.summary or row.rule.expression,
    )


def _muted(row: AlertRow) -> str:
    if row.acknowledged is not None:
        return f"acknowledged by {row.acknowledged.owner} until {utc(row.acknowledged.until)}"
    return "" if row.silenced is None else f"silenced by {row.silenced.owner} until {utc(row.silenced.until)}"


def _left_out(rows: Sequence[AlertRow]) -> Iterator[str]:
    """What isn't in the table and has to be known all the same: which rules can't tell yet."""
    warming = [row for row in rows if row.state is AlertState.WARMING]
    if warming:
        names = ", ".join(dict.fromkeys(row.rule.name for row in warming))
        yield from ("", f"not yet, because they look back further than was watched: {names}")


def _instant(row: AlertRow, status: AlertStatus) -> str | None:
    return None if row.since is None or status.book is None else utc(row.since + status.book.wall_ahead)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _matched(silence: Silence) -> str:
    return ", ".join(map(str, silence.matchers))
