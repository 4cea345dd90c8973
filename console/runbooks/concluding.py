"""What the end of an act's process says of the step: what has become of it, or that its check decides."""

from dataclasses import dataclass

from console.runbooks.model import ActionAct, Effect, Found, SqlAct
from console.runbooks.run import State
from console.runbooks.step_process import Fate, Look

STATES = {True: State.PASSED, False: State.FAILED, None: State.UNKNOWN}
"""What a step is whose check says that."""
REFUSED = (2, 3)
"""Exit codes of this program's own commands where nothing was done: bad usage, and what is refused."""
NOTHING_DONE = 3
"""The exit code of a transaction of which nothing is left."""
LACKS = ("refused ", "unknown ", "asked ")
"""How the lines begin in which they say what is missing."""
_OPTION = ": --"
"""Before what would give it on their own command line."""
_LAST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a step has become; what wasn't `begun` is no attempt. `found` is what the check saw."""

    state: State
    words: str
    output: str = ""
    found: Found | None = None
    begun: bool = True


def concluded(effect: Effect, seen: Look) -> Conclusion | None:
    """What the process has told of a step; None where the check decides."""
    outcome = seen.outcome
    if seen.fate is Fate.NEVER_BEGUN:
        return Conclusion(State.FAILED, f"its command {seen.fate.value}", begun=False)
    if outcome is None:
        return Conclusion(State.UNKNOWN, f"its command {seen.fate.value}", seen.output)
    if outcome.error:
        return Conclusion(State.FAILED, f"could not be begun: {outcome.error}", begun=False)
    if outcome.lives:
        return None
    if outcome.ended or outcome.code is None or outcome.code < 0:
        how = f"at the {outcome.ended}" if outcome.ended else f"by signal {-(outcome.code or 0)}"
        words = f"its command was ended {how}, after {outcome.seconds:.1f} s"
        return Conclusion(State.UNKNOWN, words, seen.output)
    return _by_code(effect, outcome.code, seen)


def _by_code(effect: Effect, code: int, seen: Look) -> Conclusion | None:
    if code == 0:
        return None
    if isinstance(effect, ActionAct):
        nothing = Conclusion(State.FAILED, f"nothing was done: {_last_words(seen)}", seen.output, begun=False)
        return nothing if code in REFUSED else None
    if isinstance(effect, SqlAct):
        if code == NOTHING_DONE:
            words = f"nothing was done: {_last_words(seen)}"
            return Conclusion(State.FAILED, words, seen.output, begun=False)
        return Conclusion(State.UNKNOWN, f"whether it was done isn't known: {_last_words(seen)}", seen.output)
    return Conclusion(State.FAILED, f"its command ended with exit code {code}", seen.output)


def _last_words(seen: Look) -> str:
    """The last line, and what this program's own commands say of each reason for which they refuse."""
    lines = seen.output.strip().splitlines() or ["it doesn't say why"]
    why = (line.partition(" ")[2].partition(_OPTION)[0].strip() for line in lines if line.startswith(LACKS))
    return "; ".join((lines[-1], *why))[:_LAST_WORDS]
