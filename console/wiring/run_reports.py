"""The report of a run, from the store and this host's journal, and where it is kept."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from console.audit.files import records
from console.audit.open import anchor_in, folder_in
from console.audit.verify import verify
from console.domain.clock import Clock, SystemClock
from console.own_folder import make_common
from console.runbooks.model import Runbook
from console.runbooks.reading import RunbookError
from console.runbooks.report import Report, collected
from console.runbooks.report_markdown import as_markdown
from console.runbooks.run import Run
from console.runbooks.store import store_of
from console.runbooks.unread import names_only
from console.settings import Settings
from console.wiring.runbooks import runbook_of_run


def report_of(
    settings: Settings, run_id: str, clock: Clock | None = None, environ: Mapping[str, str] = os.environ
) -> Report:
    """What is known of a run, also where its runbook can't be read any more. StoreError and JournalError."""
    store, folder = store_of(settings, environ), folder_in(settings.state)
    run = store.find(run_id)
    verdict = verify(folder, [anchor_in(settings.state)])
    sound = f"All {verdict.records} records of this host's journal are sound"
    return collected(
        run,
        _runbook(run),
        store.timeline(run_id),
        records(folder),
        environment=settings.chosen.environment,
        journal=sound if verdict.sound else f"THE JOURNAL ISN'T SOUND: {verdict.finding}",
        made=(clock or SystemClock()).wall(),
    )


def _runbook(run: Run) -> Runbook:
    try:
        return runbook_of_run(run)
    except RunbookError as error:
        title = f"{run.runbook}, which can't be read any more ({error.problems[0]})"
        return replace(names_only(run), title=title)


def kept_report(settings: Settings, run_id: str) -> Path:
    """Write a run's report as Markdown into the state folder; the file. Raises OSError, and as above."""
    text = as_markdown(report_of(settings, run_id))
    file = settings.state / "runs" / run_id / "report.md"
    if not file.parent.is_dir():
        make_common(file.parent)
    file.write_bytes(text.encode("utf-8", "replace"))
    return file
