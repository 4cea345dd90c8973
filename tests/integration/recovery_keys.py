"""The keys with which an operator goes through a recovery on screen 5, login after login."""

from collections.abc import Collection

from console.runbooks.model import ManualAct, filled
from console.runbooks.run import Run, State, values_of
from console.wiring.runbooks import runbook_of_run
from tests.integration.recoveries import Recovery
from tests.terminal import Terminal

BETWEEN_KEYS = 0.12
"""Seconds between two keys: what comes faster was pasted."""
LOGINS = 60
TITLES = {
    "rollback_shadow": "Feature back",
    "rollback_off": "Feature off",
    "rollback_configuration": "Back to the previous",
    "rollback_full": "Full rollback",
    "rollback_coin_quick": "Coin engine out",
    "rollback_coin_full": "books restored",
}
"""What screen 6 is searched for to find a procedure; of several that have it the first is meant."""


def gone_through(recovery: Recovery, cuts: Collection[str]) -> Run:
    """Log in and go on until the line is cut, again and again, to the end of the run."""
    left = set(cuts)
    for _ in range(LOGINS):
        if (run := recovery.run) is not None and run.standing.over:
            return run  # what stood by was faster
        with recovery.login() as terminal:
            _open_wizard(recovery, terminal)
            cut = _go_on(recovery, terminal, left)
        left.discard(cut)
        run = recovery.run
        assert run is not None
        if run.standing.over:
            return run
    raise AssertionError(f"no end after {LOGINS} logins: {recovery.run}")


def _open_wizard(recovery: Recovery, terminal: Terminal) -> None:
    """From the overview to the run, which is begun where there is none."""
    terminal.wait_for("MARGIN", 60)
    if (run := recovery.run) is None and recovery.runbook in TITLES:
        _press(terminal, "6")
        terminal.wait_for("trading: ", 60)  # by the flags file: the feature to begin with is known too
        _press(terminal, f"/{TITLES[recovery.runbook]}\r")
        terminal.wait_for(f"/{TITLES[recovery.runbook]}  ")
        _press(terminal, "\r")
        terminal.wait_for("begins the run", 60)
    elif run is None:
        _press(terminal, "5")
        terminal.wait_for("verify_state")
        _press(terminal, "/recovery\r")
        terminal.wait_for("/recovery  1 of")
        _press(terminal, "\r")
        terminal.wait_for("begins the run")
    else:
        _press(terminal, "5")
        terminal.wait_for(run.id)
    _press(terminal, "\r")
    terminal.wait_for("all of it")  # the run, be it over or not: what stood by may have been faster


def _go_on(recovery: Recovery, terminal: Terminal, left: Collection[str]) -> str:
    """Press what the step asks for, until the run is over, or the line is cut: at which step."""
    while terminal.child.isalive():
        terminal.read(0.2)
        cut = recovery.begun(left)
        run = recovery.run
        if cut:
            recovery.cut_off(terminal, cut)
            return cut
        if run is None or run.standing.over:
            return ""
        _decide(terminal, run)
    return ""


def _decide(terminal: Terminal, run: Run) -> None:
    """The keys for where the run is now; none while it goes on."""
    offered = next((line for line in terminal.text.splitlines() if line.startswith("▌  enter  ")), "")
    at = next((step for step in run.steps if step.state not in (State.PASSED, State.SKIPPED)), None)
    if at is None or "now at" in offered:
        return
    step = runbook_of_run(run).step(at.name)
    if "READ-ONLY" in terminal.text:
        _press(terminal, "a")
        terminal.read(0.5)
        if "why arm?" in terminal.text:  # not as long as some source hasn't answered
            _press(terminal, "recovery after a cascade\r")
    elif "asks what is to be written down" in offered and isinstance(step.act, ManualAct):
        _press(terminal, "\r")
        terminal.wait_for("write down")
        _press(terminal, f"noted: {step.name}\r")
    elif "has you type" in offered and step.confirm is not None:
        _press(terminal, "\r")
        terminal.wait_for("DOES")
        _press(terminal, filled(step.confirm.words, values_of(run, "paper", run.began)) + "\r")
    elif offered:
        _press(terminal, "\r")
    terminal.read(0.5)


def _press(terminal: Terminal, keys: str) -> None:
    """One key after the other, as a hand does."""
    for key in keys:
        terminal.press(key)
        terminal.read(BETWEEN_KEYS)
