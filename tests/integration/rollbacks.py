"""A rollback as an operator drives it from the command line, whose driver is killed on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from console.runbooks.model import ManualAct, filled
from console.runbooks.run import Run, State, StepRun, values_of
from console.runbooks.store import RunStore, own_store
from console.settings_memory import shipped_configs
from console.sources.engine import is_alive, read_engine_file
from console.wiring.runbooks import runbook_of_run
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import COMMAND, environment
from tests.waiting import eventually

POLLS = {
    "metrics": {"stale_after": "5s"},
    "database": {"interval": "1s"},
    "exchange": {"interval": "2s"},
    "flags": {"stale_after": "8s"},
    "engine": {"stale_after": "8s"},
}
"""Limits that a busy machine keeps."""
_ENOUGH = 120
"""Commands after which a rollback has gone wrong."""
_SECONDS = 900.0
"""Seconds that one command may take."""
_RETRIES = 15
_LONGEST_PAUSE = 10.0
"""Seconds between two tries: each asks the exchange anew, which refuses whoever asks for too much."""


@dataclass
class Operator:
    """An engine, and the home of somebody who operates it.

    `secrets` and `variables` are what their session has besides, `more` are settings of the context. `said`
    is everything that their commands said, `killed` at which steps the driver was.
    """

    engine: PaperProcess
    home: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, object] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    store: RunStore = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir()
        context = {
            "environment": "paper",
            "colour": "cyan",
            "engine_file": str(self.engine_file),
            "kill_switch": {"cool_down": "50ms"},
            "rollout": {"symbol_stages": True, "chooses_by_crc": True, "watched": 0},
            "poll": POLLS,
            **self.more,
        }
        (self.home / "console.yaml").write_text(yaml.safe_dump({"contexts": {"paper": context}}))
        self.store = own_store(self.state)

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def engine_file(self) -> Path:
        return self.engine.state / "engine.json"

    @property
    def files(self) -> tuple[str, ...]:
        return ("--config", str(self.home / "console.yaml"), "--state", str(self.state))

    def do(self, *words: str) -> tuple[int, str]:
        """A command, to its end: its exit code, and what it said."""
        process = self.begin(*words)
        said, _ = process.communicate(timeout=_SECONDS)
        self.said.append(said)
        return process.returncode, said

    def done(self, *words: str) -> str:
        """What a command said that has to do what it was told."""
        code, said = self.do(*words)
        assert code == 0, said
        return said

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """A command that is under way, in a session of its own."""
        return subprocess.Popen(
            [*COMMAND, *words, *self.files],
            env={
                **environment(self.home, LANG="C.UTF-8"),
                "PATH": os.environ["PATH"],
                **self.variables,
                **self.secrets,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run_of(self, runbook: str) -> Run | None:
        """Its latest run, as it is now."""
        found = (each for each in self.store.latest("paper") if each.runbook == runbook)
        run = next(found, None)
        return None if run is None else self.store.find(run.id)

    def whole(self, runbook: str, values: Mapping[str, str], cuts: Collection[str] = ()) -> Run:
        """Go through a runbook to its end; the driver is killed when a step of `cuts` has been begun."""
        given = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
        words: tuple[str, ...] = ("runbook", "run", runbook, *given)
        left, tries = set(cuts), 0
        for _ in range(_ENOUGH):
            killed = self._driven(runbook, words, left)
            left.discard(killed)
            run = self.run_of(runbook)
            assert run is not None, self.said[-1:]
            if run.standing.over:
                return run
            at = next(each for each in run.steps if each.state not in (State.PASSED, State.SKIPPED))
            tries = tries + 1 if at.state in (State.FAILED, State.UNKNOWN) and not killed else 0
            assert tries < _RETRIES, self.said[-1:]
            time.sleep(min(2.0 * tries, _LONGEST_PAUSE))
            words = ("runbook", "resume", run.id, *(() if killed else decision(run, at)))
        raise AssertionError(f"no end after {_ENOUGH} commands; the last one said:\n{self.said[-1]}")

    def report(self, run: Run) -> dict[str, Any]:
        """What `runbook report` says of a run."""
        report: dict[str, Any] = json.loads(self.done("runbook", "report", run.id, "--format", "json"))
        return report

    def _driven(self, runbook: str, words: tuple[str, ...], cuts: Collection[str]) -> str:
        """See a command through, or kill it: at which step, or nothing."""
        process = self.begin(*words)
        deadline = time.monotonic() + _SECONDS
        while process.poll() is None:
            run = self.run_of(runbook) if cuts else None
            assert time.monotonic() < deadline, (words, run)
            begun = [] if run is None else [one.name for one in run.steps if one.state is not State.PENDING]
            cut = next((name for name in begun if name in cuts), "")
            if run is not None and cut:
                process.send_signal(signal.SIGKILL)
                self.killed.append(cut)
                eventually(lambda: process.poll() is not None)
                self.said.append(process.communicate()[0])
                return cut
            time.sleep(0.02)
        self.said.append(process.communicate()[0])
        return ""


def decision(run: Run, waits: StepRun) -> tuple[str, ...]:
    """What the operator adds at the step that a run waits at."""
    step = runbook_of_run(run).step(waits.name)
    if waits.state is State.FAILED:
        return ("--again",) if step.effect is None or step.repeatable else ("--wait",)
    if waits.state is State.UNKNOWN:
        return ("--wait",)
    if isinstance(step.act, ManualAct):
        return ("--note", f"noted: {step.name}")
    if step.confirm is not None:
        return ("--confirm", filled(step.confirm.words, values_of(run, "paper", run.began)))
    return ()


@contextmanager
def decoy(engine: PaperProcess) -> Iterator["subprocess.Popen[bytes]"]:
    """A process whose command line looks like an engine's, and that is none."""
    words = ("script_live.py", "--config", "futures", "-m", "console.paper", "--state", str(engine.state))
    with subprocess.Popen([sys.executable, "-c", "input()", *words], stdin=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def operated(operator: Operator) -> Iterator[Operator]:
    """The operator; in the end whatever engine runs in place of the first one is ended."""
    with ending_engines_of(operator.engine):
        yield operator


@contextmanager
def ending_engines_of(engine: PaperProcess) -> Iterator[None]:
    """End whatever engine was started in place of this one."""
    try:
        yield
    finally:
        found = read_engine_file(engine.state / "engine.json")
        if found is not None and is_alive(found):
            os.kill(found.pid, signal.SIGKILL)
            eventually(lambda: not is_alive(found))


def shipped_steps(runbook: str) -> tuple[str, ...]:
    """The names of a shipped runbook's steps."""
    document = yaml.safe_load((shipped_configs() / "runbooks" / f"{runbook}.yaml").read_text())
    return tuple(str(step["name"]) for step in document["steps"])
