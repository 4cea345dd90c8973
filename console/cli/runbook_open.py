"""Runs that aren't over, as lists name them: the step that each stands at, and the command that goes on."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.runbooks.run import Run
    from console.settings import Settings


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that isn't over: `at` is where it stands, in words, `driven` whether a person is at it now."""

    run: "Run"
    at: str
    driven: bool

    @property
    def command(self) -> str:
        """What goes on with it: one that somebody drives is watched."""
        return f"opsconsole runbook {'watch' if self.driven else 'resume'} {self.run.id}"

    @property
    def document(self) -> Mapping[str, object]:
        """As JSON has it."""
        return {
            "run": self.run.id,
            "standing": self.run.standing.value,
            "at": self.at,
            "driver": str(self.run.driver or ""),
            "driven": self.driven,
            "command": self.command,
        }


def open_runs(settings: "Settings") -> tuple[OpenRun, ...] | str:
    """The context's, the newest first; or why they can't be read, in one line."""
    from console.domain.clock import SystemClock  # noqa: PLC0415 (what lists commands opens without)
    from console.runbooks.seen import Hands  # noqa: PLC0415 (as above)
    from console.wiring.open_runs import OpenRuns  # noqa: PLC0415 (as above)

    found = OpenRuns(settings, SystemClock(), os.environ).found()
    if isinstance(found, str):
        return found
    return tuple(OpenRun(run, _at(run), hands is Hands.OTHERS) for run, hands in found)


def open_lines(found: Iterable[OpenRun] | str) -> Iterator[str]:
    """Each on two lines."""
    if isinstance(found, str):
        yield f"unknown        open runs: {found}"
        return
    for one in found:
        driver = f", driven by {one.run.driver}" if one.driven else ""
        yield f"OPEN RUN       {one.run.id}, {one.run.standing.value}, stands at {one.at}{driver}"
        yield f"{'watch by ' if one.driven else 'go on by '}      {one.command}"


def _at(run: "Run") -> str:
    """The step at which the run stands, in words."""
    from console.runbooks.reading import RunbookError  # noqa: PLC0415 (as above)
    from console.runbooks.run import next_task  # noqa: PLC0415 (as above)
    from console.wiring.runbooks import runbook_of_run  # noqa: PLC0415 (as above)

    try:
        task = next_task(runbook_of_run(run), run)
    except RunbookError:
        return "a step that isn't known: its runbook can't be read any more"
    if not task.step:
        return "its end"
    step = run.step(task.step)
    return f"{step.name} ({step.state.value}{f': {step.words}' if step.words else ''})"
