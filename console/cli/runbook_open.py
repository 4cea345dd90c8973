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
    """A run that isn't over: `at` is where it stands, in words, `driven` whether a person is at it now.

    `at` is None where the runbook can't be read any more, so that nobody knows.
    """

    run: "Run"
    at: str | None
    driven: bool

    @property
    def does(self) -> str:
        """What the command does."""
        if self.at is None:
            return "end it by"
        return "watch by" if self.driven else "go on by"

    @property
    def command(self) -> str:
        """What goes on with it: one that somebody drives is watched, one that can't be read can only end."""
        if self.at is None:
            return f"opsconsole runbook abort {self.run.id} --reason REASON"
        return f"opsconsole runbook {'watch' if self.driven else 'resume'} {self.run.id}"

    @property
    def place(self) -> str:
        """Where it stands."""
        return "a step that isn't known: its runbook can't be read any more" if self.at is None else self.at

    @property
    def document(self) -> Mapping[str, object]:
        """As JSON has it."""
        return {
            "run": self.run.id,
            "standing": self.run.standing.value,
            "at": self.place,
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
        yield f"OPEN RUN       {one.run.id}, {one.run.standing.value}, stands at {one.place}{driver}"
        yield f"{one.does:<15}{one.command}"


def _at(run: "Run") -> str | None:
    """The step at which the run stands, in words; None where its runbook can't be read."""
    from console.runbooks.reading import RunbookError  # noqa: PLC0415 (as above)
    from console.runbooks.run import next_task  # noqa: PLC0415 (as above)
    from console.wiring.runbooks import runbook_of_run  # noqa: PLC0415 (as above)

    try:
        task = next_task(runbook_of_run(run), run)
    except RunbookError:
        return None
    if not task.step:
        return "its end"
    step = run.step(task.step)
    return f"{step.name} ({step.state.value}{f': {step.words}' if step.words else ''})"
