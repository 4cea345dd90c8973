"""`opsconsole runbook` on a paper engine that trades."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.audit.verify import verify
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import PATIENT

_ASKED_OFTEN = {
    **PATIENT,
    "OPSCONSOLE_POLL__EXCHANGE__INTERVAL": "200ms",
    "OPSCONSOLE_POLL__DATABASE__INTERVAL": "200ms",
}
"""A check waits for an answer to its own question."""


class Desk:
    """A home and an engine; answers exit code and output of `opsconsole runbook …`."""

    def __init__(self, home: Path, state: Path) -> None:
        self.home, self.state = home, state

    def __call__(self, *words: str) -> tuple[int, str]:
        done = run_here(self.home, "runbook", *words, "--state", str(self.state), more=_ASKED_OFTEN)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("runbooks")
    state = folder / "state"
    with PaperProcess(state, "--seed", "7"):
        yield Desk(folder, state)


def test_a_dry_run_asks_every_check_and_writes_nothing(desk: Desk) -> None:
    before = sorted(file.name for file in desk.state.iterdir())
    code, told = desk("run", "verify_state", "--dry-run", "--set", "kill_switch=tripped")
    assert code == 0
    assert "would ask: What happened, and since when?" in told
    assert "check: holds now: the engine is running; observed its process runs" in told
    assert "not so now, the run stops here unless it is by then: the kill switch is tripped" in told
    assert not {"runs", "audit"} & {file.name for file in desk.state.iterdir()} - set(before)


def test_a_run_stops_where_a_person_is_needed_and_goes_on_with_what_was_written_down(desk: Desk) -> None:
    code, told = desk("run", "verify_state")
    assert code == 3
    run = told.split()[1]
    assert told.splitlines()[-4:] == [
        "Write down what made you look, and since when. Others read it in the journal.",
        "waiting: What happened, and since when?",
        "A PERSON IS NEEDED at cause: write it down with a note, skip it with a reason, abort",
        f"go on by       opsconsole runbook resume {run} --note TEXT | --skip REASON",
    ]
    assert desk("list")[1].splitlines()[-2:] == [
        f"OPEN RUN       {run}, open, stands at cause (waiting: What happened, and since when?)",
        f"go on by       opsconsole runbook resume {run}",
    ]
    code, told = desk("run", "verify_state")
    assert (code, told) == (
        3,
        f"opsconsole: run {run} of this runbook is open: resume, watch or abort it\n",
    )
    code, told = desk("resume", run, "--note", "sync errors since ten")
    assert (code, told.splitlines()[-1]) == (0, "PASSED")
    code, told = desk("show", run)
    assert "note: sync errors since ten" in told
    assert re.search(r"kill-switch passed +CLEAR: the engine says so", told)
    assert desk("watch", run)[0] == 0
    assert desk("resume", run) == (3, f"opsconsole: run {run} is over: passed\n")
    assert run in desk("list")[1]
    document = json.loads(desk("report", run, "--format", "json")[1])
    assert (document["run"], document["standing"]) == (run, "passed")
    assert all(step["evidence_intact"] in (True, None) for step in document["steps"])
    assert desk("report", run)[1].startswith("# Verify the state: passed\n")
    assert verify(desk.state / "audit").sound


def test_an_aborted_run_says_so_with_its_reason(desk: Desk) -> None:
    run = desk("run", "verify_state", "--set", "kill_switch=tripped")[1].split()[1]
    code, told = desk("resume", run, "--note", "a look")
    assert (code, told.splitlines()[-2]) == (
        3,
        "A PERSON IS NEEDED at kill-switch: again, wait and look again, skip it with a reason, abort",
    )
    assert desk("abort", run, "--reason", "it was only a look") == (
        1,
        f"report         opsconsole runbook report {run}\nABORTED\n",
    )
    assert "aborting" in desk("show", run)[1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "verify_state", "--set", "kill_switch=off"), "kill_switch: allowed: clear, tripped"),
        (("run", "verify_state", "--set", "speed"), "--set speed: a parameter is NAME=VALUE"),
    ],
)
def test_bad_usage_is_one_line(desk: Desk, words: tuple[str, ...], expected: str) -> None:
    assert desk(*words) == (2, f"opsconsole: {expected}\n")


def test_every_mistake_in_a_file_is_a_line(desk: Desk) -> None:
    file = desk.home / "mine.yaml"
    file.write_text("title: Mine\nrisk: high\nsteps: 3\n")
    code, told = desk("run", str(file))
    assert (code, [line.split(": ")[1] for line in told.splitlines()]) == (
        2,
        [f"{file}:1:1", f"{file}:2:7", f"{file}:3:8"],
    )


def test_a_run_that_isnt_there_is_one_line(desk: Desk) -> None:
    assert desk("show", "none") == (3, "opsconsole: there is no run none\n")


def test_what_isnt_decided_on_is_refused_in_one_line(desk: Desk) -> None:
    assert desk("resume", "none", "--note", "x", "--again") == (
        3,
        "opsconsole: decide on one thing: a note, again, to wait, or to skip\n",
    )


def test_recover_without_a_run_under_way_takes_no_decision(desk: Desk) -> None:
    done = run_here(desk.home, "recover", "--note", "x", "--state", str(desk.state), more=PATIENT)
    assert (done.returncode, done.stderr) == (
        3,
        "opsconsole: no recovery is under way: nothing is to be decided\n",
    )
