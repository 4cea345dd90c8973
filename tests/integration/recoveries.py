"""A whole recovery, or another runbook, as one goes through it over ssh, whose line is cut on the way."""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from console.audit.actor import still_runs
from console.audit.files import records
from console.audit.record import Phase, Record
from console.runbooks.model import ManualAct, Runbook, filled
from console.runbooks.run import Run, State, StepRun, values_of
from console.runbooks.store import RunStore, own_store
from console.settings import Context
from console.settings_memory import shipped_configs
from console.wiring.paper_commands import paper_commands
from console.wiring.runbooks import runbook_of_run
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import COMMAND, environment
from tests.sshd import Sshd
from tests.terminal import Terminal
from tests.waiting import eventually

_COUNTS = """\
import os, sys
with open(sys.argv[1], "a") as calls:
    calls.write(sys.argv[2] + "\\n")
os.execv(sys.argv[3], sys.argv[3:])
"""
_SESSION = """\
import json, os, sys
with open(sys.argv[1]) as secrets:
    os.environ.update(json.load(secrets))
os.execv(sys.argv[2], sys.argv[2:])
"""
SECRETS = "session.json"
"""The file of a session's secrets: on a command line others would see them."""
_POLLS = {
    "metrics": {"stale_after": "5s"},
    "database": {"interval": "1s"},
    "exchange": {"interval": "2s"},
    "flags": {"stale_after": "8s"},
    "engine": {"stale_after": "8s"},
}
"""Limits that a busy machine keeps; the exchange allows so many requests a minute, and many logins ask it."""
_ROOT = Path(__file__).resolve().parents[2]
_ENOUGH = 80
"""Logins after which a recovery has gone wrong."""


@dataclass
class Recovery:
    """An engine that was tripped in a cascade of liquidations, and the operator's home on its host.

    `secrets` are variables that the operator's session has, `steps` those of the shipped runbook that are
    gone through (none: all), `rules` its alert rules (none: the default), `watch` the watch period. Where it
    `kills`, a cut ends the process that drives, too. `cut` says at which steps the line was cut, `said` what
    the last terminal had. `runbook` is gone through in place of the recovery, `more` are settings of the
    context.
    """

    server: Sshd
    engine: PaperProcess
    home: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    kills: bool = False
    steps: Collection[str] = ()
    rules: str = ""
    watch: str = "1s"
    runbook: str = "recovery"
    more: Mapping[str, object] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    said: str = ""
    store: RunStore = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir()
        (self.home / "counted.py").write_text(_COUNTS)
        (self.home / "session.py").write_text(_SESSION)
        (self.home / SECRETS).write_text(json.dumps(dict(self.secrets)))
        context = {
            "environment": "paper",
            "colour": "cyan",
            "engine_file": str(self.engine.state / "engine.json"),
            "kill_switch": {"cool_down": "50ms"},
            "poll": _POLLS,
            **self.more,
        }
        paper = paper_commands(Context.model_validate({**context, "poll": None}))
        context["commands"] = {
            name: [sys.executable, str(self.home / "counted.py"), str(self.calls_file), name, *arguments]
            for name, arguments in paper.items()
        }
        if self.rules:
            (self.home / "rules.yaml").write_text(self.rules)
            context["rules"] = str(self.home / "rules.yaml")
        settings = {"runbooks": "runbooks", "contexts": {"paper": context}}
        (self.home / "console.yaml").write_text(yaml.safe_dump(settings))
        (self.home / "runbooks").mkdir()
        if self.steps:
            (self.home / "runbooks" / "recovery.yaml").write_text(_shortened(self.steps))
        self.store = own_store(self.home / "state")

    @property
    def calls_file(self) -> Path:
        return self.home / "calls"

    @property
    def calls(self) -> Counter[str]:
        """How often each command has run."""
        return Counter(self.calls_file.read_text().split() if self.calls_file.exists() else ())

    @property
    def run(self) -> Run | None:
        """The runbook's run as it is now."""
        found = [each for each in self.store.latest("paper") if each.runbook == self.runbook]
        return self.store.find(found[0].id) if found else None

    def journal(self, action: str) -> list[Record]:
        """The journal's intents of an action."""
        found = records(self.home / "state" / "audit")
        return [each for each in found if each.action == action and each.phase is Phase.INTENT]

    def report(self) -> dict[str, Any]:
        """What `runbook report` says of the run."""
        run = self.run
        assert run is not None
        told = run_here(self.home, "runbook", "report", run.id, "--format", "json", *self._files)
        report: dict[str, Any] = json.loads(told.stdout)
        return report

    def fills(self) -> int:
        """How many orders the engine has had filled."""
        return self.engine.log().count("execution: filled")

    def cascade(self) -> None:
        """Have positions liquidated one after the other, trip, and let the exchange lose fills."""
        self.engine.scenario("liquidation-cascade")
        eventually(lambda: sum(self.engine.values("futures_liquidations_total").values()) >= 2)
        self.trip()
        self.lose_fills()

    def trip(self) -> None:
        """Trip it before anybody logs in: it isn't what the line is cut in."""
        tripping = ("kill", "trip", "--reason", "one liquidation after the other", *self._files)
        done = run_here(self.home, *tripping, more=self.secrets)
        assert self.engine.tripped(), done.stdout + done.stderr

    def lose_fills(self) -> None:
        """Have the exchange forget a tenth of some positions: books and exchange come apart."""
        self.engine.scenario("sync-errors")
        eventually(lambda: sum(self.engine.values("futures_sync_errors_total").values()) >= 1)

    def whole(self, cuts: Collection[str] = ()) -> Run:
        """Go through it to its end; the line is cut when a step of `cuts` has been begun."""
        words: tuple[str, ...] = ("recover", "--set", f"watch={self.watch}")
        left = set(cuts)
        for _ in range(_ENOUGH):
            cut = self._see_through(*words, cuts=left)
            left.discard(cut)
            run = self.run
            assert run is not None
            if run.standing.over:
                return run
            words = self._next(run, cut=bool(cut))
        raise AssertionError(f"no end after {_ENOUGH} logins; the last one said:\n{self.said}")

    def see_done(self, *words: str) -> str:
        """Log in, have a command do what it is told, and say what it said."""
        self._see_through(*words)
        return self.said

    def login(self, *words: str) -> Terminal:
        """A terminal over ssh in which `opsconsole` is given these words."""
        environ = {**environment(self.home, LANG="C.UTF-8"), "PYTHONPATH": str(_ROOT)}
        named = [f"{name}={value}" for name, value in environ.items() if name != "TERM"]
        session = [sys.executable, str(self.home / "session.py"), str(self.home / SECRETS)]
        there = ["env", *named, *session, *COMMAND, *words, *self._files]
        return Terminal(self.server.command(there), {**os.environ, "TERM": "xterm-256color"}, 120, 40)

    def begun(self, names: Collection[str]) -> str:
        """A step of these that has been begun by now."""
        run = self.run if names else None
        begun = [] if run is None else [step.name for step in run.steps if step.state is not State.PENDING]
        return next((name for name in begun if name in names), "")

    def cut_off(self, terminal: Terminal, step: str) -> None:
        """Cut the line; where it `kills`, nothing is left of who drove but what that one has begun."""
        terminal.child.kill(signal.SIGKILL)
        self.cut.append(step)
        driver = None if self.run is None else self.run.driver
        if self.kills and driver is not None and still_runs(driver.process):
            os.kill(int(driver.process.partition("-")[0]), signal.SIGKILL)
            eventually(lambda: not still_runs(driver.process))

    def shorten_the_watch(self) -> None:
        """Have the watch period be as short where nobody gives it."""
        shipped = (shipped_configs() / "runbooks" / f"{self.runbook}.yaml").read_text()
        own = self.home / "runbooks" / f"{self.runbook}.yaml"
        own.write_text(shipped.replace("default: 5m", f"default: {self.watch}"))

    @property
    def _files(self) -> tuple[str, ...]:
        return ("--config", str(self.home / "console.yaml"), "--state", str(self.home / "state"))

    def _next(self, run: Run, *, cut: bool) -> tuple[str, ...]:
        """What the operator types next: after a cut it is taken over, for the other process drives on."""
        if cut and not self.kills:
            return ("runbook", "resume", run.id, "--take-over", "the line was cut")
        if cut:
            return ("runbook", "resume", run.id)
        waits = next(each for each in run.steps if each.state not in (State.PASSED, State.SKIPPED))
        return ("recover", *self._decision(runbook_of_run(run), run, waits))

    def _decision(self, runbook: Runbook, run: Run, waits: StepRun) -> tuple[str, ...]:
        step = runbook.step(waits.name)
        if waits.state is State.FAILED:
            return ("--again",)
        if isinstance(step.act, ManualAct):
            return ("--note", f"noted: {step.name}")
        if step.confirm is not None:
            words = filled(step.confirm.words, values_of(run, "paper", run.began))
            return ("--confirm", words)
        return ()

    def _see_through(self, *words: str, cuts: Collection[str] = ()) -> str:
        """Log in, run it to its end, or cut the line: at which step, or nothing."""
        with self.login(*words) as terminal:
            while terminal.child.isalive():
                terminal.read(0.05)
                cut = self.begun(cuts)
                if cut:
                    self.cut_off(terminal, cut)
                    return cut
            terminal.read()
            self.said = terminal.text
        return ""


def _shortened(steps: Collection[str]) -> str:
    """The shipped runbook with these steps alone, which ask nothing beforehand that takes long."""
    document = yaml.safe_load((shipped_configs() / "runbooks" / "recovery.yaml").read_text())
    document["steps"] = [each for each in document["steps"] if each["name"] in steps]
    for each in document["steps"]:
        each.pop("preconditions", None)
        if isinstance(each.get("confirm"), dict):
            del each["confirm"]
    return yaml.safe_dump(document)
