"""A dry run says that it is one, and that what isn't so yet is what a step is there to bring about."""

from console.cli.runbook_told import walked_lines
from console.runbooks.dry_run import Walked
from console.runbooks.model import Found
from tests.tui.runs import recovery

NOT_YET = Found(False, "the engine is stopped", "its process runs")


def told(step: str, *before: Found, after: Found | None) -> str:
    one = recovery().step(step)
    return "\n".join(walked_lines([Walked(one, one.text, "would run it", before, after)]))


def test_that_nothing_is_done_stands_first_and_last() -> None:
    lines = told("stop", after=NOT_YET).splitlines()
    assert lines[0].startswith("DRY RUN: nothing is done")
    assert lines[-1] == "DRY RUN: nothing was done, nothing was written"


def test_what_a_step_is_to_bring_about_is_waited_for_and_no_failure() -> None:
    assert "check: not so now, waited for after it: the engine is stopped; observed its" in told(
        "stop", after=NOT_YET
    )
    assert "check: not so now, the run stops here unless" in told("exchange", after=NOT_YET)
    assert "before it: not so now, has to be by then: the engine" in told("stop", NOT_YET, after=None)


def test_what_is_so_already_and_what_nobody_can_tell_are_told_apart() -> None:
    assert "check: holds now: the books add up; observed 51 pass" in told(
        "exchange", after=Found(True, "the books add up", "51 pass")
    )
    assert "check: can't be told now: the books add up; observed no answer" in told(
        "stop", after=Found(None, "the books add up", "no answer")
    )
