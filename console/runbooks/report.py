"""The record of a run for those who weren't there: what was done when by whom, what was seen, what proves it.

`collected` puts together what the store and the journal know. As Markdown `console.runbooks.report_markdown`
writes it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from console.audit.record import Record, iso_time
from console.audit.redaction import Json
from console.runbooks.model import Found, Runbook, filled, found_in
from console.runbooks.run import Run, StepRun, values_of
from console.runbooks.store import Moved, digest_of
from console.runbooks.times import lasted


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step. `took` are the seconds of each attempt, `found` is what its check saw last.

    `intact` says whether the evidence has the hash that it was kept with; None where there is none. What
    isn't intact isn't read.
    """

    name: str
    text: str
    run: StepRun
    took: tuple[float, ...]
    found: Found | None
    intact: bool | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One line that a check of a step listed, such as a row that is wrong, at a time in UTC."""

    at: str
    step: str
    passes: bool | None
    line: str


@dataclass(frozen=True, slots=True)
class Report:
    """A run as it stood at `made` (seconds since 1970).

    `records` are the journal's: the run's own, and all others of its context while it lasted. `journal` says
    what became of verifying them.
    """

    run: Run
    title: str
    made: float
    steps: tuple[StepReport, ...]
    timeline: tuple[Moved, ...]
    records: tuple[Record, ...]
    journal: str

    @property
    def ended(self) -> float | None:
        """When the run was over; None while it goes on."""
        return self.timeline[-1].at if self.run.standing.over and self.timeline else None

    @property
    def lasted(self) -> float:
        """Seconds from its begin to its end, or to when this was made."""
        return (self.made if self.ended is None else self.ended) - self.run.began

    @property
    def listed(self) -> tuple[Listed, ...]:
        """What the checks listed, in every attempt that the journal knows, and last of what it doesn't."""
        asked = [answer for record in self.records for answer in _answers(record, self.run)]
        known = {evidence for _, _, evidence in asked}
        for step in self.steps:
            if step.intact and step.run.evidence not in known:
                asked.append((iso_time(step.run.since), step.name, step.run.evidence))
        return tuple(line for at, step, evidence in asked for line in _lines(at, step, evidence))

    @property
    def drivers(self) -> tuple[str, ...]:
        """Who moved it on, in the order in which they came."""
        return tuple(dict.fromkeys(move.by for move in self.timeline))

    @property
    def people(self) -> tuple[str, ...]:
        """Whom the journal has, as the kernel knew them."""
        return tuple(dict.fromkeys(_person(each) for each in self.records))


def collected(
    run: Run,
    runbook: Runbook,
    timeline: Sequence[Moved],
    records: Iterable[Record],
    *,
    environment: str,
    journal: str,
    made: float,
) -> Report:
    """What is known of a run; `journal` says what became of verifying the journal with these `records`."""
    took: dict[str, list[float]] = {}
    for move, span in lasted(timeline):
        took.setdefault(move.step, []).append(span)
    steps = (_step(step, run, runbook, environment, took.get(step.name, ())) for step in run.steps)
    ended = timeline[-1].at if run.standing.over and timeline else made
    return Report(
        run=run,
        title=runbook.title,
        made=made,
        steps=tuple(steps),
        timeline=tuple(timeline),
        records=tuple(each for each in records if _concerns(each, run, ended)),
        journal=journal,
    )


def as_json(report: Report) -> str:
    """The report as one JSON object, in ASCII; times are UTC, durations in seconds."""
    run = report.run
    document: dict[str, object] = {
        "run": run.id,
        "runbook": run.runbook,
        "title": report.title,
        "runbook_sha256": digest_of(run.text),
        "context": run.context,
        "parameters": dict(run.values),
        "standing": run.standing.value,
        "began": iso_time(run.began),
        "ended": None if report.ended is None else iso_time(report.ended),
        "seconds": round(report.lasted, 3),
        "made": iso_time(report.made),
        "drivers": report.drivers,
        "people": report.people,
        "steps": [_step_document(step) for step in report.steps],
        "evidence": [asdict(each) for each in report.listed],
        "timeline": [{**asdict(move), "at": iso_time(move.at)} for move in report.timeline],
        "journal": {"verified": report.journal, "records": [_record(each) for each in report.records]},
    }
    return json.dumps(document, indent=2)


def _step(step: StepRun, run: Run, runbook: Runbook, environment: str, took: Iterable[float]) -> StepReport:
    intact = digest_of(step.evidence) == step.digest if step.evidence else None
    found = found_in(step.evidence) if intact else None
    text = filled(runbook.step(step.name).text, values_of(run, environment, step.since))
    return StepReport(step.name, text, step, tuple(took), found, intact)


def _concerns(record: Record, run: Run, ended: float) -> bool:
    """Whether it is of the run, or of its context while it lasted."""
    if record.target == run.id or record.target.startswith(f"{run.id}/"):
        return True
    return record.context == run.context and iso_time(run.began) <= record.time <= iso_time(ended)


def _answers(record: Record, run: Run) -> Iterator[tuple[str, str, str]]:
    """When a step's check was asked, by which step, and the evidence: of one record, which may have none."""
    step = record.target.removeprefix(f"{run.id}/")
    told = record.evidence
    evidence = told.get("check") if isinstance(told, Mapping) else told
    if step != record.target and isinstance(evidence, str) and evidence:
        yield record.time, step, evidence


def _lines(at: str, step: str, evidence: str) -> Iterator[Listed]:
    found = found_in(evidence)
    if found is not None:
        yield from (Listed(at, step, found.passes, line) for line in found.details)


def _person(record: Record) -> str:
    where = (f"at {record.tty}" if record.tty else "", f"from {record.ssh}" if record.ssh else "")
    return " ".join(filter(None, (record.user, f"(uid {record.uid})", f"on {record.host}", *where)))


def _step_document(step: StepReport) -> dict[str, object]:
    run = step.run
    return {
        "name": step.name,
        "text": step.text,
        "state": run.state.value,
        "since": iso_time(run.since) if run.since else None,
        "by": run.by,
        "words": run.words,
        "note": run.note,
        "attempts": run.attempt,
        "seconds": [round(each, 3) for each in step.took],
        "check": None if step.found is None else asdict(step.found),
        "evidence": run.evidence,
        "evidence_sha256": run.digest,
        "evidence_intact": step.intact,
        "output": run.output,
        "journal_intent": run.intent or None,
    }


def _record(record: Record) -> Json:
    """The record as it stands in the journal, with its hash."""
    told: Json = json.loads(record.line)
    return told
